"""ITI-47 Patient Demographics Query HL7 V3 (ITI TF-2: 3.47): find patients, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Finding, refused, without_hints
from ihe_mock_async.hl7v3 import (
    acknowledgement,
    continuation,
    continuation_rules,
    matching_search,
    query,
    query_check,
    query_parameter_rules,
    query_parameters,
    query_pdq,
    query_rules,
    query_subject,
    transmission,
)
from ihe_mock_async.hl7v3 import rules as wrapper_rules
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType
from ihe_mock_async.hl7v3.continuation import Continuation
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier
from ihe_mock_async.hl7v3.matching_search import Match
from ihe_mock_async.hl7v3.namespaces import action, clark
from ihe_mock_async.hl7v3.query import Quantities, Query, QueryResponse, QueryResult
from ihe_mock_async.hl7v3.query_parameter_check import minimum_degree, whole_number
from ihe_mock_async.hl7v3.query_parameters import QUERY, RESPONSE, Parameters
from ihe_mock_async.hl7v3.transmission import Transmission
from ihe_mock_async.hl7v3.transmission_check import check as check_transmission
from ihe_mock_async.hl7v3.tree import bounded
from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction, WriteNeeded
from ihe_mock_async.state import AffinityDomain, PatientRecord, QuerySession

_QUERY_ACTION, _RESPONSE_ACTION = action(QUERY.name), action(RESPONSE.name)
_CONTINUE_ACTION = action(continuation.CONTINUE)
_CANCEL_ACTION = action(continuation.CANCEL)
_ACCEPT_ACTION = action(acknowledgement.ACCEPT_ACKNOWLEDGEMENT)
_TEMPLATE = query.template(RESPONSE.name, RESPONSE.trigger_event)
_NOTHING = Quantities(0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Received:
    """One message, and what is wrong with it."""

    exchange: Exchange
    message: Transmission
    findings: Sequence[Finding]

    @property
    def refusals(self) -> tuple[Finding, ...]:
        return refused(self.findings, self.exchange.domain.validation)

    @property
    def message_id(self) -> str:
        return self.message.id.text if self.message.id else ""

    def acknowledge(self, type_code: AcknowledgementType) -> Acknowledgement:
        exchange = self.exchange
        details = without_hints(self.findings) if self.refusals else ()
        return Acknowledgement(exchange.new_uuid(), exchange.now, type_code, details)


def _received(exchange: Exchange, message: Transmission, breaches: Iterator[Finding]) -> _Received:
    findings = [*exchange.findings, *bounded(breaches, message.element)]
    return _Received(exchange, message, findings)


# ---------------------------------------------------------------- the query


def answer(exchange: Exchange) -> Answer:
    """Tell who matches the query, or the first of them when not all were asked for."""
    message = transmission.read(exchange.body)
    act = message.control_act
    asked = None if act is None else query.read(act)
    parameters = _parameters(asked)
    received = _received(exchange, message, _check_query(exchange, message, asked, parameters))
    if asked is None or parameters is None or received.refusals:
        return _refuse(received, asked)
    quantity = whole_number(asked.initial_quantity)
    found = matching_search.find(
        exchange.state.patients, parameters.usable, minimum_degree=minimum_degree(asked)
    )
    matches = found if exchange.may_write else _told_at_once(found, quantity)
    ranked = [(match.key, match.degree) for match in matching_search.ranked(matches)]
    return _tell(received, asked, _Part(tuple(ranked), 0, quantity))


def _told_at_once(matches: Iterable[Match], quantity: int | None) -> Iterator[Match]:
    """The matches; raises `WriteNeeded` at the first one that has to wait in a session."""
    for number, match in enumerate(matches):
        if quantity is not None and number >= quantity:
            raise WriteNeeded
        yield match


def _parameters(asked: Query | None) -> Parameters | None:
    if asked is None or asked.parameter_list is None:
        return None
    return query_parameters.read(asked.parameter_list)


def _check_query(
    exchange: Exchange, message: Transmission, asked: Query | None, parameters: Parameters | None
) -> Iterator[Finding]:
    breaches = check_transmission(message, QUERY)
    if message.control_act is not None and message.element.tag == QUERY.tag:
        breaches = chain(breaches, query_check.check(message.control_act, asked))
    if asked is not None and parameters is not None:
        known = {
            *exchange.domain.assigning_authorities,
            *exchange.state.patients.known_authorities(parameters.roots),
        }
        breaches = chain(breaches, query_pdq.check(asked, parameters, known))
    return breaches


# ---------------------------------------------------------------- the next part, or no more


def continue_or_cancel(exchange: Exchange) -> Answer:
    """Tell the next matches of a query that was answered in part, or forget about them."""
    message = transmission.read(exchange.body)
    asked = continuation.read(message)
    sessions = exchange.state.query_sessions
    session = sessions.find(asked.session_id, exchange.now) if asked else None
    cancels = _cancels(exchange, message, asked)
    breaches = chain(
        check_transmission(message, continuation.interaction_of(message)),
        continuation.check(message, asked, session, cancels=cancels),
    )
    received = _received(exchange, message, breaches)
    if cancels:
        return _cancel(received, session)
    if asked is None or session is None or received.refusals:
        return _refuse(received, _query_of(session), asked.query_id if asked else None)
    return _continue(received, session, asked)


def _cancels(exchange: Exchange, message: Transmission, asked: Continuation | None) -> bool:
    said_so = message.element.tag == clark(continuation.CANCEL)
    aborted = asked is not None and asked.is_cancelled
    return exchange.action == _CANCEL_ACTION or said_so or aborted


def _cancel(received: _Received, session: QuerySession | None) -> Answer:
    refusals = received.refusals
    type_code = AcknowledgementType.COMMIT_ERROR if refusals else AcknowledgementType.COMMIT_ACCEPT
    if session is not None and not refusals:
        if not received.exchange.may_write:
            raise WriteNeeded
        received.exchange.state.query_sessions.end(session.query_id)
    return Answer(
        action=_ACCEPT_ACTION,
        body=acknowledgement.accept(received.message, received.acknowledge(type_code)),
        outcome=Outcome.REJECTED if refusals else Outcome.SERVED,
        summary=f"{type_code.value} cancellation",
        findings=received.findings,
        message_id=received.message_id,
    )


def _continue(received: _Received, session: QuerySession, asked: Continuation) -> Answer:
    known = query.read_element(parse(session.query))
    start = whole_number(asked.start)
    part = _Part(
        session.matches,
        session.delivered if start is None else start - 1,
        # 3.47.4.3.3: what a continuation asks for holds from then on.
        whole_number(asked.quantity) or session.quantity,
    )
    return _tell(received, known, part, continues=True)


def _query_of(session: QuerySession | None) -> Query | None:
    return None if session is None else query.read_element(parse(session.query))


# ---------------------------------------------------------------- what is told


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the matches, in the order of the answer."""

    matches: tuple[tuple[int, int], ...]
    """All of them: key of the patient, and degree."""
    start: int
    quantity: int | None
    """None: all that are left."""

    @property
    def end(self) -> int:
        end = len(self.matches)
        return end if self.quantity is None else min(self.start + self.quantity, end)

    @property
    def told(self) -> tuple[tuple[int, int], ...]:
        return self.matches[self.start : self.end]


