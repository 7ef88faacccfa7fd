"""Whom a query finds among stored patients: those whom a look at each of them finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.hl7v3 import matching_search, patient, query_parameters
from ihe_mock_async.hl7v3.demographics import traits_of
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import State
from tests.transactions.stored_state import stored_state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
V3 = ElementMaker(namespace="urn:hl7-org:v3", nsmap={None: "urn:hl7-org:v3"})


@dataclass(frozen=True)
class Somebody:
    """A patient as plain values: lower case, no blanks."""

    given: tuple[str, ...]
    family: str
    birth: str
    gender: str
    city: str
    streets: tuple[str, ...]
    telecom: str
    mother: str

    @property
    def element(self) -> etree._Element:
        mother = V3.relationshipHolder1(V3.name(V3.family(self.mother)))
        return V3.patient(
            V3.patientPerson(
                V3.name(*[V3.given(name) for name in self.given], V3.family(self.family)),
                V3.telecom(value=f"tel:{self.telecom}"),
                V3.administrativeGenderCode(code=self.gender),
                *([V3.birthTime(value=self.birth)] if self.birth else []),
                V3.addr(
                    V3.city(self.city), *[V3.streetAddressLine(street) for street in self.streets]
                ),
                V3.personalRelationship(V3.code(code="MTH"), mother),
            )
        )


@dataclass(frozen=True)
class Asked:
    """A value of a parameter; a text may end with `*`."""

    about: str
    value: str
    until: str = ""

    @property
    def element(self) -> etree._Element:
        name, *path = PARAMETERS[self.about]
        if self.about == "gender":
            return V3(name, V3.value(code=self.value))
        if self.about == "birth interval":
            return V3(name, V3.value(V3.low(value=self.value), V3.high(value=self.until)))
        if self.about in {"birth", "telecom"}:
            return V3(name, V3.value(value=self.value))
        value = V3.value(*[V3(kind, self.value) for kind in path])
        value.text = None if path else self.value
        return V3(name, value)

    def degree(self, somebody: Somebody) -> int:
        """How well somebody fits, as the standard says it: no index, no text search."""
        if self.about == "gender":
            return 100 * (somebody.gender == self.value)
        if self.about == "birth":
            known = somebody.birth
            if known.startswith(self.value):
                return 100
            return 50 * bool(known and self.value.startswith(known))
        if self.about == "birth interval":
            known = somebody.birth
            length = len(known)
            inside = self.value[:length] <= known <= (self.until + "9" * 8)[:length]
            return 50 * bool(known and inside)
        return self._degree_of_text(TEXTS[self.about](somebody))

    def _degree_of_text(self, texts: list[str]) -> int:
        if self.value.endswith("*"):
            return 50 * any(text.startswith(self.value[:-1]) for text in texts)
        return 100 * (self.value in texts)


PARAMETERS = {
    "gender": ("livingSubjectAdministrativeGender",),
    "birth": ("livingSubjectBirthTime",),
    "birth interval": ("livingSubjectBirthTime",),
    "telecom": ("patientTelecom",),
    "name": ("livingSubjectName",),
    "given": ("livingSubjectName", "given"),
    "family": ("livingSubjectName", "family"),
    "city": ("patientAddress", "city"),
    "street": ("patientAddress", "streetAddressLine"),
    "mother": ("mothersMaidenName", "family"),
}
TEXTS: Mapping[str, Callable[[Somebody], list[str]]] = {
    "telecom": lambda somebody: [somebody.telecom],
    "name": lambda somebody: [
        " ".join([*somebody.given, somebody.family]),
        " ".join([somebody.family, *somebody.given]),
    ],
    "given": lambda somebody: in_a_row(somebody.given),
    "family": lambda somebody: [somebody.family],
    "city": lambda somebody: [somebody.city],
    "street": lambda somebody: in_a_row(somebody.streets),
    "mother": lambda somebody: [somebody.mother],
}


def in_a_row(texts: tuple[str, ...]) -> list[str]:
    return [*texts, " ".join(texts)]


# Few different values, so that queries find somebody, and characters that JSON or SQL could mind.
words = st.text('ab"\\%_[', min_size=1, max_size=3)
several = st.lists(words, min_size=1, max_size=2).map(tuple)
phrases = several.map(" ".join)
numbers = st.text("12", min_size=1, max_size=3)
times = st.sampled_from(["1957", "195712", "19571231", "1958", "195802", "19580214", "2001"])
people = st.lists(
    st.builds(
        Somebody,
        given=several,
        family=phrases,
        birth=times | st.just(""),
        gender=st.sampled_from("MF"),
        city=phrases,
        streets=several,
        telecom=numbers,
        mother=words,
    ),
    min_size=1,
    max_size=6,
)


def text_about(about: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Asked]:
    wildcards = st.sampled_from(["", "*"])
    return st.builds(lambda value, end: Asked(about, value + end), values, wildcards)


questions = st.one_of(
    st.builds(Asked, st.just("gender"), st.sampled_from("MF")),
    st.builds(Asked, st.just("birth"), times),
    st.builds(Asked, st.just("birth interval"), times, times),
    text_about("telecom", numbers),
    *[text_about(about, phrases) for about in TEXTS if about != "telecom"],
)


def register(state: State, everybody: list[Somebody]) -> None:
    for number, somebody in enumerate(everybody, 1):
        identifier = PatientIdentifier("1.2.3", str(number))
        read = patient.read(somebody.element)
        state.patients.add([identifier], patient.serialise(read), NOW, traits_of(read))


def found(state: State, elements: list[etree._Element]) -> list[tuple[int, int]]:
    parameters = query_parameters.read(V3.parameterList(*elements)).usable
    return [
        (match.key, match.degree) for match in matching_search.find(state.patients, parameters)
    ]


@given(people, st.lists(questions, min_size=1, max_size=3, unique_by=lambda asked: asked.about))
def test_a_search_finds_whom_a_look_at_everybody_finds(
    everybody: list[Somebody], asked: list[Asked]
) -> None:
    names = [each for each in asked if each.about in {"name", "given", "family"}]
    alternatives = [names, *[[each] for each in asked if each not in names]]
    expected = []
    for number, somebody in enumerate(everybody, 1):
        fits = [max(each.degree(somebody) for each in any_of) for any_of in alternatives if any_of]
        if all(fits):
            expected.append((number, round(sum(fits) / len(fits))))
    with stored_state() as state:
        register(state, everybody)
        matches = found(state, [each.element for each in asked])

    assert matches == sorted(expected, key=lambda match: (-match[1], match[0]))


def test_who_has_no_identifier_of_its_own_any_more_is_not_found() -> None:
    somebody = Somebody(("a",), "b", "1958", "F", "c", ("d",), "1", "m")
    one, other = PatientIdentifier("1.2.3", "1"), PatientIdentifier("1.2.3", "2")
    with stored_state() as state:
        register(state, [somebody, somebody])
        state.patients.subsume(other, one, NOW)

        assert found(state, [Asked("gender", "F").element]) == [(1, 100)]
