"""YAML of declarations: plain data, with the place of every key."""

from __future__ import annotations

import pytest

from ihe_mock_async.errors import ServicesError
from ihe_mock_async.services import source
from ihe_mock_async.services.source import Spot


def test_a_document_is_read_with_the_place_of_every_key() -> None:
    read = source.read("a.yaml", "name: a\nmappings:\n  - request: {method: GET}\n")

    assert read.data == {"name": "a", "mappings": [{"request": {"method": "GET"}}]}
    assert read.spots["mappings", 0, "request", "method"] == Spot(3, 15)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("0777", "0777"),
        ("0x1F", "0x1F"),
        ("7", 7),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("", None),
        ("'7'", "7"),
    ],
)
def test_bare_words_mean_what_they_mean_in_json(text: str, value: object) -> None:
    assert source.read("a.yaml", f"key: {text}").data == {"key": value}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: &x [1]\nb: *x", "a.yaml:1:4: anchors and aliases are not supported: write it out"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "a.yaml:1:4: tags are not supported: quote a text, leave numbers bare",
        ),
        ("a: 1\n\na: 2", "a.yaml:3:1: a: stands there twice, first in line 1; keep one"),
        ("a: [1", "a.yaml:1:6: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: but found another document"),
        ("? [a]\n: 1", "a.yaml:1:1: a key must be a text"),
        ("[" * 70, "a.yaml:1:61: nested more than 60 deep"),
        (
            "a: " + "x" * source.MAX_OCTETS,
            "a.yaml:1:1: longer than 1048576 characters; split the service",
        ),
    ],
)
def test_what_could_surprise_is_refused_at_its_place(text: str, complaint: str) -> None:
    with pytest.raises(ServicesError) as raised:
        source.read("a.yaml", text)

    assert str(raised.value) == complaint


def test_characters_that_yaml_does_not_have_are_refused_in_one_line() -> None:
    with pytest.raises(ServicesError, match=r"^a\.yaml:1:1: not YAML: [^\n]+$"):
        source.read("a.yaml", "a: \x01")