def _tell(received: _Received, asked: Query, part: _Part, *, continues: bool = False) -> Answer:
    acknowledged = received.acknowledge(AcknowledgementType.APPLICATION_ACCEPT)
    total = len(part.matches)
    if continues or len(part.told) < total:
        _remember(received.exchange, asked, part, acknowledged.message_id)
    domain, patients = received.exchange.domain, received.exchange.state.patients
    records = {record.key: record for record in patients.records([key for key, _ in part.told])}
    # A patient may have been linked to another one since the first part was told.
    told = [(records[key], degree) for key, degree in part.told if key in records]
    found = QueryResponse.FOUND if total else QueryResponse(domain.pdq_no_match)
    result = QueryResult(
        found,
        subjects=_subjects(asked, told, domain),
        quantities=Quantities(total, len(told), total - part.end),
    )
    return Answer(
        action=_RESPONSE_ACTION,
        body=query.respond(_TEMPLATE, received.message, acknowledged, asked, result),
        outcome=Outcome.SERVED,
        summary=f"AA {found.value} {len(told)} of {total}",
        findings=received.findings,
        patient_ids=[record.identifiers[0].cx for record, _ in told if record.identifiers],
        message_id=received.message_id,
    )


def _subjects(
    asked: Query, told: Sequence[tuple[PatientRecord, int]], domain: AffinityDomain
) -> list[str]:
    parameters = _parameters(asked)
    roots = parameters.roots if parameters else ()
    custodian = query_subject.Custodian(domain.home_community_id.removeprefix("urn:oid:"))
    return [query_subject.subject(record, degree, custodian, roots) for record, degree in told]


def _remember(exchange: Exchange, asked: Query, part: _Part, response_id: str) -> None:
    if asked.query_id is None or not asked.query_id.root:
        return  # let pass by `validation: report`; nobody could ask for the rest
    if not exchange.may_write:
        raise WriteNeeded
    lifetime = timedelta(seconds=exchange.domain.pdq_session_seconds)
    session = QuerySession(
        query_id=asked.query_id.text,
        query=query.serialise(asked).encode(),
        matches=part.matches,
        delivered=part.end,
        response_id=response_id,
        expires=exchange.now + lifetime,
        quantity=part.quantity,
    )
    exchange.state.query_sessions.keep(session, exchange.now)


def _refuse(
    received: _Received, asked: Query | None, query_id: InstanceIdentifier | None = None
) -> Answer:
    type_code = query.acknowledgement_type(received.refusals)
    result = replace(query.refusal(type_code), quantities=_NOTHING, query_id=query_id)
    acknowledged = received.acknowledge(type_code)
    return Answer(
        action=_RESPONSE_ACTION,
        body=query.respond(_TEMPLATE, received.message, acknowledged, asked, result),
        outcome=Outcome.REJECTED,
        summary=f"{type_code.value} {result.response.value}",
        findings=received.findings,
        message_id=received.message_id,
    )


# ---------------------------------------------------------------- the transaction

TRANSACTION = Transaction(
    number="ITI-47",
    name="Patient Demographics Query HL7 V3",
    section="ITI TF-2: 3.47",
    actors=(Actor.PATIENT_DEMOGRAPHICS_SUPPLIER,),
    handlers={
        _QUERY_ACTION: answer,
        _CONTINUE_ACTION: continue_or_cancel,
        _CANCEL_ACTION: continue_or_cancel,
    },
    # No root implies the action of a cancellation: it has the root of a continuation, and
    # statusCode says which it is.
    roots={
        clark(QUERY.name): _QUERY_ACTION,
        **dict.fromkeys(map(clark, continuation.ROOTS), _CONTINUE_ACTION),
    },
    response_actions={
        _QUERY_ACTION: _RESPONSE_ACTION,
        _CONTINUE_ACTION: _RESPONSE_ACTION,
        _CANCEL_ACTION: _ACCEPT_ACTION,
    },
    writes=False,  # but for the rest of an answer that is told in part
    rules=(
        *wrapper_rules.RULES,
        *query_rules.RULES,
        *query_parameter_rules.SHARED,
        *query_parameter_rules.PDQ,
        *continuation_rules.RULES,
    ),
    needs_addressing=False,
)
