"""Every rule that is known, each with the transactions whose messages it is applied to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ihe_mock_async import elements, xsd
from ihe_mock_async.findings import Rule
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.soap import RULES as SOAP_RULES
from ihe_mock_async.web.offline import answers
from ihe_mock_async.web.rules import RULES as WEB_RULES


@dataclass(frozen=True, slots=True)
class CataloguedRule:
    """A rule, and where it is applied."""

    rule: Rule
    scope: str
    """What it is about, as a heading: `HTTP`, `WS-Addressing`, `ITI-41`, ..."""
    transactions: tuple[str, ...] = ()
    """Numbers like `ITI-41`; empty: every message."""


_SCOPES = {
    "http": "HTTP",
    "xml": "XML",
    "mime": "MIME",
    "mtom": "MTOM and XOP",
    "xop": "MTOM and XOP",
    "soap": "SOAP",
    "wsa": "WS-Addressing",
    "xsd": "XML schemas",
    "answer": "Answers",
    "hl7v3": "HL7 V3 messages",
    "demographics": "Patient demographics queries",
    "xds": "XDS metadata and queries",
}
"""The heading of each family of rules, the first part of an id; of an unknown one its own name."""


def catalogue(transactions: Iterable[Transaction]) -> tuple[CataloguedRule, ...]:
    """All rules: those of every message, then those of transactions, heading by heading."""
    served: dict[Rule, list[str]] = {}
    for transaction in transactions:
        for rule in transaction.rules:
            served.setdefault(rule, []).append(transaction.number)
    general = (*elements.RULES, *WEB_RULES, *SOAP_RULES, *xsd.RULES, *answers.RULES)
    rules = dict.fromkeys((*general, *served))
    listed = (CataloguedRule(rule, _scope(rule), tuple(served.get(rule, ()))) for rule in rules)
    order = list(dict.fromkeys(_SCOPES.values()))
    return tuple(sorted(listed, key=lambda each: _rank(each.scope, order)))


def _scope(rule: Rule) -> str:
    family = rule.id.partition("-")[0]
    if family.startswith("iti") and family[3:].isdecimal():
        return f"ITI-{family[3:]}"
    return _SCOPES.get(family, family)


def _rank(scope: str, order: list[str]) -> tuple[int, str]:
    """Families in the order of the layers, then the transactions by number."""
    return (order.index(scope), "") if scope in order else (len(order), scope)
