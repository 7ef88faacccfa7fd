"""The documents themselves: plain text, PDF and CDA, small, and the same octets each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async import pdf
from ihe_mock_async.client.seed import names
from ihe_mock_async.client.seed.cast import Document, Person
from ihe_mock_async.hl7v3.namespaces import NAMESPACE

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class Content:
    """The octets of a document, and how they are to be read."""

    octets: bytes
    mime_type: str
    format_code: tuple[str, str, str]
    """Code, coding scheme and display name."""


_ANY_FORMAT = (
    "urn:ihe:iti:xds:2017:mimeTypeSufficient",
    "1.3.6.1.4.1.19376.1.2.3",
    "MimeType sufficient",
)


def content_of(document: Document, person: Person) -> Content:
    """The content of a document about a patient."""
    return _WRITERS[document.kind](document, person)


def _sentences(document: Document, person: Person) -> tuple[str, str, str]:
    return (
        document.title,
        f"Patient: {person.name}, born {person.birth_date}",
        "A synthetic document: nobody was treated, nobody is ill.",
    )


def _text(document: Document, person: Person) -> Content:
    octets = "\n".join((*_sentences(document, person), "")).encode()
    return Content(octets, "text/plain", _ANY_FORMAT)


def _pdf(document: Document, person: Person) -> Content:
    return Content(pdf.write(_sentences(document, person)), "application/pdf", _ANY_FORMAT)


# ---------------------------------------------------------------- CDA R2

_V3 = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE, "xsi": _XSI})
_LOINC = "2.16.840.1.113883.6.1"


def _cda(document: Document, person: Person) -> Content:
    title, *paragraphs = _sentences(document, person)
    clinical_document = _V3.ClinicalDocument(
        _V3.typeId(root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        _V3.id(root=document.unique_id),
        _V3.code(code="18842-5", codeSystem=_LOINC, displayName="Discharge summary"),
        _V3.title(title),
        _V3.effectiveTime(value=names.TIME),
        _V3.confidentialityCode(code="N", codeSystem="2.16.840.1.113883.5.25"),
        _V3.languageCode(code="en-US"),
        _record_target(person),
        _V3.author(
            _V3.time(value=names.TIME),
            _V3.assignedAuthor(
                _V3.id(root=names.SOURCE, extension="1"),
                _V3.assignedPerson(_V3.name(_V3.given("Anna"), _V3.family("Muster"))),
            ),
        ),
        _V3.custodian(
            _V3.assignedCustodian(
                _V3.representedCustodianOrganization(
                    _V3.id(root=names.SOURCE), _V3.name("Example Hospital")
                )
            )
        ),
        _V3.component(
            _V3.structuredBody(
                _V3.component(
                    _V3.section(
                        _V3.code(code="8648-8", codeSystem=_LOINC, displayName="Hospital course"),
                        _V3.title("Hospital course"),
                        _V3.text(*(_V3.paragraph(each) for each in paragraphs)),
                    )
                )
            )
        ),
    )
    octets = etree.tostring(
        clinical_document, xml_declaration=True, encoding="UTF-8", pretty_print=True
    )
    code = ("urn:hl7-org:sdwg:ccda-structuredBody:2.1", "1.3.6.1.4.1.19376.1.2.3", "C-CDA R2.1")
    return Content(octets, "text/xml", code)


def _record_target(person: Person) -> etree._Element:
    return _V3.recordTarget(
        _V3.patientRole(
            *(_V3.id(root=each.root, extension=each.extension) for each in person.identifiers),
            _V3.patient(
                _V3.name(_V3.given(person.given), _V3.family(person.family)),
                _V3.administrativeGenderCode(
                    code=person.gender, codeSystem="2.16.840.1.113883.5.1"
                ),
                _V3.birthTime(value=person.birth_date),
            ),
        )
    )


_WRITERS: Mapping[str, Callable[[Document, Person], Content]] = {
    "text": _text,
    "pdf": _pdf,
    "cda": _cda,
}
