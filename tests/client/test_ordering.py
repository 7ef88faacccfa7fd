"""What a user may ask for, and what is told when that makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from ihe_mock_async.client.ordering import listing, make_order, make_values, transaction_of
from ihe_mock_async.errors import SendError
from ihe_mock_async.state import AffinityDomain

DOMAIN = AffinityDomain()


@pytest.mark.parametrize("text", ["ITI-44", "iti-44", "ITI44", "44", " iti-044 "])
def test_a_transaction_is_known_in_any_spelling(text: str) -> None:
    assert transaction_of(text).number == "ITI-44"


def test_an_unknown_transaction_is_told_together_with_those_that_exist() -> None:
    with pytest.raises(SendError, match="ITI-8 is not known; ITI-18, "):
        transaction_of("ITI-8")


def test_an_example_is_the_usual_one_or_that_of_a_name() -> None:
    usual, named = make_order("44", example=""), make_order("44", example="merge")

    assert usual.example is not None
    assert named.example is not None
    assert (usual.example.name, named.example.name) == ("add", "merge")


def test_a_document_or_patient_means_the_usual_example() -> None:
    order = make_order("41", values=["--document"])

    assert order.example is not None
    assert order.example.name == "provide"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, r"What of ITI-18\? Name a FILE, say --example \(find\), or a stored query"),
        ({"file": Path("a"), "query": "b"}, "one of them"),
        ({"example": "", "query": "b"}, "one of them"),
        ({"file": Path("a"), "values": ["--id"]}, "a is sent as it is"),
        ({"example": "none"}, "ITI-18 has no example none; it has find"),
        ({"values": ["--id"]}, "18 --example find has no place for --id: leave it out, or send"),
        ({"query": "FindFolders", "values": ["--id"]}, "FindFolders has no place for --id"),
        ({"query": "GetFolders", "values": ["--document"]}, "has no place for --document"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, object], told: str) -> None:
    with pytest.raises(SendError, match=told):
        make_order("18", **given)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("number", "values"),
    [
        ("41", ["--document", "--patient"]),
        ("42", ["--document"]),
        ("18", ["--document", "--patient"]),  # what its example builds on submits the document
        ("39", ["--id"]),
        ("44", ["--patient"]),
    ],
)
def test_values_go_where_an_example_has_a_place_for_them(number: str, values: list[str]) -> None:
    assert make_order(number, values=values).example is not None


def test_a_document_is_not_dropped_silently_where_none_is_submitted() -> None:
    with pytest.raises(SendError, match=r"44 --example merge has no place for --document: leave"):
        make_order("44", example="merge", values=["--document"])


@pytest.mark.parametrize(
    "query", ["GetDocuments", "GetAssociations", "GetRelatedDocuments", "getfolders"]
)
def test_queries_for_objects_take_ids(query: str) -> None:
    assert make_order("18", query=query, values=["--id"]).query == query


def test_a_document_has_the_type_of_its_name_or_the_one_that_is_given(tmp_path: Path) -> None:
    letter, scan = tmp_path / "letter.txt", tmp_path / "scan:1.unknown"
    letter.write_bytes(b"1")
    scan.write_bytes(b"2")

    documents = make_values(
        DOMAIN, documents=[str(letter), f"{letter}:text/x-letter", str(scan)]
    ).documents

    assert [(each.media_type, each.title) for each in documents] == [
        ("text/plain", "letter.txt"),
        ("text/x-letter", "letter.txt"),
        ("application/octet-stream", "scan:1.unknown"),
    ]


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SendError, match=r"Cannot read .*none\.pdf: No such file"):
        make_values(DOMAIN, documents=[str(tmp_path / "none.pdf:application/pdf")])


def test_a_patient_is_a_cx() -> None:
    assert make_values(DOMAIN, patient="P-1^^^&1.2.3&ISO").patient.extension == "P-1"
    with pytest.raises(SendError, match="P-1 is no patient id like"):
        make_values(DOMAIN, patient="P-1")


def test_the_example_patient_belongs_to_the_affinity_domain() -> None:
    elsewhere = AffinityDomain(assigning_authorities=("2.999.7", "2.999.8"))

    assert make_values(elsewhere).patient.root == "2.999.7"
    assert make_values(DOMAIN).patient.root == "1.3.6.1.4.1.21367.2017.2.5.1"


def test_the_listing_has_every_example_and_query() -> None:
    rows = listing()

    assert ("ITI-44", "--example merge") in rows
    assert ("ITI-18", "--query GetAll") in rows
