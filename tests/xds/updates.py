"""Builders of updates: two documents in a folder are registered, and get new versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from ihe_mock_async.ihe import Answer, Exchange, Handler
from ihe_mock_async.state import AffinityDomain, ObjectKind, RegistryObject, State
from ihe_mock_async.transactions import iti42_register_document_set as iti42
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.xds_fakes import numbered_uuids
from tests.xds import submissions as s

FIRST, SECOND, FOLDER, SUBMISSION_SET, MEMBERSHIP = map(s.uuid_urn, (801, 802, 803, 804, 805))
LATER = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)
"""When updates are made."""
EARLIER = datetime(2024, 5, 17, 8, 30, 15, tzinfo=UTC)


def exchange(
    body: etree._Element,
    state: State,
    *,
    now: datetime = LATER,
    domain: AffinityDomain | None = None,
    new_uuid: Callable[[], str] | None = None,
) -> Exchange:
    """One request; the ids that the registry gives are the same in every run of one test."""
    # Through text, as a message comes: line numbers are those of a document.
    body = etree.fromstring(etree.tostring(body))
    new_uuid = new_uuid or _NUMBERED
    return Exchange(body, "", {}, domain or AffinityDomain(), now, new_uuid, state)


_NUMBERED = numbered_uuids()


def send(handler: Handler, body: etree._Element, state: State) -> Answer:
    """The answer to a request."""
    return handler(exchange(body, state))


def register(state: State, *, patient: str = s.PATIENT) -> None:
    """Two documents, the first of which is in a folder."""
    request = s.submit(
        s.document_entry(FIRST, patient=patient),
        s.document_entry(SECOND, unique_id="2.999.2.2^v1", patient=patient),
        s.submission_set(SUBMISSION_SET, unique_id="2.999.8.1", patient=patient),
        *s.folder(FOLDER, patient=patient),
        s.original(FIRST, SUBMISSION_SET),
        s.original(SECOND, SUBMISSION_SET),
        s.member(SUBMISSION_SET, FOLDER),
        s.association(v.HAS_MEMBER, FOLDER, FIRST, MEMBERSHIP),
        s.member(SUBMISSION_SET, MEMBERSHIP),
    )
    assert iti42.answer(exchange(request, state, now=EARLIER)).summary == "Success"


def relate(state: State, kind: str, number: int, target: str) -> str:
    """Register another document with a relationship to a registered one; returns its id."""
    request = s.replacement(number, target, kind)
    assert iti42.answer(exchange(request, state, now=EARLIER)).summary == "Success"
    return s.uuid_urn(number)


def version_of(lid: str, element: etree._Element) -> etree._Element:
    """The element as a later version."""
    element.set("lid", lid)
    return element


def new_entry(lid: str = FIRST, identifier: str = "Document01") -> etree._Element:
    """A new version of a registered entry, with another title."""
    unique_id = {FIRST: "2.999.2.1", SECOND: "2.999.2.2^v1"}[lid]
    entry = version_of(lid, s.document_entry(identifier, unique_id=unique_id))
    retitle(entry, "Berichtigt")
    return entry


def new_folder(lid: str = FOLDER) -> list[etree._Element]:
    """A new version of the registered folder, with another title."""
    folder, node = s.folder()
    retitle(folder, "Berichtigt")
    return [version_of(lid, folder), node]


def retitle(element: etree._Element, title: str) -> None:
    """Change rim:Name of an object."""
    element.find(ns.NAME)[0].set("value", title)  # type: ignore[index]  # the fixtures have one


def to_entry(target: str = "Document01", previous: str = "1", **slots: str) -> etree._Element:
    """HasMember that links a new version of an entry."""
    return s.association(
        v.HAS_MEMBER,
        "SubmissionSet01",
        target,
        SubmissionSetStatus="Original",
        PreviousVersion=previous,
        **slots,
    )


def to_folder(previous: str = "1", **slots: str) -> etree._Element:
    """HasMember that links a new version of the folder."""
    return s.association(
        v.HAS_MEMBER, "SubmissionSet01", "Folder01", PreviousVersion=previous, **slots
    )


def status_change(
    target: str, original: str = v.APPROVED, new: str = v.DEPRECATED
) -> etree._Element:
    """UpdateAvailabilityStatus."""
    return s.association(
        v.UPDATE_AVAILABILITY_STATUS,
        "SubmissionSet01",
        target,
        f"status-{target.removeprefix('urn:uuid:')}",
        OriginalStatus=original,
        NewStatus=new,
    )


def submitted(kind: str, source: str, target: str) -> list[etree._Element]:
    """A new association, and SubmitAssociation that brings it."""
    return [
        s.association(kind, source, target, "new"),
        s.association(v.SUBMIT_ASSOCIATION, "SubmissionSet01", "new", "submit"),
    ]


def update(*objects: etree._Element, unique_id: str = "2.999.3.1") -> etree._Element:
    """The request: the objects beside a submission set."""
    return s.submit(s.submission_set(unique_id=unique_id), *objects)


def versions_of_all() -> etree._Element:
    """New versions of both documents and of the folder."""
    return update(
        new_entry(),
        new_entry(SECOND, "Document02"),
        *new_folder(),
        to_entry(),
        to_entry("Document02"),
        to_folder(),
    )


def versions(state: State, lid: str) -> list[RegistryObject]:
    """All versions of an object, the oldest first."""
    return list(state.documents.versions([lid]))


def statuses(state: State, lid: str) -> list[str]:
    """`1 APPROVED` and so on."""
    return [f"{each.version} {each.status.name}" for each in versions(state, lid)]


def members(state: State, folder: str) -> list[str | None]:
    """The targets of a folder's approved memberships."""
    found = state.documents.associations(sources=[folder], types=[v.HAS_MEMBER])
    return [each.target for each in found if each.status == v.APPROVED]


def memberships(state: State, entry: str) -> list[RegistryObject]:
    """The associations that put an entry into folders."""
    documents = state.documents
    found = documents.associations(targets=[entry], types=[v.HAS_MEMBER])
    sources = documents.by_id([each.source or "" for each in found])
    return [each for each in found if sources[each.source or ""].kind is ObjectKind.FOLDER]


def codes(reply: Answer) -> list[str]:
    """The errorCode of each RegistryError, sorted."""
    assert not isinstance(reply.body, bytes)
    return sorted(e.get("errorCode", "") for e in reply.body.iter(f"{{{ns.RS}}}RegistryError"))
