from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.transactions.iti41_provide_and_register_document_set import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from tests.transactions.xds_fakes import FakeState, attachment, exchange, numbered_uuids
from tests.xds import submissions as s
from tests.xds.breaches import BREACHES, Case

TRANSPORT_ERROR = Rule("mime-example", Severity.ERROR, "A part is right", "RFC 2387", "Mend it.")
TRANSPORT_WARNING = replace(TRANSPORT_ERROR, id="mime-warning", severity=Severity.WARNING)


def provided(
    content: bytes = s.CONTENT, *, href: str = "cid:Document01%40example.org"
) -> tuple[etree._Element, FakeState]:
    body = s.provide(s.one_document(), ["Document01"])
    next(body.iter(ns.INCLUDE)).set("href", href)
    return body, FakeState()


def slot_values(state: FakeState, name: str) -> list[str]:
    entry = etree.fromstring(state.documents.of_kind("DocumentEntry")[0].xml)
    return [text for text in entry.xpath(f"*[@name='{name}']//text()") if text.strip()]


def remove_slots(case: Case, *names: str) -> None:
    for name in names:
        case.entry.remove(case.slot(name))


def codes(reply: Answer) -> list[str]:
    assert not isinstance(reply.body, bytes)
    return [e.get("errorCode", "") for e in reply.body.iter(f"{{{ns.RS}}}RegistryError")]


def test_a_conformant_submission_is_stored_and_registered_without_a_finding() -> None:
    case = Case()

    reply = case.send_to(answer, provide=True)

    assert (reply.action, reply.outcome, reply.summary) == (RESPONSE, Outcome.SERVED, "Success")
    assert reply.findings == ()
    assert [name for name, _ in reply.documents] == ["2.999.2.1", "2.999.2.2^v1"]
    assert case.state.documents.contents["2.999.2.1"].size == len(s.CONTENT)
    assert len(case.state.documents.of_kind("DocumentEntry")) == 2


def test_the_transaction_is_that_of_a_document_repository_with_mtom() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REPOSITORY,)
    assert TRANSACTION.mtom
    assert TRANSACTION.binary_elements == {"{urn:ihe:iti:xds-b:2007}Document"}
    assert TRANSACTION.roots == {ns.PROVIDE_AND_REGISTER_REQUEST: REQUEST}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(rule: Rule) -> None:
    case = Case()
    if rule.id == "xds-document-content":
        case.body = s.provide(case.request, ["Document01", "Document02"])
        case.contents.clear()
    elif rule.id == "xds-document-repeated":
        case.body = s.provide(case.request, ["Document01", "Document01", "Document02"])
    else:
        BREACHES[rule.id](case)
    before = dict(case.state.documents.objects)

    reply = case.send_to(answer, provide=True)

    found = [finding for finding in reply.findings if finding.rule is rule]
    assert found
    assert found[0].location.startswith("/ProvideAndRegisterDocumentSetRequest")
    if rule.severity is Severity.ERROR:
        assert reply.outcome is Outcome.REJECTED
        assert rule.code in codes(reply)
        assert case.state.documents.objects == before
        assert case.state.documents.contents == {}
    else:
        assert reply.summary == "Success"


def test_hash_and_size_are_added_and_the_repository_is_the_servers_own() -> None:
    case = Case()
    remove_slots(case, "hash", "size")

    assert case.send_to(answer, provide=True).summary == "Success"

    staged = attachment(s.CONTENT)
    entry = case.state.documents.of_kind("DocumentEntry")[0]
    assert (entry.hash, entry.size) == (staged.sha1, staged.size)
    assert entry.repository_unique_id == AffinityDomain().repository_unique_id
    assert slot_values(case.state, "hash") == [staged.sha1]
    assert slot_values(case.state, "size") == [str(staged.size)]
    assert slot_values(case.state, "repositoryUniqueId") == [entry.repository_unique_id]


def test_a_hash_in_upper_case_is_right_and_kept_as_received() -> None:
    case = Case()
    upper = attachment(s.CONTENT).sha1.upper()
    case.value("hash", upper)

    assert case.send_to(answer, provide=True).summary == "Success"

    assert slot_values(case.state, "hash") == [upper]


