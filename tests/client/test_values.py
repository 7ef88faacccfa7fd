"""Placeholders and templates: the same value in all messages, another one at the next sending."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from ihe_mock_async.client.template import fill
from ihe_mock_async.client.values import Document, Values
from ihe_mock_async.errors import SendError
from ihe_mock_async.identifiers import PatientIdentifier

NOW = datetime(2024, 1, 5, 10, 15, tzinfo=UTC)


def values(**changed: object) -> Values:
    return Values(NOW, uuid.uuid4, **changed)  # type: ignore[arg-type]  # by name, from the test


def test_an_id_is_made_once() -> None:
    some = values()

    assert fill("{{uuid:a}}", some) == fill("{{uuid:a}}", some) != fill("{{uuid:b}}", some)
    assert fill("{{uuid:a}}", some) != fill("{{uuid:a}}", values())


def test_each_document_has_ids_of_its_own_and_shares_the_others() -> None:
    some = values(documents=[Document(b"1", "text/plain", "a"), Document(b"2", "text/xml", "b")])

    first, second = some.of_each_document()

    assert first["oid:document"] == some["oid:document"] != second["oid:document"]
    assert first["uuid:set"] == second["uuid:set"]
    assert (first["document.number"], second["document.type"]) == ("1", "text/xml")


def test_what_is_filled_in_is_escaped() -> None:
    some = values(patient=PatientIdentifier("1.2", 'a"<b>\x01'))

    assert fill('<x y="{{patient}}"/>', some) == (
        '<x y="a&quot;&lt;b&gt;\ufffd^^^&amp;1.2&amp;ISO"/>'
    )


def test_the_time_is_a_dtm_and_hash_and_size_are_those_of_xds() -> None:
    some = values(documents=[Document(b"abc", "text/plain", "a")])

    assert fill("{{now}} {{document.size}} {{document.hash}}", some) == (
        "20240105101500 3 a9993e364706816aba3e25717850c26c9cd0d89d"
    )


def test_the_wanted_ids_are_those_asked_for_else_those_of_the_documents() -> None:
    some = values()

    assert [each["id"] for each in values(ids=["1.2", "1.3"]).of_each_id()] == ["1.2", "1.3"]
    assert [each["id"] for each in some.of_each_id()] == [some["oid:document"]]


def test_a_person_is_the_patient_or_the_other() -> None:
    some = values()

    assert some.as_person("patient")["person.extension"] == "EXAMPLE-1001"
    assert some.as_person("other")["person.extension"] == some["other.extension"]


def test_an_unknown_name_is_a_defect_of_the_template() -> None:
    with pytest.raises(KeyError):
        fill("{{nobody}}", values())


def test_a_message_about_an_answer_needs_one() -> None:
    some = values()
    with pytest.raises(SendError, match="refers to an answer"):
        fill("{{answer.root}}", some)

    some.learn("answer.root", "1.2.3")

    assert fill("{{answer.root}}", some) == "1.2.3"
