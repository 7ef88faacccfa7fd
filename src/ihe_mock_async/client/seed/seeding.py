"""Sends the messages of the seed, one after the other, and says what there is afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING

from ihe_mock_async.client import answer
from ihe_mock_async.client.message import DEFAULT_PACKING, Content, wrap
from ihe_mock_async.client.seed import contents, feed, names
from ihe_mock_async.client.seed.submission import provide
from ihe_mock_async.errors import SendError
from ihe_mock_async.ihe import Actor, Transaction
from ihe_mock_async.transactions import iti41_provide_and_register_document_set as iti41
from ihe_mock_async.transactions import iti44_patient_identity_feed_hl7v3 as iti44
from ihe_mock_async.transactions import iti45_pixv3_query as iti45

if TYPE_CHECKING:
    from ihe_mock_async.client.answer import Answer, Problem
    from ihe_mock_async.client.connection import Post
    from ihe_mock_async.client.seed.cast import Member, Person, SeedDomain, Submission
    from ihe_mock_async.client.sending import Target
    from ihe_mock_async.identifiers import PatientIdentifier

# How this server says, at the end of an explanation or as a code, that it knows the thing.
_SUBSUMED = "[iti45-subsumed-identifier,"
_UNIQUE_ID_TAKEN = "XDSDuplicateUniqueIdInRegistry"


class PlantedState(StrEnum):
    """What became of one thing."""

    NEW = "new"
    PRESENT = "there already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that is in the affinity domain now, unless it was refused."""

    kind: str
    """`patient`, `merged`, `document` or `folder`."""
    id: str
    """CX of a patient, uniqueId of a document or folder."""
    label: str
    """Name or title."""
    state: PlantedState
    patient: str = ""
    """CX of the patient that it is about; of a merged identifier the surviving one."""
    note: str = ""
    problems: tuple[Problem, ...] = ()
    """Why it was refused."""


def plant(domain: SeedDomain, target: Target, post: Post) -> Iterator[Planted]:
    """Send everything, and tell what there is as it is answered; raises `SendError`."""
    if target.is_endpoint:
        raise SendError(
            f"{target.url} is one endpoint; the seed needs a server with all of them: "
            "http://HOST:PORT, or http://HOST:PORT/ns/NAME."
        )
    sender = _Sender(target, post)
    for member in domain.members:
        yield from _plant_patient(member.person, sender)
        for submission in member.submissions:
            yield from _plant_documents(submission, member, domain, sender)


class _Sender:
    """Sends one payload after the other to the endpoints of a target."""

    def __init__(self, target: Target, post: Post) -> None:
        self._target = target
        self._post = post

    def feed(self, action: str, payload: bytes, name: str) -> Answer:
        content = Content(action, payload)
        return self._send(content, iti44.TRANSACTION, Actor.PIX_MANAGER, name)

    def ask(self, identifier: PatientIdentifier) -> Answer:
        content = Content(feed.QUERY_ACTION, feed.query(identifier))
        return self._send(content, iti45.TRANSACTION, Actor.PIX_MANAGER, f"query/{identifier.cx}")

    def provide(self, content: Content, name: str) -> Answer:
        return self._send(content, iti41.TRANSACTION, Actor.DOCUMENT_REPOSITORY, name)

    def _send(self, content: Content, transaction: Transaction, actor: Actor, name: str) -> Answer:
        url = self._target.endpoint(actor)
        numbers = count(1)
        message = wrap(
            content,
            transaction,
            DEFAULT_PACKING,
            to=url,
            new_uuid=lambda: names.uuid_of(f"message/{name}/{next(numbers)}"),
        )
        return answer.read(self._post(url, message), message.message_id)


# ---------------------------------------------------------------- patients


def _plant_patient(person: Person, sender: _Sender) -> Iterator[Planted]:
    """Register a person whom the server does not know; who is known is left as it is now."""
    verdict = _PRESENT
    if not sender.ask(person.identifiers[0]).accepted:
        payload = feed.add(person, person.identifiers)
        verdict = _verdict_on(sender.feed(feed.ADD_ACTION, payload, f"add/{person.number}"))
    state, problems = verdict
    for identifier in person.identifiers:
        yield Planted(
            "patient", identifier.cx, person.name, state, identifier.cx, problems=problems
        )
    if person.duplicate is not None and state is not PlantedState.REFUSED:
        yield _plant_duplicate(person, person.duplicate, sender)


def _plant_duplicate(person: Person, duplicate: PatientIdentifier, sender: _Sender) -> Planted:
    """Register a second record of a person, then merge it into the first."""
    survivor = person.identifiers[0].cx
    known = sender.ask(duplicate)
    merged = any(_SUBSUMED in problem.text for problem in known.problems)
    state, problems = _PRESENT if merged else _verdict_on(_merge(person, duplicate, sender))
    note = f"merged into {survivor}"
    return Planted("merged", duplicate.cx, person.name, state, survivor, note, problems)


def _merge(person: Person, duplicate: PatientIdentifier, sender: _Sender) -> Answer:
    payload = feed.add(person, [duplicate])
    got = sender.feed(feed.ADD_ACTION, payload, f"add/{person.number}/duplicate")
    if not got.accepted:
        return got
    payload = feed.merge(person, duplicate)
    return sender.feed(feed.MERGE_ACTION, payload, f"merge/{person.number}")


# ---------------------------------------------------------------- documents


def _plant_documents(
    submission: Submission, member: Member, domain: SeedDomain, sender: _Sender
) -> Iterator[Planted]:
    person = member.person
    provision = provide(submission, person, domain.codes)
    content = Content(iti41.REQUEST, provision.payload, provision.parts)
    got = sender.provide(content, submission.key)
    known = any(problem.code == _UNIQUE_ID_TAKEN for problem in got.problems)
    state, problems = _PRESENT if known else _verdict_on(got)
    patient = person.identifiers[0].cx
    if submission.folder:
        yield Planted(
            "folder",
            submission.folder_unique_id,
            submission.folder,
            state,
            patient,
            problems=problems,
        )
    titles = {each.key: each for one in member.submissions for each in one.documents}
    for document in submission.documents:
        related = titles.get(document.related)
        note = f"{_RELATIONS[document.relation]} {related.unique_id}" if related else ""
        mime_type = contents.content_of(document, person).mime_type
        yield Planted(
            "document",
            document.unique_id,
            f"{document.title} ({mime_type})",
            state,
            patient,
            note,
            problems,
        )


_RELATIONS = {"RPLC": "replaces", "APND": "is an addendum to"}


_Verdict = tuple[PlantedState, "tuple[Problem, ...]"]
_PRESENT: _Verdict = (PlantedState.PRESENT, ())


def _verdict_on(got: Answer) -> _Verdict:
    if got.accepted:
        return PlantedState.NEW, ()
    return PlantedState.REFUSED, got.problems
