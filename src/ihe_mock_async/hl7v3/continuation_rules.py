"""The rules of query continuation and cancellation (ITI TF-2: 3.47.4.3)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3.rules import (
    CONSTRAINT_VIOLATION,
    DATA_TYPE_ERROR,
    MISSING_ELEMENT,
    NOT_IN_CODE_SYSTEM,
    UNKNOWN_KEY,
)

_WRAPPERS = "ITI TF-2: 3.47.4.3.2.3"

CONTINUATION = Rule(
    "iti47-continuation",
    Severity.ERROR,
    "The control act of a continuation has a queryContinuation",
    _WRAPPERS,
    "Add queryContinuation as the last element of controlActProcess.",
    MISSING_ELEMENT,
    essential=True,
)
STATUS = Rule(
    "iti47-continuation-status",
    Severity.WARNING,
    "The statusCode is waitContinuedQueryResponse in a continuation, aborted in a cancellation",
    "ITI TF-2: 3.47.4.3.1",
    "Write the statusCode that says what is meant.",
    NOT_IN_CODE_SYSTEM,
)
START = Rule(
    "iti47-continuation-start",
    Severity.ERROR,
    "startResultNumber is the number of a match, counted from 1",
    _WRAPPERS,
    "Write the number of the first match that is wanted, or leave it out to go on.",
    DATA_TYPE_ERROR,
    essential=True,
)
QUANTITY = Rule(
    "iti47-continuation-quantity",
    Severity.ERROR,
    "continuationQuantity is a whole number, 1 or more",
    _WRAPPERS,
    "Write how many matches are wanted, or leave it out to get as many as at first.",
    DATA_TYPE_ERROR,
)
ACKNOWLEDGED = Rule(
    "iti47-continuation-acknowledgement",
    Severity.WARNING,
    "A continuation acknowledges the answer before it: typeCode AA, and its id as targetMessage",
    _WRAPPERS,
    "Repeat the id of the latest PRPA_IN201306UV02 in acknowledgement/targetMessage/id.",
    CONSTRAINT_VIOLATION,
)
SESSION = Rule(
    "iti47-continuation-session",
    Severity.ERROR,
    "queryId is that of a query of which the answer was given in part, not too long ago",
    _WRAPPERS,
    "Send the query again: it is unknown, was cancelled or answered whole, or its time is over "
    "(pdq_session_seconds).",
    UNKNOWN_KEY,
    essential=True,
)

RULES = (CONTINUATION, STATUS, START, QUANTITY, ACKNOWLEDGED, SESSION)
