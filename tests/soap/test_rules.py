"""The catalogue of SOAP and MIME rules is a public contract."""

from __future__ import annotations

import re

import pytest

from ihe_mock_async import soap
from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.soap import RULES


def test_every_rule_has_an_id_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_written_for_people(rule: Rule) -> None:
    assert re.fullmatch(r"(http|mime|mtom|xop|soap|wsa)(-[a-z0-9]+)+", rule.id)
    assert not rule.text.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.section


def test_what_is_refused_in_every_mode_is_an_error() -> None:
    assert all(rule.severity is Severity.ERROR for rule in RULES if rule.essential)


def test_what_others_use_is_exported() -> None:
    assert all(hasattr(soap, name) for name in soap.__all__)
