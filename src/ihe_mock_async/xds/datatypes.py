"""The data types of metadata attributes (ITI TF-3: 4.2.3.1, Table 4.2.3.1.7-2).

A check takes the text of one value and returns None when it is right, else what is expected
instead, as a phrase that explains the usual mistakes.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable

from ihe_mock_async.identifiers import MAX_OID_LENGTH, PatientIdentifier, is_oid

Check = Callable[[str], str | None]

MAX_UNIQUE_ID = 128
_DTM = re.compile(
    r"\d{4}((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d([0-5]\d)?)?)?)?)?",
    re.ASCII,
)
_WITH_DAY = len("YYYYMMDD")
_DTM_FORM = "YYYY[MM[DD[hh[mm[ss]]]]] in UTC, digits only"
# Servers of the field let OIDs pass that no registration authority can have given.
_OID_FORM = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_CX = re.compile(r"[^^&|]+\^\^\^&[^^&|]+&ISO")
_SHA1_HEX = re.compile(r"[0-9a-fA-F]{40}")
_SHA1_BASE64 = re.compile(r"[0-9A-Za-z+/]{27}=")
_SIZE = re.compile(r"\d{1,18}", re.ASCII)
_OID_AND_EXTENSION = re.compile(r"(?P<oid>[0-9.]+)\^[^^\s]{1,16}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s^]+")
# The names of RFC 6838, section 4.2.
_MIME_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;.*)?", re.ASCII)
_PID_FIELD = re.compile(r"PID-(?P<number>\d+)(\.\d+)?\|.*", re.ASCII | re.DOTALL)
# ITI TF-3: 4.2.3.2.23: ids and names that the segment has elsewhere, too.
_EXCLUDED_PID_FIELDS = frozenset({"2", "4", "12", "19"})
_HOME = re.compile(r"urn:oid:(?P<oid>.+)")
_CXI = re.compile(r"[^^&]+\^\^\^(&[0-9.]+&ISO)?\^[^^&\s]+(\^.*)?")
_AUTHORITY = re.compile(r"[^&]*&(?P<oid>[0-9.]+)&ISO")
_CX_FORM = "ID^^^&OID&ISO"
_CX_HINTS = {
    r"'.*'": "leave out the quotes, which belong to queries",
    r".*&amp;.*": "& is escaped twice, write &amp; once in XML",
    r".*&urn:oid:.*": "leave out urn:oid:",
    r"([^^]*\^){4}.*[^^].*": "leave out the identifier type (such as PI) and all after CX.4",
    r"[^^]+\^\^\^[^^&]+&[0-9.]+&ISO": "leave out the namespace id before the first &",
}
_CX_MISTAKES = tuple((re.compile(form), hint) for form, hint in _CX_HINTS.items())
_AVAILABILITY = frozenset(
    f"urn:ihe:iti:2010:DocumentAvailability:{state}" for state in ("Online", "Offline")
)
# XCN and XON components, counted from 0 (HL7 V2.5 data types 2.A.88 and 2.A.89).
_XCN_FAMILY, _XCN_GIVEN, _XCN_AUTHORITY = 1, 2, 8
_XON_NAME, _XON_AUTHORITY, _XON_ID = 0, 5, 9


def dtm(text: str) -> str | None:
    """A point in time, cut anywhere after the year."""
    if _DTM.fullmatch(text):
        return None
    if re.search(r"\d{2}[Z+-]", text) and "T" not in text and text.count("-") < 2:  # noqa: PLR2004 - two dashes are a date
        return f"{_DTM_FORM}: convert to UTC and leave out the time zone"
    if "-" in text or ":" in text:
        return f"{_DTM_FORM}: leave out dashes, colons and T, this is not ISO 8601"
    return _DTM_FORM


def calendar_day(text: str) -> str | None:
    """The day of a DTM is one of the calendar; what is no DTM passes."""
    if len(text) < _WITH_DAY or dtm(text) is not None:
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    _, last = calendar.monthrange(year, month)
    return None if day <= last else f"a day of the month, which has {last}"


def oid(text: str) -> str | None:
    """An OID of at most 64 characters, whatever its first arc."""
    if _looks_like_oid(text):
        return None
    if text.startswith("urn:oid:"):
        return "an OID without the prefix urn:oid:"
    return "an OID: digits and dots, no leading zeros, at most 64 characters"


def registered_oid(text: str) -> str | None:
    """An OID of ISO or ITU, one whose first arc is 0, 1 or 2."""
    return None if is_oid(text) else "an OID that begins with 0, 1 or 2"


def _looks_like_oid(text: str) -> bool:
    return len(text) <= MAX_OID_LENGTH and _OID_FORM.fullmatch(text) is not None


def document_unique_id(text: str) -> str | None:
    """An OID, OID^extension or a URI, at most 128 characters."""
    match = _OID_AND_EXTENSION.fullmatch(text)
    fits = len(text) <= MAX_UNIQUE_ID
    if fits and (
        _looks_like_oid(text) or (match and _looks_like_oid(match["oid"])) or _URI.fullmatch(text)
    ):
        return None
    return "an OID, OID^extension (extension of 1 to 16 characters) or URI, at most 128 characters"


def patient_id(text: str) -> str | None:
    """Strictly `ID^^^&OID&ISO` (CX with the components 1 and 4 only)."""
    if PatientIdentifier.from_cx(text) is not None:
        return None
    return _explained_cx(text)


def source_patient_id(text: str) -> str | None:
    """A CX with an assigning authority; whether that is a good OID is another question."""
    if _CX.fullmatch(text):
        return None
    return f"{_explained_cx(text)}; it is the id that the patient has at the source"


def _explained_cx(text: str) -> str:
    mistake = next((hint for form, hint in _CX_MISTAKES if form.fullmatch(text)), "")
    return f"{_CX_FORM}: {mistake}" if mistake else _CX_FORM


def source_patient_authority(text: str) -> str | None:
    """The assigning authority of a CX is an OID."""
    return None if PatientIdentifier.from_cx(text) else "an OID between the two &"


def source_patient_info(text: str) -> str | None:
    """One field of the HL7 V2 PID segment."""
    field = _PID_FIELD.fullmatch(text)
    if field is None:
        return "PID-n|content, like PID-7|19560527"
    return "none of PID-2, 4, 12 and 19" if field["number"] in _EXCLUDED_PID_FIELDS else None


def language_code(text: str) -> str | None:
    """A language tag of RFC 5646."""
    return None if _LANGUAGE.fullmatch(text) else "a language tag of RFC 5646, like en-US"


def sha1(text: str) -> str | None:
    """SHA-1 in 40 hexadecimal digits, in either case."""
    if _SHA1_HEX.fullmatch(text):
        return None
    if _SHA1_BASE64.fullmatch(text):
        return "40 hexadecimal digits: this SHA-1 is base64, write its octets in hexadecimal"
    return "the SHA-1 of the document in 40 hexadecimal digits"


def size(text: str) -> str | None:
    """A number of octets."""
    return None if _SIZE.fullmatch(text) else "the number of octets, digits only"


def mime_type(text: str) -> str | None:
    """type/subtype."""
    return None if _MIME_TYPE.fullmatch(text) else "type/subtype, like text/xml"


def document_availability(text: str) -> str | None:
    """One of the two URNs of documentAvailability."""
    return None if text in _AVAILABILITY else " or ".join(sorted(_AVAILABILITY))


def home_community_id(text: str) -> str | None:
    """`urn:oid:` and an OID, at most 64 characters together."""
    match = _HOME.fullmatch(text)
    if match and is_oid(match["oid"]) and len(text) <= 64:  # noqa: PLR2004 - ITI TF-3 Table 4.2.3.2-1
        return None
    return "urn:oid: followed by an OID, at most 64 characters"


def reference_id(text: str) -> str | None:
    """A CXi: `ID^^^&OID&ISO^urn:...`."""
    if _CXI.fullmatch(text):
        return None
    return "ID^^^&OID&ISO^type (CXi), the type like urn:ihe:iti:xds:2013:uniqueId"


def person(text: str) -> str | None:
    """An XCN with an id or a name; an id has its assigning authority."""
    components = text.split("^")
    if len(components) == 1:
        return "ID^Family^Given^^^^^^&OID&ISO (XCN): a name alone is ^Family^Given"
    authority = _component(components, _XCN_AUTHORITY)
    if authority and not _AUTHORITY.fullmatch(authority):
        return "&OID&ISO as assigning authority in XCN.9"
    if components[0] or _component(components, _XCN_FAMILY) or _component(components, _XCN_GIVEN):
        return None
    return "an id in XCN.1 or a name in XCN.2 and XCN.3"


def organization(text: str) -> str | None:
    """An XON with a name; its id is an OID or has an assigning authority."""
    components = text.split("^")
    identifier = _component(components, _XON_ID)
    if not components[_XON_NAME]:
        return "a name in XON.1"
    if not identifier or is_oid(identifier):
        return None
    if _AUTHORITY.fullmatch(_component(components, _XON_AUTHORITY)):
        return None
    return "an OID in XON.10, or its assigning authority &OID&ISO in XON.6"


def telecommunication(text: str) -> str | None:
    """An XTN: something beside separators."""
    return None if text.strip("^&") else "^use^type^address (XTN)"


def recipient(text: str) -> str | None:
    """Organization `|` person `|` telecommunication, at least one of the first two or a third."""
    parts = text.split("|")
    checks: tuple[Check, ...] = (organization, person, telecommunication)
    if len(parts) > len(checks) or not any(parts):
        return "Organization|Person|Telecommunication (XON|XCN|XTN)"
    problems = (check(part) for check, part in zip(checks, parts, strict=False) if part)
    return next((problem for problem in problems if problem), None)


def _component(components: list[str], index: int) -> str:
    return components[index] if index < len(components) else ""
