"""Who and what is in the synthetic affinity domain; nobody in it exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ihe_mock_async.client.seed import names
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import AffinityDomain

HOSPITAL = "1.3.6.1.4.1.21367.2017.2.5.1"
PRACTICES = "1.3.6.1.4.1.21367.2017.2.5.2"
HEALTH_PLAN = "1.3.6.1.4.1.21367.2017.2.5.3"
AUTHORITIES = (HOSPITAL, PRACTICES, HEALTH_PLAN)
"""The assigning authorities of a server that accepts any."""
_PREFIXES = ("H", "P", "N")

# Which of the authorities know the first, the second, ... patient.
_KNOWN_TO = ((0, 1, 2), (0, 1), (2,), (0, 2), (1,))
_PEOPLE = (
    ("Beispiel", "Nora", "F", "19790214"),
    ("Muster", "Emil", "M", "19561103"),
    ("Exempel", "Mia", "F", "20110630"),
    ("Probst", "Jan", "M", "19880921"),
    ("Vorlage", "Ida", "F", "19450508"),
    ("Schema", "Theo", "M", "20190117"),
    ("Entwurf", "Lea", "F", "19930412"),
    ("Fiktiv", "Max", "M", "19701225"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A patient, and the identifiers under which authorities know the patient."""

    number: int
    """From 1."""
    family: str
    given: str
    gender: str
    birth_date: str
    identifiers: tuple[PatientIdentifier, ...]
    duplicate: PatientIdentifier | None = None
    """A second record of the same person, registered by mistake and merged into the first."""

    @property
    def name(self) -> str:
        """`Beispiel, Nora`."""
        return f"{self.family}, {self.given}"


@dataclass(frozen=True, slots=True)
class Document:
    """A document, and how it is registered."""

    key: str
    """What it is called in this package: `1/letter`."""
    unique_id: str
    title: str
    kind: str
    """Of `contents`: `text`, `pdf` or `cda`."""
    relation: str = ""
    """Association type to another document."""
    related: str = ""
    """Key of that document."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Documents that are submitted together."""

    key: str
    unique_id: str
    title: str
    documents: tuple[Document, ...]
    folder: str = ""
    """Title of a folder that is made with them; empty: none."""
    folder_unique_id: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One patient with all that is submitted about them."""

    person: Person
    submissions: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class SeedDomain:
    """The people of an affinity domain, and its codes."""

    members: tuple[Member, ...]
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Allowed `code^^scheme` by coded attribute, where the domain has agreed on some."""


def cast(patients: int, domain: AffinityDomain | None = None) -> SeedDomain:
    """The same people each time, `patients` of them, in the authorities of an affinity domain."""
    agreed = domain or AffinityDomain()
    authorities = tuple(sorted(agreed.assigning_authorities))[:3] or AUTHORITIES
    people = [_person(number, authorities) for number in range(1, patients + 1)]
    codes = {name: sorted(allowed) for name, allowed in agreed.codes.items()}
    return SeedDomain(tuple(Member(each, _submissions(each)) for each in people), codes)


def _person(number: int, authorities: Sequence[str]) -> Person:
    family, given, gender, born = _PEOPLE[(number - 1) % len(_PEOPLE)]
    # Who has the name of somebody before is a year older: no two are alike.
    birth_date = f"{int(born[:4]) - (number - 1) // len(_PEOPLE)}{born[4:]}"
    known_to = _KNOWN_TO[(number - 1) % len(_KNOWN_TO)]
    # Authorities may be fewer than three; the first of equal ones counts.
    roots = dict.fromkeys((authorities[i % len(authorities)], _PREFIXES[i]) for i in known_to)
    identifiers = {root: PatientIdentifier(root, f"{p}-{1000 + number}") for root, p in roots}
    first = next(iter(identifiers.values()))
    duplicate = PatientIdentifier(first.root, f"{first.extension}-B") if number == 1 else None
    return Person(
        number, family, given, gender, birth_date, tuple(identifiers.values()), duplicate
    )


# ---------------------------------------------------------------- documents

_KINDS = (("pdf", "Radiology report"), ("text", "Consultation note"), ("cda", "Patient summary"))


def _submissions(person: Person) -> tuple[Submission, ...]:
    """For the first patient a stay with corrections, for the others one document each."""
    if person.number == 1:
        return _stay()
    number = person.number
    kind, title = _KINDS[number % len(_KINDS)]
    document = Document(f"{number}/only", names.oid(number, 1), title, kind)
    return (Submission(f"{number}/visit", names.oid(number, 100), "Visit", (document,)),)


def _stay() -> tuple[Submission, ...]:
    letter = Document("1/letter", names.oid(1, 1), "Discharge letter", "text")
    report = Document("1/report", names.oid(1, 2), "Operation report", "pdf")
    summary = Document("1/summary", names.oid(1, 3), "Discharge summary", "cda")
    corrected = Document(
        "1/corrected", names.oid(1, 4), "Discharge letter, corrected", "text", "RPLC", letter.key
    )
    addendum = Document(
        "1/addendum", names.oid(1, 5), "Laboratory results", "text", "APND", summary.key
    )
    return (
        Submission(
            "1/stay",
            names.oid(1, 100),
            "Discharge",
            (letter, report, summary),
            folder="Hospital stay January 2024",
            folder_unique_id=names.oid(1, 200),
        ),
        Submission("1/correction", names.oid(1, 101), "Correction", (corrected,)),
        Submission("1/laboratory", names.oid(1, 102), "Laboratory", (addendum,)),
    )
