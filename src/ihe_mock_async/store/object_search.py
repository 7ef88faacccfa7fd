"""The SQL of `state.ObjectSearch`: one statement for each shape of a search, compiled once.

What a search looks for is always a parameter; its shape says only which conditions there are.
A patient's objects are few, and are found first; without a patient the first condition that an
object must have the attribute for leads, by the index of its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, exists, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ihe_mock_async.state import Condition, ObjectSearch
from ihe_mock_async.store.schema import (
    OBJECT_ATTRIBUTES,
    OBJECTS,
    among,
    equal,
    like_one_of,
    parameter,
    sql,
    value_list,
    wildcards,
)

_O = OBJECTS.c
# A row is sequence, namespace and time of registration, then the object's own columns.
_HEAD = 3
OBJECT_COLUMNS = tuple(OBJECTS.c)[_HEAD:]
SELECTED = select(_O.sequence, *OBJECT_COLUMNS)
"""An object with its number, which says when it was registered."""
_SHAPES = 512
"""Statements that are remembered: clients choose the shapes."""


@dataclass(frozen=True, slots=True)
class _ConditionShape:
    """Which tests a condition has."""

    any_of: bool
    like: bool
    at_least: bool
    below: bool
    absent_passes: bool

    @classmethod
    def of(cls, condition: Condition) -> _ConditionShape:
        return cls(
            bool(condition.any_of),
            bool(condition.like),
            bool(condition.at_least),
            bool(condition.below),
            condition.absent_passes,
        )


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which tests a search has, in the order of its values."""

    patients: bool
    statuses: bool
    leading: _ConditionShape | None
    others: tuple[_ConditionShape, ...]


def statement(search: ObjectSearch, namespace: int) -> tuple[str, list[Any]]:
    """The SQL that finds the objects in the order of registration, and its parameters."""
    leading, others = _arrange(search)
    shape = _Shape(
        bool(search.patient_ids),
        bool(search.statuses),
        None if leading is None else _ConditionShape.of(leading),
        tuple(map(_ConditionShape.of, others)),
    )
    return _compiled(shape), list(_values(search, namespace, leading, others))


def _arrange(search: ObjectSearch) -> tuple[Condition | None, list[Condition]]:
    """The condition whose values are looked up first, if there is no patient, and the others."""
    others = list(search.conditions)
    if search.patient_ids:
        return None, others
    able = [condition for condition in others if not condition.absent_passes]
    if not able:
        return None, others
    # Exact values are the most selective; of several the first, so the caller decides.
    leading = next((condition for condition in able if condition.any_of), able[0])
    others.remove(leading)
    return leading, others


# ---------------------------------------------------------------- the statement


@lru_cache(maxsize=_SHAPES)
def _compiled(shape: _Shape) -> str:
    return sql(SELECTED.where(*_clauses(shape)).order_by(_O.sequence))


def _clauses(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    if shape.leading is not None:
        # The namespace is that of the attribute: asked of the object, too, its index would win.
        attributes = OBJECT_ATTRIBUTES.alias("leading").c
        yield _O.sequence.in_(
            select(attributes.object).where(
                *equal(attributes.namespace, attributes.name), *_tests(shape.leading, attributes)
            )
        )
    else:
        yield from equal(_O.namespace)
    if shape.patients:
        yield among(_O.patient_id)
    yield from equal(_O.kind)
    if shape.statuses:
        yield among(_O.status)
    for index, condition in enumerate(shape.others):
        yield _condition(condition, f"attribute_{index}")


def _condition(shape: _ConditionShape, name: str) -> ColumnElement[bool]:
    attributes = OBJECT_ATTRIBUTES.alias(name).c
    one = and_(attributes.object == _O.sequence, *equal(attributes.name))
    passes = exists().where(one, *_tests(shape, attributes))
    if not shape.absent_passes:
        return passes
    others = OBJECT_ATTRIBUTES.alias(f"{name}_absent").c
    absent = ~exists().where(others.object == _O.sequence, *equal(others.name))
    return or_(passes, absent)


def _tests(
    shape: _ConditionShape, attributes: ReadOnlyColumnCollection[str, Column[Any]]
) -> Iterator[ColumnElement[bool]]:
    value = attributes.value
    if shape.any_of:
        yield among(value)
    if shape.like:
        yield like_one_of(value)
    if shape.at_least:
        yield value >= parameter()
    if shape.below:
        yield value < parameter()


# ---------------------------------------------------------------- its parameters


def _values(
    search: ObjectSearch, namespace: int, leading: Condition | None, others: list[Condition]
) -> Iterator[Any]:
    """In the order in which `_clauses` asks for them."""
    yield namespace
    if leading is not None:
        yield leading.attribute
        yield from _test_values(leading)
    if search.patient_ids:
        yield value_list(search.patient_ids)
    yield search.kind
    if search.statuses:
        yield value_list(search.statuses)
    for condition in others:
        yield condition.attribute
        yield from _test_values(condition)
        if condition.absent_passes:
            yield condition.attribute


def _test_values(condition: Condition) -> Iterator[str]:
    if condition.any_of:
        yield value_list(condition.any_of)
    if condition.like:
        yield value_list(wildcards(pattern) for pattern in condition.like)
    yield from filter(None, (condition.at_least, condition.below))
