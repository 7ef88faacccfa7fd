"""Every error code of XDS is the answer to some message, or there is a reason for having none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest
from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.findings import Finding, Rule, Severity
from ihe_mock_async.ihe import Answer, Handler
from ihe_mock_async.state import State
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions import iti39_cross_gateway_retrieve as iti39
from ihe_mock_async.transactions import iti41_provide_and_register_document_set as iti41
from ihe_mock_async.transactions import iti42_register_document_set as iti42
from ihe_mock_async.transactions import iti57_update_document_set as iti57
from ihe_mock_async.transactions import iti62_remove_metadata as iti62
from ihe_mock_async.transactions import iti92_restricted_update_document_set as iti92
from ihe_mock_async.transactions import served
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import namespaces as ns
from tests.transactions import retrievals, retrieve_breaches
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import FakeState, exchange
from tests.xds import query_breaches, submissions
from tests.xds import stored_queries as q
from tests.xds import updates as u
from tests.xds.breaches import BREACHES, Case
from tests.xds.update_breaches import RESTRICTED_BREACHES, UPDATE_BREACHES, UpdateCase

_NAMES = """
    XDSMissingDocument XDSMissingDocumentMetadata XDSRepositoryMetadataError
    XDSRegistryMetadataError XDSNonIdenticalHash XDSNonIdenticalSize
    XDSDuplicateUniqueIdInRegistry XDSRegistryDuplicateUniqueIdInMessage
    XDSRepositoryDuplicateUniqueIdInMessage XDSUnknownPatientId XDSPatientIdDoesNotMatch
    XDSRegistryDeprecatedDocumentError UnresolvedReferenceException XDSExtraMetadataNotSaved
    XDSRegistryNotAvailable XDSRegistryBusy XDSRepositoryBusy XDSRegistryOutOfResources
    XDSRepositoryOutOfResources InvalidDocumentContent DocumentQueued
    PartialFolderContentNotProcessed PartialAppendContentNotProcessed
    PartialReplaceContentNotProcessed PartialTransformNotProcessed
    PartialTransformReplaceNotProcessed PartialRelationshipContentNotProcessed UnknownRecipient
    UnavailableRecipient XDSStoredQueryMissingParam XDSStoredQueryParamNumber
    XDSUnknownStoredQuery XDSTooManyResults XDSResultNotSinglePatient XDSDocumentUniqueIdError
    XDSUnknownRepositoryId XDSMissingHomeCommunityId XDSUnknownCommunity XDSUnavailableCommunity
    XDSMetadataUpdateError XDSMetadataUpdateOperationError XDSMetadataVersionError
    XDSPatientIDReconciliationError ReferencesExistException XDSUnreferencedObjectException
    XDSRemoveDocumentsError UnmodifiableMetadataError XDSMetadataIdentifierError
    XDSMetadataAnnotationError XDSObjectTypeError XDSInvalidRequestException
    LocalPolicyRestrictionError XDSRegistryError XDSRepositoryError
