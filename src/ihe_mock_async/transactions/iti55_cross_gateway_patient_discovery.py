"""ITI-55 Cross Gateway Patient Discovery (ITI TF-2: 3.55), at once or deferred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Finding, refused, without_hints
from ihe_mock_async.hl7v3 import (
    acknowledgement,
    detected_issue,
    query,
    query_check,
    query_parameter_rules,
    query_parameters,
    query_rules,
    query_subject,
    query_xcpd,
    transmission,
)
from ihe_mock_async.hl7v3 import rules as wrapper_rules
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType
from ihe_mock_async.hl7v3.discovery import PatientMatch, find_candidates, unambiguous
from ihe_mock_async.hl7v3.namespaces import action, clark
from ihe_mock_async.hl7v3.query import Query, QueryResponse, QueryResult
from ihe_mock_async.hl7v3.query_parameters import (
    QUERY,
    RESPONSE,
    Parameters,
)
from ihe_mock_async.hl7v3.query_subject import Custodian
from ihe_mock_async.hl7v3.transmission import Transmission
from ihe_mock_async.hl7v3.transmission_check import check as check_transmission
from ihe_mock_async.hl7v3.tree import bounded
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import (
    Actor,
    Answer,
    Exchange,
    Notification,
    Outcome,
    Transaction,
    WriteNeeded,
)
from ihe_mock_async.state import PatientRecord

_NUMBER = "ITI-55"
_DISCOVERY = "CrossGatewayPatientDiscovery"
_QUERY_ACTION = f"{action(QUERY.name)}:{_DISCOVERY}"
_RESPONSE_ACTION = f"{action(RESPONSE.name)}:{_DISCOVERY}"
_DEFERRED_QUERY_ACTION = f"{action(QUERY.name)}:Deferred:{_DISCOVERY}"
_DEFERRED_RESPONSE_ACTION = f"{action(RESPONSE.name)}:Deferred:{_DISCOVERY}"
_ACCEPT_ACTION = action(acknowledgement.ACCEPT_ACKNOWLEDGEMENT)
_TEMPLATE = query.template(RESPONSE.name, RESPONSE.trigger_event)
_DEFERRED = frozenset({"D"})


@dataclass(frozen=True, slots=True)
class _Discovery:
    """What a query comes to."""

    type_code: AcknowledgementType
    result: QueryResult
    told: Sequence[PatientMatch] = ()

    @property
    def patient_ids(self) -> list[str]:
        return [match.record.identifiers[0].cx for match in self.told]


def answer(exchange: Exchange) -> Answer:
    """Tell who is meant, or what else is needed to say so."""
    message = transmission.read(exchange.body)
    asked = _asked(message)
    # 3.55.4.1.3: the code decides; an action of its own is asked of the client, not needed by us.
    if asked and asked.response_priority in _DEFERRED and query_xcpd.respond_to(message):
        return defer(exchange)
    parameters = _parameters(asked)
    findings = _findings(exchange, message, asked, parameters, deferred=False)
    refusals = refused(findings, exchange.domain.validation)
    if refusals or asked is None or parameters is None:
        type_code = query.acknowledgement_type(refusals)
        discovery = _Discovery(type_code, query.refusal(type_code))
    else:
        discovery = _discover(exchange, asked, parameters)
    return Answer(
        action=_RESPONSE_ACTION,
        body=_body(
            exchange, message, asked, discovery, without_hints(findings) if refusals else ()
        ),
        outcome=_outcome(discovery.type_code),
        summary=f"{discovery.type_code.value} {discovery.result.response.value}",
        findings=findings,
        patient_ids=discovery.patient_ids,
        message_id=message.id.text if message.id else "",
    )


def defer(exchange: Exchange) -> Answer:
    """Accept a query now, and send its answer to the address in respondTo (3.55.6.2)."""
    if not exchange.may_write:
        raise WriteNeeded  # the answer waits in the outbox
    message = transmission.read(exchange.body)
    asked = _asked(message)
    parameters = _parameters(asked)
    findings = [
        *_findings(exchange, message, asked, parameters, deferred=True),
        *_check_action(exchange),
    ]
    refusals = refused(findings, exchange.domain.validation)
    if refusals or asked is None or parameters is None:
        return _accept(exchange, message, findings, refused_with=without_hints(findings))
    discovery = _discover(exchange, asked, parameters)
    later = Notification(
        query_xcpd.respond_to(message),
        _DEFERRED_RESPONSE_ACTION,
        _body(exchange, message, asked, discovery),
        _NUMBER,
        answers=True,
    )
    accepted = _accept(exchange, message, findings)
    return replace(accepted, patient_ids=discovery.patient_ids, notifications=[later])


def _body(
    exchange: Exchange,
    message: Transmission,
    asked: Query | None,
    discovery: _Discovery,
    details: Sequence[Finding] = (),
) -> bytes:
    acknowledged = Acknowledgement(exchange.new_uuid(), exchange.now, discovery.type_code, details)
    return query.respond(_TEMPLATE, message, acknowledged, asked, discovery.result)


def _accept(
    exchange: Exchange,
    message: Transmission,
    findings: Sequence[Finding],
    *,
    refused_with: Sequence[Finding] = (),
) -> Answer:
    """The accept acknowledgement of a deferred query."""
    type_code = (
        AcknowledgementType.COMMIT_ERROR if refused_with else AcknowledgementType.COMMIT_ACCEPT
    )
    acknowledged = Acknowledgement(exchange.new_uuid(), exchange.now, type_code, refused_with)
    return Answer(
        action=_ACCEPT_ACTION,
        body=acknowledgement.accept(message, acknowledged),
        outcome=Outcome.REJECTED if refused_with else Outcome.SERVED,
        summary=f"{type_code.value} deferred",
        findings=findings,
        message_id=message.id.text if message.id else "",
    )


def _outcome(type_code: AcknowledgementType) -> Outcome:
    accepted = type_code is AcknowledgementType.APPLICATION_ACCEPT
    return Outcome.SERVED if accepted else Outcome.REJECTED


# ---------------------------------------------------------------- what is asked


def _asked(message: Transmission) -> Query | None:
    return None if message.control_act is None else query.read(message.control_act)


def _parameters(asked: Query | None) -> Parameters | None:
    if asked is None or asked.parameter_list is None:
        return None
    return query_parameters.read(asked.parameter_list)


def _findings(
    exchange: Exchange,
    message: Transmission,
    asked: Query | None,
    parameters: Parameters | None,
    *,
    deferred: bool,
) -> list[Finding]:
    breaches = _check(message, asked, parameters, deferred=deferred)
    return [*exchange.findings, *bounded(breaches, message.element)]


def _check(
    message: Transmission, asked: Query | None, parameters: Parameters | None, *, deferred: bool
) -> Iterator[Finding]:
    breaches = check_transmission(message, QUERY)
    if message.control_act is not None and message.element.tag == QUERY.tag:
        priorities = _DEFERRED if deferred else query_check.IMMEDIATE
        breaches = chain(breaches, query_check.check(message.control_act, asked, priorities))
    if asked is not None and parameters is not None:
        own = query_xcpd.check(message, asked, parameters, deferred=deferred)
        breaches = chain(breaches, own)
    return breaches


def _check_action(exchange: Exchange) -> Iterator[Finding]:
    if exchange.action != _DEFERRED_QUERY_ACTION:
        yield query_parameter_rules.DEFERRED_ACTION.found(
            "/Envelope/Header/Action", received=exchange.action, expected=_DEFERRED_QUERY_ACTION
        )


# ---------------------------------------------------------------- what is found


def _discover(exchange: Exchange, asked: Query, parameters: Parameters) -> _Discovery:
    """The five cases of 3.55.4.2.3."""
    matches = find_candidates(exchange.state.patients, asked, parameters)
    told = unambiguous(matches)
    if told or not matches:
        return _Discovery(AcknowledgementType.APPLICATION_ACCEPT, _tell(exchange, told), told)
    helpful = detected_issue.helpful_attributes(
        [parse(match.record.demographics) for match in matches],
        [parameter.name for parameter in parameters.usable],
    )
    if helpful:
        reason = detected_issue.attributes_requested(helpful)
        result = QueryResult(QueryResponse.FOUND, reasons=[reason])
        return _Discovery(AcknowledgementType.APPLICATION_ACCEPT, result)
    reason = detected_issue.problem(detected_issue.ANSWER_NOT_AVAILABLE)
    result = replace(query.refusal(AcknowledgementType.APPLICATION_ERROR), reasons=[reason])
    return _Discovery(AcknowledgementType.APPLICATION_ERROR, result)


def _tell(exchange: Exchange, told: Sequence[PatientMatch]) -> QueryResult:
    # 3.55.4.2.2.3: the quantities are not populated.
    if not told:
        return QueryResult(QueryResponse.NOTHING_FOUND)
    community = exchange.domain.home_community_id.removeprefix("urn:oid:")
    custodian = Custodian(community, "NotHealthDataLocator", "1.3.6.1.4.1.19376.1.2.27.2")
    subjects = [
        query_subject.discovered(
            match.record, match.degree, custodian, _patient_id(exchange, match.record)
        )
        for match in told
    ]
    return QueryResult(QueryResponse.FOUND, subjects=subjects)


def _patient_id(exchange: Exchange, record: PatientRecord) -> PatientIdentifier:
    """The identifier by which the community's documents are asked for (ITI-38)."""
    authorities = exchange.domain.assigning_authorities
    own = (each for each in record.identifiers if each.root in authorities)
    return next(own, record.identifiers[0])


# ---------------------------------------------------------------- the transaction

TRANSACTION = Transaction(
    number=_NUMBER,
    name="Cross Gateway Patient Discovery",
    section="ITI TF-2: 3.55",
    actors=(Actor.RESPONDING_GATEWAY,),
    handlers={_QUERY_ACTION: answer, _DEFERRED_QUERY_ACTION: defer},
    # No root implies the deferred action: only a client that names it has an address to wait at.
    roots={clark(QUERY.name): _QUERY_ACTION},
    response_actions={
        _QUERY_ACTION: _RESPONSE_ACTION,
        _DEFERRED_QUERY_ACTION: _ACCEPT_ACTION,
    },
    writes=False,  # but for an answer that is deferred
    rules=(
        *wrapper_rules.RULES,
        *query_rules.RULES,
        *query_parameter_rules.SHARED,
        *query_parameter_rules.XCPD,
    ),
    needs_addressing=False,
)
