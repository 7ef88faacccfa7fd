"""The rules of a PIX query's parameters, and of what they ask for (ITI TF-2: 3.45.4)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3.rules import (
    CONSTRAINT_VIOLATION,
    DATA_TYPE_ERROR,
    MISSING_ELEMENT,
    TOO_MANY,
    UNKNOWN_KEY,
)

_PARAMETERS = "ITI TF-2: 3.45.4.1.2"
_ACTIONS = "ITI TF-2: 3.45.4.2.3"

# ---------------------------------------------------------------- the message

PATIENT_IDENTIFIER = Rule(
    "iti45-patient-identifier",
    Severity.ERROR,
    "The query has a patientIdentifier with a value",
    _PARAMETERS,
    "Add patientIdentifier/value with the patient's id to parameterList.",
    MISSING_ELEMENT,
    essential=True,
)
# Essential, as one answer cannot say to which of several patients its ids belong.
PATIENT_IDENTIFIER_SINGLE = Rule(
    "iti45-patient-identifier-single",
    Severity.ERROR,
    "The query has exactly one patientIdentifier with one value",
    _PARAMETERS,
    "Send one query for each identifier.",
    TOO_MANY,
    essential=True,
)
PATIENT_IDENTIFIER_FORM = Rule(
    "iti45-patient-identifier-form",
    Severity.ERROR,
    "The value of patientIdentifier has an ISO OID as its root, and an extension",
    _PARAMETERS,
    "Write the OID of the assigning authority as root, the patient's number as extension.",
    DATA_TYPE_ERROR,
    essential=True,
)
DATA_SOURCE = Rule(
    "iti45-data-source",
    Severity.ERROR,
    "Each dataSource has exactly one value of which the root is an ISO OID",
    _PARAMETERS,
    "Write one dataSource for each domain, with the bare OID of its assigning authority.",
    DATA_TYPE_ERROR,
)
DATA_SOURCE_EXTENSION = Rule(
    "iti45-data-source-extension",
    Severity.WARNING,
    "The value of a dataSource has no extension",
    _PARAMETERS,
    "Remove the extension; the OID in root names the domain alone.",
    CONSTRAINT_VIOLATION,
)
SEMANTICS_TEXT = Rule(
    "iti45-semantics-text",
    Severity.WARNING,
    "Each parameter has a semanticsText after its value",
    _PARAMETERS,
    "Write Patient.id for patientIdentifier, DataSource.id for dataSource.",
    MISSING_ELEMENT,
)
PARAMETER = Rule(
    "iti45-parameter",
    Severity.WARNING,
    "The parameters of a PIX query are patientIdentifier and dataSource",
    _PARAMETERS,
    "Remove the parameter, or correct its name or namespace; it is ignored.",
    CONSTRAINT_VIOLATION,
)

# ---------------------------------------------------------------- the state
# Essential: cases 4 and 5 of 3.45.4.2.3 are errors whatever the mode is.

UNKNOWN_IDENTIFIER = Rule(
    "iti45-unknown-identifier",
    Severity.ERROR,
    "Unknown key identifier: the patient identifier of a query is known",
    _ACTIONS,
    "Register the patient with ITI-44 first, or correct root and extension.",
    UNKNOWN_KEY,
    essential=True,
)
SUBSUMED_IDENTIFIER = Rule(
    "iti45-subsumed-identifier",
    Severity.ERROR,
    "Unknown key identifier: the patient identifier of a query has not been subsumed by a merge",
    _ACTIONS,
    "Query with the surviving identifier; a merge cannot be undone.",
    UNKNOWN_KEY,
    essential=True,
)
UNKNOWN_DOMAIN = Rule(
    "iti45-unknown-domain",
    Severity.ERROR,
    "Unknown key identifier: the domain of each dataSource is known",
    _ACTIONS,
    "Correct the OID, add it to the setting assigning_authorities, or register a patient in it.",
    UNKNOWN_KEY,
    essential=True,
)

RULES = (
    PATIENT_IDENTIFIER,
    PATIENT_IDENTIFIER_SINGLE,
    PATIENT_IDENTIFIER_FORM,
    DATA_SOURCE,
    DATA_SOURCE_EXTENSION,
    SEMANTICS_TEXT,
    PARAMETER,
    UNKNOWN_IDENTIFIER,
    SUBSUMED_IDENTIFIER,
    UNKNOWN_DOMAIN,
)
