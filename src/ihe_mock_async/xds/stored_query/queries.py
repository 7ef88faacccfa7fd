"""The stored queries that are served, by id (ITI TF-2: 3.18.4.1.2.4 and 3.51.4.1.2.2)."""

from __future__ import annotations

from collections.abc import Mapping

from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query import find_queries as find
from ihe_mock_async.xds.stored_query import get_queries as get
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.parameters import Parameter
from ihe_mock_async.xds.stored_query.query import StoredQuery

_ENTRY, _SET, _FOLDER = v.DOCUMENT_ENTRY.kind, v.SUBMISSION_SET.kind, v.FOLDER.kind


def _identified(kind: str, *, many: bool) -> tuple[Parameter, ...]:
    return (p.entry_uuid(kind, many=many), p.unique_id(kind, many=many))


_FILTERS = (p.FORMAT_CODE, p.CONFIDENTIALITY_CODE, p.DOCUMENT_ENTRY_TYPE)
_DOCUMENTS = _identified(_ENTRY, many=True)
_DOCUMENT = _identified(_ENTRY, many=False)
_PATIENTS_DOCUMENTS = (p.patient_id(_ENTRY), p.status(_ENTRY))
_ANY_PATIENTS_DOCUMENTS = p.patient_id(_ENTRY, many=True)

STORED_QUERIES: Mapping[str, StoredQuery] = {
    "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d": StoredQuery(
        "FindDocuments",
        find.find_documents,
        required=_PATIENTS_DOCUMENTS,
        optional=p.DOCUMENT_ENTRY_FILTERS,
    ),
    "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492": StoredQuery(
        "FindDocumentsByReferenceId",
        find.find_documents,
        required=(*_PATIENTS_DOCUMENTS, p.REFERENCE_ID_LIST),
        optional=p.DOCUMENT_ENTRY_FILTERS,
    ),
    # Of the German electronic health record (gemSpec_Dokumentenverwaltung, A_17184).
    "urn:uuid:ab474085-82b5-402d-8115-3f37cb1e2405": StoredQuery(
        "FindDocumentsByTitle",
        find.find_documents,
        required=(*_PATIENTS_DOCUMENTS, p.TITLE),
        optional=(*p.DOCUMENT_ENTRY_FILTERS, p.AUTHOR_INSTITUTION),
    ),
    "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9": StoredQuery(
        "FindSubmissionSets",
        find.find_submission_sets,
        required=(p.patient_id(_SET), p.status(_SET)),
        optional=p.SUBMISSION_SET_FILTERS,
    ),
    "urn:uuid:958f3006-baad-4929-a4de-ff1114824431": StoredQuery(
        "FindFolders",
        find.find_folders,
        required=(p.patient_id(_FOLDER), p.status(_FOLDER)),
        optional=p.FOLDER_FILTERS,
    ),
    "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3": StoredQuery(
        "GetAll",
        find.get_all,
        required=(p.PATIENT, p.status(_ENTRY), p.status(_SET), p.status(_FOLDER)),
        optional=(*_FILTERS, p.ASSOCIATION_STATUS),
    ),
    "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4": StoredQuery(
        "GetDocuments", get.get_documents, one_of=(*_DOCUMENTS, p.logical_id(_ENTRY))
    ),
    "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4": StoredQuery(
        "GetFolders",
        get.get_folders,
        one_of=(*_identified(_FOLDER, many=True), p.logical_id(_FOLDER)),
    ),
    "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155": StoredQuery(
        "GetAssociations",
        get.get_associations,
        required=(p.UUID,),
        optional=(p.ASSOCIATION_STATUS,),
    ),
    "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a": StoredQuery(
        "GetDocumentsAndAssociations",
        get.get_documents_and_associations,
        one_of=_DOCUMENTS,
        optional=(p.ASSOCIATION_STATUS,),
    ),
    "urn:uuid:51224314-5390-4169-9b91-b1980040715a": StoredQuery(
        "GetSubmissionSets", get.get_submission_sets, required=(p.UUID,)
    ),
    "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83": StoredQuery(
        "GetSubmissionSetAndContents",
        get.get_submission_set_and_contents,
        one_of=_identified(_SET, many=False),
        optional=_FILTERS,
    ),
    "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7": StoredQuery(
        "GetFolderAndContents",
        get.get_folder_and_contents,
        one_of=_identified(_FOLDER, many=False),
        optional=(*_FILTERS, p.ASSOCIATION_STATUS),
    ),
    "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578": StoredQuery(
        "GetFoldersForDocument",
        get.get_folders_for_document,
        one_of=_DOCUMENT,
        optional=(p.ASSOCIATION_STATUS,),
    ),
    "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6": StoredQuery(
        "GetRelatedDocuments",
        get.get_related_documents,
        one_of=_DOCUMENT,
        required=(p.ASSOCIATION_TYPES,),
        optional=(p.DOCUMENT_ENTRY_TYPE, p.ASSOCIATION_STATUS),
    ),
}
"""Those of ITI-18, and of ITI-38."""

MULTI_PATIENT_QUERIES: Mapping[str, StoredQuery] = {
    "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f": StoredQuery(
        "FindDocumentsForMultiplePatients",
        find.find_documents,
        required=(p.status(_ENTRY),),
        at_least_one_of=(
            _ANY_PATIENTS_DOCUMENTS,
            p.CLASS_CODE,
            p.EVENT_CODE_LIST,
            p.FACILITY_TYPE_CODE,
        ),
        optional=p.DOCUMENT_ENTRY_FILTERS,
        single_patient=False,
    ),
    "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df": StoredQuery(
        "FindFoldersForMultiplePatients",
        find.find_folders,
        required=(p.status(_FOLDER),),
        at_least_one_of=(p.patient_id(_FOLDER, many=True), p.CODE_LIST),
        optional=p.FOLDER_FILTERS,
        single_patient=False,
    ),
    # Not in the Technical Framework but in use: its reference ids narrow it as codes do others.
    "urn:uuid:1191642d-86c4-42d8-b784-f95445f9f0d5": StoredQuery(
        "FindDocumentsByReferenceIdForMultiplePatients",
        find.find_documents,
        required=(p.status(_ENTRY), p.REFERENCE_ID_LIST),
        optional=(_ANY_PATIENTS_DOCUMENTS, *p.DOCUMENT_ENTRY_FILTERS),
        single_patient=False,
    ),
}
"""Those of ITI-51."""

NOT_SERVED: Mapping[str, str] = {
    "urn:uuid:4308b1df-36de-4bef-8e2e-ba91f593c435": "FindDocumentsExclude (CP-ITI-1323)",
    "urn:uuid:f2072993-9478-41df-a603-8f016706efe8": "Fetch (ITI-63)",
}
"""Queries that exist, named so that the refusal can be understood."""

QUERY_NAMES: Mapping[str, str] = {
    **{key: f"{each.name} (ITI-18, ITI-38)" for key, each in STORED_QUERIES.items()},
    **{key: f"{each.name} (ITI-51)" for key, each in MULTI_PATIENT_QUERIES.items()},
    **NOT_SERVED,
}
"""All that is known of any transaction, by id."""
