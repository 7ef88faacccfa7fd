"""Expressions that users write can neither break nor stop the server."""

from __future__ import annotations

import pytest
from lxml import etree

from ihe_mock_async.journal.json_equality import Comparison, TooLargeError
from ihe_mock_async.journal.json_path import BadJsonPathError, JsonPathExpression
from ihe_mock_async.journal.regular_expression import (
    MAX_SUBJECT,
    BadExpressionError,
    Expression,
    TooSlowError,
)
from ihe_mock_async.journal.xpath_expression import (
    PREFIXES,
    BadXPathError,
    TooCostlyError,
    XPathExpression,
)

DOCUMENT = etree.fromstring(b"<a><b c='1'>x<d>y</d></b><b c='2'/></a>")


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("(", "missing )"),
        ("a{99999999999}", "repeat count too big"),
        ("(" * 900 + ")" * 900, "it is too large"),
        ("a" * 2001, "it has more than 2000 characters"),
    ],
)
def test_no_regular_expression(expression: str, why: str) -> None:
    with pytest.raises(BadExpressionError, match=why.replace(")", r"\)")):
        Expression(expression)


def test_part_of_a_text_or_all_of_it() -> None:
    expression = Expression("b+")

    assert expression.occurs_in("abbc")
    assert not expression.matches("abbc")
    assert expression.matches("bb")


def test_an_expression_is_stopped() -> None:
    with pytest.raises(TooSlowError):
        Expression("(a|aa)+b").matches("a" * 100)
    with pytest.raises(TooSlowError, match="longer than"):
        Expression("a*").matches("a" * (MAX_SUBJECT + 1))


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("/a/b", ["xy", ""]),
        ("/a/b/@c", ["1", "2"]),
        ("//text()", ["x", "y"]),
        ("count(//b)", ["2"]),
        ("1 div 4", ["0.25"]),
        ("1 div 0", ["Infinity"]),
        ("0 div 0", []),
        ("count(//z)", []),
        ("string(//d)", ["y"]),
        ("string(//z)", []),
        ("count(//b) = 2", ["true"]),
        ("count(//b) = 3", []),
        ("//b[d and not(@e)]/@c", ["1"]),
        ("'no:prefix, no $variable, no function()'", ["no:prefix, no $variable, no function()"]),
        ("child::b/descendant-or-self::node()/self::d", ["y"]),
    ],
)
def test_what_xpath_selects(expression: str, texts: list[str]) -> None:
    assert XPathExpression(expression, {}, {}).selected(DOCUMENT) == texts


def test_prefixes_and_variables() -> None:
    document = etree.fromstring(b"<x:a xmlns:x='urn:hl7-org:v3'><x:b c='it&apos;s'/></x:a>")

    own = XPathExpression("/my:a/hl7:b[@c = $c]/@c", {"my": PREFIXES["hl7"]}, {"c": "it's"})

    assert own.selected(document) == ["it's"]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "it is empty"),
        ("//[", "Invalid expression"),
        ("//v3:a", 'the prefix "v3" is not declared; known are soap'),
        ("//*[v3:a]", 'the prefix "v3"'),
        ("//*[@id = $id]", 'the variable "id" has no value'),
        ("//*[matches(., 'a')]", 'there is no function "matches" in XPath 1.0'),
        ("document('/etc/passwd')", 'there is no function "document"'),
        ("re:test('a', 'b')", 'the prefix "re"'),
        ("count('a')", "Invalid type"),
        ("a\ud800", "characters that XML cannot hold"),
        ("(" * 1500 + "1" + ")" * 1500, "Recursion limit exceeded"),
        ("a" * 4001, "more than 4000 characters"),
    ],
)
def test_no_xpath(expression: str, why: str) -> None:
    with pytest.raises(BadXPathError) as caught:
        XPathExpression(expression, {}, {})

    assert why in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "//b[//b]",
        "//b[.//b]",
        "//b/following::b",
        "//b[preceding-sibling::b]",
        "/a/b[/a/b=1]",
        "a/b[c or /a/b]",
        "a/b[2 * /a/b = 1]",
        "/a/b = /a/b[. = 'x']",
        "/a/b > /a/b",
    ],
)
def test_an_expression_of_quadratic_cost_is_not_begun(expression: str) -> None:
    many = etree.fromstring(b"<a>" + b"<b/>" * 20_000 + b"</a>")

    with pytest.raises(TooCostlyError):
        XPathExpression(expression, {}, {}).selected(many)
    assert XPathExpression("//b[@x or y]/z//w | //b[1]", {}, {}).selected(many) == [""]
    assert XPathExpression("/a/b[position() = last() or . = 'x']", {}, {}).selected(many) == [""]


