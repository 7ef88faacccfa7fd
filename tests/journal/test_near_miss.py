"""What would have matched."""

from __future__ import annotations

import pytest

from ihe_mock_async.journal import near_miss
from ihe_mock_async.journal.json_model import read
from ihe_mock_async.journal.pattern import Mismatch, Pattern
from tests.journal.entries import plain


def test_the_entry_that_fails_the_fewest_conditions_is_the_nearest() -> None:
    far = plain(sequence=1, method="GET", path="/a", transaction="ITI-18")
    near = plain(sequence=2, method="POST", path="/a", transaction="ITI-18")
    pattern = read(Pattern, {"method": "POST", "path": "/b", "transaction": "ITI-18"})

    first, second = near_miss.nearest(pattern, [far, near])

    assert first.entry is near
    assert first.mismatches == [Mismatch("path", '"/b"', '"/a"')]
    assert first.share == pytest.approx(1 / 3)
    assert second.entry is far
    assert [each.key for each in second.mismatches] == ["method", "path"]


def test_of_equals_the_more_alike_is_nearer_and_then_the_newer() -> None:
    entries = [
        plain(sequence=1, path="/iti41/submit"),
        plain(sequence=2, path="/pix/ad"),
        plain(sequence=3, path="/iti41/submit"),
        plain(sequence=4, path="/pix"),
    ]

    found = near_miss.nearest(read(Pattern, {"path": "/pix/add"}), entries)

    assert [miss.entry.sequence for miss in found] == [2, 4, 3]


def test_bodies_decide_among_those_that_are_alike_otherwise() -> None:
    entries = [
        plain(b"<a><b/></a>", sequence=1),
        plain(b"<c/>", sequence=2),
        plain(b"no XML", sequence=3),
    ]

    found = near_miss.nearest(read(Pattern, {"xpath": ["//a", "//b", "//c"]}), entries, most=2)

    assert [(miss.entry.sequence, len(miss.mismatches)) for miss in found] == [(1, 1), (2, 2)]


def test_what_matches_is_no_miss() -> None:
    entries = [plain(path="/a", sequence=1), plain(path="/b", sequence=2)]

    found = near_miss.nearest(read(Pattern, {"path": "/a"}), entries)

    assert [miss.entry.sequence for miss in found] == [2]
    assert near_miss.nearest(Pattern(), entries) == []
    assert near_miss.nearest(read(Pattern, {"path": "/a"}), []) == []


@pytest.mark.parametrize("condition", [{"xpath": "//b"}, {"patientId": "1"}], ids=str)
def test_few_bodies_are_read_of_many_entries(condition: dict[str, str]) -> None:
    entries = [plain(b"<a/>", sequence=number, request_envelope=b"<a/>") for number in range(500)]

    found = near_miss.nearest(read(Pattern, {"transaction": "ITI-18", **condition}), entries)

    assert [miss.entry.sequence for miss in found] == [499, 498, 497]
    assert sum(bool(entry.cache) for entry in entries) <= 20


def test_a_far_entry_is_not_hidden_by_many_that_match() -> None:
    entries = [plain(path="/a", sequence=number) for number in range(100)]
    entries[3].path = "/b"

    (miss,) = near_miss.nearest(read(Pattern, {"path": "/a"}), entries)

    assert miss.entry.sequence == 3


KNOWN = ("/pix/add", "/iti41/submit", "/pix-manager", "/document-registry", "/pix/add")


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/pix/ad", "/pix/add"),
        ("/PIX/Add/", "/pix/add"),
        ("/ihe/services/pix-manager", "/pix-manager"),
        ("/documentregistry", "/document-registry"),
        ("/submit", "/iti41/submit"),
    ],
)
def test_a_known_path_is_near(path: str, nearest: str) -> None:
    assert near_miss.paths(path, KNOWN)[0] == nearest


def test_no_known_path_is_near() -> None:
    assert near_miss.paths("/", KNOWN) == []
    assert near_miss.paths("/favicon.ico", KNOWN) == []
    assert near_miss.paths("", []) == []


def test_a_path_is_told_once() -> None:
    assert near_miss.paths("/pix/add", KNOWN).count("/pix/add") == 1
