"""`validate`: every finding of a message in a file, without a server."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from ihe_mock_async.cli import options

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Transaction
    from ihe_mock_async.settings import Settings
    from ihe_mock_async.web.offline.examination import Examination, Remark

FORMS = {
    "payload": "a payload without envelope",
    "envelope": "a SOAP envelope",
    "mime": "a MIME body",
    "http": "an HTTP message",
    "xml": "not readable as XML",
}
_COLOURS = {"error": "red", "warning": "yellow", "hint": "cyan"}


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async validate request.xml
  ihe-mock-async validate --transaction ITI-57 update.xml
  ihe-mock-async validate --schemas ~/ihe/schemas --json *.xml
  ihe-mock-async validate --strict - < dump.http

\b
Exit status: 0 nothing would be refused, 1 a message would be, 2 wrong usage or unreadable file."""
)
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path),
)
@click.option(
    "--transaction",
    "number",
    metavar="ITI-nn",
    help="What the messages are; else wsa:Action or the root element says it.",
)
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of XSDs to check the messages with, too.",
)
@click.option(
    "--lenient", "validation", flag_value="report", help="Refuse what cannot be acted on only."
)
@click.option("--strict", "validation", flag_value="strict", help="Refuse warnings, too.")
@options.config_file
@options.as_json
@click.pass_context
def validate(  # noqa: PLR0913 - one argument for each option
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    number: str | None,
    schemas: Path | None,
    validation: str | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """List everything that is wrong with the messages in files, `-` for standard input.

    A file is a SOAP envelope or the bare payload, a MIME body, or an HTTP request or response as
    it was on the wire. No server is needed: the messages go through the server's own rules, with
    the settings of the configuration file. What depends on patients and documents that a server
    has stored is a hint.
    """
    overrides = {"validation": validation} if validation else {}
    settings = options.load_settings(config_file, overrides).settings
    examinations = _examine(files, settings, number, schemas)
    if as_json:
        options.echo_json([_described(each) for each in examinations])
    else:
        plain = False if "NO_COLOR" in os.environ else None
        click.echo("\n\n".join(_text(each) for each in examinations), color=plain)
    if any(each.refused for each in examinations):
        ctx.exit(1)


def _examine(
    files: Sequence[Path], settings: Settings, number: str | None, schemas: Path | None
) -> list[Examination]:
    import asyncio  # noqa: PLC0415 - this and what follows is 0.5 s that --help does not have

    from ihe_mock_async.web.offline.examiner import examiner  # noqa: PLC0415
    from ihe_mock_async.xsd import SchemaFolder  # noqa: PLC0415

    transaction = _transaction(number) if number else None
    folder = SchemaFolder(schemas) if schemas is not None else None

    async def examine_all() -> list[Examination]:
        with examiner(settings, transaction=transaction, schemas=folder) as examining:
            return [await examining.examine(str(path), _opened(path, stack)) for path in files]

    with ExitStack() as stack:
        return asyncio.run(examine_all())


def _transaction(number: str) -> Transaction:
    from ihe_mock_async.transactions import served  # noqa: PLC0415 - as above

    known = {each.number: each for each in served()}
    transaction = known.get(number.upper())
    if transaction is None:
        raise click.BadParameter(
            f"{number} is not served; these are: {', '.join(known)}.", param_hint="--transaction"
        )
    return transaction


def _opened(path: Path, stack: ExitStack) -> BinaryIO:
    # Of `-` it is standard input, which closing does not close.
    return stack.enter_context(cast("BinaryIO", click.open_file(str(path), "rb")))


# ---------------------------------------------------------------- JSON


def _described(examination: Examination) -> dict[str, Any]:
    """The documented shape (docs/reference/validate.md): keys are never renamed or left out."""
    transaction = examination.transaction
    refused = examination.refused
    return {
        "file": examination.name,
        "form": examination.form,
        "kind": examination.kind,
        "transaction": transaction.number if transaction else None,
        "transactionName": transaction.name if transaction else None,
        "action": examination.action or None,
        "root": examination.root or None,
        "validation": examination.validation.value,
        "refused": bool(refused),
        "notes": list(examination.notes),
        "findings": [
            {**_described_remark(remark), "refuses": remark.finding in refused}
            for remark in examination.remarks
        ],
    }


def _described_remark(remark: Remark) -> dict[str, Any]:
    finding = remark.finding
    return {
        "rule": finding.rule.id,
        "severity": remark.severity.value,
        "location": finding.location or None,
        "line": finding.line,
        "received": finding.received or None,
        "expected": finding.expected or None,
        "text": finding.rule.text,
        "section": finding.rule.section,
        "fix": finding.rule.fix,
        "note": remark.note or None,
    }


# ---------------------------------------------------------------- text


def _text(examination: Examination) -> str:
    """A heading, the notes, and a paragraph for each finding, the worst first."""
    order = list(_COLOURS)
    remarks = sorted(examination.remarks, key=lambda remark: order.index(remark.severity))
    blocks = [_heading(examination), *(_paragraph(remark) for remark in remarks)]
    return "\n\n".join(blocks)


def _heading(examination: Examination) -> str:
    transaction = examination.transaction
    what = f"{transaction.number} {transaction.name}" if transaction else examination.kind
    verdict = "refused" if examination.refused else "accepted"
    mode = f"{verdict} ({examination.validation.value})"
    lines = [
        f"{click.style(examination.name, bold=True)}: {what}, {FORMS[examination.form]}",
        f"  {mode}, {_counts(examination.remarks)}",
        *(_wrapped(note, "  note: ") for note in examination.notes),
    ]
    return "\n".join(lines)


def _counts(remarks: Sequence[Remark]) -> str:
    """`2 errors, 1 warning`."""
    severities = [remark.severity.value for remark in remarks]
    counts = {severity: severities.count(severity) for severity in _COLOURS}
    told = [f"{n} {severity}{'s' * (n > 1)}" for severity, n in counts.items() if n]
    return ", ".join(told) or "no findings"


def _paragraph(remark: Remark) -> str:
    finding = remark.finding
    severity = click.style(remark.severity.value, fg=_COLOURS[remark.severity.value])
    place = "".join(f"  {part}" for part in _place(remark))
    rows = (
        ("received", finding.received),
        ("expected", finding.expected),
        ("fix", finding.rule.fix),
        ("note", remark.note),
        ("section", finding.rule.section),
    )
    return "\n".join(
        [
            f"  {severity} {click.style(finding.rule.id, bold=True)}{place}",
            _wrapped(f"{finding.rule.text}.", "    "),
            *(_wrapped(text, f"    {name:<9} ") for name, text in rows if text),
        ]
    )


def _place(remark: Remark) -> Iterator[str]:
    if remark.finding.line:
        yield f"line {remark.finding.line}"
    if remark.finding.location:
        yield remark.finding.location


def _wrapped(text: str, start: str) -> str:
    """The text in lines of the terminal's width, the first one after `start`."""
    from ihe_mock_async.findings import one_line  # noqa: PLC0415 - a message may hold escapes

    return textwrap.fill(
        one_line(text),
        max(60, min(120, shutil.get_terminal_size((100, 24)).columns)),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
