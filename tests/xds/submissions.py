"""Builders of submissions: one synthetic patient, documents, a folder, all conformant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v

FIXTURES = Path(__file__).parent.parent / "fixtures" / "xds"
PATIENT = "LM-1979^^^&2.999.1&ISO"
OTHER_PATIENT = "MB-1966^^^&2.999.1&ISO"
CONTENT = b"Austrittsbericht, synthetisch.\n"

_LCM = ElementMaker(namespace=ns.LCM, nsmap={"lcm": ns.LCM})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_XDSB = ElementMaker(namespace=ns.XDSB, nsmap={"xdsb": ns.XDSB})
_XOP = ElementMaker(namespace=ns.XOP, nsmap={"xop": ns.XOP})


def uuid_urn(number: int) -> str:
    """An entryUUID of the test's choice."""
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def document_entry(
    identifier: str = "Document01",
    *,
    unique_id: str = "2.999.2.1",
    patient: str = PATIENT,
    content: bytes = CONTENT,
) -> etree._Element:
    values = {
        "hash": hashlib.sha1(content).hexdigest(),  # noqa: S324 - XDS demands SHA-1
        "size": str(len(content)),
    }
    return _fill("document_entry.xml", identifier, unique_id, patient, values)


def submission_set(
    identifier: str = "SubmissionSet01", *, unique_id: str = "2.999.3.1", patient: str = PATIENT
) -> etree._Element:
    """Its classification stands inside."""
    return _fill("submission_set.xml", identifier, unique_id, patient, {})


def folder(
    identifier: str = "Folder01", *, unique_id: str = "2.999.4.1", patient: str = PATIENT
) -> list[etree._Element]:
    """Its classification stands beside it."""
    node = _RIM.Classification(
        id=f"{_key(identifier)}-node",
        classifiedObject=identifier,
        classificationNode=v.FOLDER_NODE,
    )
    return [_fill("folder.xml", identifier, unique_id, patient, {}), node]


def association(
    kind: str, source: str, target: str, identifier: str = "", **slots: str
) -> etree._Element:
    return _RIM.Association(
        *(slot(name, value) for name, value in slots.items()),
        id=identifier or f"{_key(source)}-{_key(target)}",
        associationType=kind,
        sourceObject=source,
        targetObject=target,
    )


def original(target: str = "Document01", source: str = "SubmissionSet01") -> etree._Element:
    return association(v.HAS_MEMBER, source, target, SubmissionSetStatus="Original")


def member(source: str, target: str) -> etree._Element:
    return association(v.HAS_MEMBER, source, target)


def slot(name: str, *values: str) -> etree._Element:
    return _RIM.Slot(_RIM.ValueList(*map(_RIM.Value, values)), name=name)


def submit(*objects: etree._Element) -> etree._Element:
    """lcm:SubmitObjectsRequest."""
    return _LCM.SubmitObjectsRequest(_RIM.RegistryObjectList(*objects))


def one_document() -> etree._Element:
    return submit(document_entry(), submission_set(), original())


def two_documents_in_a_folder() -> etree._Element:
    return submit(
        document_entry(),
        document_entry("Document02", unique_id="2.999.2.2^v1"),
        submission_set(),
        *folder(),
        original("Document01"),
        original("Document02"),
        member("SubmissionSet01", "Folder01"),
        member("Folder01", "Document01"),
        member("SubmissionSet01", "Folder01-Document01"),
    )


def provide(request: etree._Element, documents: Iterable[str]) -> etree._Element:
    """xdsb:ProvideAndRegisterDocumentSetRequest; the part of document X is `X@example.org`."""
    included = (
        _XDSB.Document(_XOP.Include(href=f"cid:{name}%40example.org"), id=name)
        for name in documents
    )
    return _XDSB.ProvideAndRegisterDocumentSetRequest(request, *included)


def replacement(number: int, target: str, kind: str = v.REPLACES) -> etree._Element:
    """A submission whose document has a relationship to a registered one."""
    return submit(
        document_entry(uuid_urn(number), unique_id=f"2.999.2.{number}"),
        submission_set(uuid_urn(number + 1), unique_id=f"2.999.3.{number}"),
        original(uuid_urn(number), uuid_urn(number + 1)),
        association(kind, uuid_urn(number), target),
    )


def _key(identifier: str) -> str:
    """What symbolic ids of parts begin with: urn:uuid: would make them look like UUIDs."""
    return identifier.removeprefix("urn:uuid:")


def _fill(
    name: str, identifier: str, unique_id: str, patient: str, values: Mapping[str, str]
) -> etree._Element:
    template = Template((FIXTURES / name).read_text(encoding="utf-8"))
    text = template.substitute(
        {key: escape(value) for key, value in values.items()},
        id=escape(identifier),
        key=_key(identifier),
        unique_id=escape(unique_id),
        patient=escape(patient),
    )
    return etree.fromstring(text)
