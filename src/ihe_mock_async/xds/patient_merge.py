"""What a merge of patients does to the registry (ITI TF-2: 3.44.4.2.4)."""

from __future__ import annotations

from ihe_mock_async.state import Documents, ObjectKind, ObjectSearch
from ihe_mock_async.xds import stored_form

_OF_PATIENTS = (ObjectKind.DOCUMENT_ENTRY, ObjectKind.SUBMISSION_SET, ObjectKind.FOLDER)


def move_objects(documents: Documents, subsumed: str, surviving: str) -> None:
    """Give all objects of the subsumed patient to the surviving one; both are CX forms.

    Whatever version and status they have. sourcePatientId and sourcePatientInfo stay: they say
    what the source knew.
    """
    for kind in _OF_PATIENTS:
        for registered in documents.search(ObjectSearch(kind, patient_ids=(subsumed,))):
            documents.replace(stored_form.with_patient_id(registered, surviving))
