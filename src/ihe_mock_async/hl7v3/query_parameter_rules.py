"""The rules of demographics queries, ITI-47 and ITI-55 (ITI TF-2: 3.47.4.1.2 and 3.55.4.1.2)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3.rules import (
    CONSTRAINT_VIOLATION,
    DATA_TYPE_ERROR,
    MISSING_ELEMENT,
    NOT_IN_CODE_SYSTEM,
    TOO_MANY,
    UNKNOWN_KEY,
)

_MODEL = "ITI TF-2: 3.47.4.1.2.2 and 3.55.4.1.2.2"
_PDQ = "ITI TF-2: 3.47.4.1.2"
_XCPD = "ITI TF-2: 3.55.4.1.2.1"

# ---------------------------------------------------------------- ITI-47 and ITI-55

RESPONSE_MODALITY = Rule(
    "demographics-response-modality",
    Severity.WARNING,
    "responseModalityCode is R, real time",
    _MODEL,
    'Write responseModalityCode code="R" before responsePriorityCode.',
    NOT_IN_CODE_SYSTEM,
)
OMITTED_ELEMENT = Rule(
    "demographics-omitted-element",
    Severity.WARNING,
    "The query has only those elements that the transaction leaves in HL7's model",
    _MODEL,
    "Remove the element; it is not acted on.",
    CONSTRAINT_VIOLATION,
)
OMITTED_PARAMETER = Rule(
    "demographics-omitted-parameter",
    Severity.WARNING,
    "The query has only those parameters that the transaction leaves in HL7's model",
    _MODEL,
    "Remove the parameter: other servers refuse it.",
    CONSTRAINT_VIOLATION,
)
UNKNOWN_PARAMETER = Rule(
    "demographics-unknown-parameter",
    Severity.WARNING,
    "The children of parameterList are parameters by which this server can search",
    _MODEL,
    "Remove the element, or correct its name or namespace; it is not acted on.",
    CONSTRAINT_VIOLATION,
)
MINIMUM_DEGREE = Rule(
    "demographics-minimum-degree-match",
    Severity.ERROR,
    "minimumDegreeMatch is a whole number from 0 to 100",
    _MODEL,
    'Write <value xsi:type="INT" value="75"/>, or leave minimumDegreeMatch out.',
    DATA_TYPE_ERROR,
)
PARAMETER_SINGLE = Rule(
    "demographics-parameter-single",
    Severity.ERROR,
    "A parameter that is not said to repeat occurs once",
    _MODEL,
    "Send the parameter once; livingSubjectId and livingSubjectName may be repeated.",
    TOO_MANY,
)
VALUE_SINGLE = Rule(
    "demographics-value-single",
    Severity.ERROR,
    "A parameter has one value",
    _MODEL,
    "Repeat the parameter where that is allowed, not the value in it.",
    TOO_MANY,
)
VALUE = Rule(
    "demographics-value",
    Severity.ERROR,
    "A parameter has a value by which can be searched",
    _MODEL,
    "Write the value in the form of its data type, or leave the parameter out.",
    DATA_TYPE_ERROR,
)
GENDER = Rule(
    "demographics-gender",
    Severity.WARNING,
    "The code of livingSubjectAdministrativeGender is M, F or UN",
    _MODEL,
    "Write the HL7 V3 code, in upper case; by another one nobody is found.",
    NOT_IN_CODE_SYSTEM,
)
SEMANTICS_TEXT = Rule(
    "demographics-semantics-text",
    Severity.WARNING,
    "A parameter has a semanticsText, which is required by the schema",
    _MODEL,
    "Add semanticsText after value, like LivingSubject.name.",
    MISSING_ELEMENT,
)

SHARED = (
    RESPONSE_MODALITY,
    OMITTED_ELEMENT,
    OMITTED_PARAMETER,
    UNKNOWN_PARAMETER,
    MINIMUM_DEGREE,
    PARAMETER_SINGLE,
    VALUE_SINGLE,
    VALUE,
    GENDER,
    SEMANTICS_TEXT,
)

# ---------------------------------------------------------------- ITI-47

PARAMETER = Rule(
    "iti47-parameter",
    Severity.ERROR,
    "At least one parameter describes the patients that are looked for",
    _PDQ,
    "Add livingSubjectName, livingSubjectBirthTime, livingSubjectId or another parameter.",
    MISSING_ELEMENT,
    essential=True,
)
INITIAL_QUANTITY = Rule(
    "iti47-initial-quantity",
    Severity.ERROR,
    "initialQuantity is a whole number, 1 or more",
    _PDQ,
    'Write initialQuantity value="10", or leave it out to get all matches at once.',
    DATA_TYPE_ERROR,
)
INITIAL_QUANTITY_CODE = Rule(
    "iti47-initial-quantity-code",
    Severity.WARNING,
    "initialQuantityCode is RD: matches are counted in records",
    _PDQ,
    'Write initialQuantityCode code="RD", or leave it out; the number is taken as records.',
    NOT_IN_CODE_SYSTEM,
)
DOMAIN = Rule(
    "iti47-scoping-organization",
    Severity.ERROR,
    "otherIDsScopingOrganization has one value, of which the root is an ISO OID",
    _PDQ,
    "Write the bare OID of the assigning authority; repeat the parameter for another one.",
    DATA_TYPE_ERROR,
)
DOMAIN_EXTENSION = Rule(
    "iti47-scoping-organization-extension",
    Severity.WARNING,
    "The value of otherIDsScopingOrganization has no extension",
    _PDQ,
    "Remove the extension; the OID in root names the domain alone.",
    CONSTRAINT_VIOLATION,
)
# The framework says what is answered, whatever else is let pass.
UNKNOWN_DOMAIN = Rule(
    "iti47-unknown-domain",
    Severity.ERROR,
    "otherIDsScopingOrganization names a patient identity domain that is known here",
    "ITI TF-2: 3.47.4.2.3",
    "Ask for a domain whose ids were fed with ITI-44, or add it to assigning_authorities.",
    UNKNOWN_KEY,
    essential=True,
)

PDQ = (
    PARAMETER,
    INITIAL_QUANTITY,
    INITIAL_QUANTITY_CODE,
    DOMAIN,
    DOMAIN_EXTENSION,
    UNKNOWN_DOMAIN,
)

# ---------------------------------------------------------------- ITI-55

DESCRIPTION = Rule(
    "iti55-description",
    Severity.ERROR,
    "The patient is described by livingSubjectName and livingSubjectBirthTime, or livingSubjectId",
    _XCPD,
    "Add the name and the birth time; a shared identifier makes both optional.",
    MISSING_ELEMENT,
    essential=True,
)
SEARCH_USE = Rule(
    "iti55-search-use",
    Severity.WARNING,
    "Names do not have the use SRCH",
    _XCPD,
    "Write the name as it is known; wildcards are for ITI-47.",
    CONSTRAINT_VIOLATION,
)
RESPOND_TO = Rule(
    "iti55-respond-to",
    Severity.ERROR,
    "A deferred query has a respondTo with the URL that the answer is sent to",
    "ITI TF-2: 3.55.6.2",
    'Add respondTo with a telecom value="https://..." between receiver and sender.',
    MISSING_ELEMENT,
    essential=True,
)

DEFERRED_ACTION = Rule(
    "iti55-deferred-action",
    Severity.WARNING,
    "A query with responsePriorityCode D and a respondTo has the wsa:Action of deferred discovery",
    "ITI TF-2: 3.55.6.2",
    "Write the action; the query is accepted, and its answer is sent to respondTo.",
    CONSTRAINT_VIOLATION,
)

XCPD = (DESCRIPTION, SEARCH_USE, RESPOND_TO, DEFERRED_ACTION)
