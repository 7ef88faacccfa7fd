"""$MetadataLevel: level 1 hides what only a registry that takes updates has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from ihe_mock_async.state import State
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions import iti57_update_document_set as iti57
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds import updates as u
from tests.xds.query_answers import errors, ids

Slot = tuple[str, str]
DEPRECATED = f"('{v.DEPRECATED}')"
BOTH = f"('{v.APPROVED}','{v.DEPRECATED}')"
OF_PATIENT = ("$XDSDocumentEntryPatientId", f"'{s.PATIENT}'")
OFFLINE = "urn:ihe:iti:2010:DocumentAvailability:Offline"


def found(state: State, name: str, *slots: Slot, level: str = "") -> set[str]:
    """The ids in the answer, to which there is nothing to say."""
    levels = [("$MetadataLevel", level)] if level else []
    request = q.adhoc_query_request(name, [(slot, [value]) for slot, value in (*slots, *levels)])
    reply = u.send(iti18.answer, request, state)
    assert errors(reply) == []
    return ids(reply)


def update(state: State, *objects: etree._Element) -> None:
    assert u.send(iti57.answer, u.update(*objects), state).summary == "Success"


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as state:
        u.register(state)
        yield state


@pytest.mark.parametrize(
    ("name", "slot", "lid"),
    [
        ("GetDocuments", ("$XDSDocumentEntryLogicalID", f"('{u.FIRST}')"), u.FIRST),
        ("GetDocuments", ("$XDSDocumentEntryUniqueId", "('2.999.2.1')"), u.FIRST),
        ("GetFolders", ("$XDSFolderLogicalID", f"('{u.FOLDER}')"), u.FOLDER),
        ("GetFolders", ("$XDSFolderUniqueId", "('2.999.4.1')"), u.FOLDER),
    ],
)
def test_level_1_shows_the_latest_version_only(
    state: State, name: str, slot: Slot, lid: str
) -> None:
    update(state, u.new_entry(), u.to_entry(), *u.new_folder(), u.to_folder())
    latest = u.versions(state, lid)[-1].id

    assert found(state, name, slot, level="1") == {latest}
    assert found(state, name, slot, level="2") == {lid, latest}
    assert found(state, name, slot) == {lid, latest}


def test_level_1_shows_replaced_documents(state: State) -> None:
    replacement = u.relate(state, v.REPLACES, 11, u.FIRST)
    update(state, u.new_entry(u.SECOND, "Document02"), u.to_entry("Document02"))
    slots = (OF_PATIENT, ("$XDSDocumentEntryStatus", BOTH))

    level_1 = found(state, "FindDocuments", *slots, level="1")

    assert level_1 == {u.FIRST, replacement, u.versions(state, u.SECOND)[-1].id}
    assert found(state, "FindDocuments", *slots, level="2") - level_1 == {u.SECOND}


def test_level_1_leaves_superseded_versions_out_of_folders(state: State) -> None:
    update(state, u.new_entry(), u.to_entry())
    first, latest = u.versions(state, u.FIRST)
    asked = ("$XDSFolderEntryUUID", f"'{u.FOLDER}'")

    level_1 = found(state, "GetFolderAndContents", asked, level="1")
    level_2 = found(state, "GetFolderAndContents", asked, level="2")

    assert latest.id in level_1
    assert level_2 - level_1 == {first.id, u.MEMBERSHIP}


def test_level_1_hides_deprecated_folders_and_associations(state: State) -> None:
    update(state, u.status_change(u.FOLDER), u.status_change(u.MEMBERSHIP))
    folders = (
        ("$XDSFolderPatientId", f"'{s.PATIENT}'"),
        ("$XDSFolderStatus", DEPRECATED),
    )
    associations = (("$uuid", f"('{u.FIRST}')"), ("$XDSAssociationStatus", DEPRECATED))

    assert found(state, "FindFolders", *folders, level="1") == set()
    assert found(state, "FindFolders", *folders, level="2") == {u.FOLDER}
    assert found(state, "GetAssociations", *associations, level="1") == set()
    assert found(state, "GetAssociations", *associations, level="2") == {u.MEMBERSHIP}


def test_level_1_hides_documents_that_are_offline(state: State) -> None:
    offline = s.document_entry(s.uuid_urn(11), unique_id="2.999.2.11")
    (slot,) = offline.xpath(
        "rim:Slot[@name='documentAvailability']//rim:Value", namespaces={"rim": ns.RIM}
    )
    slot.text = OFFLINE
    submission_set = s.submission_set(s.uuid_urn(12), unique_id="2.999.3.12")
    q.register(state, offline, submission_set, s.original(s.uuid_urn(11), s.uuid_urn(12)))
    asked = ("$XDSSubmissionSetEntryUUID", f"'{s.uuid_urn(12)}'")

    assert found(state, "GetSubmissionSetAndContents", asked, level="1") == {s.uuid_urn(12)}
    assert s.uuid_urn(11) in found(state, "GetSubmissionSetAndContents", asked, level="2")
