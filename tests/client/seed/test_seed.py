"""The seed: strict-clean messages, the same in every run, and harmless the second time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async.client.connection import HttpAnswer
from ihe_mock_async.client.message import Message
from ihe_mock_async.client.ordering import make_order, make_values
from ihe_mock_async.client.seed import Planted, cast, plant
from ihe_mock_async.client.seed.cast import AUTHORITIES
from ihe_mock_async.client.seed.contents import content_of
from ihe_mock_async.client.sending import Target, send
from ihe_mock_async.elements import parse
from ihe_mock_async.state import AffinityDomain
from tests.client.in_process import URL, InProcess, in_process

PATIENTS = 10
FIRST = "H-1001^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO"
CODES = {
    "formatCode": frozenset({"urn:ihe:iti:xds:2017:mimeTypeSufficient^^1.3.6.1.4.1.19376.1.2.3"}),
    "typeCode": frozenset({"A^^2.999.1", "B^^2.999.1"}),
}


def planted(
    domain: InProcess, patients: int = PATIENTS, own: AffinityDomain | None = None
) -> list[Planted]:
    return list(plant(cast(patients, own), Target(URL), domain.post))


def states(things: Sequence[Planted]) -> Counter[str]:
    return Counter(each.state.value for each in things)


def found(domain: InProcess, number: str, query: str, **asked: object) -> tuple[str, ...]:
    order = make_order(number, query=query)
    values = make_values(AffinityDomain(), **asked)  # type: ignore[arg-type]  # by name
    (sent,) = send(order, Target(URL), domain.post, values)
    return sent.answer.found


# ---------------------------------------------------------------- what there is


def test_the_messages_break_no_rule_at_all(strict: InProcess) -> None:
    things = planted(strict)

    assert states(things) == {"new": len(things)}
    unknown_yet = {"iti45-unknown-identifier", "iti45-unknown-domain"}
    assert {each.rule.id for each in strict.findings} - unknown_yet == set()


def test_there_is_something_of_everything(strict: InProcess) -> None:
    things = planted(strict)

    kinds = Counter(each.kind for each in things)
    assert kinds["merged"] == kinds["folder"] == 1
    assert len({each.patient for each in things if each.kind == "document"}) == PATIENTS
    assert {each.label.rpartition("(")[2] for each in things if each.kind == "document"} == {
        "text/plain)",
        "application/pdf)",
        "text/xml)",
    }
    assert {each.id.split("&")[1] for each in things if each.kind == "patient"} == {*AUTHORITIES}
    ids = [each.id for each in things]
    assert len(ids) == len(set(ids))


def test_the_first_patient_has_a_replacement_and_an_addendum(strict: InProcess) -> None:
    things = {each.label: each for each in planted(strict, 1)}

    lines = found(strict, "ITI-18", "FindDocuments", patient=FIRST)
    letter, corrected = things["Discharge letter (text/plain)"], "Discharge letter, corrected"
    assert any(corrected in line and "Approved" in line for line in lines)
    assert not any(f'"{letter.label.partition(" (")[0]}"' in line for line in lines)
    assert things[f"{corrected} (text/plain)"].note == f"replaces {letter.id}"
    assert things["Laboratory results (text/plain)"].note.startswith("is an addendum to ")


def test_identifiers_of_one_person_are_cross_referenced(strict: InProcess) -> None:
    planted(strict, 1)

    order = make_order("ITI-45", example="")
    values = make_values(AffinityDomain(), patient=FIRST)
    *_, sent = send(order, Target(URL), strict.post, values)

    text = " ".join(sent.answer.found)
    assert "P-1001" in text
    assert "N-1001" in text


# ---------------------------------------------------------------- again and again


def test_a_second_run_finds_what_the_first_has_left(strict: InProcess) -> None:
    first = planted(strict)
    second = planted(strict)

    assert states(second) == {"there already": len(first)}
    assert [each.id for each in second] == [each.id for each in first]


def test_more_patients_leave_those_before_as_they_are(strict: InProcess) -> None:
    few = planted(strict, 2)
    many = planted(strict, 4)

    assert [each.id for each in many[: len(few)]] == [each.id for each in few]
    assert {each.state.value for each in many[len(few) :]} == {"new"}


def test_a_run_that_was_cut_off_is_continued(strict: InProcess) -> None:
    class CutOffError(Exception):
        pass

    def cut_off(url: str, message: Message) -> HttpAnswer:
        if b"PRPA_IN201304UV02" in message.body:
            raise CutOffError
        return strict.post(url, message)

    with pytest.raises(CutOffError):
        list(plant(cast(1), Target(URL), cut_off))
    things = planted(strict, 1)

    (merged,) = [each for each in things if each.kind == "merged"]
    assert merged.state.value == "new"
    assert states(things)["refused"] == 0


def test_every_run_sends_the_same_octets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for name in ("one", "two"):
        with in_process(tmp_path / name, monkeypatch) as domain:
            planted(domain)
            runs.append(domain.messages)

    assert runs[0] == runs[1]


def test_no_two_people_are_alike() -> None:
    people = [member.person for member in cast(100).members]

    assert len({(each.name, each.birth_date) for each in people}) == 100


# ---------------------------------------------------------------- domains that have agreed


def test_the_domains_own_authorities_and_codes_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "assigning_authorities": ["2.999.5"],
        "codes": {name: sorted(codes) for name, codes in CODES.items()},
    }
    with in_process(tmp_path, monkeypatch, validation="strict", **settings) as domain:
        things = planted(domain, 5, domain.app.services.domain)

    assert states(things) == {"new": len(things)}
    assert all("&2.999.5&" in each.patient for each in things)


def test_what_is_refused_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_process(tmp_path, monkeypatch, assigning_authorities=["2.999.5"]) as domain:
        things = planted(domain, 1)

    (patient, *_) = things
    assert patient.state.value == "refused"
    assert any("iti44-patient-id-no-authority" in problem.text for problem in patient.problems)
    assert [each for each in things if each.kind == "merged"] == []


# ---------------------------------------------------------------- documents


def test_the_pdf_has_a_table_that_points_at_its_objects() -> None:
    member = cast(3).members[2]
    octets = content_of(member.submissions[0].documents[0], member.person).octets

    start = int(octets.rpartition(b"startxref\n")[2].split()[0])
    offsets = re.findall(rb"(\d{10}) 00000 n ", octets[start:])
    assert octets.startswith(b"%PDF-1.4")
    assert octets.endswith(b"%%EOF\n")
    assert octets[start:].startswith(b"xref\n0 6\n")
    for number, offset in enumerate(offsets, 1):
        assert octets[int(offset) :].startswith(b"%d 0 obj\n" % number)
    length = re.search(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", octets, re.DOTALL)
    assert length is not None
    assert int(length[1]) == len(length[2])


def test_the_cda_has_header_and_narrative() -> None:
    (member,) = cast(1).members
    documents = member.submissions[0].documents
    (summary,) = [each for each in documents if each.kind == "cda"]

    root = parse(content_of(summary, member.person).octets)

    assert etree.QName(root).localname == "ClinicalDocument"
    assert [etree.QName(child).localname for child in root] == [
        "typeId",
        "id",
        "code",
        "title",
        "effectiveTime",
        "confidentialityCode",
        "languageCode",
        "recordTarget",
        "author",
        "custodian",
        "component",
    ]
    assert root.findtext(".//{*}patient/{*}name/{*}family") == "Beispiel"
