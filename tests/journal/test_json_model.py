"""What is wrong with a JSON document is told key by key."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from ihe_mock_async.errors import KeyProblem, WrongJsonError
from ihe_mock_async.journal.json_model import JsonModel, problems, read, wrong


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Leaf(JsonModel):
    text_means: ClassVar[str] = "leaf_name"

    leaf_name: str
    size: Annotated[int, Field(ge=1, le=9)] = 1

    @model_validator(mode="after")
    def _is_no_thorn(self) -> Self:
        if self.leaf_name == "thorn":
            wrong("is {a} thorn", "a leaf", "leafName")
        if self.leaf_name == "branch":
            raise ValueError("is a branch")
        return self


class Tree(JsonModel):
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    by_name: Mapping[str, Annotated[Leaf, "a leaf"]] = Field(default_factory=dict)
    colour: Colour = Colour.RED
    kind: Literal["oak", "elm"] = "oak"
    is_old: bool = False
    height: float = 1.0
    latin: Annotated[str, Field(pattern="^[A-Z]")] = "Quercus"
    rings: Annotated[tuple[int, ...], Field(max_length=2)] = ()


def wrong_keys(document: object, model: type[BaseModel] = Tree) -> list[KeyProblem]:
    with pytest.raises(WrongJsonError) as caught:
        read(model, document)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], KeyProblem("", "is a list of 0 items", "an object")),
        ("oak", KeyProblem("", 'is the text "oak"', "an object")),
        ({"leaf": 1}, KeyProblem("leaf", "is the number 1", "an object or a text")),
        ({"leaf": {}}, KeyProblem("leaf.leafName", "is missing")),
        ({"leaf": {"leafName": None}}, KeyProblem("leaf.leafName", "is null", "a text")),
        (
            {"leaves": ["a", {"leafName": "b", "size": 10}]},
            KeyProblem("leaves[1].size", "is the number 10", "less than or equal to 9"),
        ),
        ({"leaves": {"a": 1}}, KeyProblem("leaves", "is an object of 1 key", "a list")),
        ({"byName": []}, KeyProblem("byName", "is a list of 0 items", "an object")),
        (
            {"byName": {"a b": {"leafName": True}}},
            KeyProblem('byName["a b"].leafName', "is true", "a text"),
        ),
        ({"leaf": "thorn"}, KeyProblem("leaf.leafName", "is {a} thorn", "a leaf")),
        ({"leaf": "branch"}, KeyProblem("leaf", "is a branch")),
        (
            {"colour": "RDE"},
            KeyProblem("colour", 'is the text "RDE"; did you mean "red"?', "'red' or 'blue'"),
        ),
        ({"kind": "ash"}, KeyProblem("kind", 'is the text "ash"', "'oak' or 'elm'")),
        ({"isOld": "maybe"}, KeyProblem("isOld", 'is the text "maybe"', "true or false")),
        ({"height": [1, 2]}, KeyProblem("height", "is a list of 2 items", "a number")),
        (
            {"latin": "quercus"},
            KeyProblem(
                "latin", 'is the text "quercus"', "a text that should match pattern '^[A-Z]'"
            ),
        ),
        ({"rings": [1.5]}, KeyProblem("rings[0]", "is the number 1.5", "a whole number")),
    ],
    ids=str,
)
def test_a_wrong_value_is_told(document: object, problem: KeyProblem) -> None:
    assert wrong_keys(document) == [problem]


def test_a_length_that_is_wrong_is_told() -> None:
    (problem,) = wrong_keys({"rings": [1, 2, 3]})

    assert problem.key == "rings"
    assert problem.problem == "is a list of 3 items"
    assert problem.allowed.startswith("a list that should have at most 2 items")


@pytest.mark.parametrize(
    ("document", "key", "problem", "allowed"),
    [
        ({"leef": 1}, "leef", 'is an unknown key; did you mean "leaf"?', "leaf, leaves, byName"),
        ({"zzz": 1}, "zzz", "is an unknown key", "leaf, leaves, byName"),
        (
            {"leaves": [{"leafName": "a"}, {"leafName": "b", "seize": 1}]},
            "leaves[1].seize",
            'is an unknown key; did you mean "size"?',
            "leafName, size",
        ),
        (
            {"byName": {"size": {"leafName": "a", "leafname": "b"}}},
            "byName.size.leafname",
            'is an unknown key; did you mean "leafName"?',
            "leafName, size",
        ),
    ],
)
def test_an_unknown_key_is_told_with_the_closest_one(
    document: object, key: str, problem: str, allowed: str
) -> None:
    (found,) = wrong_keys(document)

    assert (found.key, found.problem) == (key, problem)
    assert found.allowed.startswith(allowed)


def test_all_problems_are_told_in_one_text() -> None:
    with pytest.raises(WrongJsonError) as caught:
        read(Tree, {"leaf": {}, "isOld": 5, "kind": 1, "no key\n": 0})

    assert str(caught.value).splitlines() == [
        "leaf.leafName: is missing",
        "kind: is the number 1; allowed: 'oak' or 'elm'",
        "isOld: is the number 5; allowed: true or false",
        '["no key\\n"]: is an unknown key; allowed: leaf, leaves, byName, colour, kind, isOld, '
        "height, latin, rings",
    ]


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, 10**5000, -(10**5000), [0] * 10_000, {"a": "b" * 10_000}, 1e308, "\0"],
    ids=["text", "number", "negative", "list", "object", "float", "control"],
)
def test_a_huge_value_is_told_in_short(value: object) -> None:
    (problem,) = wrong_keys({"colour": value})

    assert len(problem.problem) < 120
    assert problem.problem.isprintable()


def test_a_text_is_short_for_a_key() -> None:
    assert read(Tree, {"leaf": "a"}) == Tree(leaf=Leaf(leaf_name="a"))


def test_the_short_form_stands_in_the_schema() -> None:
    schema = Tree.model_json_schema()

    short, whole = schema["$defs"]["Leaf"]["anyOf"]
    assert short == {"type": "string", "description": "Short for `leafName`."}
    assert whole["required"] == ["leafName"]
    assert "title" not in schema["properties"]["isOld"]


def test_problems_of_pydantic_are_read_without_raising_ours() -> None:
    with pytest.raises(ValidationError) as caught:
        Tree.model_validate({"height": "tall"})

    assert problems(caught.value, Tree) == [KeyProblem("height", 'is the text "tall"', "a number")]


def test_json_has_the_keys_of_its_schema_and_python_the_names_of_fields() -> None:
    assert read(Tree, {"isOld": True}) == Tree(is_old=True)
    (unknown,) = wrong_keys({"is_old": True})
    assert unknown.problem == 'is an unknown key; did you mean "isOld"?'
