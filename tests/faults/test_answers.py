"""Refusals on demand, in the words of every transaction that is served."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import etree

from ihe_mock_async import transactions
from ihe_mock_async.elements import parse
from ihe_mock_async.faults import answers, applicability
from ihe_mock_async.faults.effects import Effect
from ihe_mock_async.ihe import Answer, Exchange, Outcome, Transaction
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response
from ihe_mock_async.xds.registry_response import RegistryError
from ihe_mock_async.xds.stored_query import response as query_response
from ihe_mock_async.xds.stored_query.request import ReturnType

FIXTURES = Path(__file__).parents[1] / "fixtures"
SCHEMAS = os.environ.get("IHE_SCHEMAS", "")
XSDS = {
    "RegistryResponse": "xdsb/rs.xsd",
    "AdhocQueryResponse": "xdsb/query.xsd",
    "RetrieveDocumentSetResponse": "xdsb/XDS.b_DocumentRepository.xsd",
}
NAMES = {"h": "urn:hl7-org:v3", "rs": ns.RS, "rim": ns.RIM, "xdsb": ns.XDSB}
DOMAIN = AffinityDomain()
HOME = DOMAIN.home_community_id
SERVED = {each.number: each for each in transactions.served()}
HL7 = [SERVED[number] for number in applicability.by_number(applicability.HL7_V3)]
XDS = [SERVED[number] for number in applicability.by_number(applicability.XDS)]
ANSWERED = [(each, action) for each in HL7 for action in each.handlers]
MESSAGES = {
    "PRPA_IN201301UV02": "iti44/add.xml",
    "PRPA_IN201302UV02": "iti44/revise.xml",
    "PRPA_IN201304UV02": "iti44/merge.xml",
    "PRPA_IN201309UV02": "iti45/query.xml",
    "PRPA_IN201305UV02": "iti47/query.xml",
    "QUQI_IN000003UV01_Continue": "iti47/continuation.xml",
    "QUQI_IN000003UV01_Cancel": "iti47/continuation.xml",
}
DETAIL = "//h:acknowledgement/h:acknowledgementDetail"


def effect(**document: object) -> Effect:
    return Effect.model_validate(document)


def failing(*errors: object, status: str = "Failure") -> Effect:
    return effect(registry={"status": status, "errors": list(errors)})


def uuids() -> Iterator[str]:
    return (f"00000000-0000-4000-8000-{number:012d}" for number in count(1))


def exchange(body: etree._Element, action: str, domain: AffinityDomain = DOMAIN) -> Exchange:
    """Without any state: a refusal has no need of it."""
    return Exchange(
        body=body,
        action=action,
        attachments={},
        domain=domain,
        now=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        new_uuid=uuids().__next__,
        state=cast(State, None),
    )


def hl7_message(action: str) -> etree._Element:
    interaction = action.removeprefix("urn:hl7-org:v3:").partition(":")[0]
    return parse((FIXTURES / MESSAGES[interaction]).read_bytes())


def refused_hl7(
    transaction: Transaction, action: str, domain: AffinityDomain = DOMAIN, **hl7: object
) -> tuple[Answer, etree._Element]:
    asked = exchange(hl7_message(action), action, domain)
    found = answers.refusal(effect(hl7=hl7), asked, transaction)
    return found, body_of(found)


def refused_xds(
    transaction: Transaction, made: Effect, domain: AffinityDomain = DOMAIN
) -> tuple[Answer, etree._Element]:
    action, root = next(iter(transaction.handlers)), next(iter(transaction.roots))
    found = answers.refusal(made, exchange(etree.Element(root), action, domain), transaction)
    return found, body_of(found)


def body_of(answer: Answer) -> etree._Element:
    body = answer.body if isinstance(answer.body, bytes) else etree.tostring(answer.body)
    root = parse(body)
    check_against_schema(root)
    return root


def check_against_schema(root: etree._Element) -> None:
    if SCHEMAS:
        name = etree.QName(root).localname
        path = Path(SCHEMAS, XSDS.get(name, f"HL7V3/NE2008/multicacheschemas/{name}.xsd"))
        schema = etree.XMLSchema(etree.parse(str(path)))
        assert schema.validate(root), schema.error_log


def texts(root: etree._Element, path: str) -> Sequence[str]:
    return cast(list[str], root.xpath(path, namespaces=NAMES))


def only(root: etree._Element, path: str) -> str:
    (found,) = texts(root, path)
    return str(found)


# ---------------------------------------------------------------- HL7 V3


@pytest.mark.parametrize(("transaction", "action"), ANSWERED)
def test_every_message_of_hl7_is_answered_with_the_response_it_expects(
    transaction: Transaction, action: str
) -> None:
    found, root = refused_hl7(transaction, action, detailCode="SYN113", text="Not today.")

    name = etree.QName(root).localname
    assert found.action == transaction.response_actions[action]
    assert found.action.removeprefix("urn:hl7-org:v3:").partition(":")[0] == name
    assert found.outcome is Outcome.REJECTED
    assert found.message_id
    assert only(root, "h:interactionId/@extension") == name
    assert only(root, f"{DETAIL}/h:code/@code") == "SYN113"
    assert only(root, f"{DETAIL}/h:text/text()") == "Not today."
    assert only(root, f"{DETAIL}/@typeCode") == "E"
    target = only(root, "//h:targetMessage/h:id/@root")
    assert target == only(hl7_message(action), "h:id/@root")


@pytest.mark.parametrize("asked", ["AE", "CE"])
@pytest.mark.parametrize(("transaction", "action"), ANSWERED)
def test_the_acknowledgement_is_of_the_family_that_the_transaction_has(
    transaction: Transaction, action: str, asked: str
) -> None:
    found, root = refused_hl7(transaction, action, ackCode=asked)

    accepts = etree.QName(root).localname == "MCCI_IN000002UV01"
    type_code = "CE" if accepts else "AE"
    assert only(root, "//h:acknowledgement/h:typeCode/@code") == type_code
    assert found.summary == (type_code if accepts else "AE AE")


@pytest.mark.parametrize("number", ["ITI-45", "ITI-47", "ITI-55"])
@pytest.mark.parametrize(("ack_code", "response"), [("AE", "AE"), ("AR", "QE")])
def test_a_refused_query_is_aborted_and_has_no_subject(
    number: str, ack_code: str, response: str
) -> None:
    transaction = SERVED[number]
    action = next(iter(transaction.handlers))
    _, root = refused_hl7(transaction, action, ackCode=ack_code)
    asked = hl7_message(action)

    act = "h:controlActProcess"
    assert only(root, f"{act}/h:queryAck/h:queryResponseCode/@code") == response
    assert only(root, f"{act}/h:queryAck/h:statusCode/@code") == "aborted"
    assert only(root, f"{act}/h:queryAck/h:queryId/@root") == only(
        asked, f"{act}/h:queryByParameter/h:queryId/@root"
    )
    assert texts(root, f"{act}/h:subject") == []
    quantities = texts(root, f"{act}/h:queryAck/*[contains(local-name(), 'Quantity')]/@value")
    assert quantities == (["0", "0", "0"] if number == "ITI-47" else [])


def test_a_refused_continuation_names_its_query() -> None:
    action = "urn:hl7-org:v3:QUQI_IN000003UV01_Continue"
    _, root = refused_hl7(SERVED["ITI-47"], action)

    path = "h:controlActProcess//h:queryId/@root"
    assert only(root, path) == only(hl7_message(action), path)


def test_a_discovery_that_is_to_be_deferred_is_not_accepted() -> None:
    transaction = SERVED["ITI-55"]
    action = next(iter(transaction.handlers))
    message = hl7_message(action)
    deferring(message)

    found = answers.refusal(effect(hl7={}), exchange(message, action), transaction)

    assert found.action == "urn:hl7-org:v3:MCCI_IN000002UV01"
    assert only(body_of(found), "//h:acknowledgement/h:typeCode/@code") == "CE"


def deferring(message: etree._Element) -> None:
    (priority,) = message.iter("{urn:hl7-org:v3}responsePriorityCode")
    priority.set("code", "D")
    (receiver,) = message.iter("{urn:hl7-org:v3}receiver")
    respond_to = parse(
        b'<respondTo xmlns="urn:hl7-org:v3" typeCode="RSP">'
        b'<telecom value="http://192.0.2.1/later"/></respondTo>'
    )
    receiver.addnext(respond_to)


@pytest.mark.parametrize(("ack_code", "type_code"), [("AE", "AE"), ("CE", "AE"), ("CR", "AR")])
def test_clients_that_expect_application_codes_from_iti_44_get_them(
    ack_code: str, type_code: str
) -> None:
    found, root = refused_hl7(
        SERVED["ITI-44"],
        "urn:hl7-org:v3:PRPA_IN201301UV02",
        AffinityDomain(ack_codes="AA"),
        ackCode=ack_code,
    )

    assert only(root, "//h:acknowledgement/h:typeCode/@code") == type_code
    assert found.summary == type_code


def test_the_code_of_an_unknown_patient_is_of_its_own_code_system() -> None:
    transaction = SERVED["ITI-45"]
    _, root = refused_hl7(transaction, next(iter(transaction.handlers)), detailCode="204")

    assert only(root, f"{DETAIL}/h:code/@codeSystem") == "2.16.840.1.113883.12.357"


def test_what_xml_cannot_hold_does_not_break_an_answer() -> None:
    transaction = SERVED["ITI-44"]
    _, root = refused_hl7(transaction, next(iter(transaction.handlers)), text="a <b> {c} & \x00")

    assert only(root, f"{DETAIL}/h:text/text()").startswith("a <b> {c} & ")


# ---------------------------------------------------------------- XDS and XCA

ROOTS = {
    **dict.fromkeys(applicability.STORED_QUERIES, "AdhocQueryResponse"),
    **dict.fromkeys(applicability.RETRIEVALS, "RetrieveDocumentSetResponse"),
}
ERROR = "//rs:RegistryErrorList/rs:RegistryError"


@pytest.mark.parametrize("transaction", XDS, ids=lambda each: each.number)
def test_every_transaction_of_xds_fails_with_its_own_response(transaction: Transaction) -> None:
    details = {"codeContext": "Try again at noon.", "severity": "Warning", "location": "here"}
    made = failing("XDSRegistryBusy", {"errorCode": "XDSExtra", **details})

    found, root = refused_xds(transaction, made)

    assert etree.QName(root).localname == ROOTS.get(transaction.number, "RegistryResponse")
    assert found.action == next(iter(transaction.response_actions.values()))
    assert (found.outcome, found.summary) == (Outcome.REJECTED, "Failure XDSRegistryBusy")
    assert only(root, "//@status") == registry_response.FAILURE
    assert only(root, "//rs:RegistryErrorList/@highestSeverity") == registry_response.ERROR
    assert texts(root, f"{ERROR}/@errorCode") == ["XDSRegistryBusy", "XDSExtra"]
    assert texts(root, f"{ERROR}/@codeContext") == ["An error on demand.", "Try again at noon."]
    assert texts(root, f"{ERROR}/@severity") == [
        registry_response.ERROR,
        registry_response.WARNING,
    ]


@pytest.mark.parametrize("transaction", XDS, ids=lambda each: each.number)
def test_errors_between_communities_say_where_they_come_from(transaction: Transaction) -> None:
    _, root = refused_xds(transaction, failing("X", {"errorCode": "Y", "location": "here"}))

    is_cross_gateway = transaction.number in applicability.CROSS_GATEWAY
    assert texts(root, f"{ERROR}/@location") == ([HOME, "here"] if is_cross_gateway else ["here"])


def test_a_refusal_tells_whom_the_message_was_about() -> None:
    transaction = SERVED["ITI-44"]
    found, _ = refused_hl7(transaction, next(iter(transaction.handlers)))

    assert "P-1001^^^&1.3.6.1.4.1.21367.13.20.1000&ISO" in found.patient_ids


@pytest.mark.parametrize("number", ["ITI-38", "ITI-39"])
def test_older_actions_are_answered_with_their_responses(number: str) -> None:
    transaction = SERVED[number]
    for action, response_action in transaction.response_actions.items():
        asked = exchange(etree.Element("any"), action)

        assert answers.refusal(failing("X"), asked, transaction).action == response_action


def test_only_answers_of_applications_refuse() -> None:
    asked = exchange(etree.Element("any"), "any")

    with pytest.raises(ValueError, match="http 503 is no answer of an application"):
        answers.refusal(effect(http={"status": 503}), asked, SERVED["ITI-18"])


# ---------------------------------------------------------------- partial successes


def partly(number: str, body: etree._Element | bytes) -> tuple[Answer, etree._Element]:
    transaction = SERVED[number]
    asked = exchange(etree.Element("any"), next(iter(transaction.handlers)))
    real = Answer("action", body, Outcome.SERVED, "Success", patient_ids=("1^^^&1.2&ISO",))
    made = failing("XDSUnavailableCommunity", status="PartialSuccess")
    found = answers.partial(made, real, asked, transaction)
    assert (found.action, found.patient_ids) == (real.action, real.patient_ids)
    return found, body_of(found)


def documents(response: etree._Element) -> etree._Element:
    """A RetrieveDocumentSetResponse with a document."""
    root = etree.Element(f"{{{ns.XDSB}}}RetrieveDocumentSetResponse")
    root.append(response)
    document = etree.SubElement(root, f"{{{ns.XDSB}}}DocumentResponse")
    for name, text in (
        ("RepositoryUniqueId", "1.2.3"),
        ("DocumentUniqueId", "1.2.3.4"),
        ("mimeType", "text/plain"),
        ("Document", "QQ=="),
    ):
        etree.SubElement(document, f"{{{ns.XDSB}}}{name}").text = text
    return root


def test_what_a_query_finds_is_told_with_the_errors() -> None:
    found, root = partly("ITI-18", query_response.success([], ReturnType.LEAF_CLASS))

    assert only(root, "@status") == registry_response.PARTIAL_SUCCESS
    assert [etree.QName(child).localname for child in root] == [
        "RegistryErrorList",
        "RegistryObjectList",
    ]
    assert only(root, f"{ERROR}/@errorCode") == "XDSUnavailableCommunity"
    assert texts(root, f"{ERROR}/@location") == []
    assert found.outcome is Outcome.REJECTED
    assert found.summary == "PartialSuccess XDSUnavailableCommunity"


def test_documents_are_returned_with_the_errors() -> None:
    _, root = partly("ITI-39", documents(registry_response.response(registry_response.SUCCESS)))

    assert only(root, "rs:RegistryResponse/@status") == registry_response.PARTIAL_SUCCESS
    assert only(root, f"rs:RegistryResponse{ERROR[1:]}/@location") == HOME
    assert only(root, "xdsb:DocumentResponse/xdsb:Document/text()") == "QQ=="


def test_errors_come_behind_those_that_there_are() -> None:
    warning = RegistryError("XDSExtra", "A warning.", registry_response.WARNING)
    real = registry_response.response(registry_response.SUCCESS, [warning])

    _, root = partly("ITI-42", real)

    assert only(root, "@status") == registry_response.PARTIAL_SUCCESS
    assert texts(root, f"{ERROR}/@errorCode") == ["XDSExtra", "XDSUnavailableCommunity"]
    assert only(root, "//rs:RegistryErrorList/@highestSeverity") == registry_response.ERROR


def test_a_failure_stays_one() -> None:
    error = RegistryError("XDSRegistryError", "Wrong.", registry_response.ERROR)
    found, root = partly("ITI-42", registry_response.failure([error]))

    assert only(root, "@status") == registry_response.FAILURE
    assert len(texts(root, f"{ERROR}/@errorCode")) == 2
    assert found.summary.startswith("Failure ")


def test_what_tells_no_errors_makes_no_partial_success() -> None:
    asked = exchange(etree.Element("any"), "any")
    real = Answer("action", b"<a/>", Outcome.SERVED, "Success")
    wrong: Any = effect(fault="HANG")

    with pytest.raises(ValueError, match="HANG tells no errors"):
        answers.partial(wrong, real, asked, SERVED["ITI-18"])
