"""What the payload of an answer means: a fault, a RegistryResponse, an HL7 acknowledgement."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.soap import SoapFault, mtom, xop
from ihe_mock_async.xds import namespaces as ns


@dataclass(frozen=True, slots=True)
class Problem:
    """One RegistryError, acknowledgementDetail or finding of a fault."""

    severity: str
    """`error`, `warning`, `hint` or `information`."""
    code: str
    """errorCode, HL7 code or rule id; may be empty."""
    text: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A document that came with the answer."""

    unique_id: str
    media_type: str
    content: bytes
    new_unique_id: str = ""
    """Its own, if it was made on demand: `unique_id` is what was asked for then."""

    @property
    def sha1(self) -> str:
        """What XDS calls hash, lower-case hex."""
        return hashlib.sha1(self.content).hexdigest()  # noqa: S324 - XDS says SHA-1


@dataclass(frozen=True, slots=True)
class Reading:
    """What the payload alone tells."""

    outcome: str
    accepted: bool
    problems: tuple[Problem, ...] = ()
    found: tuple[str, ...] = ()
    documents: tuple[ReceivedDocument, ...] = ()


Contents = Mapping[str, bytes]
"""Attachments by content id."""


def read_payload(payload: etree._Element, contents: Contents) -> Reading:
    """Read the child of soap:Body; what is nothing else is an HL7 V3 interaction."""
    return _READERS.get(local_name(payload), _read_hl7)(payload, contents)


# ---------------------------------------------------------------- faults


def _read_fault(fault: etree._Element, _: Contents) -> Reading:
    """A fault of either version, with the findings that this server puts into its detail."""
    values = [(e.text or "").strip() for e in fault.iter("{*}Value", "faultcode")]
    codes = " ".join(value.rpartition(":")[2] for value in values)
    findings = tuple(_finding(element) for element in fault.iter("finding"))
    reason = next((e for e in fault.iter("{*}Text", "faultstring")), None)
    text = (reason.text or "").strip() if reason is not None else ""
    return Reading(f"Fault {codes}".strip(), False, findings or (Problem("error", "", text),))


def _finding(element: etree._Element) -> Problem:
    told = {local_name(child): (child.text or "").strip() for child in element}
    received = f' Received "{told["received"]}".' if "received" in told else ""
    expected = f" Expected {told['expected']}." if "expected" in told else ""
    return Problem(
        element.get("severity", "error"),
        element.get("rule", ""),
        f"{told.get('requirement', '')}.{received}{expected} {told.get('fix', '')}".strip(),
        told.get("location", ""),
    )


# ---------------------------------------------------------------- XDS


def _read_registry(response: etree._Element, _: Contents) -> Reading:
    outcome = (response.get("status") or "no status").rpartition(":")[2]
    problems = tuple(
        Problem(
            (error.get("severity") or "Error").rpartition(":")[2].lower(),
            error.get("errorCode", ""),
            error.get("codeContext", ""),
            error.get("location", ""),
        )
        for error in response.iter(f"{{{ns.RS}}}RegistryError")
    )
    objects = response.find(ns.REGISTRY_OBJECT_LIST)
    found = tuple(_object(each) for each in objects) if objects is not None else ()
    return Reading(outcome, outcome == "Success", problems, (*_counted(objects), *found))


def _counted(objects: etree._Element | None) -> Iterator[str]:
    if objects is not None:
        counts = Counter(local_name(each) for each in objects)
        yield ", ".join(f"{n} {name}" for name, n in counts.items()) or "nothing found"


def _object(element: etree._Element) -> str:
    """One line for a metadata object: what it is, its id, and its title or ends."""
    facts = [
        local_name(element),
        element.get("id", ""),
        (element.get("status") or "").rpartition(":")[2],
        (element.get("associationType") or "").rpartition(":")[2],
        _unique_id(element),
        _title(element),
    ]
    return "  ".join(fact for fact in facts if fact)


def _unique_id(element: etree._Element) -> str:
    for identifier in element.iterchildren(ns.EXTERNAL_IDENTIFIER):
        name = identifier.find(f"{ns.NAME}/{ns.LOCALIZED_STRING}")
        if name is not None and name.get("value", "").endswith(".uniqueId"):
            return identifier.get("value", "")
    return ""


def _title(element: etree._Element) -> str:
    name = element.find(f"{ns.NAME}/{ns.LOCALIZED_STRING}")
    return f'"{name.get("value", "")}"' if name is not None else ""


_OF_DOCUMENT = ("DocumentUniqueId", "NewDocumentUniqueId", "mimeType")


