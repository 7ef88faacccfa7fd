from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from ihe_mock_async.ihe import Actor, Answer
from ihe_mock_async.state import State
from ihe_mock_async.transactions import iti57_update_document_set as iti57
from ihe_mock_async.transactions.iti92_restricted_update_document_set import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.xds import submissions as s
from tests.xds import updates as u


@pytest.fixture
def state() -> Iterator[State]:
    """Two documents are registered, the first of them in a folder."""
    with stored_state() as state:
        u.register(state)
        yield state


def update(state: State, *objects: etree._Element) -> Answer:
    return u.send(answer, u.update(*objects), state)


def with_slot(name: str, value: str) -> etree._Element:
    """A new version of the first document with another value."""
    entry = u.new_entry()
    slot = entry.find(f"{ns.SLOT}[@name='{name}']")
    assert slot is not None
    slot[0][0].text = value
    return entry


def test_the_transaction_is_that_of_a_document_registry() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.response_actions == {REQUEST: RESPONSE}


def test_a_new_version_succeeds_the_old_one_and_takes_its_place_in_folders(state: State) -> None:
    reply = update(state, u.new_entry(), u.to_entry())

    assert (reply.action, reply.summary, reply.findings) == (RESPONSE, "Success", ())
    assert u.statuses(state, u.FIRST) == ["1 DEPRECATED", "2 APPROVED"]
    new = u.versions(state, u.FIRST)[-1]
    assert b"Berichtigt" in new.xml
    assert set(u.members(state, u.FOLDER)) == {u.FIRST, new.id}


def test_a_deprecated_entry_is_updated_and_stays_deprecated(state: State) -> None:
    change = u.update(u.status_change(u.FIRST), unique_id="2.999.3.2")
    assert u.send(iti57.answer, change, state).summary == "Success"

    assert update(state, u.new_entry(), u.to_entry()).summary == "Success"

    assert u.statuses(state, u.FIRST) == ["1 DEPRECATED", "2 DEPRECATED"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("repositoryUniqueId", "2.999.7.10"),
        ("sourcePatientId", "K-4712^^^&2.999.7.1&ISO"),
        ("documentAvailability", "urn:ihe:iti:2010:DocumentAvailability:Offline"),
        ("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("size", "44"),
    ],
)
def test_attributes_that_are_fixed_are_named(state: State, name: str, value: str) -> None:
    reply = update(state, with_slot(name, value), u.to_entry())

    assert u.codes(reply) == ["UnmodifiableMetadataError"]
    assert reply.findings[0].received == f"{name} {value}"
    assert u.statuses(state, u.FIRST) == ["1 APPROVED"]


@pytest.mark.parametrize(
    ("attribute", "value"), [("objectType", v.ON_DEMAND), ("status", v.DEPRECATED)]
)
def test_type_and_status_are_fixed(state: State, attribute: str, value: str) -> None:
    entry = u.new_entry()
    entry.set(attribute, value)

    assert u.codes(update(state, entry, u.to_entry())) == ["UnmodifiableMetadataError"]


def test_the_default_of_document_availability_is_no_change(state: State) -> None:
    entry = u.new_entry()
    slot = entry.find(f"{ns.SLOT}[@name='documentAvailability']")
    assert slot is not None
    entry.remove(slot)

    assert update(state, entry, u.to_entry()).summary == "Success"


def test_identifiers_are_fixed(state: State) -> None:
    other = u.version_of(u.FIRST, s.document_entry(unique_id="2.999.2.9"))
    unknown = u.version_of(s.uuid_urn(999), s.document_entry())

    assert u.codes(update(state, other, u.to_entry())) == ["XDSMetadataIdentifierError"]
    assert u.codes(update(state, unknown, u.to_entry())) == ["XDSMetadataIdentifierError"]


def test_the_latest_version_is_named(state: State) -> None:
    stale = update(state, u.new_entry(), u.to_entry(previous="2"))
    absent = update(state, u.new_entry(), s.original())

    assert u.codes(stale) == ["XDSMetadataVersionError"]
    assert u.codes(absent) == ["XDSMetadataAnnotationError"]


def test_first_versions_and_other_operations_are_no_restricted_update(state: State) -> None:
    first = update(state, s.document_entry(unique_id="2.999.2.9"), s.original())
    folder = update(state, *u.new_folder(), u.to_folder())
    association = update(
        state, u.new_entry(), u.to_entry(), *u.submitted(v.APPENDS, u.SECOND, u.FIRST)
    )

    assert "XDSInvalidRequestException" in u.codes(first)
    assert set(u.codes(folder)) == {"XDSInvalidRequestException"}
    assert u.codes(association) == ["XDSInvalidRequestException"] * 2


def test_a_request_without_objects_is_explained(state: State) -> None:
    reply = u.send(answer, etree.Element(ns.SUBMIT_OBJECTS_REQUEST), state)

    assert [f.rule.id for f in reply.findings] == ["xds-object-list"]
