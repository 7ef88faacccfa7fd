from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.xds.stored_query.values import MAX_LENGTH, read


def texts(coded: str) -> list[str]:
    return [literal.text for literal in read(coded).literals]


@pytest.mark.parametrize(
    ("coded", "expected", "is_list"),
    [
        ("'a'", ["a"], False),
        ("  'a'\n", ["a"], False),
        ("''", [""], False),
        ("'O''Hara'", ["O'Hara"], False),
        ("''''", ["'"], False),
        ("'a, (b)'", ["a, (b)"], False),
        ("2", ["2"], False),
        ("-1.5", ["-1.5"], False),
        ("('a')", ["a"], True),
        ("('a','b')", ["a", "b"], True),
        ("( 'a' ,\n 'it''s' , 3 )", ["a", "it's", "3"], True),
        ("'K-1^^^&2.999.1&ISO'", ["K-1^^^&2.999.1&ISO"], False),
    ],
)
def test_values_that_are_coded_as_they_should_be(
    coded: str, expected: list[str], is_list: bool
) -> None:
    value = read(coded)

    assert (texts(coded), value.is_list, value.problem) == (expected, is_list, None)


def test_numbers_are_bare_and_strings_are_quoted() -> None:
    number, text = read("(12,'12')").literals

    assert (number.quoted, text.quoted) == (False, True)


@pytest.mark.parametrize(
    ("coded", "meant", "explained"),
    [
        ("", [], "no Slot"),
        ("'a','b'", ["a", "b"], "parentheses around several values"),
        ("'a", ["a"], "a closing quote"),
        ("'O'Hara'", ["O", "Hara", ""], "a closing quote"),
        ("'a' 'b'", ["a", "b"], "quotes inside the text written twice"),
        ("('a''b','c'", ["a'b", "c"], "one pair of parentheses"),
        ("('a' 'b')", ["a", "b"], "one pair of parentheses"),
        ("('a',)", ["a"], "one pair of parentheses"),
        ("(('a'))", ["a"], "one pair of parentheses"),
        ("()", [], "one pair of parentheses"),
        ("('a'),('b')", ["a", "b"], "one pair of parentheses"),
        ("a,b", ["a", "b"], "parentheses around several values"),
    ],
)
def test_what_is_coded_wrongly_is_explained_and_what_was_meant_is_kept(
    coded: str, meant: list[str], explained: str
) -> None:
    problem = read(coded).problem

    assert texts(coded) == meant
    assert problem is not None
    assert explained in problem


@pytest.mark.parametrize(
    ("coded", "meant"),
    [
        ("urn:uuid:1", ["urn:uuid:1"]),
        ("(urn:a:b,urn:c:d)", ["urn:a:b", "urn:c:d"]),
        ('"2.999.1"', ["2.999.1"]),
        ("\u20182.999.1\u2019", ["2.999.1"]),
        ("1.2.3", ["1.2.3"]),
    ],
)
def test_what_is_in_other_quotes_or_none_is_told_from_strings(
    coded: str, meant: list[str]
) -> None:
    value = read(coded)

    assert texts(coded) == meant
    assert value.problem is None
    assert not any(literal.quoted for literal in value.literals)


@pytest.mark.parametrize(("coded", "lacks"), [("'a','b'", True), ("('a' 'b')", False)])
def test_missing_parentheses_are_told_from_other_problems(coded: str, *, lacks: bool) -> None:
    assert read(coded).lacks_parentheses is lacks


def test_a_value_beyond_all_measure_is_not_read() -> None:
    value = read("'" + "a" * MAX_LENGTH + "'")

    assert value.literals == ()
    assert value.problem is not None


@pytest.mark.parametrize("piece", ["'", "''", "(", ",", " ", "a ", "'a',", "v"])
def test_a_long_value_of_any_kind_is_read_in_one_pass(piece: str) -> None:
    text = piece * (MAX_LENGTH // len(piece))

    assert len(read(text).literals) <= len(text)


@given(st.lists(st.text(), min_size=1))
def test_any_texts_survive_being_coded_as_a_list(wanted: list[str]) -> None:
    quoted = ("'" + text.replace("'", "''") + "'" for text in wanted)

    value = read(f"({','.join(quoted)})")

    assert value.problem is None
    assert [literal.text for literal in value.literals] == wanted


@given(st.text(alphabet="'(), ab1\n", max_size=30))
def test_reading_never_fails(text: str) -> None:
    value = read(text)

    assert value.problem is None or value.problem
