"""ITI-44 Patient Identity Feed HL7 V3 (ITI TF-2: 3.44): add, revise and merge patients."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple

from lxml import etree

from ihe_mock_async.findings import Finding, Rule, Severity, refused
from ihe_mock_async.hl7v3 import (
    acknowledgement,
    demographics,
    feed,
    feed_rules,
    patient,
    patient_rules,
    transmission,
)
from ihe_mock_async.hl7v3 import rules as wrapper_rules
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier
from ihe_mock_async.hl7v3.feed import ADD, MERGE, REVISE
from ihe_mock_async.hl7v3.namespaces import action, clark
from ihe_mock_async.hl7v3.transmission import Transmission
from ihe_mock_async.hl7v3.transmission_check import check as check_transmission
from ihe_mock_async.hl7v3.tree import bounded, finding_at
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.state import AffinityDomain, RegisteredPatient

_RESPONSE_ACTION = action(acknowledgement.ACCEPT_ACKNOWLEDGEMENT)


def answer(exchange: Exchange) -> Answer:
    """Add, revise or merge the patient, and acknowledge it: CA, CE or CR."""
    interaction = _INTERACTIONS[exchange.action]
    message = transmission.read(exchange.body)
    plan = _NOTHING
    breaches = check_transmission(message, interaction)
    if message.control_act is not None and exchange.body.tag == clark(interaction.name):
        payload = feed.read(message.control_act)
        plan = _PLANNERS[interaction.name](exchange, payload, interaction)
        breaches = chain(breaches, feed.check(payload, interaction), plan.findings)
    findings = [*exchange.findings, *bounded(breaches, message.element)]
    refusals = refused(findings, exchange.domain.validation)
    if not refusals:
        plan.carry_out()
    return _acknowledge(exchange, message, findings, refusals, plan.identifiers)


def _broken(findings: Iterable[Finding]) -> set[Rule]:
    return {finding.rule for finding in findings}


# ---------------------------------------------------------------- the answer


def _acknowledge(
    exchange: Exchange,
    message: Transmission,
    findings: list[Finding],
    refusals: Collection[Finding],
    identifiers: Iterable[PatientIdentifier],
) -> Answer:
    type_code = _type_code(refusals)
    if exchange.domain.ack_codes == "AA":
        type_code = type_code.as_application
    return Answer(
        action=_RESPONSE_ACTION,
        body=acknowledgement.accept(
            message,
            Acknowledgement(
                exchange.new_uuid(), exchange.now, type_code, _told(findings) if refusals else ()
            ),
        ),
        outcome=Outcome.REJECTED if refusals else Outcome.SERVED,
        summary=type_code.value,
        findings=findings,
        patient_ids=[identifier.cx for identifier in identifiers],
        message_id=message.id.text if message.id else "",
    )


def _type_code(refusals: Collection[Finding]) -> AcknowledgementType:
    if not refusals:
        return AcknowledgementType.COMMIT_ACCEPT
    if _broken(refusals) & wrapper_rules.UNPROCESSABLE:
        return AcknowledgementType.COMMIT_REJECT
    return AcknowledgementType.COMMIT_ERROR


def _told(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is not Severity.HINT]


# ---------------------------------------------------------------- what a message asks for


def _do_nothing() -> None:
    """Change no state."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the message means for the state: decided before anything is changed."""

    identifiers: Collection[PatientIdentifier] = ()
    findings: Iterable[Finding] = ()
    carry_out: Callable[[], None] = _do_nothing


_NOTHING = _Plan()


def _in_domain(identifier: PatientIdentifier, domain: AffinityDomain) -> bool:
    return not domain.assigning_authorities or identifier.root in domain.assigning_authorities


# ---------------------------------------------------------------- add and revise


def _plan_record(
    exchange: Exchange, payload: feed.Feed, interaction: transmission.Interaction
) -> _Plan:
    registered = payload.patient
    if registered is None or not registered.identifiers:
        return _NOTHING  # an essential rule has found that
    foreign = _foreign_identifiers(registered, exchange.domain)
    identifiers = [
        identifier
        for identifier in dict.fromkeys([*registered.identifiers, *registered.other_identifiers])
        if _in_domain(identifier, exchange.domain)
    ]
    if not identifiers:
        nothing_left = finding_at(feed_rules.PATIENT_ID_NO_AUTHORITY, registered.element, "id")
        return _Plan(registered.identifiers, chain(foreign, [nothing_left]))
    known = exchange.state.patients.find(identifiers)
    findings = chain(foreign, _compare_with_known(registered, interaction, known))
    carry_out = partial(_store, exchange, registered, identifiers, known)
    return _Plan(identifiers, findings, carry_out)


def _foreign_identifiers(registered: patient.Patient, domain: AffinityDomain) -> Iterator[Finding]:
    """A Document Registry stores the ids of its own domain only (3.44.4.1.3)."""
    if not domain.assigning_authorities:
        return
    for identifier in registered.ids:
        if (usable := identifier.patient_identifier) and not _in_domain(usable, domain):
            yield finding_at(
                feed_rules.PATIENT_ID_AUTHORITY,
                identifier.element,
                "@root",
                received=identifier.root,
                expected=" or ".join(sorted(domain.assigning_authorities)),
            )


