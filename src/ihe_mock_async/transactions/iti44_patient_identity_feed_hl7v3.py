"""ITI-44 Patient Identity Feed HL7 V3 (ITI TF-2: 3.44): add, revise and merge patients."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Finding, Rule, refused, without_hints
from ihe_mock_async.hl7v3 import (
    acknowledgement,
    demographics,
    feed,
    feed_rules,
    merge,
    patient,
    patient_rules,
    registration_check,
    transmission,
    update_notification,
)
from ihe_mock_async.hl7v3 import rules as wrapper_rules
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType
from ihe_mock_async.hl7v3.feed import ADD, MERGE, REVISE
from ihe_mock_async.hl7v3.namespaces import action, clark
from ihe_mock_async.hl7v3.transmission import Transmission
from ihe_mock_async.hl7v3.transmission_check import check as check_transmission
from ihe_mock_async.hl7v3.tree import bounded
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Actor, Answer, Exchange, Notification, Outcome, Transaction
from ihe_mock_async.xds import patient_merge

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
    notifications = [] if refusals else _carry_out(exchange, plan)
    reply = _acknowledge(exchange, message, findings, refusals, plan.identifiers)
    return replace(reply, notifications=notifications) if notifications else reply


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
                exchange.new_uuid(),
                exchange.now,
                type_code,
                without_hints(findings) if refusals else (),
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


# ---------------------------------------------------------------- what a message asks for


def _do_nothing() -> None:
    """Change no state."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the message means for the state: decided before anything is changed."""

    identifiers: Sequence[PatientIdentifier] = ()
    findings: Iterable[Finding] = ()
    patient_keys: Sequence[int] = ()
    """The known patients that it is about; they become one, the first."""
    carry_out: Callable[[], None] = _do_nothing


_NOTHING = _Plan()


def _plan_record(
    exchange: Exchange, payload: feed.Feed, interaction: transmission.Interaction
) -> _Plan:
    registered = payload.patient
    if registered is None or not registered.identifiers:
        return _NOTHING  # an essential rule has found that
    foreign = registration_check.check_authorities(registered, exchange.domain)
    identifiers = registration_check.registrable(registered, exchange.domain)
    if not identifiers:
        return _Plan(registered.identifiers, foreign)
    known = exchange.state.patients.find(identifiers)
    keys = list(dict.fromkeys(known[i].patient_key for i in identifiers if i in known))
    new = [identifier for identifier in identifiers if identifier not in known]
    return _Plan(
        identifiers,
        chain(foreign, registration_check.check_known(registered, interaction, known)),
        keys,
        partial(_store, exchange, registered, keys, new),
    )


def _store(
    exchange: Exchange,
    registered: patient.Patient,
    keys: Sequence[int],
    new_identifiers: Sequence[PatientIdentifier],
) -> None:
    patients, now = exchange.state.patients, exchange.now
    xml, traits = patient.serialise(registered), demographics.traits_of(registered)
    if not keys:
        patients.add(new_identifiers, xml, now, traits)
        return
    first, *others = keys
    for other in others:
        patients.link(first, other, now)
    patients.revise(first, new_identifiers, xml, now, traits)


def _plan_merge(exchange: Exchange, payload: feed.Feed, _: transmission.Interaction) -> _Plan:
    asked = merge.read(payload, exchange.domain)
    if asked is None:
        return _NOTHING  # an essential rule has found that
    known = exchange.state.patients.find(asked.identifiers)
    return _Plan(
        asked.identifiers,
        merge.check(asked, known, exchange.domain),
        [known[i].patient_key for i in asked.identifiers if i in known],
        partial(_merge, exchange, *asked.identifiers),
    )


def _merge(exchange: Exchange, surviving: PatientIdentifier, subsumed: PatientIdentifier) -> None:
    """Let everything of the subsumed patient be the surviving one's (3.44.4.2.4)."""
    patients, now = exchange.state.patients, exchange.now
    if not patients.find([surviving]):
        _rename(exchange, subsumed, surviving)
    known = patients.find((surviving, subsumed))
    patients.subsume(subsumed, surviving, now)
    patients.link(known[surviving].patient_key, known[subsumed].patient_key, now)
    patient_merge.move_objects(exchange.state.documents, subsumed.cx, surviving.cx)


def _rename(exchange: Exchange, subsumed: PatientIdentifier, new: PatientIdentifier) -> None:
    """Give the subsumed patient an identifier that nobody has had."""
    patients = exchange.state.patients
    key = patients.find([subsumed])[subsumed].patient_key
    (record,) = patients.records([key])
    traits = demographics.traits_of(patient.read(parse(record.demographics)))
    patients.revise(key, [new], record.demographics, exchange.now, traits)


# ---------------------------------------------------------------- the PIX Manager's duty


def _carry_out(exchange: Exchange, plan: _Plan) -> list[Notification]:
    """Change the state, and tell PIX Consumers of cross-references that this has changed."""
    consumers = exchange.domain.pix_consumers
    if not consumers or not plan.identifiers:
        plan.carry_out()
        return []
    patients = exchange.state.patients
    before = patients.records(dict.fromkeys(plan.patient_keys))
    plan.carry_out()
    survivor = patients.find(plan.identifiers[:1])[plan.identifiers[0]]
    (after,) = patients.records([survivor.patient_key])
    return [
        Notification(
            to=notification.consumer.url,
            action=action(feed.REVISE.name),
            body=update_notification.message(notification, exchange.new_uuid(), exchange.now),
            transaction="ITI-46",
        )
        for notification in update_notification.due(consumers, before, after)
    ]


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
