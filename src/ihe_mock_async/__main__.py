"""`ihe-mock-async` and `python -m ihe_mock_async`."""

from ihe_mock_async.cli.main import command_line


def main() -> None:
    """Run the command line, and leave with its exit status."""
    command_line(prog_name="ihe-mock-async")


if __name__ == "__main__":
    main()
