"""What an answer means: accepted or not, every problem that it tells, and what it brings.

Answers of any server are read, also those that are not quite as they should be.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.client.connection import HttpAnswer
from ihe_mock_async.elements import local_name
from ihe_mock_async.errors import MalformedMessageError, PeerError
from ihe_mock_async.soap import MtomParser, SoapFault, content_type, mtom, xop
from ihe_mock_async.xds import namespaces as ns

_ACCEPTED_ASYNCHRONOUSLY = 202
_SHOWN = 500
"""How much of an answer that is no SOAP is shown, in characters."""
_LIMITS = elements.XmlLimits(max_bytes=1 << 30, huge_text=True)


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

    @property
    def sha1(self) -> str:
        """What XDS calls hash, lower-case hex."""
        return hashlib.sha1(self.content).hexdigest()  # noqa: S324 - XDS says SHA-1


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read."""

    status: int
    """HTTP status."""
    outcome: str
    """In the words of the answer: `CA`, `Success`, `Fault Sender`."""
    accepted: bool
    problems: tuple[Problem, ...] = ()
    found: tuple[str, ...] = ()
    """A line for each patient or metadata object."""
    documents: tuple[ReceivedDocument, ...] = ()
    envelope: etree._Element | None = None
    message_root: str = ""
    """Root of the HL7 message id, for messages that refer to it."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the payload alone tells."""

    outcome: str
    accepted: bool
    problems: tuple[Problem, ...] = ()
    found: tuple[str, ...] = ()
    documents: tuple[ReceivedDocument, ...] = ()


_Contents = Mapping[str, bytes]
"""Attachments by content id."""


def read(response: HttpAnswer, message_id: str = "") -> Answer:
    """Read an HTTP response; `message_id` is the request's, which the answer must relate to."""
    status = response.status
    if status == _ACCEPTED_ASYNCHRONOUSLY and not response.body.strip():
        return Answer(status, "accepted, the answer will be sent to --reply-to", accepted=True)
    try:
        document, contents = _unpacked(response)
        envelope = elements.parse(document, _LIMITS)
    except PeerError as error:
        return _no_soap(response, error)
    payload = _payload(envelope)
    if payload is None:
        return _no_soap(response, None)
    reading = _READERS.get(local_name(payload), _read_hl7)(payload, contents)
    return Answer(
        status,
        reading.outcome,
        reading.accepted,
        (*_unrelated(envelope, message_id), *reading.problems),
        reading.found,
        reading.documents,
        envelope,
        _child_value(payload, "id", "root"),
    )


def _unpacked(response: HttpAnswer) -> tuple[bytes, _Contents]:
    """The envelope's octets, and the attachments."""
    if not response.content_type.lower().startswith("multipart/"):
        return response.body, {}
    parser = MtomParser(content_type.parse(response.content_type))
    root, contents = bytearray(), dict[str, bytearray]()
    current = root
    for event in (*parser.feed(response.body), *parser.close()):
        if isinstance(event, mtom.PartBegan):
            part = event.part
            current = root if part.is_root else contents.setdefault(part.content_id, bytearray())
        elif isinstance(event, mtom.PartData):
            current += event.data
    return bytes(root), {name: bytes(content) for name, content in contents.items()}


def _payload(envelope: etree._Element) -> etree._Element | None:
    body = next((child for child in envelope if local_name(child) == "Body"), None)
    return next(iter(body), None) if body is not None else None


def _no_soap(response: HttpAnswer, error: PeerError | None) -> Answer:
    shown = response.body[:_SHOWN].decode("utf-8", "replace").strip() or "an empty body"
    kind = response.content_type or "no Content-Type"
    problems = [Problem("error", "", f"The answer is no SOAP message ({kind}): {shown}")]
    if response.body.strip() and isinstance(error, MalformedMessageError):
        problems.append(Problem("error", "", str(error)))
    elif error is not None and not isinstance(error, MalformedMessageError):
        problems = [Problem("error", "", f"The answer cannot be unpacked: {error}")]
    return Answer(response.status, "no SOAP answer", accepted=False, problems=tuple(problems))


def _unrelated(envelope: etree._Element, message_id: str) -> Iterator[Problem]:
    relates_to = next((e for e in envelope.iter("{*}RelatesTo")), None)
    related = ((relates_to.text or "") if relates_to is not None else "").strip()
    if message_id and related != message_id:
        text = f'wsa:RelatesTo is "{related}", expected the MessageID {message_id}'
        yield Problem("warning", "", text)


# ---------------------------------------------------------------- faults


def _read_fault(fault: etree._Element, _: _Contents) -> _Reading:
    """A fault of either version, with the findings that this server puts into its detail."""
    values = [(e.text or "").strip() for e in fault.iter("{*}Value", "faultcode")]
    codes = " ".join(value.rpartition(":")[2] for value in values)
    findings = tuple(_finding(element) for element in fault.iter("finding"))
    reason = next((e for e in fault.iter("{*}Text", "faultstring")), None)
    text = (reason.text or "").strip() if reason is not None else ""
    return _Reading(f"Fault {codes}".strip(), False, findings or (Problem("error", "", text),))


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


def _read_registry(response: etree._Element, _: _Contents) -> _Reading:
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
    return _Reading(outcome, outcome == "Success", problems, (*_counted(objects), *found))


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


def _read_retrieval(response: etree._Element, contents: _Contents) -> _Reading:
    registry = response.find(f"{{{ns.RS}}}RegistryResponse")
    reading = (
        _read_registry(registry, contents)
        if registry is not None
        else _Reading("no RegistryResponse", accepted=False)
    )
    documents, problems = [], []
    for each in response.iterchildren(f"{{{ns.XDSB}}}DocumentResponse"):
        name = (each.findtext(f"{{{ns.XDSB}}}DocumentUniqueId") or "").strip()
        content = _content(each.find(ns.DOCUMENT), contents)
        if content is None:
            problems.append(Problem("error", "", f"The content of {name} is missing"))
            continue
        media_type = (each.findtext(f"{{{ns.XDSB}}}mimeType") or "").strip()
        documents.append(ReceivedDocument(name, media_type, content))
    return _Reading(
        reading.outcome,
        reading.accepted and not problems,
        (*reading.problems, *problems),
        documents=tuple(documents),
    )


def _content(document: etree._Element | None, contents: _Contents) -> bytes | None:
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


def _read_hl7(message: etree._Element, _: _Contents) -> _Reading:
    acknowledgement = next((e for e in message if local_name(e) == "acknowledgement"), None)
    if acknowledgement is None:
        problem = Problem("error", "", f"{local_name(message)} is an answer that nobody expects")
        return _Reading("no acknowledgement", False, (problem,))
    code = _child_value(acknowledgement, "typeCode", "code")
    response_code = _first_value(message, "queryResponseCode", "code")
    details = (e for e in acknowledgement if local_name(e) == "acknowledgementDetail")
    return _Reading(
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
            code = _child_value(element, "code", "code")
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


def _child_value(element: etree._Element, name: str, attribute: str) -> str:
    child = next((e for e in element if local_name(e) == name), None)
    return child.get(attribute, "") if child is not None else ""


def _first_value(element: etree._Element, name: str, attribute: str) -> str:
    child = next(element.iter(f"{{*}}{name}"), None)
    return child.get(attribute, "") if child is not None else ""


_READERS: Mapping[str, Callable[[etree._Element, _Contents], _Reading]] = {
    "Fault": _read_fault,
    "RegistryResponse": _read_registry,
    "AdhocQueryResponse": _read_registry,
    "RetrieveDocumentSetResponse": _read_retrieval,
}
