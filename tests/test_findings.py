"""What is wrong, where, and how to mend it; and what is refused for it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.findings import Rule, Severity, Validation, one_line, refused

ERROR = Rule("x-error", Severity.ERROR, "The id is an OID", "ITI TF-3: 4.2", "Send an OID.")
WARNING = dataclasses.replace(ERROR, id="x-warning", severity=Severity.WARNING)
HINT = dataclasses.replace(ERROR, id="x-hint", severity=Severity.HINT)
ESSENTIAL = dataclasses.replace(HINT, id="x-essential", essential=True)
ALL = tuple(rule.found() for rule in (HINT, ERROR, ESSENTIAL, WARNING))


def test_a_finding_describes_itself_in_one_sentence_after_the_other() -> None:
    found = ERROR.found("/a/b[2]", received="1.02", expected="1.2", line=7)

    assert found.describe() == (
        'The id is an OID at /a/b[2] (line 7). Received "1.02". Expected 1.2. '
        "Send an OID. [x-error, ITI TF-3: 4.2]"
    )
    assert found.severity is Severity.ERROR


def test_what_is_not_known_is_left_out_of_the_description() -> None:
    assert ERROR.found().describe() == ("The id is an OID. Send an OID. [x-error, ITI TF-3: 4.2]")


def test_what_was_received_is_shown_as_it_is_and_not_as_python_would() -> None:
    described = ERROR.found(received='O\'Brien \\ "x"').describe()

    assert 'Received "O\'Brien \\ "x"".' in described


@given(st.text(), st.text(), st.text())
def test_a_description_is_one_line_that_any_file_can_hold(
    location: str, received: str, expected: str
) -> None:
    described = ERROR.found(location, received=received, expected=expected).describe()

    assert len(described.splitlines()) == 1
    described.encode("utf-8")


def test_control_characters_are_shown_by_their_number() -> None:
    assert one_line("a\nb\x85c\x1bd\u2028e\ud800") == "a\\u000ab\\u0085c\\u001bd\\u2028e\\ud800"
    assert one_line("Müller 𝄞") == "Müller 𝄞"


def test_what_a_client_sent_is_cut_to_size_and_its_length_told() -> None:
    found = ERROR.found("x" * 2000, received="y" * 1_000_000, expected="z" * 5000)

    assert len(found.describe()) < 6000
    assert found.received == "y" * 500 + "... (1000000 characters)"
    assert found.location.endswith("... (2000 characters)")
    assert found.expected.endswith("... (5000 characters)")


def test_values_of_moderate_size_stay_whole() -> None:
    found = ERROR.found("x" * 1000, received="y" * 500, expected="z" * 4000)

    assert (len(found.location), len(found.received), len(found.expected)) == (1000, 500, 4000)


@pytest.mark.parametrize(
    ("validation", "ids"),
    [
        (Validation.ENFORCE, ["x-error", "x-essential"]),
        (Validation.STRICT, ["x-error", "x-essential", "x-warning"]),
        (Validation.REPORT, ["x-essential"]),
    ],
)
def test_each_mode_refuses_its_severities_and_always_what_is_essential(
    validation: Validation, ids: list[str]
) -> None:
    assert [found.rule.id for found in refused(ALL, validation)] == ids


def test_findings_can_be_told_apart_in_sets() -> None:
    assert len({*ALL, *(rule.found() for rule in (HINT, ERROR))}) == 4


def test_a_rule_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ERROR.id = "another"  # type: ignore[misc]
