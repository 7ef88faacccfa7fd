"""$XDSAssociationStatus: which associations a query goes along, when updates deprecate some."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import State
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions import iti57_update_document_set as iti57
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds import updates as u
from tests.xds.query_answers import errors, ids

ADDENDUM = s.uuid_urn(11)
APPROVED, DEPRECATED = f"('{v.APPROVED}')", f"('{v.DEPRECATED}')"
BOTH = f"('{v.APPROVED}','{v.DEPRECATED}')"
OF_ENTRY = ("$XDSDocumentEntryEntryUUID", f"'{u.FIRST}'")

Slot = tuple[str, str]
GET_ALL: tuple[Slot, ...] = (
    ("$patientId", f"'{s.PATIENT}'"),
    ("$XDSDocumentEntryStatus", APPROVED),
    ("$XDSSubmissionSetStatus", APPROVED),
    ("$XDSFolderStatus", APPROVED),
)
RELATED: tuple[Slot, ...] = (OF_ENTRY, ("$AssociationTypes", f"('{v.APPENDS}')"))


def ask(state: State, name: str, *slots: Slot) -> Answer:
    request = q.adhoc_query_request(name, [(slot, [value]) for slot, value in slots])
    return u.send(iti18.answer, request, state)


@pytest.fixture
def relationship(state: State) -> str:
    """The id of an association that made a document the addendum of another."""
    u.relate(state, v.APPENDS, 11, u.FIRST)
    (association,) = state.documents.associations(targets=[u.FIRST], types=[v.APPENDS])
    return association.id


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as state:
        u.register(state)
        yield state


@pytest.fixture
def deprecated(state: State, relationship: str) -> set[str]:
    """The membership of a folder and the relationship are deprecated."""
    changes = (u.status_change(u.MEMBERSHIP), u.status_change(relationship))
    assert u.send(iti57.answer, u.update(*changes), state).summary == "Success"
    return {u.MEMBERSHIP, relationship}


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("GetAll", GET_ALL),
        ("GetAssociations", (("$uuid", f"('{u.FIRST}')"),)),
        ("GetDocumentsAndAssociations", (OF_ENTRY,)),
    ],
)
def test_deprecated_associations_are_returned_only_when_asked_for(
    state: State, deprecated: set[str], name: str, slots: tuple[Slot, ...]
) -> None:
    by_default = ids(ask(state, name, *slots))
    both = ids(ask(state, name, *slots, ("$XDSAssociationStatus", BOTH)))
    only = ids(ask(state, name, *slots, ("$XDSAssociationStatus", DEPRECATED)))

    assert not by_default & deprecated
    assert both == by_default | deprecated
    assert only & both >= deprecated
    assert only < both


@pytest.mark.parametrize(
    ("name", "slots", "without", "with_deprecated"),
    [
        (
            "GetFolderAndContents",
            (("$XDSFolderEntryUUID", f"'{u.FOLDER}'"),),
            {u.FOLDER},
            {u.FOLDER, u.FIRST, u.MEMBERSHIP},
        ),
        ("GetFoldersForDocument", (OF_ENTRY,), set(), {u.FOLDER}),
    ],
)
@pytest.mark.usefixtures("deprecated")
def test_a_deprecated_membership_is_followed_only_when_asked_for(
    state: State,
    name: str,
    slots: tuple[Slot, ...],
    without: set[str],
    with_deprecated: set[str],
) -> None:
    by_default = ask(state, name, *slots)
    asked = ask(state, name, *slots, ("$XDSAssociationStatus", DEPRECATED))

    assert ids(by_default) == ids(ask(state, name, *slots, ("$XDSAssociationStatus", APPROVED)))
    assert (ids(by_default), ids(asked)) == (without, with_deprecated)


@pytest.mark.usefixtures("deprecated")
def test_a_deprecated_relationship_relates_only_when_asked_for(
    state: State, relationship: str
) -> None:
    by_default = ask(state, "GetRelatedDocuments", *RELATED)
    asked = ask(state, "GetRelatedDocuments", *RELATED, ("$XDSAssociationStatus", BOTH))

    assert ids(by_default) == set()
    assert ids(asked) == {u.FIRST, ADDENDUM, relationship}


@pytest.mark.usefixtures("deprecated")
def test_a_status_that_is_not_understood_leaves_the_default(
    state: State, relationship: str
) -> None:
    slots = (("$uuid", f"('{u.FIRST}')"), ("$XDSAssociationStatus", "('Deprecated')"))

    reply = ask(state, "GetAssociations", *slots)

    assert relationship not in ids(reply)
    assert errors(reply) == [
        ("XDSRegistryError", "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning")
    ]