def test_nested_elements_do_not_fill_the_memory_with_their_texts() -> None:
    deep = etree.fromstring(b"<a>" * 200 + b"x" * 1_000_000 + b"</a>" * 200)

    with pytest.raises(TooCostlyError):
        XPathExpression("//a", {}, {}).selected(deep)
    assert len(XPathExpression("//a", {}, {}).selected(deep, most=3)) == 3


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("$.a[*]", ["1", "x"]),
        ("$.b", ['{"c":"é"}']),
        ("$.n", []),
        ("$..c", ["é"]),
        ("$.a[?search(@, 'x')]", ["x"]),
        ("$.a[?match(@, '(')]", []),
        ("$.a[?match(@, 1)]", []),
    ],
)
def test_what_jsonpath_selects(expression: str, texts: list[str]) -> None:
    document = {"a": [1, "x"], "b": {"c": "é"}, "n": None}

    assert JsonPathExpression(expression).selected(document) == texts


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "it is empty"),
        ("a.b", "expected"),
        ("$.", "expected a shorthand selector"),
        ("$[?foo(@)]", "'foo' is not defined"),
        ("$[?@.a =~ /b/]", "unexpected token"),
        ("$" + "[?@" * 400 + "]" * 400, "recursion"),
        ("$" + "[0,0]" * 14, "its selectors multiply to more than 10000"),
        ("$" + ".a" * 1001, "more than 2000 characters"),
    ],
)
def test_no_jsonpath(expression: str, why: str) -> None:
    with pytest.raises(BadJsonPathError) as caught:
        JsonPathExpression(expression)

    assert why in str(caught.value)


def test_jsonpath_of_quadratic_cost_is_not_begun() -> None:
    document = [[1] * 100] * 100

    with pytest.raises(BadJsonPathError, match="too long"):
        JsonPathExpression("$..*..x").selected(document)
    assert JsonPathExpression("$..x").selected(document) == []


def test_jsonpath_cannot_go_too_deep() -> None:
    document: list[object] = []
    for _ in range(900):
        document = [document]

    with pytest.raises(BadJsonPathError, match="recursion"):
        JsonPathExpression("$..x").selected(document)


def test_all_that_is_selected_is_looked_at_or_nothing() -> None:
    items = etree.fromstring(b"<a>" + b"<b/>" * 5000 + b"<b>x</b></a>")

    assert XPathExpression("//b", {}, {}).selected(items)[-1] == "x"
    assert JsonPathExpression("$[*]").selected([0] * 5000 + ["x"])[-1] == "x"
    assert JsonPathExpression("$[*]").selected([1] * 200_000, most=2) == ["1", "1"]
    with pytest.raises(BadJsonPathError, match="selects more than 100000"):
        JsonPathExpression("$[*]").selected([1] * 200_000)


def test_regular_expressions_in_jsonpath_are_stopped() -> None:
    assert JsonPathExpression("$[?match(@, '(a|aa)+b')]").selected(["a" * 100]) == []


def test_comparisons_of_large_arrays_in_any_order_are_ended() -> None:
    with pytest.raises(TooLargeError):
        Comparison(ignore_array_order=True).equal(list(range(1000)), list(range(1000)))
    assert Comparison().equal(list(range(1000)), list(range(1000)))
    assert Comparison(ignore_array_order=True).equal([1] * 300, [1] * 300)


def test_deep_values_cannot_be_compared() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]

    with pytest.raises(TooLargeError, match="too deeply"):
        Comparison().equal(deep, deep)
