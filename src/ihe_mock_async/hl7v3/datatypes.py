"""HL7 V3 data types as the transactions use them: II, CS/CD, TS and PN (HL7 V3 XML ITS)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from lxml import etree

from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.identifiers import PatientIdentifier, is_oid

# uid of datatypes-base.xsd: an OID, a UUID, or a name that HL7 reserves.
_UID = re.compile(
    r"[0-2](\.(0|[1-9][0-9]*))*"
    r"|[0-9a-zA-Z]{8}(-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}"
    r"|[A-Za-z][A-Za-z0-9-]*"
)
# The fields of a calendar date and time, each optional from the right.
_TIMESTAMP = re.compile(
    r"\d{4}((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d"
    r"((?P<second>[0-5]\d)(\.\d+)?)?)?)?)?)?(?P<zone>[+-]\d{1,4})?"
)
_NOT_IN_CX = re.compile(r"[\^&|~]")


@lru_cache(maxsize=4096)  # systems and authorities are few, and stand in every message
def is_known_oid(text: str) -> bool:
    """`identifiers.is_oid`, remembered: for the OIDs of systems, organizations and authorities."""
    return is_oid(text)


def is_uid(text: str) -> bool:
    """Whether the schema accepts the text as the root of an II."""
    return _UID.fullmatch(text) is not None


# ---------------------------------------------------------------- II, instance identifier


@dataclass(frozen=True, slots=True)
class InstanceIdentifier:
    """II; what is absent in the message is None here."""

    element: etree._Element = field(compare=False, repr=False)
    root: str | None
    extension: str | None = None
    null_flavor: str | None = None

    @property
    def text(self) -> str:
        """`root^extension`, or what there is of it."""
        return "^".join(part for part in (self.root, self.extension) if part)

    @property
    def patient_identifier(self) -> PatientIdentifier | None:
        """The patient id that it is, or None: it needs an OID and an extension without `^&|~`."""
        root, extension = self.root, self.extension
        if not root or not extension or extension.isspace() or not is_known_oid(root):
            return None
        if _NOT_IN_CX.search(extension):
            return None
        return PatientIdentifier(root, extension)


def read_identifier(element: etree._Element) -> InstanceIdentifier:
    """Read an element of type II."""
    get = element.get
    return InstanceIdentifier(element, get("root"), get("extension"), get("nullFlavor"))


# ---------------------------------------------------------------- CS, CD, CE, coded values


@dataclass(frozen=True, slots=True)
class CodedValue:
    """CS, CE or CD, as far as it decides anything."""

    code: str | None
    code_system: str | None = None
    null_flavor: str | None = None


def read_code(element: etree._Element) -> CodedValue:
    """Read an element of type CS, CE or CD."""
    get = element.get
    return CodedValue(get("code"), get("codeSystem"), get("nullFlavor"))


# ---------------------------------------------------------------- TS, point in time


def is_timestamp(text: str) -> bool:
    """Whether the text is `YYYY[MM[DD[HH[MM[SS[.f]]]]]][+/-ZZZZ]` with fields in their range."""
    return _TIMESTAMP.fullmatch(text) is not None


def is_timestamp_to_the_second(text: str) -> bool:
    """Whether the text is a timestamp that names at least the second."""
    match = _TIMESTAMP.fullmatch(text)
    return match is not None and match["second"] is not None


_PUNCTUATION = str.maketrans("", "", "-:T")


def timestamp(moment: datetime) -> str:
    """`YYYYMMDDHHMMSS+0000` of an aware time."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").translate(_PUNCTUATION)


# ---------------------------------------------------------------- PN, person name


@dataclass(frozen=True, slots=True)
class PersonName:
    """PN: its parts by kind, each in the order of the message."""

    use: str | None = None
    """NameUse codes, separated by blanks: `L`, `A`."""
    family: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    text: str = ""
    """What stands outside of the parts, as in `<name>Ada Example</name>`."""
    null_flavor: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it names nobody."""
        return not (self.family or self.given or self.text)


_NAME_PARTS = {clark(kind): kind for kind in ("family", "given", "prefix", "suffix")}


def read_name(element: etree._Element) -> PersonName:
    """Read an element of type PN; other parts than the four kinds are left out."""
    parts: dict[str, tuple[str, ...]] = {}
    loose = [element.text or ""]
    for part in element:
        kind = _NAME_PARTS.get(str(part.tag))
        text = (part.text or "").strip()
        if text and kind:
            parts[kind] = (*parts.get(kind, ()), text)
        loose.append(part.tail or "")
    return PersonName(
        element.get("use"),
        **parts,
        text=" ".join("".join(loose).split()),
        null_flavor=element.get("nullFlavor"),
    )
