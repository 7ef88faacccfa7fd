"""`rules`: what is checked, by which section, and how a breach is mended."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from ihe_mock_async.web.rule_catalogue import CataloguedRule

COMMAND = "ihe-mock-async rules --markdown > docs/reference/rules.md"
"""What makes the reference page anew."""


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async rules
  ihe-mock-async rules xds-slot-unique
  ihe-mock-async rules --transaction ITI-44
  ihe-mock-async rules --json"""
)
@click.argument("rule_id", metavar="[RULE]", required=False)
@click.option(
    "--transaction",
    "number",
    metavar="ITI-nn",
    help="Only the rules of this transaction, without those of every message.",
)
@click.option("--markdown", is_flag=True, help="The reference page of the documentation.")
@options.as_json
def rules(*, rule_id: str | None, number: str | None, markdown: bool, as_json: bool) -> None:
    """List the rules that messages are checked with; with RULE, all about one of them.

    The id of a rule stands in every finding: in faults, acknowledgements, codeContext and logs.
    """
    listed = _selected(rule_id, number)
    if as_json:
        options.echo_json([_described(each) for each in listed])
    elif markdown:
        click.echo(_page(listed))
    elif rule_id is not None:
        click.echo("\n\n".join(_paragraph(each) for each in listed))
    else:
        click.echo(_table(listed))


def _selected(rule_id: str | None, number: str | None) -> Sequence[CataloguedRule]:
    from ihe_mock_async.transactions import served  # noqa: PLC0415 - lxml and all rules
    from ihe_mock_async.web.rule_catalogue import catalogue  # noqa: PLC0415

    listed: Sequence[CataloguedRule] = catalogue(served())
    if number is not None:
        _check_known("--transaction", number.upper(), [each.number for each in served()])
        listed = [each for each in listed if number.upper() in each.transactions]
    if rule_id is not None:
        _check_known("RULE", rule_id, [each.rule.id for each in listed])
        listed = [each for each in listed if each.rule.id == rule_id]
    return listed


def _check_known(hint: str, name: str, known: Sequence[str]) -> None:
    if name in known:
        return
    close = get_close_matches(name, known, n=3)
    advice = f"did you mean {' or '.join(close)}?" if close else "list them without it."
    raise click.BadParameter(f"{name} is not known; {advice}", param_hint=hint)


def _described(listed: CataloguedRule) -> dict[str, Any]:
    rule = listed.rule
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        "essential": rule.essential,
        "text": rule.text,
        "section": rule.section,
        "fix": rule.fix,
        "code": rule.code,
        "transactions": list(listed.transactions),
    }


# ---------------------------------------------------------------- text


def _table(listed: Sequence[CataloguedRule]) -> str:
    return aligned([(each.rule.id, each.rule.severity.value, each.rule.text) for each in listed])


def _paragraph(listed: CataloguedRule) -> str:
    rule = listed.rule
    refused = ", refused in every mode" if rule.essential else ""
    rows = (
        ("severity", f"{rule.severity.value}{refused}"),
        ("rule", f"{rule.text}."),
        ("fix", rule.fix),
        ("section", rule.section),
        ("code", rule.code or ""),
        ("messages", ", ".join(listed.transactions) or "all"),
    )
    return f"{rule.id}\n{aligned([row for row in rows if row[1]], indent='  ')}"


# ---------------------------------------------------------------- Markdown

_INTRODUCTION = f"""\
# Rules

Made by `{COMMAND}`; a test compares.

Every finding names its rule by the id given here. An *error* is refused unless `validation` is
`report`; *essential* ones even then, as there would be nothing to act on. A *warning* is refused
with `validation: strict` only, a *hint* never. The *code* is the one of the application's answer:
the `errorCode` of a RegistryError, the code of an HL7 acknowledgementDetail. `ihe-mock-async rules
RULE` tells one of them, `ihe-mock-async validate FILE` finds them in a file."""


def _page(listed: Sequence[CataloguedRule]) -> str:
    sections = [
        f"## {scope}\n\n" + "\n\n".join(_entry(each) for each in group)
        for scope, group in groupby(listed, key=lambda each: each.scope)
    ]
    return "\n\n".join([_INTRODUCTION, *sections])


def _entry(listed: CataloguedRule) -> str:
    rule = listed.rule
    marks = [rule.severity.value, *(["essential"] if rule.essential else [])]
    marks += [f"`{rule.code}`"] if rule.code else []
    marks += [", ".join(listed.transactions)] if listed.transactions else []
    return (
        f"### {rule.id}\n\n{' · '.join(marks)}\n\n{_escaped(rule.text)}.\n"
        f"*{_escaped(rule.section)}*\n\n{_escaped(rule.fix)}"
    )


_SPECIAL = str.maketrans({character: f"\\{character}" for character in r"\`*_[]<>|"})


def _escaped(text: str) -> str:
    """Text without meaning for Markdown."""
    return text.translate(_SPECIAL)
