"""Application answers that refuse on demand, made as the real transactions make theirs.

HL7 V3: ITI TF-2: Appendix O; XDS and XCA: ITI TF-3: 4.2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from lxml import etree

from ihe_mock_async.elements import XmlLimits, parse
from ihe_mock_async.faults.applicability import CROSS_GATEWAY, RETRIEVALS, STORED_QUERIES
from ihe_mock_async.faults.effects import Effect, Hl7, Registry
from ihe_mock_async.hl7v3 import (
    acknowledgement,
    continuation,
    pix_query,
    query,
    query_parameters,
    query_xcpd,
)
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType, Detail
from ihe_mock_async.hl7v3.namespaces import action
from ihe_mock_async.hl7v3.query import Quantities
from ihe_mock_async.hl7v3.transmission import Interaction, Transmission
from ihe_mock_async.hl7v3.transmission import read as read_transmission
from ihe_mock_async.ihe import Answer, Exchange, Outcome, Transaction
from ihe_mock_async.journal import patients
from ihe_mock_async.xds import registry_response
from ihe_mock_async.xds.registry_response import PARTIAL_SUCCESS, RegistryError
from ihe_mock_async.xds.retrieve import response as retrieve_response
from ihe_mock_async.xds.stored_query import response as query_response

__all__ = ["partial", "refusal"]


def refusal(effect: Effect, exchange: Exchange, transaction: Transaction) -> Answer:
    """The answer of an `hl7` or a `registry` effect, which must be applicable to the transaction.

    The state is neither read nor changed. Raises ValueError for another effect.
    """
    if effect.hl7 is not None:
        return _acknowledge(effect.hl7, exchange, transaction)
    if effect.registry is not None:
        return _fail(effect.registry, exchange, transaction)
    raise ValueError(f"{effect.name} is no answer of an application")


def partial(
    effect: Effect, answer: Answer, exchange: Exchange, transaction: Transaction
) -> Answer:
    """The real answer of an XDS or XCA transaction with the errors of a `registry` effect.

    Its status becomes PartialSuccess, but for a Failure, which stays one.
    """
    registry = effect.registry
    if registry is None:
        raise ValueError(f"{effect.name} tells no errors")
    errors = _errors(registry, exchange, transaction)
    body = _element(answer.body)
    status = registry_response.add_errors(body, PARTIAL_SUCCESS, errors)
    return replace(
        answer,
        body=body,
        outcome=Outcome.REJECTED,
        summary=registry_response.summary(errors, status),
    )


def _element(body: etree._Element | bytes) -> etree._Element:
    if not isinstance(body, bytes):
        return body
    # It is an answer of ours: as large as what was asked for.
    return parse(body, XmlLimits(max_bytes=len(body), max_tags=body.count(b"<"), huge_text=True))


# ---------------------------------------------------------------- HL7 V3


def _acknowledge(hl7: Hl7, exchange: Exchange, transaction: Transaction) -> Answer:
    message = read_transmission(exchange.body)
    response_action = transaction.response_actions[exchange.action]
    if transaction.number == "ITI-55" and _is_deferred(message):
        response_action = _ACCEPT_ACTION
    if response_action == _ACCEPT_ACTION:
        body, summary = _accept(hl7, exchange, transaction, message)
    else:
        body, summary = _answer_query(hl7, exchange, transaction, message)
    return Answer(
        action=response_action,
        body=body,
        outcome=Outcome.REJECTED,
        summary=summary,
        findings=exchange.findings,
        patient_ids=patients.named_in(exchange.body),
        message_id=message.id.text if message.id else "",
    )


def _is_deferred(message: Transmission) -> bool:
    """Whether a discovery is to be accepted now and answered later (ITI TF-2: 3.55.6.2)."""
    asked = None if message.control_act is None else query.read(message.control_act)
    is_deferred = asked is not None and asked.response_priority == "D"
    return is_deferred and bool(query_xcpd.respond_to(message))


def _accept(
    hl7: Hl7, exchange: Exchange, transaction: Transaction, message: Transmission
) -> tuple[bytes, str]:
    """The accept acknowledgement, and its summary."""
    type_code = AcknowledgementType(f"C{hl7.ack_code[1]}")
    if transaction.number == "ITI-44" and exchange.domain.ack_codes == "AA":
        type_code = type_code.as_application
    acknowledged = _acknowledgement(hl7, exchange, type_code)
    return acknowledgement.accept(message, acknowledged), type_code.value


def _answer_query(
    hl7: Hl7, exchange: Exchange, transaction: Transaction, message: Transmission
) -> tuple[bytes, str]:
    """The answer to a query without any subject, and its summary."""
    type_code = AcknowledgementType(f"A{hl7.ack_code[1]}")
    act = message.control_act
    asked = None if act is None else query.read(act)
    continued = continuation.read(message)
    result = replace(
        query.refusal(type_code),
        quantities=_QUANTITIES.get(transaction.number),
        query_id=continued.query_id if continued else None,
    )
    body = query.respond(
        _template(_RESPONSES[transaction.number]),
        message,
        _acknowledgement(hl7, exchange, type_code),
        asked,
        result,
    )
    return body, f"{type_code.value} {result.response.value}"


def _acknowledgement(
    hl7: Hl7, exchange: Exchange, type_code: AcknowledgementType
) -> Acknowledgement:
    details = (Detail(hl7.detail_code, hl7.text),)
    return Acknowledgement(exchange.new_uuid(), exchange.now, type_code, details=details)


_ACCEPT_ACTION = action(acknowledgement.ACCEPT_ACKNOWLEDGEMENT)
_RESPONSES = {
    "ITI-45": pix_query.RESPONSE,
    "ITI-47": query_parameters.RESPONSE,
    "ITI-55": query_parameters.RESPONSE,
}
# In ITI-55 they are not populated (3.55.4.2.2.3), in ITI-45 there are none.
_QUANTITIES = {"ITI-47": Quantities(0, 0, 0)}


@cache
def _template(interaction: Interaction) -> str:
    return query.template(interaction.name, interaction.trigger_event)


# ---------------------------------------------------------------- XDS and XCA


def _fail(registry: Registry, exchange: Exchange, transaction: Transaction) -> Answer:
    errors = _errors(registry, exchange, transaction)
    write = _FAILURES.get(transaction.number, registry_response.failure)
    return Answer(
        action=transaction.response_actions[exchange.action],
        body=write(errors),
        outcome=Outcome.REJECTED,
        summary=registry_response.summary(errors),
        findings=exchange.findings,
        patient_ids=patients.named_in(exchange.body),
    )


def _errors(
    registry: Registry, exchange: Exchange, transaction: Transaction
) -> list[RegistryError]:
    # ITI TF-2, 3.38.4.1.3: which community has failed; in ITI-39, too.
    community = exchange.domain.home_community_id
    usual = community if transaction.number in CROSS_GATEWAY else ""
    return [
        RegistryError(
            error.error_code,
            error.code_context,
            _SEVERITIES[error.severity],
            error.location or usual,
        )
        for error in registry.errors
    ]


def _retrieve_failure(errors: Sequence[RegistryError]) -> etree._Element:
    return retrieve_response.write(registry_response.FAILURE, errors, ())


_SEVERITIES = {"Error": registry_response.ERROR, "Warning": registry_response.WARNING}
_FAILURES: Mapping[str, Callable[[Sequence[RegistryError]], etree._Element]] = {
    **dict.fromkeys(STORED_QUERIES, query_response.failure),
    **dict.fromkeys(RETRIEVALS, _retrieve_failure),
}
"""The refusals that are not an rs:RegistryResponse, by transaction."""
