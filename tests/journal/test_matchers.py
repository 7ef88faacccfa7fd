"""Conditions on texts and bodies, as patterns and companion services have them."""

from __future__ import annotations

from typing import Any

import pytest

from ihe_mock_async.errors import WrongJsonError
from ihe_mock_async.journal.content import Content
from ihe_mock_async.journal.json_model import read
from ihe_mock_async.journal.matchers import BodyPattern, TextMatcher, unmet_field

ORDER = b'{"to": ["+1", "+2"], "text": "Hi", "urgent": true, "price": 1.0, "note": null}'


@pytest.mark.parametrize(
    ("document", "good", "bad"),
    [
        ("a", ["a"], ["A"]),
        ({"equalTo": "a", "caseInsensitive": True}, ["A"], ["b"]),
        ({"contains": "b"}, ["x", "abc"], ["aBc"]),
        ({"contains": "STRASSE", "caseInsensitive": True}, ["Hauptstraße 1"], ["Weg 1"]),
        ({"doesNotContain": "b"}, ["a", "c"], ["a", "abc"]),
        ({"matches": "a+"}, ["aaa"], ["aab"]),
        ({"matches": "a.b"}, ["a b"], ["a\nb"]),
        ({"matches": "(?i)A(?=b)b"}, ["aB"], ["ab "]),
        ({"doesNotMatch": "a+"}, ["ab"], ["x", "aa"]),
        ({"absent": True}, [], [""]),
        ({"absent": False}, [""], []),
    ],
    ids=str,
)
def test_texts_fulfil_a_matcher(document: object, good: list[str], bad: list[str]) -> None:
    matcher = read(TextMatcher, document)

    assert matcher.unmet(good) is None
    assert matcher.unmet(bad) == (", ".join(f'"{text}"' for text in bad) or "nothing").replace(
        "\n", "\\u000a"
    )


@pytest.mark.parametrize("document", ["a", {"contains": "a"}, {"matches": ".*"}])
def test_nothing_fulfils_only_what_forbids(document: object) -> None:
    assert read(TextMatcher, document).unmet([]) == "nothing"
    assert read(TextMatcher, {"doesNotContain": "a"}).unmet([]) is None
    assert read(TextMatcher, {"doesNotMatch": "a"}).unmet([]) is None


@pytest.mark.parametrize("key", ["matches", "doesNotMatch"])
def test_an_expression_that_takes_too_long_matches_neither_way(key: str) -> None:
    matcher = read(TextMatcher, {key: "(a|aa)+b"})

    first = matcher.unmet(["a" * 60])
    for _ in range(10):
        last = matcher.unmet(["a" * 60])

    assert first == f'"{"a" * 60}" (the expression takes too long)'
    assert last == f'"{"a" * 60}" (the expression took too long for 5 texts)'


def test_long_texts_are_told_in_short() -> None:
    told = read(TextMatcher, "x").unmet(["a" * 1000, "b", "c", "d"])

    assert told == f'"{"a" * 120}...", "b", "c" and 1 more'


GOOD_BODIES: list[tuple[Any, bytes]] = [
    ({"equalTo": "Hi"}, b"Hi"),
    ({"contains": "urgent"}, ORDER),
    ({"matches": "(?s).*true.*"}, ORDER),
    ({"absent": True}, b""),
    ({"equalToJson": {"a": [1, {"b": None}]}}, b'{"a": [1.0, {"b": null}]}'),
    ({"equalToJson": '{"a": 1}'}, b'{"a":1}'),
    ({"equalToJson": "null"}, b"null"),
    ({"equalToJson": {"text": "Hi"}, "ignoreExtraElements": True}, ORDER),
    ({"equalToJson": [2, 1], "ignoreArrayOrder": True}, b"[1, 2]"),
    ({"equalToJson": [1, 2], "ignoreExtraElements": True}, b"[1, 2, 3]"),
    (
        {"equalToJson": [2], "ignoreArrayOrder": True, "ignoreExtraElements": True},
        b"[1, 2, 3]",
    ),
    # The first object would do for both, the second one for one only.
    (
        {
            "equalToJson": [{"a": 1}, {"a": 1, "b": 2}],
            "ignoreArrayOrder": True,
            "ignoreExtraElements": True,
        },
        b'[{"a": 1, "b": 2}, {"a": 1}]',
    ),
    ({"matchesJsonPath": "$.to"}, ORDER),
    ({"matchesJsonPath": "$.to[?@ == '+2']"}, ORDER),
    ({"matchesJsonPath": "$[?match(@, 'H.')]"}, ORDER),
    ({"matchesJsonPath": {"expression": "$.to[*]", "equalTo": "+2"}}, ORDER),
    ({"matchesJsonPath": {"expression": "$.urgent", "equalTo": "true"}}, ORDER),
    ({"matchesJsonPath": {"expression": "$.to", "contains": '"+1","+2"'}}, ORDER),
    ({"matchesJsonPath": {"expression": "$.from", "absent": True}}, ORDER),
    ({"matchesXPath": "/o:order", "xPathNamespaces": {"o": "urn:o"}}, b"<order xmlns='urn:o'/>"),
    ({"matchesXPath": {"expression": "//@id", "matches": "[0-9]+"}}, b"<a id='12'/>"),
]


