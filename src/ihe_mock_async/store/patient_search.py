"""The statements of patient searches: one for each shape of `state.PatientSearch`.

Names and birth times are sets of patient keys that an index answers; what only a description
tells is looked for in all descriptions of the namespace, which are short and kept side by side
with the keys. However many conditions of a kind there are, all but the first are one parameter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import ColumnElement, exists, func, literal_column, select, union_all

from ihe_mock_async.state import PatientSearch
from ihe_mock_async.store.schema import (
    FAMILY_NAMES,
    PATIENT_IDENTIFIERS,
    PATIENTS,
    each_of,
    equal,
    parameter,
    sql,
    value_list,
)

_P, _I, _F = PATIENTS.c, PATIENT_IDENTIFIERS.c, FAMILY_NAMES.c

_SELECTED = select(_P.key, _P.birth_time, _P.gender, _P.description).order_by(_P.key)
_IS_ACTIVE = exists().where(_I.patient_key == _P.key, _I.subsumed_by_root.is_(None))
_WITH_FAMILY_PREFIX = select(_F.patient_key).where(
    *equal(_F.namespace), _F.name >= parameter(), _F.name < parameter()
)
_BORN_WITHIN = select(_P.key).where(
    *equal(_P.namespace), _P.birth_time >= parameter(), _P.birth_time < parameter()
)
_BORN_AT = select(_P.key).where(*equal(_P.namespace, _P.birth_time))

# The precisions of an HL7 TS: year, month, day, hour, minute, second.
_PRECISIONS = (4, 6, 8, 10, 12, 14)
_BEFORE_ALL_YEARS = "0"
_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which conditions a search has, in the order of its values."""

    key: bool
    family_prefix: bool
    other_prefixes: bool
    less_precise: int | None
    """In how many less precise forms a birth time is looked for; None: in none."""
    birth_years: bool
    gender: bool
    fragment: bool
    other_fragments: bool

    @property
    def needs_namespace(self) -> bool:
        """Whether no condition finds patients of the namespace alone."""
        by_index = self.family_prefix or self.less_precise is not None or self.birth_years
        return not by_index


def search_statement(
    search: PatientSearch, namespace: int, key: int | None = None
) -> tuple[str, list[str | int]]:
    """The SQL that finds key, birth time, gender and description, by key, and its parameters.

    `key`: of the one patient that has the identifiers of the search, when it has some.
    """
    shape = _Shape(
        key is not None,
        bool(search.family_prefixes),
        len(search.family_prefixes) > 1,
        len(_less_precise(search.birth_prefix)) if search.birth_prefix else None,
        any(search.birth_years),
        bool(search.gender),
        bool(search.fragments),
        len(search.fragments) > 1,
    )
    return _compiled(shape), list(_values(search, shape, namespace, key))


# ---------------------------------------------------------------- the statement


@lru_cache(maxsize=512)
def _compiled(shape: _Shape) -> str:
    return sql(_SELECTED.where(*_clauses(shape), _IS_ACTIVE))


def _clauses(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    if shape.key:
        yield from equal(_P.key)
    if shape.needs_namespace:
        yield from equal(_P.namespace)
    yield from _trait_clauses(shape)
    if shape.fragment:
        yield func.instr(_P.description, parameter()) > literal_column("0")
    if shape.other_fragments:
        yield each_of(lambda value: func.instr(_P.description, value) > literal_column("0"))


def _trait_clauses(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    if shape.family_prefix:
        yield _P.key.in_(_WITH_FAMILY_PREFIX)
    if shape.other_prefixes:
        yield each_of(_has_family_prefix)
    if shape.less_precise is not None:
        yield _P.key.in_(union_all(_BORN_WITHIN, *[_BORN_AT] * shape.less_precise))
    if shape.birth_years:
        yield _P.key.in_(_BORN_WITHIN)
    if shape.gender:
        yield from equal(_P.gender)


def _has_family_prefix(prefix: ColumnElement[str]) -> ColumnElement[bool]:
    begins = func.substr(_F.name, literal_column("1"), func.length(prefix)) == prefix
    # The patient is that of the outermost statement: by itself only the next one is looked at.
    return exists().where(_F.patient_key == _P.key, begins).correlate_except(FAMILY_NAMES)


# ---------------------------------------------------------------- its parameters


def _values(
    search: PatientSearch, shape: _Shape, namespace: int, key: int | None
) -> Iterator[str | int]:
    """In the order in which `_clauses` asks for them."""
    if key is not None:
        yield key
    if shape.needs_namespace:
        yield namespace
    if search.family_prefixes:
        first, *others = search.family_prefixes
        yield from (namespace, first, first + _LAST_CHARACTER)
        yield from _list_of(others)
    yield from _birth_values(search, namespace)
    if search.gender:
        yield search.gender
    if search.fragments:
        first, *others = search.fragments
        yield first
        yield from _list_of(others)


def _birth_values(search: PatientSearch, namespace: int) -> Iterator[str | int]:
    born = search.birth_prefix
    if born:
        yield from (namespace, born, born + _LAST_CHARACTER)
        for digits in _less_precise(born):
            yield from (namespace, digits)
    if any(search.birth_years):
        earliest, latest = search.birth_years
        yield from (namespace, earliest or _BEFORE_ALL_YEARS, latest + _LAST_CHARACTER)


def _list_of(others: list[str]) -> Iterator[str]:
    if others:
        yield value_list(others)


def _less_precise(digits: str) -> list[str]:
    return [digits[:length] for length in _PRECISIONS if length < len(digits)]