def _read_retrieval(response: etree._Element, contents: Contents) -> Reading:
    registry = response.find(f"{{{ns.RS}}}RegistryResponse")
    reading = (
        _read_registry(registry, contents)
        if registry is not None
        else Reading("no RegistryResponse", accepted=False)
    )
    documents, problems = [], []
    for each in response.iterchildren(f"{{{ns.XDSB}}}DocumentResponse"):
        name, new_name, media_type = (
            (each.findtext(f"{{{ns.XDSB}}}{tag}") or "").strip() for tag in _OF_DOCUMENT
        )
        content = _content(each.find(ns.DOCUMENT), contents)
        if content is None:
            problems.append(Problem("error", "", f"The content of {name} is missing"))
            continue
        documents.append(ReceivedDocument(name, media_type, content, new_name))
    return Reading(
        reading.outcome,
        reading.accepted and not problems,
        (*reading.problems, *problems),
        documents=tuple(documents),
    )


def _content(document: etree._Element | None, contents: Contents) -> bytes | None:
    """The octets of a document, attached or inline."""
    if document is None:
        return None
    include = document.find(xop.INCLUDE)
    if include is not None:
        return contents.get(mtom.cid_of(include.get("href", "")))
    try:
        return xop.decode_inline(document.text or "")
    except SoapFault:
        return None


# ---------------------------------------------------------------- HL7 V3

_SEVERITIES = {"E": "error", "W": "warning", "I": "information"}
_ACCEPTING = frozenset({"CA", "AA"})


def _read_hl7(message: etree._Element, _: Contents) -> Reading:
    acknowledgement = next((e for e in message if local_name(e) == "acknowledgement"), None)
    if acknowledgement is None:
        problem = Problem("error", "", f"{local_name(message)} is an answer that nobody expects")
        return Reading("no acknowledgement", False, (problem,))
    code = child_value(acknowledgement, "typeCode", "code")
    response_code = _first_value(message, "queryResponseCode", "code")
    details = (e for e in acknowledgement if local_name(e) == "acknowledgementDetail")
    return Reading(
        f"{code} {response_code}".strip(),
        code in _ACCEPTING,
        (*(_detail(detail) for detail in details), *_issues(message)),
        tuple(_patients(message)),
    )


def _detail(detail: etree._Element) -> Problem:
    told = {local_name(child): child for child in detail}
    text = told["text"].text if "text" in told else ""
    code = told["code"].get("code", "") if "code" in told else ""
    location = told["location"].text if "location" in told else ""
    severity = _SEVERITIES.get(detail.get("typeCode", "E"), "error")
    return Problem(severity, code, (text or "").strip(), (location or "").strip())


_ISSUES = {
    "actOrderRequired": "the responder asks for more about the patient",
    "detectedIssueManagement": "the responder cannot answer",
}


def _issues(message: etree._Element) -> Iterator[Problem]:
    """Why a patient discovery found nobody (ITI TF-2: 3.55.4.2.2.7)."""
    for issue in message.iter("{*}detectedIssueEvent"):
        for element in issue.iter(*(f"{{*}}{name}" for name in _ISSUES)):
            code = child_value(element, "code", "code")
            yield Problem("information", code, _ISSUES[local_name(element)])


def _patients(message: etree._Element) -> Iterator[str]:
    for patient in message.iter("{*}patient"):
        ids = [_identifier(e) for e in patient.iter("{*}id") if e.get("extension")]
        name = next((e for e in patient.iter("{*}name") if len(e)), None)
        texts = list(_texts(name)) if name is not None else []
        yield "  ".join(["patient", *texts, *dict.fromkeys(ids)])


def _texts(name: etree._Element) -> Iterable[str]:
    return [(part.text or "").strip() for part in name]


def _identifier(element: etree._Element) -> str:
    return f"{element.get('extension')}^^^&{element.get('root')}&ISO"


def child_value(element: etree._Element, name: str, attribute: str) -> str:
    """An attribute of the first child of a name, in any namespace; empty when it is not there."""
    child = next((e for e in element if local_name(e) == name), None)
    return child.get(attribute, "") if child is not None else ""


def _first_value(element: etree._Element, name: str, attribute: str) -> str:
    child = next(element.iter(f"{{*}}{name}"), None)
    return child.get(attribute, "") if child is not None else ""


_READERS: Mapping[str, Callable[[etree._Element, Contents], Reading]] = {
    "Fault": _read_fault,
    "RegistryResponse": _read_registry,
    "AdhocQueryResponse": _read_registry,
    "RetrieveDocumentSetResponse": _read_retrieval,
}
