"""The group of all commands, and what an error looks like: one line, and an exit status."""

from __future__ import annotations

import errno
from collections.abc import Mapping

import click

from ihe_mock_async import __version__
from ihe_mock_async.cli import options
from ihe_mock_async.cli.lazy_commands import LazyCommands
from ihe_mock_async.errors import IheMockError, OperatorError

_PACKAGE = "ihe_mock_async.cli"
_PLACES: Mapping[str, Mapping[str, str]] = {
    f"{_PACKAGE}.server": {
        "start": "Start the server.",
        "stop": "Stop the server.",
        "status": "Show whether the server runs.",
    },
    f"{_PACKAGE}.logs": {"logs": "Show the log file."},
    f"{_PACKAGE}.certs": {"certs": "Make certificates for HTTPS and mutual TLS."},
    f"{_PACKAGE}.config": {"config": "Show the settings and where each comes from."},
    f"{_PACKAGE}.transactions": {"transactions": "List the IHE transactions served."},
    f"{_PACKAGE}.validate": {
        "validate": "List everything that is wrong with the messages in files, `-` for "
        "standard input.",
    },
    f"{_PACKAGE}.rules": {
        "rules": "List the rules that messages are checked with; with RULE, all about one of "
        "them.",
    },
    f"{_PACKAGE}.send": {
        "send": "Send a message of an IHE TRANSACTION, and say what the answer means.",
    },
    f"{_PACKAGE}.seed": {"seed": "Load patients and documents into the running server."},
    f"{_PACKAGE}.deliveries": {
        "deliveries": "Show what the server posts to others, and send it again."
    },
    f"{_PACKAGE}.requests": {
        "requests": "Show what clients have sent, wait for it, and verify it."
    },
    f"{_PACKAGE}.faults": {"faults": "Let the server fail on demand."},
    f"{_PACKAGE}.clock": {
        "clock": "Show, move or stop the server's time: times in messages, windows, expiries.",
    },
    f"{_PACKAGE}.namespaces": {"namespaces": "Show worlds, and delete them."},
    f"{_PACKAGE}.services": {
        "services": "Other HTTP services that are mocked: declared in YAML, enabled by the "
        "setting services.",
    },
}
"""By module the commands in it, and what help says of each: no command waits for all imports."""
_COMMANDS = LazyCommands(_PLACES)


class _NotSo(click.ClickException):
    """The asked thing is not so: exit status 1."""


class _WrongUsage(click.ClickException):
    """Who runs the command must change something: exit status 2."""

    exit_code = 2


class _CommandLine(click.Group):
    """Turns errors into one line on stderr and the exit status that a script can rely on."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Tell of the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS.help[name]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except IheMockError as error:
            refusal = _WrongUsage if isinstance(error, OperatorError) else _NotSo
            raise refusal(str(error)) from error
        except Exception as error:
            if options.debugging(ctx) or getattr(error, "errno", None) == errno.EPIPE:
                raise
            raise _NotSo(
                f"Unexpected {type(error).__name__}: {error}. This is a defect: run it again as "
                "`ihe-mock-async --debug COMMAND` and report the trace."
            ) from error


@click.group(
    cls=_CommandLine,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  ihe-mock-async start                     serve at http://127.0.0.1:8080, Ctrl+C to stop
  ihe-mock-async start --https -b          serve in the background, with TLS
  ihe-mock-async status
  ihe-mock-async stop

\b
Exit status: 0 done, 1 the asked thing is not so (not running, say), 2 wrong usage or settings.
`ihe-mock-async COMMAND --help` shows options and examples of a command.""",
)
@click.version_option(__version__, prog_name="ihe-mock-async")
@options.debug(help_text="Show the trace of an unexpected error.")
def command_line() -> None:
    """A whole IHE affinity domain on localhost: the test server for HL7 V3 and XDS clients."""
