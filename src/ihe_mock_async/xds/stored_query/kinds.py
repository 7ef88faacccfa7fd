"""What values of each kind look like (ITI TF-2: 3.18.4.1.2.3.3 to 3.18.4.1.2.3.6).

A check takes one value and returns None when it is right, else the rule that it breaks and what
is expected instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ihe_mock_async.findings import Rule
from ihe_mock_async.state import AvailabilityStatus
from ihe_mock_async.xds import datatypes
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import UUID_URN, is_uuid_urn
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.parameters import Kind
from ihe_mock_async.xds.stored_query.values import Literal

Problem = tuple[Rule, str]

MAX_PATTERN = 256
"""Characters of a pattern: no attribute is longer (rim.xsd, LongName)."""
QUOTED = frozenset(Kind) - {Kind.FROM, Kind.TO, Kind.METADATA_LEVEL}
"""Kinds whose values are strings. Times are coded as numbers, too, and clients do both."""
_CODE = re.compile(r"[^^]+\^\^[^^]+")
_SHOWN = 256
_STATUSES = {str(status) for status in AvailabilityStatus}
_RESPONSE_STATUS = ":ResponseStatusType:"


def problem_of(kind: Kind, literal: Literal) -> Problem | None:
    """What is wrong with a value of a parameter of this kind."""
    return _CHECKS[kind](literal)


def normal(kind: Kind, text: str) -> str:
    """The value that is looked for; empty when it is to be ignored."""
    if kind is Kind.ENTRY_UUID and is_uuid_urn(text):
        return text.lower()  # the same in either case, and stored in lower case
    if kind is Kind.STATUS and text not in _STATUSES:
        return ""  # 3.18.4.1.2.3.6: a value that is not understood is ignored
    return text[:MAX_PATTERN] if kind is Kind.PATTERN else text


def _entry_uuid(literal: Literal) -> Problem | None:
    text = literal.text
    if is_uuid_urn(text):
        return None if text == text.lower() else (rules.ENTRY_UUID, f"lower case: {text.lower()}")
    if is_uuid_urn(UUID_URN + text):
        return rules.ENTRY_UUID, f"{UUID_URN}{text.lower()}"
    return (
        rules.ENTRY_UUID,
        "an entryUUID such as urn:uuid:3c2a1b54-9d55-4b5a-8f0c-6a8d1b0e7f21",
    )


def _text(literal: Literal) -> Problem | None:
    return None if literal.text else (rules.VALUE_SYNTAX, "some text")


def _pattern(literal: Literal) -> Problem | None:
    if len(literal.text) > MAX_PATTERN:
        return rules.VALUE_SYNTAX, f"at most {MAX_PATTERN} characters, as of every rim:Value"
    return _text(literal)


def _code(literal: Literal) -> Problem | None:
    if _CODE.fullmatch(literal.text):
        return None
    code = literal.text.partition("^")[0][:_SHOWN] or "code"
    return rules.CODE, f"'{code}^^scheme', with the coding scheme that the code is from"


def _patient_id(literal: Literal) -> Problem | None:
    expected = datatypes.patient_id(literal.text)
    return None if expected is None else (rules.PATIENT_ID, expected)


def _status(literal: Literal) -> Problem | None:
    if literal.text in _STATUSES:
        return None
    name = literal.text.rpartition(":")[2].upper()
    meant = AvailabilityStatus.__members__.get(name)
    expected = meant or " or ".join(AvailabilityStatus)
    rule = rules.RESPONSE_STATUS if _RESPONSE_STATUS in literal.text else rules.STATUS
    return rule, expected


def _time(literal: Literal) -> Problem | None:
    expected = datatypes.dtm(literal.text)
    return None if expected is None else (rules.TIME, expected)


def _association_type(literal: Literal) -> Problem | None:
    if literal.text in v.ASSOCIATION_TYPES:
        return None
    urn = v.BARE_ASSOCIATION_TYPES.get(literal.text.rpartition(":")[2])
    return rules.ASSOCIATION_TYPE, urn or ", ".join(sorted(v.ASSOCIATION_TYPES))


def _document_entry_type(literal: Literal) -> Problem | None:
    if literal.text in v.DOCUMENT_ENTRY_TYPES:
        return None
    return rules.DOCUMENT_ENTRY_TYPE, f"{v.STABLE} (stable) or {v.ON_DEMAND} (on-demand)"


def _metadata_level(literal: Literal) -> Problem | None:
    if not literal.quoted and literal.text in ("1", "2"):
        return None
    return rules.METADATA_LEVEL, "1 or 2"


_CHECKS: Mapping[Kind, Callable[[Literal], Problem | None]] = {
    Kind.ENTRY_UUID: _entry_uuid,
    Kind.TEXT: _text,
    Kind.PATTERN: _pattern,
    Kind.CODE: _code,
    Kind.PATIENT_ID: _patient_id,
    Kind.STATUS: _status,
    Kind.FROM: _time,
    Kind.TO: _time,
    Kind.ASSOCIATION_TYPE: _association_type,
    Kind.DOCUMENT_ENTRY_TYPE: _document_entry_type,
    Kind.METADATA_LEVEL: _metadata_level,
}
