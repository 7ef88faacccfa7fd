"""The catalogue of rules is a public contract: complete, unique, for people, and each is alive."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import ihe_mock_async
from ihe_mock_async import transactions
from ihe_mock_async.elements import MalformedXmlError
from ihe_mock_async.findings import Finding, Rule, Severity
from ihe_mock_async.soap import SoapFault
from ihe_mock_async.web.http import ClientGoneError
from ihe_mock_async.web.offline import answers
from ihe_mock_async.web.rule_catalogue import CataloguedRule, catalogue
from tests.web.broken_messages import BROKEN, ELSEWHERE, LIMITS, NOWHERE, REFUSED
from tests.web.fakes import entry_of, make_services, send

TESTS = Path(__file__).parents[1]
CATALOGUE = catalogue(transactions.served())
OF_EVERY_MESSAGE = [each.rule for each in CATALOGUE if not each.transactions]
ON_THEIR_OWN = {"xsd-invalid"} | {rule.id for rule in answers.RULES}
"""Rules that no request to a server breaks: tests/test_xsd.py and tests/web/offline."""


def defined() -> dict[str, Rule]:
    """Every rule that stands in a module of the package, by its name there."""
    modules = pkgutil.walk_packages(ihe_mock_async.__path__, "ihe_mock_async.")
    return {
        f"{module.name}.{name}": value
        for module in modules
        if not module.name.endswith("__main__")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, Rule)
    }


def test_the_catalogue_has_every_rule() -> None:
    known = {each.rule for each in CATALOGUE}

    assert [name for name, rule in defined().items() if rule not in known] == []


def test_an_id_is_of_one_rule() -> None:
    ids = [each.rule.id for each in CATALOGUE]

    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("listed", CATALOGUE, ids=lambda listed: listed.rule.id)
def test_a_rule_is_written_for_people(listed: CataloguedRule) -> None:
    rule = listed.rule

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
    assert rule.text
    assert not rule.text.endswith(".")
    assert rule.section
    assert rule.fix.endswith(".")
    assert rule.severity is Severity.ERROR or not rule.essential


def test_rules_are_listed_scope_by_scope() -> None:
    scopes = list(dict.fromkeys(each.scope for each in CATALOGUE))

    assert scopes[:3] == ["HTTP", "XML", "MIME"]
    assert [each.scope for each in CATALOGUE] == sorted(
        (each.scope for each in CATALOGUE), key=scopes.index
    )


# ---------------------------------------------------------------- every rule can be broken


@pytest.mark.parametrize("rule_id", BROKEN)
async def test_a_message_that_breaks_a_rule_is_told_so(rule_id: str) -> None:
    broken = BROKEN[rule_id]
    services = make_services(broken.transaction, ELSEWHERE, limits=LIMITS)

    try:
        response = await send(services, broken.request())
        response.close()
    except ClientGoneError:
        assert rule_id == "http-incomplete"

    assert rule_id in [found.rule.id for found in entry_of(services).findings]


@pytest.mark.parametrize("rule_id", REFUSED)
def test_what_breaks_a_rule_is_refused(rule_id: str) -> None:
    with pytest.raises((SoapFault, MalformedXmlError)) as refusal:
        REFUSED[rule_id]()

    assert [found.rule.id for found in findings_of(refusal.value)] == [rule_id]


def findings_of(error: BaseException) -> tuple[Finding, ...]:
    if isinstance(error, SoapFault):
        return error.findings
    assert isinstance(error, MalformedXmlError)
    return (error.finding,)


@pytest.mark.parametrize("rule_id", NOWHERE)
def test_a_path_without_endpoint_is_explained(rule_id: str) -> None:
    endpoints = make_services().endpoints

    assert endpoints.find(NOWHERE[rule_id]) is None
    assert endpoints.explain(NOWHERE[rule_id]).rule.id == rule_id


def test_every_rule_of_all_messages_is_broken_by_one_of_these() -> None:
    broken = BROKEN.keys() | REFUSED.keys() | NOWHERE.keys() | ON_THEIR_OWN

    assert {rule.id for rule in OF_EVERY_MESSAGE} == broken


def named_in(path: Path) -> set[str]:
    """The rule ids that a test names, in its text or as keys of a table that it computes."""
    module = importlib.import_module(
        ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
    )
    tables = (value for value in vars(module).values() if isinstance(value, Mapping))
    literal = re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', path.read_text("utf-8"))
    return {*literal, *(key for table in tables for key in table if isinstance(key, str))}


def test_every_rule_of_a_transaction_is_broken_in_its_tests() -> None:
    folders = [TESTS / "transactions", TESTS / "xds"]
    named = set().union(*(named_in(path) for each in folders for path in each.glob("*.py")))
    unbroken = [
        f"{each.rule.id} ({', '.join(each.transactions)})"
        for each in CATALOGUE
        if each.transactions and each.rule.id not in named
    ]

    assert unbroken == [], "no table in tests/transactions or tests/xds breaks it"
