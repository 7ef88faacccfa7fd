"""ITI-45 PIXV3 Query (ITI TF-2: 3.45): the other identifiers of a patient."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.findings import Finding, refused, without_hints
from ihe_mock_async.hl7v3 import (
    cross_reference,
    pix_query,
    pix_query_rules,
    query,
    query_check,
    query_rules,
    retelling,
    transmission,
)
from ihe_mock_async.hl7v3 import rules as wrapper_rules
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement
from ihe_mock_async.hl7v3.namespaces import action, clark
from ihe_mock_async.hl7v3.pix_query import QUERY, RESPONSE, PixQuery
from ihe_mock_async.hl7v3.query import QueryResponse, QueryResult
from ihe_mock_async.hl7v3.transmission import Transmission
from ihe_mock_async.hl7v3.transmission_check import check as check_transmission
from ihe_mock_async.hl7v3.tree import bounded
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.state import PatientRecord, Patients

_REQUEST_ACTION, _RESPONSE_ACTION = action(QUERY.name), action(RESPONSE.name)
_TEMPLATE = query.template(RESPONSE.name, RESPONSE.trigger_event)
_FRAGMENT = ElementMaker()


def answer(exchange: Exchange) -> Answer:
    """Tell the patient's other identifiers in the requested domains: AA, AE or AR."""
    message = transmission.read(exchange.body)
    act = message.control_act
    asked = None if act is None else query.read(act)
    parameters = _parameters(asked)
    findings = [
        *exchange.findings,
        *bounded(_check(exchange, message, asked, parameters), message.element),
    ]
    refusals = refused(findings, exchange.domain.validation)
    type_code = query.acknowledgement_type(refusals)
    identifier = parameters.identifier if parameters else None
    if refusals or parameters is None or identifier is None:
        result = query.refusal(type_code)
    else:
        result = _tell(_registered(exchange.state.patients, identifier), identifier, parameters)
    return Answer(
        action=_RESPONSE_ACTION,
        body=query.respond(
            _TEMPLATE,
            message,
            Acknowledgement(
                exchange.new_uuid(),
                exchange.now,
                type_code,
                without_hints(findings) if refusals else (),
            ),
            asked,
            result,
        ),
        outcome=Outcome.REJECTED if refusals else Outcome.SERVED,
        summary=f"{type_code.value} {result.response.value}",
        findings=findings,
        patient_ids=[identifier.cx] if identifier else [],
        message_id=message.id.text if message.id else "",
    )


# ---------------------------------------------------------------- what is asked


def _parameters(asked: query.Query | None) -> PixQuery | None:
    if asked is None or asked.parameter_list is None:
        return None
    return pix_query.read(asked.parameter_list)


def _check(
    exchange: Exchange,
    message: Transmission,
    asked: query.Query | None,
    parameters: PixQuery | None,
) -> Iterator[Finding]:
    breaches = check_transmission(message, QUERY)
    if message.control_act is not None and message.element.tag == clark(QUERY.name):
        breaches = chain(breaches, query_check.check(message.control_act, asked))
    if parameters is not None:
        breaches = chain(breaches, pix_query.check(parameters), _check_known(exchange, parameters))
    return breaches


def _check_known(exchange: Exchange, parameters: PixQuery) -> Iterator[Finding]:
    patients, domain = exchange.state.patients, exchange.domain
    identifier = parameters.identifier
    known = patients.find([identifier] if identifier else [])
    known_domains = {
        *domain.assigning_authorities,
        *patients.known_authorities(parameters.domains),
    }
    yield from pix_query.check_known(parameters, known, known_domains)


# ---------------------------------------------------------------- what is told


def _registered(patients: Patients, identifier: PatientIdentifier) -> PatientRecord:
    (record,) = patients.records([patients.find([identifier])[identifier].patient_key])
    return record


def _tell(
    patient: PatientRecord, identifier: PatientIdentifier, parameters: PixQuery
) -> QueryResult:
    """The patient's identifiers in the requested domains, never the queried one (3.45.4.2.3)."""
    domains = parameters.domains
    others = [
        other
        for other in patient.identifiers
        if other != identifier and (not domains or other.root in domains)
    ]
    if not others:
        return QueryResult(QueryResponse.NOTHING_FOUND)
    names = retelling.names(patient.demographics)
    subject = cross_reference.subject(_FRAGMENT, others, names)
    return QueryResult(QueryResponse.FOUND, subjects=[etree.tostring(subject, encoding="unicode")])


# ---------------------------------------------------------------- the transaction

TRANSACTION = Transaction(
    number="ITI-45",
    name="PIXV3 Query",
    section="ITI TF-2: 3.45",
    actors=(Actor.PIX_MANAGER,),
    handlers={_REQUEST_ACTION: answer},
    roots={clark(QUERY.name): _REQUEST_ACTION},
    response_actions={_REQUEST_ACTION: _RESPONSE_ACTION},
    writes=False,
    rules=(*wrapper_rules.RULES, *query_rules.RULES, *pix_query_rules.RULES),
    needs_addressing=False,
)