"""
TABLE = frozenset(_NAMES.split())
"""ITI TF-3: Table 4.2.4.1-2, with the supplements Metadata Update, RMD and RMU."""

_OF_XDR = "for Document Recipients (XDR), which this server does not play"
_OF_LOAD = "an overloaded server answers with an HTTP status or a SOAP fault"

NEVER: Mapping[str, str] = {
    "XDSExtraMetadataNotSaved": "extra metadata is saved",
    "XDSRegistryNotAvailable": "repository and registry are one process with one store",
    "XDSRegistryBusy": _OF_LOAD,
    "XDSRepositoryBusy": _OF_LOAD,
    "XDSRegistryOutOfResources": _OF_LOAD,
    "InvalidDocumentContent": "documents are stored whatever they hold",
    "DocumentQueued": _OF_XDR,
    "PartialFolderContentNotProcessed": _OF_XDR,
    "PartialAppendContentNotProcessed": _OF_XDR,
    "PartialReplaceContentNotProcessed": _OF_XDR,
    "PartialTransformNotProcessed": _OF_XDR,
    "PartialTransformReplaceNotProcessed": _OF_XDR,
    "PartialRelationshipContentNotProcessed": _OF_XDR,
    "UnknownRecipient": _OF_XDR,
    "UnavailableRecipient": _OF_XDR,
    "XDSTooManyResults": "results are not limited",
    "XDSUnavailableCommunity": "for Initiating Gateways, which ask other communities",
    "XDSRemoveDocumentsError": "a document that is there can be removed",
    "XDSObjectTypeError": "a changed objectType is UnmodifiableMetadataError",
    "LocalPolicyRestrictionError": "there is no local policy on updates",
}
"""Codes of the table that no answer has, with the reason."""

_LCM = ElementMaker(namespace=ns.LCM, nsmap={"lcm": ns.LCM})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_OF_TRANSPORT = Finding(
    Rule("transport", Severity.ERROR, "A rule of transport has no code", "none", "None."),
    "",
    None,
    "",
    "",
)


def _provided(rule_id: str) -> Callable[[], Answer]:
    return lambda: _broken(Case(), rule_id, iti41.answer, provide=True)


def _registered(rule_id: str) -> Callable[[], Answer]:
    return lambda: _broken(Case(), rule_id, iti42.answer, provide=False)


def _broken(case: Case, rule_id: str, handler: Handler, *, provide: bool) -> Answer:
    BREACHES[rule_id](case)
    return case.send_to(handler, provide=provide)


def _updated(rule_id: str) -> Callable[[], Answer]:
    def send() -> Answer:
        case = UpdateCase()
        UPDATE_BREACHES[rule_id](case)
        return case.update(iti57.answer)

    return send


def _restricted(rule_id: str) -> Callable[[], Answer]:
    def send() -> Answer:
        case = UpdateCase()
        RESTRICTED_BREACHES[rule_id](case)
        return case.update(iti92.answer)

    return send


def _removed(identify: Callable[[State], Iterable[str]]) -> Callable[[], Answer]:
    def send() -> Answer:
        with stored_state() as state:
            u.register(state)
            references = (_RIM.ObjectRef(id=each) for each in identify(state))
            body = _LCM.RemoveObjectsRequest(_RIM.ObjectRefList(*references))
            return u.send(iti62.answer, body, state)

    return send


def _only_link(state: State) -> list[str]:
    """What links the membership of a folder to its submission set."""
    return [each.id for each in state.documents.associations(targets=[u.MEMBERSHIP])]


def _queried(name: str, *slots: query_breaches.Slot) -> Callable[[], Answer]:
    def send() -> Answer:
        with stored_state() as state:
            q.fill(state)
            return u.send(iti18.answer, q.adhoc_query_request(name, slots), state)

    return send


def _retrieved(rule_id: str) -> Callable[[], Answer]:
    def send() -> Answer:
        (root,) = iti39.TRANSACTION.roots
        body = retrievals.request(root, *retrieve_breaches.BREACHES[rule_id]())
        with stored_state() as state:
            return iti39.answer(retrievals.exchange(body, state))

    return send


def _badly_sent(handler: Handler) -> Callable[[], Answer]:
    request = submissions.one_document()
    return lambda: handler(exchange(request, FakeState(), findings=[_OF_TRANSPORT]))


_ENTRIES = ("$XDSDocumentEntryEntryUUID", [q.coded((q.IN_FOLDER, q.FOREIGN))])
_TWO_STARTS = ("$XDSDocumentEntryCreationTimeFrom", ["(2023,2024)"])
_PATIENT = (query_breaches.PATIENT_ID, [f"'{submissions.PATIENT}'"])

MESSAGES: Mapping[str, Callable[[], Answer]] = {
    "XDSMissingDocument": _provided("xds-document-missing"),
    "XDSMissingDocumentMetadata": _provided("xds-document-metadata"),
    "XDSRepositoryMetadataError": _provided("xds-document-hash"),
    "XDSRepositoryDuplicateUniqueIdInMessage": _provided("xds-unique-id-in-provision"),
    "XDSRepositoryError": _badly_sent(iti41.answer),
    "XDSRegistryError": _badly_sent(iti42.answer),
    "XDSRegistryMetadataError": _registered("xds-code-required"),
    "XDSNonIdenticalHash": _registered("xds-hash-differs"),
    "XDSNonIdenticalSize": _registered("xds-size-differs"),
    "XDSDuplicateUniqueIdInRegistry": _registered("xds-unique-id-registered"),
    "XDSRegistryDuplicateUniqueIdInMessage": _registered("xds-unique-id-in-registration"),
    "XDSUnknownPatientId": _registered("xds-patient-unknown"),
    "XDSPatientIdDoesNotMatch": _registered("xds-patient-differs"),
    "XDSRegistryDeprecatedDocumentError": _registered("xds-reference-deprecated"),
    "UnresolvedReferenceException": _registered("xds-reference-unresolved"),
    "XDSMetadataUpdateError": _updated("xds-update-logical-id"),
    "XDSMetadataUpdateOperationError": _updated("xds-update-status-slots"),
    "XDSMetadataVersionError": _updated("xds-update-version"),
    "XDSPatientIDReconciliationError": _updated("xds-update-patient"),
    "ReferencesExistException": _removed(lambda _: [u.FIRST]),
    "XDSUnreferencedObjectException": _removed(_only_link),
    "UnmodifiableMetadataError": _restricted("xds-restricted-update-unmodifiable"),
    "XDSMetadataIdentifierError": _restricted("xds-restricted-update-unique-id"),
    "XDSMetadataAnnotationError": _restricted("xds-restricted-update-previous-version"),
    "XDSInvalidRequestException": _restricted("xds-restricted-update-entries-only"),
    "XDSUnknownStoredQuery": _queried(q.UNKNOWN),
    "XDSStoredQueryMissingParam": _queried("FindDocuments", _PATIENT),
    "XDSStoredQueryParamNumber": _queried("FindDocuments", _PATIENT, _TWO_STARTS),
    "XDSResultNotSinglePatient": _queried("GetDocuments", _ENTRIES),
    "XDSDocumentUniqueIdError": _retrieved("xds-retrieve-document-known"),
    "XDSUnknownRepositoryId": _retrieved("xds-retrieve-repository-known"),
    "XDSMissingHomeCommunityId": _retrieved("xds-retrieve-home-required"),
    "XDSUnknownCommunity": _retrieved("xds-retrieve-home-known"),
    "XDSRepositoryOutOfResources": _retrieved("xds-retrieve-document-count"),
}
"""A message for each code that answers have."""


def _codes(reply: Answer) -> set[str]:
    body = etree.fromstring(reply.body) if isinstance(reply.body, bytes) else reply.body
    return {error.get("errorCode", "") for error in body.iter(f"{{{ns.RS}}}RegistryError")}


def _codes_of_rules() -> set[str]:
    """What the rules of XDS transactions answer with; HL7 V3 has codes of its own."""
    xds = [transaction for transaction in served() if transaction.needs_addressing]
    return {rule.code for transaction in xds for rule in transaction.rules if rule.code}


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_is_answered_with_each_code(code: str) -> None:
    assert code in _codes(MESSAGES[code]())


def test_every_code_of_the_table_has_a_message_or_a_reason() -> None:
    assert MESSAGES.keys() | NEVER.keys() == TABLE
    assert not MESSAGES.keys() & NEVER.keys()


def test_every_code_that_a_rule_has_has_a_message() -> None:
    assert _codes_of_rules() <= MESSAGES.keys()


def test_every_code_that_is_named_has_a_message() -> None:
    named = {value for name, value in vars(error_codes).items() if name.isupper()}

    assert named <= MESSAGES.keys()
