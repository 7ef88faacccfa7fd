"""ITI-43 Retrieve Document Set."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AvailabilityStatus
from ihe_mock_async.store.unit_of_work import NamespaceState
from ihe_mock_async.transactions.iti43_retrieve_document_set import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from tests.transactions.retrievals import (
    CONTENT,
    ENTRY,
    HOME,
    MEMO,
    OTHER_PATIENT,
    PATIENT,
    REPOSITORY,
    asked,
    body_of,
    codes_of,
    document,
    errors_of,
    exchange,
    hrefs_of,
    provide,
    request,
    responses_of,
    severities_of,
    status_of,
)
from tests.transactions.retrieve_breaches import BREACHES, Documents, promise_too_much
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import NOW, attachment

UNKNOWN = "2.999.2.99"


@pytest.fixture
def state() -> Iterator[NamespaceState]:
    with stored_state() as state:
        provide(state, ENTRY, MEMO)
        yield state


def retrieve(
    state: NamespaceState, *documents: object, validation: Validation = Validation.ENFORCE
) -> Answer:
    body = request(ns.RETRIEVE_REQUEST, *documents)  # type: ignore[arg-type]  # of either kind
    return answer(exchange(body, state, validation=validation))


def test_the_transaction_is_mtom_and_that_of_a_document_repository() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REPOSITORY,)
    assert TRANSACTION.handlers == {REQUEST: answer}
    assert TRANSACTION.mtom
    assert not TRANSACTION.writes


def test_a_document_is_returned_with_its_ids_and_the_mime_type_of_its_entry(
    state: NamespaceState,
) -> None:
    reply = retrieve(state, document())

    assert (reply.action, reply.outcome, reply.summary) == (RESPONSE, Outcome.SERVED, "Success")
    assert reply.findings == ()
    assert reply.patient_ids == (PATIENT,)
    assert status_of(reply) == "Success"
    assert errors_of(reply) == []
    assert responses_of(reply) == [
        {
            "RepositoryUniqueId": REPOSITORY,
            "DocumentUniqueId": ENTRY,
            "mimeType": "application/pdf",
            "Document": "",
        }
    ]
    assert [str(child.tag) for child in body_of(reply)] == [
        f"{{{ns.RS}}}RegistryResponse",
        f"{{{ns.XDSB}}}DocumentResponse",
    ]


def test_the_content_goes_out_with_the_media_type_of_the_entry(state: NamespaceState) -> None:
    reply = retrieve(state, document())

    stored = attachment(CONTENT + ENTRY.encode())
    (part,) = reply.attachments
    assert (part.size, part.sha256) == (stored.size, stored.sha256)
    assert part.media_type == "application/pdf"
    assert hrefs_of(reply) == [f"cid:{part.content_id}"]


def test_the_home_community_id_is_echoed_if_it_was_sent(state: NamespaceState) -> None:
    reply = retrieve(state, document(home=HOME), document(MEMO))

    first, second = responses_of(reply)
    assert next(iter(first)) == "HomeCommunityId"
    assert first["HomeCommunityId"] == HOME
    assert "HomeCommunityId" not in second


def test_an_empty_home_community_id_is_none(state: NamespaceState) -> None:
    reply = retrieve(state, {"HomeCommunityId": " ", **document()})

    assert status_of(reply) == "Success"
    assert "HomeCommunityId" not in responses_of(reply)[0]


def test_blanks_around_ids_do_not_matter(state: NamespaceState) -> None:
    reply = retrieve(state, document(f"\n  {ENTRY}\n", f" {REPOSITORY} "))

    assert responses_of(reply)[0]["DocumentUniqueId"] == ENTRY


def test_some_documents_are_a_partial_success(state: NamespaceState) -> None:
    reply = retrieve(state, document(UNKNOWN), document())

    assert (reply.outcome, reply.summary) == (
        Outcome.SERVED,
        "PartialSuccess XDSDocumentUniqueIdError",
    )
    response = next(body_of(reply).iter(f"{{{ns.RS}}}RegistryResponse"))
    assert response.get("status") == "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    assert [each["DocumentUniqueId"] for each in responses_of(reply)] == [ENTRY]
    (error,) = errors_of(reply)
    assert error.get("location") == UNKNOWN
    assert UNKNOWN in error.get("codeContext", "")


def test_no_document_is_a_failure(state: NamespaceState) -> None:
    reply = retrieve(
        state,
        document(UNKNOWN),
        document(repository="2.999.8"),
        document(home="urn:oid:2.999.9"),
    )

    assert reply.outcome is Outcome.REJECTED
    assert reply.summary == (
        "Failure XDSDocumentUniqueIdError XDSUnknownRepositoryId XDSUnknownCommunity"
    )
    assert status_of(reply) == "Failure"
    assert [error.get("location") for error in errors_of(reply)] == [UNKNOWN, ENTRY, ENTRY]
    assert responses_of(reply) == []
    assert reply.attachments == ()


def test_every_document_has_a_response_or_one_error(state: NamespaceState) -> None:
    reply = retrieve(
        state, document(UNKNOWN, repository="2.999.8", home="2.999.9"), document(), document(MEMO)
    )

    (error,) = errors_of(reply)
    assert error.get("errorCode") == "XDSUnknownCommunity"
    context = error.get("codeContext", "")
    assert "[xds-retrieve-home-format," in context
    assert "[xds-retrieve-home-known," in context
    assert "[xds-retrieve-repository-known," in context
    assert len(responses_of(reply)) == 2


def test_a_home_community_id_without_urn_is_explained(state: NamespaceState) -> None:
    reply = retrieve(state, document(home=HOME.removeprefix("urn:oid:")))

    assert codes_of(reply) == ["XDSUnknownCommunity"]
    assert "urn:oid:" in errors_of(reply)[0].get("codeContext", "")


def test_documents_of_several_patients_are_returned(state: NamespaceState) -> None:
    provide(state, "2.999.2.3", patient=OTHER_PATIENT)

    reply = retrieve(state, document(), document("2.999.2.3"))

    assert status_of(reply) == "Success"
    assert set(reply.patient_ids) == {PATIENT, OTHER_PATIENT}


def test_deprecated_documents_and_those_without_an_entry_are_returned(
    state: NamespaceState,
) -> None:
    provide(state, "2.999.2.4", status=AvailabilityStatus.DEPRECATED)
    state.documents.store("2.999.2.5", attachment(b"alone"), NOW)

    reply = retrieve(state, document("2.999.2.4"), document("2.999.2.5"))

    assert status_of(reply) == "Success"
    assert responses_of(reply)[1]["mimeType"] == "text/plain"


def test_a_document_asked_for_twice_comes_twice_with_a_warning(state: NamespaceState) -> None:
    reply = retrieve(state, document(), document())

    assert status_of(reply) == "Success"
    assert severities_of(reply) == ["Warning"]
    assert len(set(hrefs_of(reply))) == len(reply.attachments) == 2


def test_a_unique_id_of_any_characters_has_a_plain_content_id(state: NamespaceState) -> None:
    odd = "Ähnlich <b>&#9; %41@^1.2"
    provide(state, odd)

    reply = retrieve(state, document(odd))

    (part,) = reply.attachments
    (href,) = hrefs_of(reply)
    assert responses_of(reply)[0]["DocumentUniqueId"] == odd
    assert part.content_id.isascii()
    assert unquote(href.removeprefix("cid:")) == part.content_id


def test_a_misspelt_name_is_told_beside_what_is_missing(state: NamespaceState) -> None:
    reply = retrieve(state, {"RepositoryUniqueID": REPOSITORY, "DocumentUniqueId": ENTRY})

    assert codes_of(reply) == ["XDSRepositoryError", "XDSUnknownRepositoryId"]
    assert severities_of(reply) == ["Warning", "Error"]
    assert "}RepositoryUniqueId" in errors_of(reply)[0].get("codeContext", "")


def test_elements_of_no_namespace_are_told(state: NamespaceState) -> None:
    body = etree.fromstring(f'<r xmlns="{ns.XDSB}"><DocumentRequest xmlns=""/></r>')

    reply = answer(exchange(body, state))

    assert status_of(reply) == "Failure"
    assert {found.rule.id for found in reply.findings} == {
        "xds-retrieve-element",
        "xds-retrieve-document-request",
    }


def test_a_refused_message_returns_no_document_but_says_all(state: NamespaceState) -> None:
    disordered = {"DocumentUniqueId": ENTRY, "RepositoryUniqueId": REPOSITORY}

    reply = retrieve(state, document(MEMO), document(UNKNOWN), disordered)

    assert status_of(reply) == "Failure"
    assert codes_of(reply) == ["XDSRepositoryError", "XDSDocumentUniqueIdError"]
    assert reply.attachments == ()


@pytest.mark.parametrize(
    "documents", [BREACHES["xds-retrieve-element-order"](), BREACHES["xds-retrieve-home-format"]()]
)
def test_report_mode_returns_what_can_be_found(
    state: NamespaceState, documents: Documents
) -> None:
    reply = retrieve(state, *documents, validation=Validation.REPORT)

    assert status_of(reply) == "Success"
    assert severities_of(reply) == ["Warning"]
    assert len(reply.attachments) == 1


def test_strict_mode_refuses_warnings_of_one_document_for_this_one(
    state: NamespaceState,
) -> None:
    reply = retrieve(state, document(), document(), document(MEMO), validation=Validation.STRICT)

    assert status_of(reply) == "PartialSuccess"
    assert [each["DocumentUniqueId"] for each in responses_of(reply)] == [ENTRY, MEMO]


def test_findings_of_the_exchange_come_first_and_are_not_told_again(
    state: NamespaceState,
) -> None:
    rule = Rule("soap-some", Severity.WARNING, "Text", "1", "Fix.")
    body = request(ns.RETRIEVE_REQUEST, document(UNKNOWN))

    reply = answer(exchange(body, state, findings=(rule.found(),)))

    assert [found.rule.id for found in reply.findings] == [
        "soap-some",
        "xds-retrieve-document-known",
    ]
    assert codes_of(reply) == ["XDSDocumentUniqueIdError"]


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(
    state: NamespaceState, rule: Rule
) -> None:
    promise_too_much(state)

    reply = retrieve(state, *BREACHES[rule.id]())

    assert rule in [found.rule for found in reply.findings]
    (finding, *_) = (found for found in reply.findings if found.rule is rule)
    assert finding.location.startswith("/RetrieveDocumentSetRequest")
    assert (status_of(reply) == "Failure") == (rule.severity is Severity.ERROR)
    assert any(f"[{rule.id}," in error.get("codeContext", "") for error in errors_of(reply))
    if rule.code:
        assert rule.code in codes_of(reply)


def test_many_documents_are_returned_at_once(state: NamespaceState) -> None:
    unique_ids = [f"2.999.3.{number}" for number in range(500)]
    provide(state, *unique_ids)

    reply = retrieve(state, *(asked(document(each)) for each in unique_ids))

    assert status_of(reply) == "Success"
    assert len({part.content_id for part in reply.attachments}) == 500
