"""The group of all commands, and what an error looks like: one line, and an exit status."""

from __future__ import annotations

import errno

import click

from ihe_mock_async import __version__
from ihe_mock_async.cli import (
    certs,
    clock,
    config,
    deliveries,
    faults,
    logs,
    namespaces,
    options,
    requests,
    rules,
    seed,
    send,
    server,
    services,
    transactions,
    validate,
)
from ihe_mock_async.errors import IheMockError, OperatorError


class _NotSo(click.ClickException):
    """The asked thing is not so: exit status 1."""


class _WrongUsage(click.ClickException):
    """Who runs the command must change something: exit status 2."""

    exit_code = 2


class _CommandLine(click.Group):
    """Turns errors into one line on stderr and the exit status that a script can rely on."""

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


for _command in (
    server.start,
    server.stop,
    server.status,
    logs.logs,
    certs.certs,
    config.config,
    transactions.transactions,
    validate.validate,
    rules.rules,
    send.send,
    seed.seed,
    deliveries.deliveries,
    requests.requests,
    faults.faults,
    clock.clock,
    namespaces.namespaces,
    services.services,
):
    command_line.add_command(_command)
