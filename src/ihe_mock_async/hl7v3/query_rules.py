"""The rules of every HL7 V3 query: queryByParameter around its parameters (ITI TF-2: O.2)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3 import rules
from ihe_mock_async.hl7v3.rules import MISSING_ELEMENT, NOT_IN_CODE_SYSTEM, TOO_MANY

_QUERY = "ITI TF-2: O.2, QUQI_MT021001UV01"

QUERY = Rule(
    "hl7v3-query",
    Severity.ERROR,
    "The control act of a query has a queryByParameter",
    _QUERY,
    "Add queryByParameter as the last element of controlActProcess.",
    MISSING_ELEMENT,
    essential=True,
)
QUERY_SINGLE = Rule(
    "hl7v3-query-single",
    Severity.ERROR,
    "A control act asks one query",
    _QUERY,
    "Send one message for each queryByParameter.",
    TOO_MANY,
)
QUERY_ID = Rule(
    "hl7v3-query-id",
    Severity.ERROR,
    "The query has a queryId with a root, which the answer repeats",
    _QUERY,
    "Add a queryId of which the root is an OID or a new UUID.",
    MISSING_ELEMENT,
)
QUERY_STATUS = Rule(
    "hl7v3-query-status",
    Severity.WARNING,
    "The statusCode of a query is new",
    _QUERY,
    'Write statusCode code="new" after queryId.',
    NOT_IN_CODE_SYSTEM,
)
RESPONSE_PRIORITY = Rule(
    "hl7v3-query-response-priority",
    Severity.WARNING,
    "responsePriorityCode says when the answer is expected",
    _QUERY,
    'Write responsePriorityCode code="I", immediate.',
    NOT_IN_CODE_SYSTEM,
)
PARAMETER_LIST = Rule(
    "hl7v3-query-parameter-list",
    Severity.ERROR,
    "The query has a parameterList",
    _QUERY,
    "Put the parameters into queryByParameter/parameterList.",
    MISSING_ELEMENT,
    essential=True,
)

RULES = (QUERY, QUERY_SINGLE, QUERY_ID, QUERY_STATUS, RESPONSE_PRIORITY, PARAMETER_LIST)

UNPROCESSABLE = rules.UNPROCESSABLE | {QUERY, PARAMETER_LIST}
"""Breaches for which a query is rejected (AR), not found in error (AE)."""
