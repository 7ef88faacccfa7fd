"""Stored queries by name: every required parameter has a value, written as it must be."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from lxml import etree

from ihe_mock_async.client import queries
from ihe_mock_async.client.values import Values
from ihe_mock_async.errors import SendError
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.xds import namespaces as ns

NOW = datetime(2024, 1, 5, tzinfo=UTC)
UUID = "urn:uuid:2d21600c-a9b2-459f-9fe0-34dacc3b0f1f"


def parameters(request: bytes) -> dict[str, str]:
    slots = etree.fromstring(request).iter(ns.SLOT)
    return {
        slot.get("name", ""): " ".join(value.text or "" for value in slot.iter(ns.VALUE))
        for slot in slots
    }


def values(*ids: str, patient: str = "P-1") -> Values:
    return Values(NOW, uuid.uuid4, patient=PatientIdentifier("1.2", patient), ids=ids)


def test_find_documents_has_patient_and_status() -> None:
    request = queries.build("ITI-18", "FindDocuments", values(patient="O'Hara"))

    assert parameters(request) == {
        "$XDSDocumentEntryPatientId": "'O''Hara^^^&1.2&ISO'",
        "$XDSDocumentEntryStatus": "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')",
    }


def test_several_ids_are_values_of_one_slot() -> None:
    request = queries.build("ITI-18", "getdocuments", values("1.2.3", "1.2.4"))

    assert parameters(request) == {"$XDSDocumentEntryUniqueId": "('1.2.3') ('1.2.4')"}


def test_an_entry_uuid_has_a_parameter_of_its_own() -> None:
    request = queries.build("ITI-18", "GetFolderAndContents", values(UUID))

    assert parameters(request) == {"$XDSFolderEntryUUID": f"'{UUID}'"}


def test_a_cross_gateway_query_names_the_community() -> None:
    request = etree.fromstring(queries.build("ITI-38", "GetAll", values()))

    (query,) = request.iter(f"{{{ns.RIM}}}AdhocQuery")
    assert query.get("home", "").startswith("urn:oid:")


def test_several_patients_can_be_asked_for() -> None:
    request = queries.build("ITI-51", "FindFoldersForMultiplePatients", values())

    assert parameters(request)["$XDSFolderPatientId"] == "('P-1^^^&1.2&ISO')"


@pytest.mark.parametrize(
    ("transaction", "name", "ids", "message"),
    [
        ("ITI-44", "FindDocuments", (), "ITI-44 has no stored queries"),
        ("ITI-18", "FindEverything", (), "no query FindEverything; it has FindDocuments"),
        ("ITI-18", "GetDocuments", (), "--id ID"),
        ("ITI-18", "GetAssociations", ("1.2",), "--id urn:uuid:"),
        ("ITI-18", "GetDocuments", ("1.2", UUID), "not both"),
        ("ITI-18", "GetFolderAndContents", ("1.2", "1.3"), "one id only"),
        ("ITI-18", "FindDocumentsByReferenceId", (), "value of \\$XDSDocumentEntryReferenceId"),
    ],
)
def test_what_a_query_lacks_is_told(
    transaction: str, name: str, ids: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SendError, match=message):
        queries.build(transaction, name, values(*ids))
