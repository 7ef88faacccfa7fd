"""Patients and their identifiers in one namespace (`state.Patients`), in tables.

A look-up is one statement per identifier: within a process that costs less than building a
statement for each number of identifiers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import NO_TRAITS, PatientTraits, RegisteredPatient
from ihe_mock_async.store.schema import (
    PATIENT_IDENTIFIERS,
    PATIENTS,
    equal,
    parameter,
    sql,
    timestamp,
)
from ihe_mock_async.store.sequences import Sequences

_P, _I = PATIENTS.c, PATIENT_IDENTIFIERS.c
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
    .values({_P.demographics: parameter(), _P.updated: parameter()})
)
_MOVE_IDENTIFIERS = sql(
    update(PATIENT_IDENTIFIERS)
    .where(*equal(_I.namespace, _I.patient_key))
    .values({_I.patient_key: parameter()})
)
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
                demographics,
                traits.birth_time,
                traits.gender,
                moment,
                moment,
            ),
        )
        self._add_identifiers(patient_key, identifiers)
        return patient_key

    def _add_identifiers(self, patient_key: int, identifiers: Sequence[PatientIdentifier]) -> None:
        for identifier in identifiers:
            self._cursor.execute(
                _ADD_IDENTIFIER,
                (
                    self._namespace,
                    identifier.root,
                    identifier.extension,
                    patient_key,
                    None,
                    None,
                ),
            )

    def revise(
        self,
        patient_key: int,
        new_identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> None:
        """Replace the demographics, and add identifiers that no patient has yet.

        Raises LookupError when no patient has this key.
        """
        self._change_patient(_REVISE, patient_key, demographics, timestamp(now))
        self._add_identifiers(patient_key, new_identifiers)

    def link(self, patient_key: int, other_key: int, now: datetime) -> None:
        """Cross-reference two patients: all identifiers of `other_key` move to `patient_key`.

        The other patient is gone then, its demographics included. Raises LookupError when no
        patient has the first key.
        """
        if patient_key == other_key:
            return
        self._change_patient(_TOUCH, patient_key, timestamp(now))
        self._cursor.execute(_MOVE_IDENTIFIERS, (patient_key, self._namespace, other_key))
        self._cursor.execute(_REMOVE_PATIENT, (self._namespace, other_key))

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
