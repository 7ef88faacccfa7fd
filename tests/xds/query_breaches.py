"""Stored queries each of which breaks one rule, by the rule's id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.xds import stored_queries as q

Slot = tuple[str, Sequence[str]]

STATUS = "$XDSDocumentEntryStatus"
PATIENT_ID = "$XDSDocumentEntryPatientId"
_FORMAT = "$XDSDocumentEntryFormatCode"
_AUTHOR = "$XDSDocumentEntryAuthorPerson"
_CODED = ("ClassCode", "TypeCode", "PracticeSettingCode", "FormatCode", "ConfidentialityCode")
_UUID_OF_ENTRY = "$XDSDocumentEntryEntryUUID"
_UNIQUE_ID_OF_ENTRY = "$XDSDocumentEntryUniqueId"


def of_any_search(name: str, criterion: Slot) -> Mapping[str, etree._Element]:
    """Breaches of what every search for document entries has to observe.

    `criterion` is what the query needs besides a status.
    """
    approved = (STATUS, [f"('{v.APPROVED}')"])

    def query(*slots: Slot, status: Slot | None = approved) -> etree._Element:
        required = [criterion] if status is None else [criterion, status]
        return q.adhoc_query_request(name, [*required, *slots])

    def edited(edit: Callable[[etree._Element], object]) -> etree._Element:
        body = query()
        edit(body)
        return body

    def retag(body: etree._Element) -> None:
        body[1].append(_slot_of_another_namespace())

    def patient(value: str) -> etree._Element:
        others = [slot for slot in (criterion, approved) if slot[0] != PATIENT_ID]
        return q.adhoc_query_request(name, [*others, (PATIENT_ID, [value])])

    wrong_codes = [f"('{number}')" for number in range(21)]
    return {
        "xds-query-response-option": edited(lambda body: body.remove(body[0])),
        "xds-query-return-type": edited(lambda body: body[0].set("returnType", "Registry")),
        "xds-query-composed-objects": edited(
            lambda body: body[0].set("returnComposedObjects", "false")
        ),
        "xds-query-adhoc-query": edited(lambda body: body.remove(body[1])),
        "xds-query-request-order": edited(lambda body: body.append(body[0])),
        "xds-query-id": edited(lambda body: body[1].set("id", q.UNKNOWN)),
        "xds-query-paging": edited(lambda body: body.set("maxResults", "5")),
        "xds-query-slot-namespace": edited(retag),
        "xds-query-parameter-unknown": query(("$XDSFolderStatus", [f"('{v.APPROVED}')"])),
        "xds-query-code-scheme-parameter": query((f"{_FORMAT}Scheme", ["('x')"])),
        "xds-query-parameter-required": query(status=None),
        "xds-query-parameter-single": query(
            ("$XDSDocumentEntryCreationTimeFrom", ["(2023,2024)"])
        ),
        "xds-query-parameter-repeated": query((_FORMAT, ["('a^^b')"]), (_FORMAT, ["('c^^d')"])),
        "xds-query-slot-count": query(*[("$XDSDocumentEntryEventCodeList", ["('a^^b')"])] * 21),
        "xds-query-value": query((_AUTHOR, ["('^Sanitas'"])),
        "xds-query-quotes": query((_AUTHOR, ["(^Sanitas%)"])),
        "xds-query-parentheses": query((_FORMAT, ["'a^^b','c^^d'"])),
        "xds-query-value-list": query((_FORMAT, ["'a^^b'", "'c^^d'"])),
        "xds-query-code": query((_FORMAT, ["('N')"])),
        "xds-query-patient-id": patient("'LM-1979'"),
        "xds-query-status": query(status=(STATUS, [f"('{v.APPROVED}','urn:x:Approved')"])),
        "xds-query-response-status": query(
            status=(STATUS, [q.coded((v.APPROVED, v.APPROVED.replace(":Stat", ":ResponseStat")))])
        ),
        "xds-query-time": query(("$XDSDocumentEntryCreationTimeTo", ["2024-05-17"])),
        "xds-query-period": query(
            ("$XDSDocumentEntryCreationTimeFrom", ["2025"]),
            ("$XDSDocumentEntryCreationTimeTo", ["'20240517'"]),
        ),
        "xds-query-document-entry-type": query(("$XDSDocumentEntryType", ["('stable')"])),
        "xds-query-metadata-level": query(("$MetadataLevel", ["'1'"])),
        "xds-problem-count": query(
            *((f"$XDSDocumentEntry{coded}", wrong_codes) for coded in _CODED),
            ("$XDSDocumentEntryEventCodeList", wrong_codes),
        ),
    }


def _slot_of_another_namespace() -> etree._Element:
    return etree.Element(f"{{{ns.QUERY}}}Slot", name="$XDSDocumentEntryFormatCode")


OF_QUERIES_BY_ID: Mapping[str, etree._Element] = {
    "xds-query-parameter-alternatives": q.adhoc_query_request(
        "GetDocuments",
        [(_UUID_OF_ENTRY, [f"('{q.LOOSE}')"]), (_UNIQUE_ID_OF_ENTRY, ["('2.999.2.1')"])],
    ),
    "xds-query-uuid": q.adhoc_query_request("GetDocuments", [(_UUID_OF_ENTRY, ["('Entry01')"])]),
    "xds-query-association-type": q.adhoc_query_request(
        "GetRelatedDocuments",
        [(_UUID_OF_ENTRY, [f"'{q.LOOSE}'"]), ("$AssociationTypes", ["('RPLC')"])],
    ),
    "xds-query-single-patient": q.adhoc_query_request(
        "GetDocuments", [(_UUID_OF_ENTRY, [q.coded((q.LOOSE, q.FOREIGN))])]
    ),
}
"""Breaches of what only queries for known objects have to observe."""