def _compare_with_known(
    registered: patient.Patient,
    interaction: transmission.Interaction,
    known: Mapping[PatientIdentifier, RegisteredPatient],
) -> Iterator[Finding]:
    for record in known.values():
        if record.subsumed_by is not None:
            yield finding_at(
                feed_rules.PATIENT_ID_SUBSUMED,
                registered.element,
                "id",
                received=record.identifier.cx,
                expected=f"{record.subsumed_by.cx}, into which it was merged",
            )
    first = registered.identifiers[0].cx
    if known and interaction is ADD:
        yield finding_at(feed_rules.ADD_EXISTING, registered.element, received=first)
    if not known and interaction is REVISE:
        yield finding_at(feed_rules.REVISE_UNKNOWN, registered.element, received=first)
    keys = {record.patient_key for record in known.values()}
    if len(keys) > 1:
        yield finding_at(
            feed_rules.PATIENTS_LINKED, registered.element, received=f"ids of {len(keys)} patients"
        )


def _store(
    exchange: Exchange,
    registered: patient.Patient,
    identifiers: Collection[PatientIdentifier],
    known: Mapping[PatientIdentifier, RegisteredPatient],
) -> None:
    patients, now = exchange.state.patients, exchange.now
    xml, traits = patient.serialise(registered), demographics.traits_of(registered)
    if not known:
        patients.add(list(identifiers), xml, now, traits)
        return
    keys = dict.fromkeys(known[i].patient_key for i in identifiers if i in known)
    first, *others = keys
    for other in others:
        patients.link(first, other, now)
    patients.revise(first, [i for i in identifiers if i not in known], xml, now, traits)


# ---------------------------------------------------------------- merge


@dataclass(frozen=True, slots=True)
class _Party:
    """One of the two identifiers of a merge, and where it stands in the message."""

    identifier: PatientIdentifier
    element: etree._Element


class _PartyRules(NamedTuple):
    authority: Rule
    unknown: Rule
    subsumed: Rule


_SURVIVING_RULES = _PartyRules(
    feed_rules.SURVIVING_AUTHORITY, feed_rules.SURVIVING_UNKNOWN, feed_rules.SURVIVING_SUBSUMED
)
_SUBSUMED_RULES = _PartyRules(
    feed_rules.SUBSUMED_AUTHORITY, feed_rules.SUBSUMED_UNKNOWN, feed_rules.SUBSUMED_SUBSUMED
)


def _plan_merge(exchange: Exchange, payload: feed.Feed, _: transmission.Interaction) -> _Plan:
    parties = _parties(payload, exchange.domain)
    if parties is None:
        return _NOTHING  # an essential rule has found that
    surviving, subsumed = parties
    identifiers = (surviving.identifier, subsumed.identifier)
    patients = exchange.state.patients
    findings = list(_check_merge(surviving, subsumed, patients.find(identifiers), exchange.domain))
    carry_out = partial(patients.subsume, subsumed.identifier, surviving.identifier, exchange.now)
    return _Plan(identifiers, findings, carry_out)


def _parties(payload: feed.Feed, domain: AffinityDomain) -> tuple[_Party, _Party] | None:
    """The surviving and the subsumed identifier, as far as both can be read."""
    registration, registered = payload.registration, payload.patient
    if registration is None or registered is None or not registration.replacements:
        return None
    subsumed = next(_usable(registration.replacements[0].subsumed_ids), None)
    candidates = list(_usable(registered.ids))
    if subsumed is None or not candidates:
        return None
    # A patient may have ids of several authorities; the one that takes over is of the same.
    root = subsumed.identifier.root
    surviving = min(
        candidates, key=lambda c: (c.identifier.root != root, not _in_domain(c.identifier, domain))
    )
    return surviving, subsumed


def _usable(ids: Iterable[InstanceIdentifier]) -> Iterator[_Party]:
    for identifier in ids:
        if usable := identifier.patient_identifier:
            yield _Party(usable, identifier.element)


def _check_merge(
    surviving: _Party,
    subsumed: _Party,
    known: Mapping[PatientIdentifier, RegisteredPatient],
    domain: AffinityDomain,
) -> Iterator[Finding]:
    """The conditions under which the state shall not be changed (3.44.4.2.4)."""
    if surviving.identifier == subsumed.identifier:
        yield finding_at(
            feed_rules.SAME_IDENTIFIER, subsumed.element, received=subsumed.identifier.cx
        )
    elif surviving.identifier.root != subsumed.identifier.root:
        yield finding_at(
            feed_rules.DIFFERENT_AUTHORITIES,
            subsumed.element,
            "@root",
            received=subsumed.identifier.root,
            expected=surviving.identifier.root,
        )
    yield from _check_party(surviving, _SURVIVING_RULES, known, domain)
    yield from _check_party(subsumed, _SUBSUMED_RULES, known, domain)


def _check_party(
    party: _Party,
    party_rules: _PartyRules,
    known: Mapping[PatientIdentifier, RegisteredPatient],
    domain: AffinityDomain,
) -> Iterator[Finding]:
    identifier, element = party.identifier, party.element
    if not _in_domain(identifier, domain):
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


# ---------------------------------------------------------------- the transaction

_FEED = (ADD, REVISE, MERGE)
_INTERACTIONS = {action(interaction.name): interaction for interaction in _FEED}
_PLANNERS: Mapping[str, Callable[[Exchange, feed.Feed, transmission.Interaction], _Plan]] = {
    ADD.name: _plan_record,
    REVISE.name: _plan_record,
    MERGE.name: _plan_merge,
}

TRANSACTION = Transaction(
    number="ITI-44",
    name="Patient Identity Feed HL7 V3",
    section="ITI TF-2: 3.44",
    actors=(Actor.PIX_MANAGER, Actor.DOCUMENT_REGISTRY),
    handlers=dict.fromkeys(_INTERACTIONS, answer),
    roots={clark(interaction.name): name for name, interaction in _INTERACTIONS.items()},
    response_actions=dict.fromkeys(_INTERACTIONS, _RESPONSE_ACTION),
    writes=True,
    rules=(*wrapper_rules.RULES, *feed_rules.RULES, *patient_rules.RULES),
    needs_addressing=False,
)
