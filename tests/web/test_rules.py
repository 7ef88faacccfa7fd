"""The rules of the transport are public: stable, unique, and of use to a sender."""

from __future__ import annotations

import re

from ihe_mock_async import elements, transactions
from ihe_mock_async.findings import Rule
from ihe_mock_async.soap import RULES as SOAP_RULES
from ihe_mock_async.web.rules import RULES

ALL: tuple[Rule, ...] = (*RULES, *SOAP_RULES, *elements.RULES)


def test_every_id_is_kebab_case_and_of_one_rule() -> None:
    ids = [rule.id for rule in ALL]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", each) for each in ids)


def test_no_transaction_takes_an_id_of_the_transport() -> None:
    taken = {rule.id for rule in ALL}
    others = {rule for each in transactions.served() for rule in each.rules} - set(ALL)

    assert taken.isdisjoint(rule.id for rule in others)


def test_every_rule_has_a_section_and_a_fix() -> None:
    assert all(rule.text and rule.section and rule.fix.endswith(".") for rule in ALL)
    assert not any(rule.text.endswith(".") for rule in ALL)