def test_wrong_hash_and_size_are_errors_of_the_repository() -> None:
    case = Case()
    case.value("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    case.value("size", "44")

    reply = case.send_to(answer, provide=True)

    assert codes(reply) == ["XDSRepositoryMetadataError", "XDSRepositoryMetadataError"]


def test_errors_of_repository_and_registry_come_in_one_answer() -> None:
    case = Case(domain=AffinityDomain(reject_unknown_patients=True))
    del case.contents["Document02"]

    reply = case.send_to(answer, provide=True)

    assert reply.summary == "Failure XDSMissingDocument XDSUnknownPatientId"


@pytest.mark.parametrize(
    ("content_id", "href"),
    [
        ("Document01@example.org", "cid:Document01%40example.org"),
        ("1.urn:uuid:3D4B@apache.org", "cid:1.urn:uuid:3D4B@apache.org"),
        ("http://tempuri.org/1/6+id=5", "cid:http%3A%2F%2Ftempuri.org%2F1%2F6+id=5"),
        ("one two", "CID:one%20two"),
    ],
)
def test_the_part_is_found_by_its_percent_decoded_content_id(content_id: str, href: str) -> None:
    body, state = provided(href=href)

    reply = answer(exchange(body, state, attachments={content_id: attachment(s.CONTENT)}))

    assert reply.summary == "Success"


@pytest.mark.parametrize("href", ["Document01@example.org", "cid:<Document01@example.org>", ""])
def test_a_reference_that_is_no_content_id_is_explained(href: str) -> None:
    body, state = provided(href=href)
    parts = {"Document01@example.org": attachment(s.CONTENT)}

    reply = answer(exchange(body, state, attachments=parts))

    assert reply.summary == "Failure XDSMissingDocument"
    assert "percent-encoded" in reply.findings[0].describe()


def test_a_document_without_content_is_missing() -> None:
    body, state = provided()
    next(body.iter(ns.DOCUMENT)).clear(keep_tail=False)

    reply = answer(exchange(body, state))

    assert "XDSMissingDocument" in codes(reply)


def test_a_document_of_a_wrong_namespace_is_named() -> None:
    case = Case()
    case.body = s.provide(case.request, ["Document01", "Document02"])
    case.body[1].tag = "Document"

    reply = case.send_to(answer, provide=True)

    assert [(f.rule.id, f.received) for f in reply.findings] == [
        ("xds-request-content", "Document"),
        ("xds-document-missing", "Document01"),
    ]


def test_the_same_document_may_be_provided_again() -> None:
    state = FakeState()
    state.documents.contents["2.999.2.1"] = attachment(s.CONTENT)

    assert Case(state=state).send_to(answer, provide=True).summary == "Success"


def test_other_content_under_a_stored_unique_id_is_refused() -> None:
    state = FakeState()
    state.documents.contents["2.999.2.1"] = attachment(b"something else")

    reply = Case(state=state).send_to(answer, provide=True)

    assert reply.summary == "Failure XDSNonIdenticalHash XDSNonIdenticalSize"
    assert all("2.999.2.1" in finding.describe() for finding in reply.findings)


def test_a_submission_may_have_a_folder_and_no_documents() -> None:
    request = s.submit(s.submission_set(), *s.folder(), s.member("SubmissionSet01", "Folder01"))

    reply = answer(exchange(s.provide(request, []), FakeState()))

    assert (reply.summary, reply.documents) == ("Success", ())


def test_findings_of_the_transport_come_first_and_refuse_with_a_general_code() -> None:
    body, state = provided()
    parts = {"Document01@example.org": attachment(s.CONTENT)}
    findings = (TRANSPORT_WARNING.found("part <x>"), TRANSPORT_ERROR.found("part <x>"))

    reply = answer(exchange(body, state, attachments=parts, findings=findings))

    assert reply.findings[:2] == findings
    assert codes(reply) == ["XDSRepositoryError", "XDSRepositoryError"]
    assert reply.summary == "Failure XDSRepositoryError"


def test_warnings_of_the_transport_stay_out_of_a_success() -> None:
    body, state = provided()
    parts = {"Document01@example.org": attachment(s.CONTENT)}

    reply = answer(exchange(body, state, attachments=parts, findings=(TRANSPORT_WARNING.found(),)))

    assert reply.body == rr.success()
    assert [finding.rule.id for finding in reply.findings] == ["mime-warning"]


def test_a_wrong_hash_is_accepted_in_report_mode() -> None:
    case = Case(domain=AffinityDomain(validation=Validation.REPORT))
    case.value("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709")

    reply = case.send_to(answer, provide=True)

    assert reply.summary == "Success"
    assert [finding.rule.id for finding in reply.findings] == ["xds-document-hash"]


def test_a_rejected_submission_still_tells_its_patient_and_documents() -> None:
    case = Case()
    BREACHES["xds-dtm"](case)

    reply = case.send_to(answer, provide=True)

    assert reply.patient_ids == (s.PATIENT,)
    assert [name for name, _ in reply.documents] == ["2.999.2.1", "2.999.2.2^v1"]


def test_the_same_request_gives_the_same_registry_in_another_run() -> None:
    def run() -> dict[str, bytes]:
        state = FakeState()
        body = s.provide(s.two_documents_in_a_folder(), ["Document01", "Document02"])
        parts = {f"Document0{i}@example.org": attachment(s.CONTENT) for i in (1, 2)}
        answer(exchange(body, state, attachments=parts, new_uuid=numbered_uuids()))
        return {obj.id: obj.xml for obj in state.documents.objects.values()}

    assert run() == run() != {}
