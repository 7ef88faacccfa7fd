"""Queries for what a patient, a code or a time has: Find... and GetAll.

ITI TF-2: 3.18.4.1.2.3.7.1 to 3.18.4.1.2.3.7.4 and 3.18.4.1.2.3.7.14; for several patients
ITI TF-2: 3.51.4.1.2.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.metadata_level import visible
from ihe_mock_async.xds.stored_query.parameters import Arguments, Parameter
from ihe_mock_async.xds.stored_query.search import search_of
from ihe_mock_async.xds.stored_query.selection import ids_of, linked

_KINDS = (v.DOCUMENT_ENTRY, v.SUBMISSION_SET, v.FOLDER)


def find_documents(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Document entries with the attributes that are asked for (3.18.4.1.2.3.7.1)."""
    return _find(v.DOCUMENT_ENTRY, arguments, documents, p.patient_id(v.DOCUMENT_ENTRY.kind))


def find_submission_sets(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Submission sets with the attributes that are asked for (3.18.4.1.2.3.7.2)."""
    return _find(v.SUBMISSION_SET, arguments, documents, p.patient_id(v.SUBMISSION_SET.kind))


def find_folders(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Folders with the attributes that are asked for (3.18.4.1.2.3.7.3)."""
    return _find(v.FOLDER, arguments, documents, p.patient_id(v.FOLDER.kind))


def get_all(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """All that a patient has, and the associations from and to it (3.18.4.1.2.3.7.4)."""
    found = [obj for model in _KINDS for obj in _find(model, arguments, documents, p.PATIENT)]
    ids = ids_of(found)
    return [*found, *linked(arguments, documents, sources=ids, targets=ids)]


def _find(
    model: v.ObjectModel, arguments: Arguments, documents: Documents, patient: Parameter
) -> Sequence[RegistryObject]:
    found = documents.search(search_of(model, arguments, patient))
    return visible(found, arguments, documents)
