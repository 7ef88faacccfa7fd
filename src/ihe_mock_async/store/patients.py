"""Patients and their identifiers in one namespace (`state.Patients`), in tables.

A look-up is one statement per identifier: within a process that costs less than building a
statement for each number of identifiers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import (
    NO_TRAITS,
    FoundPatient,
    PatientRecord,
    PatientSearch,
    PatientTraits,
    RegisteredPatient,
)
from ihe_mock_async.store.patient_search import search_statement
from ihe_mock_async.store.schema import (
    FAMILY_NAMES,
    PATIENT_IDENTIFIERS,
    PATIENTS,
    equal,
    parameter,
    sql,
    timestamp,
)
from ihe_mock_async.store.sequences import Sequences

_P, _I, _F = PATIENTS.c, PATIENT_IDENTIFIERS.c, FAMILY_NAMES.c
_IDENTIFIER = (_I.namespace, _I.root, _I.extension)

_FIND = sql(
    select(_I.patient_key, _I.subsumed_by_root, _I.subsumed_by_extension).where(
        *equal(*_IDENTIFIER)
    )
)
_ADD_PATIENT = sql(insert(PATIENTS))
_ADD_IDENTIFIER = sql(insert(PATIENT_IDENTIFIERS))
_REVISE = sql(
    update(PATIENTS)
    .where(*equal(_P.namespace, _P.key))
    .values(
        {
            column: parameter()
            for column in (_P.birth_time, _P.gender, _P.description, _P.updated, _P.demographics)
        }
    )
)
_LAST_POSITION = sql(select(func.max(_I.position)).where(*equal(_I.namespace, _I.patient_key)))
_MOVE_IDENTIFIERS = sql(
    update(PATIENT_IDENTIFIERS)
    .where(*equal(_I.namespace, _I.patient_key))
    .values({_I.patient_key: parameter(), _I.position: _I.position + parameter()})
)
_ADD_FAMILY_NAME = sql(insert(FAMILY_NAMES))
_REMOVE_FAMILY_NAMES = sql(delete(FAMILY_NAMES).where(*equal(_F.namespace, _F.patient_key)))
_REMOVE_PATIENT = sql(delete(PATIENTS).where(*equal(_P.namespace, _P.key)))
_TOUCH = sql(
    update(PATIENTS).where(*equal(_P.namespace, _P.key)).values({_P.updated: parameter()})
)
# The namespace stands in both alternatives, so that each is found by an index of its own.
_SUBSUME = sql(
    update(PATIENT_IDENTIFIERS)
    .where(
        or_(
            and_(*equal(*_IDENTIFIER)),
            and_(*equal(_I.namespace, _I.subsumed_by_root, _I.subsumed_by_extension)),
        )
    )
    .values({_I.subsumed_by_root: parameter(), _I.subsumed_by_extension: parameter()})
)
_RECORD = sql(select(_P.key, _P.demographics).where(*equal(_P.namespace, _P.key)))
_ACTIVE_IDENTIFIERS = sql(
    select(_I.root, _I.extension)
    .where(*equal(_I.namespace, _I.patient_key), _I.subsumed_by_root.is_(None))
    .order_by(_I.position)
)
_KNOWS_AUTHORITY = sql(select(exists().where(*equal(_I.namespace, _I.root))))


class PatientTables:
    """The patients of one namespace, on a cursor that is in a transaction.

    Adding an identifier that is registered already raises the driver's IntegrityError: finding
    it first is the transaction's business.
    """

    __slots__ = ("_cursor", "_namespace", "_sequences")

    def __init__(self, cursor: DBAPICursor, namespace: int, sequences: Sequences) -> None:
        self._cursor = cursor
        self._namespace = namespace
        self._sequences = sequences

    def find(
        self, identifiers: Collection[PatientIdentifier]
    ) -> Mapping[PatientIdentifier, RegisteredPatient]:
        """The known ones among the identifiers, subsumed ones included."""
        found = {}
        for identifier in identifiers:
            registered = self._find_one(identifier)
            if registered is not None:
                found[identifier] = registered
        return found

    def _find_one(self, identifier: PatientIdentifier) -> RegisteredPatient | None:
        cursor = self._cursor
        cursor.execute(_FIND, (self._namespace, identifier.root, identifier.extension))
        row = cursor.fetchone()
        if row is None:
            return None
        patient_key, root, extension = row
        survivor = None if root is None else PatientIdentifier(root, extension)
        return RegisteredPatient(identifier, patient_key, survivor)

    def add(
        self,
        identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> int:
        """Store a new patient, and return its key; `demographics` is the hl7:patient element."""
        patient_key = self._sequences.next_patient()
        moment = timestamp(now)
        self._cursor.execute(
            _ADD_PATIENT,
            (
                patient_key,
                self._namespace,
                traits.birth_time,
                traits.gender,
                traits.description,
                moment,
                moment,
                demographics,
            ),
        )
        self._add_identifiers(patient_key, identifiers, 0)
        self._add_family_names(patient_key, traits)
        return patient_key

    def _add_identifiers(
        self, patient_key: int, identifiers: Sequence[PatientIdentifier], position: int
    ) -> None:
        for number, identifier in enumerate(identifiers, position):
            self._cursor.execute(
                _ADD_IDENTIFIER,
                (
                    self._namespace,
                    identifier.root,
                    identifier.extension,
                    patient_key,
                    number,
                    None,
                    None,
                ),
            )

    def _add_family_names(self, patient_key: int, traits: PatientTraits) -> None:
        for name in dict.fromkeys(traits.family_names):
            self._cursor.execute(_ADD_FAMILY_NAME, (self._namespace, name, patient_key))

    def _next_position(self, patient_key: int) -> int:
        self._cursor.execute(_LAST_POSITION, (self._namespace, patient_key))
        (last,) = self._cursor.fetchone() or (None,)
        return 0 if last is None else int(last) + 1

    def revise(
        self,
        patient_key: int,
        new_identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> None:
        """Replace the demographics and traits, and add identifiers that no patient has yet.

        Raises LookupError when no patient has this key.
        """
        self._change_patient(
            _REVISE,
            patient_key,
            traits.birth_time,
            traits.gender,
            traits.description,
            timestamp(now),
            demographics,
        )
        self._cursor.execute(_REMOVE_FAMILY_NAMES, (self._namespace, patient_key))
        self._add_family_names(patient_key, traits)
        if new_identifiers:
            position = self._next_position(patient_key)
            self._add_identifiers(patient_key, new_identifiers, position)

    def link(self, patient_key: int, other_key: int, now: datetime) -> None:
        """Cross-reference two patients: all identifiers of `other_key` move to `patient_key`.

        The other patient is gone then, its demographics and traits included: a search finds
        what a record shows. Raises LookupError when no patient has the first key.
        """
        if patient_key == other_key:
            return
        self._change_patient(_TOUCH, patient_key, timestamp(now))
        other = (self._namespace, other_key)
        position = self._next_position(patient_key)
        self._cursor.execute(_MOVE_IDENTIFIERS, (patient_key, position, *other))
        self._cursor.execute(_REMOVE_FAMILY_NAMES, other)
        self._cursor.execute(_REMOVE_PATIENT, other)

    def subsume(
        self, subsumed: PatientIdentifier, surviving: PatientIdentifier, now: datetime
    ) -> None:
        """Record that the surviving identifier replaces the subsumed one, for good.

        Whatever was subsumed into the subsumed one goes along, so that `subsumed_by` is always
        the last of its chain (ITI TF-2: 3.44.4.2.4). Raises LookupError when either identifier
        is not registered, and ValueError when the subsumed one is the survivor itself.
        """
        known = self.find((subsumed, surviving))
        if subsumed not in known or surviving not in known:
            raise LookupError(f"{subsumed.cx} and {surviving.cx} must both be registered")
        survivor = known[surviving].subsumed_by or surviving
        if survivor == subsumed:
            raise ValueError(f"{surviving.cx} has been subsumed by {subsumed.cx}")
        replaced = (self._namespace, subsumed.root, subsumed.extension)
        self._cursor.execute(_SUBSUME, (survivor.root, survivor.extension, *replaced, *replaced))
        self._change_patient(_TOUCH, known[surviving].patient_key, timestamp(now))

    def _change_patient(self, statement: str, patient_key: int, *values: str | bytes) -> None:
        self._cursor.execute(statement, (*values, self._namespace, patient_key))
        if self._cursor.rowcount != 1:
            raise LookupError(f"no patient has the key {patient_key}")

    def records(self, keys: Collection[int]) -> Sequence[PatientRecord]:
        """Patients by key, in the order of the keys; unknown ones are absent."""
        found: list[tuple[int, bytes]] = []
        for key in keys:
            self._cursor.execute(_RECORD, (self._namespace, key))
            found.extend(self._cursor.fetchall())
        return self._records(found)

    def search(self, search: PatientSearch) -> Sequence[FoundPatient]:
        """The patients for whom every condition holds, by key; see `state.Patients`."""
        owners = self.find(search.identifiers)
        keys = {owner.patient_key for owner in owners.values()}
        if search.identifiers and (len(owners) < len(set(search.identifiers)) or len(keys) > 1):
            return []  # an identifier that nobody has, or identifiers of several patients
        self._cursor.execute(*search_statement(search, self._namespace, *keys))
        return [FoundPatient(*row) for row in self._cursor.fetchall()]

    def _records(self, rows: Sequence[tuple[int, bytes]]) -> list[PatientRecord]:
        return [PatientRecord(key, self._active(key), demographics) for key, demographics in rows]

    def _active(self, patient_key: int) -> tuple[PatientIdentifier, ...]:
        self._cursor.execute(_ACTIVE_IDENTIFIERS, (self._namespace, patient_key))
        return tuple([PatientIdentifier(*row) for row in self._cursor.fetchall()])

    def known_authorities(self, roots: Collection[str]) -> frozenset[str]:
        """Those of the assigning authorities that have given some patient an identifier."""
        return frozenset(root for root in roots if self._knows(root))

    def _knows(self, root: str) -> bool:
        self._cursor.execute(_KNOWS_AUTHORITY, (self._namespace, root))
        (known,) = self._cursor.fetchone() or (0,)
        return bool(known)
