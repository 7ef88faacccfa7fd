"""The statements of patient searches: one for each shape of `state.PatientSearch`.

Each condition is a set of patient keys that an index answers, so that no search reads patients
which it does not find, except by gender alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, select, union_all

from ihe_mock_async.state import PatientSearch
from ihe_mock_async.store.schema import (
    FAMILY_NAMES,
    PATIENT_IDENTIFIERS,
    PATIENTS,
    equal,
    parameter,
    sql,
)

_P, _I, _F = PATIENTS.c, PATIENT_IDENTIFIERS.c, FAMILY_NAMES.c

_SELECTED = select(_P.key, _P.demographics).order_by(_P.key)
_WITH_IDENTIFIER = select(_I.patient_key).where(*equal(_I.namespace, _I.root, _I.extension))
_WITH_FAMILY_PREFIX = select(_F.patient_key).where(
    *equal(_F.namespace), _F.name >= parameter(), _F.name < parameter()
)
_BORN_WITHIN = select(_P.key).where(
    *equal(_P.namespace), _P.birth_time >= parameter(), _P.birth_time < parameter()
)
_BORN_AT = select(_P.key).where(*equal(_P.namespace, _P.birth_time))

# The precisions of an HL7 TS: year, month, day, hour, minute, second.
_PRECISIONS = (4, 6, 8, 10, 12, 14)
_LAST_CHARACTER = "\U0010ffff"


def search_statement(search: PatientSearch) -> str:
    """The text of the statement that finds key and demographics of the patients, by key."""
    return _statement(
        len(search.identifiers),
        len(search.family_prefixes),
        -1 if not search.birth_prefix else len(_less_precise(search.birth_prefix)),
        bool(search.gender),
    )


def search_values(search: PatientSearch, namespace: int) -> tuple[str | int, ...]:
    """The values for the places of the statement."""
    return tuple(_values(search, namespace))


@lru_cache(maxsize=256)
def _statement(identifiers: int, family_prefixes: int, less_precise: int, gender: bool) -> str:
    conditions = [_is_among(_WITH_IDENTIFIER)] * identifiers
    conditions += [_is_among(_WITH_FAMILY_PREFIX)] * family_prefixes
    if less_precise >= 0:
        born = union_all(_BORN_WITHIN, *[_BORN_AT] * less_precise)
        conditions.append(_P.key.in_(born))
    if not conditions:
        conditions.append(*equal(_P.namespace))
    if gender:
        conditions.extend(equal(_P.gender))
    return sql(_SELECTED.where(*conditions))


def _is_among(keys: Select[tuple[int]]) -> ColumnElement[bool]:
    return _P.key.in_(keys)


def _values(search: PatientSearch, namespace: int) -> Iterator[str | int]:
    for identifier in search.identifiers:
        yield from (namespace, identifier.root, identifier.extension)
    for prefix in search.family_prefixes:
        yield from (namespace, prefix, prefix + _LAST_CHARACTER)
    born = search.birth_prefix
    if born:
        yield from (namespace, born, born + _LAST_CHARACTER)
        for digits in _less_precise(born):
            yield from (namespace, digits)
    if not (search.identifiers or search.family_prefixes or born):
        yield namespace
    if search.gender:
        yield search.gender


def _less_precise(digits: str) -> list[str]:
    return [digits[:length] for length in _PRECISIONS if length < len(digits)]
