"""The two identifiers of a merge, and the conditions under which one replaces the other.

ITI TF-2: 3.44.4.2.4 lists when the state shall not be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from ihe_mock_async.findings import Finding, Rule
from ihe_mock_async.hl7v3 import feed_rules as rules
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier
from ihe_mock_async.hl7v3.feed import Feed
from ihe_mock_async.hl7v3.tree import finding_at
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import AffinityDomain, RegisteredPatient


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two identifiers, and where it stands in the message."""

    identifier: PatientIdentifier
    element: etree._Element


@dataclass(frozen=True, slots=True)
class Merge:
    """Which identifier is to replace which."""

    surviving: Party
    subsumed: Party

    @property
    def identifiers(self) -> tuple[PatientIdentifier, PatientIdentifier]:
        """The surviving one, then the subsumed one."""
        return self.surviving.identifier, self.subsumed.identifier


def read(payload: Feed, domain: AffinityDomain) -> Merge | None:
    """The merge that a payload asks for, or None when either identifier cannot be read."""
    registration, patient = payload.registration, payload.patient
    if registration is None or patient is None or not registration.replacements:
        return None
    subsumed = next(_usable(registration.replacements[0].subsumed_ids), None)
    candidates = list(_usable(patient.ids))
    if subsumed is None or not candidates:
        return None
    # A patient may have ids of several authorities; the one that takes over is of the same.
    root = subsumed.identifier.root
    surviving = min(
        candidates,
        key=lambda c: (c.identifier.root != root, not domain.registers(c.identifier)),
    )
    return Merge(surviving, subsumed)


def _usable(ids: Iterable[InstanceIdentifier]) -> Iterator[Party]:
    for identifier in ids:
        if usable := identifier.patient_identifier:
            yield Party(usable, identifier.element)


# ---------------------------------------------------------------- rules


class _PartyRules(NamedTuple):
    authority: Rule
    unknown: Rule
    subsumed: Rule


_SURVIVING = _PartyRules(
    rules.SURVIVING_AUTHORITY, rules.SURVIVING_UNKNOWN, rules.SURVIVING_SUBSUMED
)
_SUBSUMED = _PartyRules(rules.SUBSUMED_AUTHORITY, rules.SUBSUMED_UNKNOWN, rules.SUBSUMED_SUBSUMED)


def check(
    merge: Merge,
    known: Mapping[PatientIdentifier, RegisteredPatient],
    domain: AffinityDomain,
) -> Iterator[Finding]:
    """Every condition that is not met; `known` are the registered ones of both identifiers."""
    surviving, subsumed = merge.identifiers
    element = merge.subsumed.element
    if surviving == subsumed:
        yield finding_at(rules.SAME_IDENTIFIER, element, received=subsumed.cx)
    elif surviving.root != subsumed.root:
        yield finding_at(
            rules.DIFFERENT_AUTHORITIES,
            element,
            "@root",
            received=subsumed.root,
            expected=surviving.root,
        )
    yield from _check_party(merge.surviving, _SURVIVING, known, domain)
    yield from _check_party(merge.subsumed, _SUBSUMED, known, domain)


def _check_party(
    party: Party,
    party_rules: _PartyRules,
    known: Mapping[PatientIdentifier, RegisteredPatient],
    domain: AffinityDomain,
) -> Iterator[Finding]:
    identifier, element = party.identifier, party.element
    if not domain.registers(identifier):
        expected = " or ".join(sorted(domain.assigning_authorities))
        yield finding_at(
            party_rules.authority, element, "@root", received=identifier.root, expected=expected
        )
    record = known.get(identifier)
    if record is None:
        yield finding_at(party_rules.unknown, element, received=identifier.cx)
    elif record.subsumed_by is not None:
        expected = f"an active identifier; {record.subsumed_by.cx} has replaced it"
        yield finding_at(party_rules.subsumed, element, received=identifier.cx, expected=expected)
