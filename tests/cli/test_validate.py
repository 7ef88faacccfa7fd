"""`validate`: what is told of a file on the terminal, to a script, and as exit status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_mock_async.cli.main import command_line
from ihe_mock_async.cli.validate import FORMS
from tests.e2e.messages import PIX_ADD

Run = Callable[..., Result]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "validate.md"
BROKEN = PIX_ADD.replace(' extension="TOUR-1001"', "").replace('"AL"', '"XX"')
KEYS = [
    "file",
    "form",
    "kind",
    "transaction",
    "transactionName",
    "action",
    "root",
    "validation",
    "refused",
    "notes",
    "findings",
]
FINDING_KEYS = [
    "rule",
    "severity",
    "location",
    "line",
    "received",
    "expected",
    "text",
    "section",
    "fix",
    "note",
    "refuses",
]


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "good.xml").write_text(PIX_ADD)
    (folder / "broken.xml").write_text(BROKEN)


def test_a_good_message_is_exit_status_0(run: Run) -> None:
    result = run("validate", "good.xml")

    assert result.exit_code == 0
    assert result.stdout == (
        "good.xml: ITI-44 Patient Identity Feed HL7 V3, a SOAP envelope\n"
        "  accepted (enforce), no findings\n"
    )


def test_a_broken_one_is_exit_status_1_and_all_that_is_wrong(run: Run) -> None:
    result = run("validate", "broken.xml")

    assert result.exit_code == 1
    assert "refused (enforce), 1 error, 2 warnings" in result.stdout
    assert result.stdout.index("error iti44-patient-id  line ") < result.stdout.index("warning ")
    assert "    received  XX\n    expected  AL\n" in result.stdout
    assert "    section   ITI TF-2: O.1.1\n" in result.stdout
    assert "\x1b" not in result.stdout


def test_several_files_are_told_one_after_the_other(run: Run) -> None:
    result = run("validate", "good.xml", "broken.xml")

    assert result.exit_code == 1
    assert result.stdout.index("\n\nbroken.xml: ") > result.stdout.index("good.xml: ")


@pytest.mark.parametrize(("option", "status"), [("--lenient", 1), ("--strict", 1), (None, 0)])
def test_the_mode_can_be_said(run: Run, folder: Path, option: str | None, status: int) -> None:
    text = PIX_ADD.replace('"AL"', '"XX"') if option != "--lenient" else "<html/>"
    (folder / "some.xml").write_text(text)

    result = run("validate", *([option] if option else []), "some.xml")

    assert result.exit_code == status


def test_the_mode_is_that_of_the_settings_otherwise(run: Run, folder: Path) -> None:
    (folder / "my.json").write_text('{"validation": "strict"}')

    result = run("validate", "--config", "my.json", "--json", "good.xml")

    assert json.loads(result.stdout)[0]["validation"] == "strict"


def test_a_script_gets_one_object_per_file_of_a_stable_shape(run: Run) -> None:
    result = run("validate", "--json", "broken.xml", "good.xml")

    broken, good = json.loads(result.stdout)
    assert list(broken) == list(good) == KEYS
    assert all(list(finding) == FINDING_KEYS for finding in broken["findings"])
    assert (broken["file"], broken["form"], broken["kind"]) == (
        "broken.xml",
        "envelope",
        "request",
    )
    assert (broken["transaction"], broken["refused"], good["refused"]) == ("ITI-44", True, False)
    assert [f["rule"] for f in broken["findings"] if f["refuses"]] == ["iti44-patient-id"]


def test_the_documented_json_is_what_is_printed(run: Run, folder: Path) -> None:
    page = PAGE.read_text("utf-8")
    (documented,) = json.loads(page.partition("```json\n")[2].partition("```")[0])
    (folder / "request.xml").write_text(PIX_ADD.replace('"AL"', '"XX"'))

    (printed,) = json.loads(run("validate", "--json", "request.xml").stdout)

    assert {**printed, "findings": printed["findings"][:1]} == documented
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {*FORMS}


def test_standard_input_is_a_dash() -> None:
    result = CliRunner().invoke(command_line, ["validate", "-"], input=BROKEN)

    assert result.exit_code == 1
    assert result.stdout.startswith("-: ITI-44 ")


def test_the_transaction_can_be_said(run: Run) -> None:
    result = run("validate", "--transaction", "iti-42", "--json", "good.xml")

    (examined,) = json.loads(result.stdout)
    assert examined["kind"] == "unknown"
    assert examined["transaction"] is None


def test_an_unknown_transaction_is_wrong_usage(run: Run) -> None:
    result = run("validate", "--transaction", "ITI-1", "good.xml")

    assert result.exit_code == 2
    assert "ITI-44" in result.stderr


def test_schemas_are_applied(run: Run, folder: Path) -> None:
    (folder / "schemas").mkdir()
    (folder / "schemas" / "feed.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3">'
        '<xs:element name="PRPA_IN201301UV02" type="xs:int"/></xs:schema>'
    )

    result = run("validate", "--schemas", "schemas", "good.xml")

    assert result.exit_code == 1
    assert "error xsd-invalid  line 9  /PRPA_IN201301UV02" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["nothing.xml"], ["schemas-here.xml", "--schemas", "."], ["."], []]
)
def test_what_cannot_be_read_is_exit_status_2(
    run: Run, folder: Path, arguments: list[str]
) -> None:
    (folder / "schemas-here.xml").write_text(PIX_ADD)

    result = run("validate", *arguments)

    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_what_a_message_says_cannot_change_the_terminal(run: Run, folder: Path) -> None:
    (folder / "evil.xml").write_text(PIX_ADD.replace('code="AL"', 'code="&#x9b;31m"'))

    result = run("validate", "evil.xml")

    assert "\x9b" not in result.stdout
    assert "\\u009b31m" in result.stdout


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = CliRunner().invoke(command_line, ["validate", "broken.xml"], color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = CliRunner().invoke(command_line, ["validate", "broken.xml"], color=True)

    assert "\x1b[31merror" in coloured.stdout
    assert "\x1b" not in plain.stdout
