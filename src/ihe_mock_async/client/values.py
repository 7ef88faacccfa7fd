"""What the placeholders of the example messages stand for.

Ids are made when they are first asked for, and stay the same for all messages that are sent
together: so a document that one message submits is the one that the next retrieves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ihe_mock_async.errors import SendError
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.soap import mtom
from ihe_mock_async.state import AffinityDomain

EXAMPLE_AUTHORITY = "1.3.6.1.4.1.21367.2017.2.5.1"
EXAMPLE_PATIENT = PatientIdentifier(EXAMPLE_AUTHORITY, "EXAMPLE-1001")
NOBODY = "http://127.0.0.1:9/"
"""Where deferred answers go when nobody waits for them: the discard port."""
REGISTER = "1.3.6.1.4.1.21367.2017.2.5.2"
"""A second assigning authority, which knows each patient under another number."""

_CONSTANTS: Mapping[str, str] = {
    "register": REGISTER,
    "house.first": "7",
    "house.second": "12a",
    "patient.given": "Lena",
    "patient.family": "Muster",
    "patient.gender": "F",
    "patient.birth": "19850317",
    "other.given": "Jonas",
    "other.family": "Muster",
    "other.gender": "M",
    "other.birth": "19811105",
    "class": "34133-9",
    "class.scheme": "2.16.840.1.113883.6.1",
    "title.set": "Discharge",
    "title.on-demand": "Summary, made when it is asked for",
    "title.updated": "Discharge letter, corrected",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document to submit."""

    content: bytes
    media_type: str
    title: str


EXAMPLE_DOCUMENT = Document(
    b"Lena Muster left the hospital in good health. She is an example, and so is this letter.\n",
    "text/plain",
    "Discharge letter",
)


@dataclass(frozen=True, slots=True)
class Values:
    """The values by name; raises `KeyError` for a name that nothing is known of.

    `uuid:LABEL` and `oid:LABEL` are ids. A label that begins with `document` has one for each
    document, and names `document.*` tell of the document at hand (`of_document`).
    """

    now: datetime
    """Aware, UTC."""
    new_uuid: Callable[[], UUID]
    domain: AffinityDomain = field(default_factory=AffinityDomain)
    """Whose home community and repository the messages name."""
    patient: PatientIdentifier = EXAMPLE_PATIENT
    documents: Sequence[Document] = (EXAMPLE_DOCUMENT,)
    ids: Sequence[str] = ()
    """uniqueIds or entryUUIDs that were asked for; empty: those of the documents."""
    _made: dict[str, str] = field(default_factory=dict)
    """What was made or learned, shared by all that are scoped from the same values."""
    _names: Mapping[str, str] = field(default_factory=dict)
    _document: int = 0

    def __getitem__(self, name: str) -> str:
        """The value of a name."""
        if name in self._names:
            return self._names[name]
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        kind, colon, label = name.partition(":")
        if colon:
            return self._id(kind, label)
        if name in self._made:
            return self._made[name]
        return _READERS[name](self)

    def scoped(self, **names: str) -> Values:
        """The same with more names, each of which stands for a value."""
        return self._scoped(names, self._document)

    def renamed(self, **names: str) -> Values:
        """The same with more names, each of which stands for another name."""
        return self.scoped(**{new: self[old] for new, old in names.items()})

    def as_person(self, role: str) -> Values:
        """The same, where `person.*` are those of `patient` or `other`."""
        names = ("root", "extension", "registered", "given", "family", "gender", "birth")
        return self.renamed(**{f"person.{name}": f"{role}.{name}" for name in names})

    def of_each_document(self) -> Iterator[Values]:
        """The values of one document after the other."""
        return (self._scoped({}, index) for index in range(len(self.documents)))

    def of_each_id(self) -> Iterator[Values]:
        """The values where `id` is one of the wanted ids after the other."""
        wanted = self.ids or [each["oid:document"] for each in self.of_each_document()]
        return (self.scoped(id=each) for each in wanted)

    def learn(self, name: str, value: str) -> None:
        """Take a value out of an answer, for later messages."""
        self._made[name] = value

    def _scoped(self, names: Mapping[str, str], document: int) -> Values:
        return Values(
            self.now,
            self.new_uuid,
            self.domain,
            self.patient,
            self.documents,
            self.ids,
            self._made,
            {**self._names, **names},
            document,
        )

    def _id(self, kind: str, label: str) -> str:
        if label.startswith("document") and self._document:
            label = f"{label}/{self._document}"
        key = f"{kind}:{label}"
        if key not in self._made:
            self._made[key] = _ID_FORMS[kind](self.new_uuid())
        return self._made[key]

    @property
    def document(self) -> Document:
        """The document at hand."""
        return self.documents[self._document]


def _no_answer(_: Values) -> str:
    raise SendError("This message refers to an answer: send the example, not a part of it.")


_ID_FORMS: Mapping[str, Callable[[UUID], str]] = {
    "uuid": str,
    "oid": lambda uuid: f"2.25.{uuid.int}",
    "number": lambda uuid: f"EXAMPLE-{str(uuid)[:8]}",
    "cid": lambda uuid: f"{uuid}@ihe-mock-async.example",
}

# What is neither constant nor made up, by name.
_READERS: Mapping[str, Callable[[Values], str]] = {
    "now": lambda v: v.now.strftime("%Y%m%d%H%M%S"),
    "home": lambda v: v.domain.home_community_id,
    "home.oid": lambda v: v.domain.home_community_id.removeprefix("urn:oid:"),
    "repository": lambda v: v.domain.repository_unique_id,
    "patient": lambda v: v.patient.cx,
    "patient.root": lambda v: v.patient.root,
    "patient.extension": lambda v: v.patient.extension,
    "patient.registered": lambda v: f"N-{v.patient.extension}",
    "other.root": lambda v: v.patient.root,
    "other.extension": lambda v: v["number:other"],
    "other.registered": lambda v: f"N-{v['number:other']}",
    "answer.root": _no_answer,
    "respond_to": lambda _: NOBODY,
    "document.number": lambda v: str(v._document + 1),
    "document.type": lambda v: v.document.media_type,
    "document.title": lambda v: v.document.title,
    "document.size": lambda v: str(len(v.document.content)),
    "document.hash": lambda v: hashlib.sha1(v.document.content).hexdigest(),  # noqa: S324 - XDS says SHA-1
    "document.href": lambda v: mtom.href_of(v["cid:document"]),
}
