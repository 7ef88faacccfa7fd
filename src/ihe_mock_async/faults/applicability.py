"""To which requests an effect can be applied: some only damage, or refuse in, one language.

The transactions stand here by number, because a plan is checked when it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ihe_mock_async.faults.effects import Corruption, Effect
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.json_model import wrong
from ihe_mock_async.journal.pattern import Pattern

HL7_V3 = frozenset({"ITI-44", "ITI-45", "ITI-47", "ITI-55"})
"""Answered with an HL7 V3 message, and so with its acknowledgement."""
STORED_QUERIES = frozenset({"ITI-18", "ITI-38", "ITI-51"})
RETRIEVALS = frozenset({"ITI-39", "ITI-43"})
REGISTRY_TRANSACTIONS = frozenset(
    {"ITI-41", "ITI-42", "ITI-57", "ITI-61", "ITI-62", "ITI-86", "ITI-92"}
)
XDS = STORED_QUERIES | RETRIEVALS | REGISTRY_TRANSACTIONS
"""Answered with an ebXML message, and so with its status and errors: XDS and XCA."""
SERVED = HL7_V3 | XDS
"""All that are served."""
MTOM = RETRIEVALS | {"ITI-41"}
"""Answered with an MTOM message."""
CROSS_GATEWAY = frozenset({"ITI-38", "ITI-39"})
"""Whose answers must say from which community they come."""


@dataclass(frozen=True, slots=True)
class Applicability:
    """The requests to which an effect can be applied."""

    soap_only: bool = False
    """Not to those of companion services."""
    transactions: frozenset[str] | None = None
    """Numbers; None: any message, also one of no known transaction."""
    by_application: bool = False
    """Not to those that are refused before any application gets them."""

    def covers(self, entry: Entry, *, refused: bool = False) -> bool:
        """Whether it can be applied to this request; `refused`: no application gets it."""
        if (self.soap_only and entry.service) or (self.by_application and refused):
            return False
        return self.transactions is None or entry.transaction in self.transactions

    def refusal(self, effect: str, request: str) -> str:
        """Why an effect of that name cannot be applied to a request, and where it can be."""
        if self.transactions is None:
            where = "a message of a SOAP endpoint"
        else:
            where = ", ".join(by_number(self.transactions))
        return f"is {effect}, which cannot be applied to {request}, only to {where}"


ANYTHING = Applicability()
ANY_SOAP = Applicability(soap_only=True)

_BY_KIND = {
    "soap_fault": ANY_SOAP,
    "hl7": Applicability(soap_only=True, transactions=HL7_V3, by_application=True),
    "registry": Applicability(soap_only=True, transactions=XDS, by_application=True),
}
_ANY_TRANSACTION = Applicability(soap_only=True, transactions=SERVED)
_BY_CORRUPTION: Mapping[Corruption, Applicability] = {
    Corruption.NOT_MTOM: Applicability(soap_only=True, transactions=MTOM),
    Corruption.DROP_MTOM_PART: Applicability(soap_only=True, transactions=RETRIEVALS),
    Corruption.WRONG_CONTENT_ID: Applicability(soap_only=True, transactions=RETRIEVALS),
    Corruption.MISSING_START: Applicability(soap_only=True, transactions=RETRIEVALS),
    Corruption.WRONG_HASH: Applicability(soap_only=True, transactions=RETRIEVALS | STORED_QUERIES),
    Corruption.MISSING_HOME: Applicability(soap_only=True, transactions=CROSS_GATEWAY),
}


def of(effect: Effect) -> Applicability:
    """To which requests the effect can be applied."""
    if effect.corrupt is not None:
        return _BY_CORRUPTION.get(effect.corrupt, _ANY_TRANSACTION)
    return _BY_KIND.get(effect.kind, ANYTHING)


def check(effect: Effect, pattern: Pattern) -> None:
    """For validators: the effect can be applied to some request that fits the pattern."""
    applicable, number = of(effect), pattern.transaction
    if applicable.soap_only and pattern.service is not None:
        wrong(applicable.refusal(effect.name, "a companion service"), ", ".join(_ANYWHERE))
    if number and applicable.transactions and number not in applicable.transactions:
        wrong(applicable.refusal(effect.name, number), ", ".join(_kinds_for(number)))


def by_number(transactions: Iterable[str]) -> list[str]:
    """In the order of their numbers."""
    return sorted(transactions, key=lambda number: int(number.removeprefix("ITI-")))


def _kinds_for(number: str) -> tuple[str, ...]:
    own = ("hl7",) if number in HL7_V3 else ("registry",) if number in XDS else ()
    return (*_ANYWHERE, "soapFault", *own)


_ANYWHERE = ("fault", "http", "quota", "pass")