@pytest.mark.parametrize(("document", "body"), GOOD_BODIES, ids=str)
def test_a_body_fulfils_a_pattern(document: object, body: bytes) -> None:
    assert read(BodyPattern, document).unmet_in(Content(body)) is None


@pytest.mark.parametrize(
    ("document", "body", "wanted", "received"),
    [
        ({"equalTo": "Hi"}, b"Ho", '"Hi"', '"Ho"'),
        ({"contains": "x"}, b"", 'containing "x"', "nothing"),
        ({"equalToJson": {"a": 1}}, b'{"a": 2}', 'JSON equal to "{"a": 1}"', '"{"a": 2}"'),
        ({"equalToJson": 1}, b"true", 'JSON equal to "1"', '"true"'),
        ({"equalToJson": [1, 2]}, b"[2, 1]", 'JSON equal to "[1, 2]"', '"[2, 1]"'),
        ({"equalToJson": [1]}, b"[1, 2]", 'JSON equal to "[1]"', '"[1, 2]"'),
        ({"equalToJson": {}}, b'{"a": 1}', 'JSON equal to "{}"', '"{"a": 1}"'),
        (
            {"equalToJson": [1, 1], "ignoreArrayOrder": True},
            b"[1, 2]",
            'JSON equal to "[1, 1]"',
            '"[1, 2]"',
        ),
        (
            {"equalToJson": 1},
            b"<a/>",
            'JSON equal to "1"',
            "no JSON: Expecting value at line 1, column 1",
        ),
        ({"matchesJsonPath": "$.x"}, ORDER, "$.x selects something", "selected nothing"),
        ({"matchesJsonPath": "$.note"}, ORDER, "$.note selects something", "selected nothing"),
        (
            {"matchesJsonPath": {"expression": "$.text", "equalTo": "Ho"}},
            ORDER,
            '$.text selects "Ho"',
            'selected "Hi"',
        ),
        ({"matchesXPath": "//b"}, b"<a/>", "//b selects something", "selected nothing"),
    ],
    ids=str,
)
def test_a_body_pattern_that_is_not_met_says_why(
    document: object, body: bytes, wanted: str, received: str
) -> None:
    pattern = read(BodyPattern, document)

    assert pattern.wanted == wanted
    assert pattern.unmet_in(Content(body)) == received


@pytest.mark.parametrize(
    ("document", "key", "problem"),
    [
        ({}, "", "has 0 conditions"),
        ({"equalTo": "a", "matchesJsonPath": "$.a"}, "", "has 2 conditions"),
        ({"equalToJson": "{"}, "equalToJson", "is no JSON"),
        ({"equalTo": "{}", "ignoreArrayOrder": True}, "", "without it"),
        ({"equalTo": "x", "xPathNamespaces": {"a": "b"}}, "xPathNamespaces", "without"),
        ({"matchesJsonPath": "$.["}, "matchesJsonPath.expression", "does not compile"),
        ({"matchesJsonPath": ""}, "matchesJsonPath.expression", "it is empty"),
        ({"matchesXPath": "//o:a"}, "matchesXPath.expression", 'the prefix "o"'),
        ({"matchesXPath": "lower-case(a)"}, "matchesXPath.expression", '"lower-case"'),
        ({"matchesXPath": "$id"}, "matchesXPath.expression", 'variable "id"'),
    ],
    ids=str,
)
def test_a_wrong_body_pattern_is_refused(document: object, key: str, problem: str) -> None:
    with pytest.raises(WrongJsonError) as caught:
        read(BodyPattern, document)

    (found,) = caught.value.problems
    assert found.key == key
    assert problem in found.problem


def test_fields_of_a_form_are_matched() -> None:
    content = Content(b"To=%2B1&To=%2B2&Body=Gr%C3%BC%C3%9Fe+dich&Empty=")

    assert unmet_field("To", read(TextMatcher, "+2"), content) is None
    assert unmet_field("Body", read(TextMatcher, "Grüße dich"), content) is None
    assert unmet_field("Empty", read(TextMatcher, ""), content) is None
    assert unmet_field("From", read(TextMatcher, {"absent": True}), content) is None
    assert unmet_field("To", read(TextMatcher, "+3"), content) == '"+1", "+2"'


def test_a_form_of_too_many_fields_is_not_looked_into() -> None:
    content = Content(b"&".join([b"a=1"] * 2000))

    assert unmet_field("a", read(TextMatcher, "1"), content) == "a form of more than 1000 fields"
