"""For each rule on submissions, a change to a conformant one that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from ihe_mock_async.ihe import Answer, Handler
from ihe_mock_async.state import AffinityDomain, AvailabilityStatus
from ihe_mock_async.transactions.iti42_register_document_set import answer as register
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.xds_fakes import FakeState, attachment, exchange
from tests.xds import submissions as s

_SCHEMES = {attribute.name: scheme for scheme, attribute in v.DOCUMENT_ENTRY.codes.items()}
REGISTERED_ENTRY, REGISTERED_SET, REGISTERED_FOLDER = map(s.uuid_urn, (901, 902, 903))


@dataclass
class Case:
    """A submission of two documents and a folder, and the world that it meets."""

    state: FakeState = field(default_factory=FakeState)
    domain: AffinityDomain = field(default_factory=AffinityDomain)
    request: etree._Element = field(default_factory=s.two_documents_in_a_folder)
    contents: dict[str, bytes] = field(
        default_factory=lambda: {"Document01": s.CONTENT, "Document02": s.CONTENT}
    )
    body: etree._Element | None = None

    @property
    def objects(self) -> etree._Element:
        return self.request[0]

    def object(self, identifier: str) -> etree._Element:
        return _first(self.request, f"//rim:*[@id='{identifier}']")

    @property
    def entry(self) -> etree._Element:
        return self.object("Document01")

    @property
    def submission_set(self) -> etree._Element:
        return self.object("SubmissionSet01")

    @property
    def folder(self) -> etree._Element:
        return self.object("Folder01")

    @property
    def link(self) -> etree._Element:
        return self.object("SubmissionSet01-Document01")

    def slot(self, name: str, parent: etree._Element | None = None) -> etree._Element:
        return _first(self.entry if parent is None else parent, f".//rim:Slot[@name='{name}']")

    def value(self, name: str, text: str, parent: etree._Element | None = None) -> None:
        _first(self.slot(name, parent), ".//rim:Value").text = text

    def code(self, name: str) -> etree._Element:
        scheme = _SCHEMES[name]
        return _first(self.entry, f"rim:Classification[@classificationScheme='{scheme}']")

    def identifier(self, name: str, parent: etree._Element) -> etree._Element:
        kind = "DocumentEntry" if parent.tag == ns.EXTRINSIC_OBJECT else ""
        label = f"rim:Name/rim:LocalizedString[contains(@value, '{kind}.{name}')]"
        return _first(parent, f"rim:ExternalIdentifier[{label}]")

    def add(self, *elements: etree._Element) -> None:
        self.objects.extend(elements)

    def register_before(self, patient: str = s.PATIENT) -> None:
        """One document in a folder is registered already."""
        earlier = s.submit(
            s.document_entry(REGISTERED_ENTRY, unique_id="2.999.9.1", patient=patient),
            s.submission_set(REGISTERED_SET, unique_id="2.999.9.2", patient=patient),
            *s.folder(REGISTERED_FOLDER, unique_id="2.999.9.3", patient=patient),
            s.original(REGISTERED_ENTRY, REGISTERED_SET),
            s.member(REGISTERED_SET, REGISTERED_FOLDER),
            s.association(v.HAS_MEMBER, REGISTERED_FOLDER, REGISTERED_ENTRY, s.uuid_urn(904)),
            s.member(REGISTERED_SET, s.uuid_urn(904)),
        )
        assert register(exchange(earlier, self.state)).summary == "Success"

    def send_to(self, handler: Handler, *, provide: bool) -> Answer:
        body = self.request
        if self.body is not None:
            body = self.body
        elif provide:
            body = s.provide(self.request, self.contents)
        # Through text, as a message comes: line numbers are those of a document.
        body = etree.fromstring(etree.tostring(body))
        parts = {f"{name}@example.org": attachment(c) for name, c in self.contents.items()}
        return handler(exchange(body, self.state, attachments=parts, domain=self.domain))


def _first(parent: etree._Element, path: str) -> etree._Element:
    found = parent.xpath(path, namespaces={"rim": ns.RIM})
    assert isinstance(found, list)
    element = found[0]
    assert isinstance(element, etree._Element)
    return element


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _rename(case: Case, old: str, new: str) -> None:
    """Another id for an object, wherever it stands."""
    for element in case.request.iter():
        for name, value in element.attrib.items():
            if value == old:
                element.set(name, new)


def _refer_to_deprecated(case: Case) -> None:
    case.register_before()
    objects = case.state.documents.objects
    entry = objects[REGISTERED_ENTRY]
    objects[REGISTERED_ENTRY] = replace(entry, status=AvailabilityStatus.DEPRECATED)
    case.add(s.association(v.REPLACES, "Document01", REGISTERED_ENTRY))


def _relate(kind: str, target: str, source: str = "Document01") -> Callable[[Case], None]:
    return lambda case: case.add(s.association(kind, source, target))


def _registered(
    change: Callable[[Case], None], patient: str = s.PATIENT
) -> Callable[[Case], None]:
    def apply(case: Case) -> None:
        case.register_before(patient)
        change(case)

    return apply


def _domain(**changes: object) -> Callable[[Case], None]:
    def apply(case: Case) -> None:
        case.domain = AffinityDomain(**changes)  # type: ignore[arg-type]  # names are the test's

    return apply


def _unwrap(case: Case) -> None:
    case.body = etree.fromstring(
        f'<x:ProvideAndRegisterDocumentSetRequest xmlns:x="{ns.XDSB}"><x:Nothing/>'
        "</x:ProvideAndRegisterDocumentSetRequest>"
    )


def _subsume(case: Case) -> None:
    case.state.patients.feed(s.PATIENT, subsumed_by=s.OTHER_PATIENT)


def _reregister(change: Callable[[Case], None]) -> Callable[[Case], None]:
    """Document01 has the uniqueId of a registered one."""

    def apply(case: Case) -> None:
        case.register_before()
        case.identifier("uniqueId", case.entry).set("value", "2.999.9.1")
        change(case)

    return apply


def _lengthen(case: Case) -> None:
    content = s.CONTENT + b"."
    case.contents["Document01"] = content
    changed = s.document_entry(content=content)
    for name in ("hash", "size"):
        text = _first(changed, f"rim:Slot[@name='{name}']//rim:Value").text
        case.value(name, text or "")


def _twice(element: etree._Element, **attributes: str) -> None:
    copy = etree.fromstring(etree.tostring(element))
    for name, value in attributes.items():
        copy.set(name, value)
    element.addnext(copy)


def _document(association: etree._Element, code: etree._Element) -> None:
    copy = etree.fromstring(etree.tostring(code))
    copy.set("id", "documentation")
    copy.set("classifiedObject", association.get("id", ""))
    copy.set("classificationScheme", v.DOCUMENTATION_SCHEME)
    association.append(copy)


BREACHES: Mapping[str, Callable[[Case], None]] = {
    "xds-object-list": _unwrap,
    # ---- structure
    "xds-list-content": lambda c: c.add(etree.Element("{urn:example}Nothing")),
    "xds-element-order": lambda c: c.entry.insert(0, _first(c.entry, "rim:Name")),
    "xds-element-unknown": lambda c: c.entry.append(etree.Element("{urn:example}Nothing")),
    "xds-id-missing": lambda c: c.code("typeCode").attrib.__delitem__("id"),
    "xds-id-unique": lambda c: c.code("typeCode").set("id", "Document02"),
    "xds-object-id-unique": lambda c: c.object("SubmissionSet01-Document02").set(
        "id", "SubmissionSet01-Document01"
    ),
    "xds-uuid-format": lambda c: _rename(c, "Document02-type", "urn:uuid:4711"),
    "xds-uuid-lower-case": lambda c: _rename(
        c, "Document02-type", "urn:uuid:ABCDEF00-0000-4000-8000-000000000001"
    ),
    "xds-home-format": lambda c: c.entry.set("home", "2.999.7.8"),
    "xds-logical-id": lambda c: c.entry.set("lid", s.uuid_urn(77)),
    "xds-problem-count": lambda c: c.entry.extend(
        etree.Element("{urn:example}Nothing") for _ in range(101)
    ),
    "xds-slot-name": lambda c: c.slot("urn:example:extra").set("name", ""),
    "xds-slot-unique": lambda c: _twice(c.slot("languageCode")),
    "xds-slot-empty": lambda c: _remove(_first(c.slot("size"), ".//rim:Value")),
    "xds-slot-value-length": lambda c: c.value("urn:example:extra", "x" * 257),
    "xds-slot-single": lambda c: c.slot("languageCode").replace(
        c.slot("languageCode")[0], s.slot("any", "de", "fr")[0]
    ),
    "xds-slot-reserved": lambda c: c.slot("urn:example:extra").set("name", "urn:ihe:mine"),
    "xds-slot-unknown": lambda c: c.slot("urn:example:extra").set("name", "creationtime"),
    "xds-classified-object": lambda c: c.code("typeCode").set("classifiedObject", "Document02"),
    "xds-registry-object": lambda c: c.identifier("uniqueId", c.entry).set(
        "registryObject", "Document02"
    ),
    "xds-classification-target": lambda c: _twice(
        c.object("Folder01-node"), id="another", classifiedObject="nothing"
    ),
    "xds-attribute-unknown": lambda c: c.entry.set("majorVersion", "1"),
    "xds-attribute-length": lambda c: _first(c.entry, "rim:Name/*").set("value", "x" * 1025),
    "xds-localized-string": lambda c: _first(c.entry, "rim:Name/*").attrib.__delitem__("value"),
    "xds-stray-text": lambda c: setattr(c.slot("languageCode"), "tail", ">"),
    "xds-request-content": lambda c: c.request.append(etree.Element(ns.REGISTRY_OBJECT_LIST)),
    # ---- attributes
    "xds-slot-required": lambda c: _remove(c.slot("languageCode")),
    "xds-repository-attribute-required": lambda c: _remove(c.slot("hash")),
    "xds-registered-stable": lambda c: c.entry.set("objectType", v.ON_DEMAND),
    "xds-code-required": lambda c: _remove(c.code("classCode")),
    "xds-code-repeated": lambda c: _twice(c.code("typeCode"), id="another"),
    "xds-code-value": lambda c: c.code("typeCode").set("nodeRepresentation", ""),
    "xds-coding-scheme": lambda c: _remove(c.slot("codingScheme", c.code("typeCode"))),
    "xds-display-name": lambda c: _remove(_first(c.code("typeCode"), "rim:Name")),
    "xds-code-in-domain": _domain(codes={"typeCode": ("34133-9^^2.16.840.1.113883.6.1",)}),
    "xds-author-empty": lambda c: _remove(
        c.slot("authorPerson", c.object("SubmissionSet01-author"))
    ),
    "xds-author-slot": lambda c: c.code("author").append(s.slot("authorSpeciality", "x")),
    "xds-scheme-unknown": lambda c: c.object("Document01-author").set(
        "classificationScheme", s.uuid_urn(1)
    ),
    "xds-identifier-required": lambda c: _remove(c.identifier("sourceId", c.submission_set)),
    "xds-unique-id-required": lambda c: c.identifier("uniqueId", c.entry).set("value", ""),
    "xds-identifier-repeated": lambda c: _twice(c.identifier("uniqueId", c.entry), id="another"),
    "xds-identifier-name": lambda c: _remove(
        _first(c.identifier("uniqueId", c.entry), "rim:Name")
    ),
    "xds-mime-type": lambda c: c.entry.attrib.__delitem__("mimeType"),
    "xds-object-type": lambda c: c.entry.set("objectType", "urn:uuid:document"),
    "xds-limited-metadata": lambda c: _twice(
        c.object("SubmissionSet01-node"),
        id="another",
        classificationNode="urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707",
    ),
    "xds-folder-title": lambda c: _remove(_first(c.folder, "rim:Name")),
    # ---- formats
    "xds-dtm": lambda c: c.value("creationTime", "2024-05-16T08:00:00Z"),
    "xds-dtm-calendar": lambda c: c.value("creationTime", "20240431"),
    "xds-service-times": lambda c: c.value("serviceStopTime", "20240514"),
    "xds-language-code": lambda c: c.value("languageCode", "deutsch (CH)"),
    "xds-source-patient-id": lambda c: c.value("sourcePatientId", "K-4711"),
    "xds-source-patient-authority": lambda c: c.value("sourcePatientId", "K^^^&3.4.5&ISO"),
    "xds-source-patient-info": lambda c: c.value("sourcePatientInfo", "Musterfrau"),
    "xds-hash": lambda c: c.value("hash", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
    "xds-size": lambda c: c.value("size", "31 octets"),
    "xds-oid": lambda c: c.identifier("sourceId", c.submission_set).set("value", "urn:oid:2.999"),
    "xds-oid-first-arc": lambda c: c.identifier("sourceId", c.submission_set).set("value", "9.1"),
    "xds-document-unique-id": lambda c: c.identifier("uniqueId", c.entry).set("value", "one two"),
    "xds-patient-id": lambda c: c.identifier("patientId", c.entry).set(
        "value", "LM-1979^^^SPITAL&2.999.1&ISO"
    ),
    "xds-document-availability": lambda c: c.value("documentAvailability", "Online"),
    "xds-reference-id": lambda c: c.value("urn:ihe:iti:xds:2013:referenceIdList", "A-1"),
    "xds-xcn": lambda c: c.value("authorPerson", "Otto Sanitas"),
    "xds-xon": lambda c: c.value("authorInstitution", "Spital^^^^^^^^^4711"),
    "xds-xtn": lambda c: c.value("authorTelecommunication", "^^^"),
    "xds-intended-recipient": lambda c: c.value("intendedRecipient", "||", c.submission_set),
    # ---- linkage
    "xds-submission-set-one": lambda c: c.add(s.submission_set("Another", unique_id="2.999.3.2")),
    "xds-package-kind": lambda c: _remove(c.object("Folder01-node")),
    "xds-entry-linked": lambda c: _remove(c.link),
    "xds-folder-linked": lambda c: _remove(c.object("SubmissionSet01-Folder01")),
    "xds-folder-content-linked": lambda c: _remove(
        c.object("SubmissionSet01-Folder01-Document01")
    ),
    "xds-submission-set-status": lambda c: _remove(c.link[0]),
    "xds-submission-set-status-value": lambda c: c.value(
        "SubmissionSetStatus", "Reference", c.link
    ),
    "xds-submission-set-status-misplaced": lambda c: c.object("Folder01-Document01").append(
        s.slot("SubmissionSetStatus", "Original")
    ),
    # ---- associations
    "xds-association-type-bare": _registered(_relate("RPLC", REGISTERED_ENTRY)),
    "xds-association-type": _relate("urn:example:Knows", "Document02"),
    "xds-association-type-update": _registered(
        _relate(v.UPDATE_AVAILABILITY_STATUS, REGISTERED_ENTRY, "SubmissionSet01")
    ),
    "xds-association-end": _relate(v.APPENDS, ""),
    "xds-symbolic-id": _relate(v.APPENDS, "Document99"),
    "xds-association-self": _relate(v.APPENDS, "Document01"),
    "xds-submission-set-target": _relate(v.APPENDS, "SubmissionSet01"),
    "xds-has-member-source": _relate(v.HAS_MEMBER, "Document02"),
    "xds-folder-member": _relate(v.HAS_MEMBER, "SubmissionSet01-Document01", "Folder01"),
    "xds-relationship-source": _relate(v.APPENDS, "Document01", "Folder01"),
    "xds-relationship-target": _relate(v.APPENDS, "Folder01"),
    "xds-replacement-target": _relate(v.REPLACES, "Document02"),
    "xds-association-documentation": lambda c: _document(c.link, c.code("typeCode")),
    # ---- patients
    "xds-patient-differs": lambda c: c.identifier("patientId", c.entry).set(
        "value", s.OTHER_PATIENT
    ),
    "xds-association-patient": _registered(_relate(v.APPENDS, REGISTERED_ENTRY), s.OTHER_PATIENT),
    "xds-folder-patient": _registered(
        _relate(v.HAS_MEMBER, "Document01", REGISTERED_FOLDER), s.OTHER_PATIENT
    ),
    "xds-patient-unknown": _domain(reject_unknown_patients=True),
    "xds-patient-subsumed": _subsume,
    # ---- registry
    "xds-id-registered": _registered(lambda c: _rename(c, "Document01", REGISTERED_ENTRY)),
    "xds-reference-unresolved": _relate(v.REPLACES, s.uuid_urn(999)),
    "xds-reference-deprecated": _refer_to_deprecated,
    "xds-snapshot": _registered(_relate(v.IS_SNAPSHOT_OF, REGISTERED_ENTRY)),
    "xds-unique-id-in-registration": lambda c: c.identifier("uniqueId", c.folder).set(
        "value", "2.999.2.1"
    ),
    "xds-unique-id-in-provision": lambda c: c.identifier("uniqueId", c.folder).set(
        "value", "2.999.2.1"
    ),
    "xds-unique-id-registered": _registered(
        lambda c: c.identifier("uniqueId", c.folder).set("value", "2.999.9.1")
    ),
    "xds-hash-differs": _reregister(_lengthen),
    "xds-size-differs": _reregister(_lengthen),
    # ---- documents
    "xds-document-missing": lambda c: c.contents.__delitem__("Document02"),
    "xds-document-metadata": lambda c: c.contents.update(Document03=b"whose?"),
    "xds-document-hash": lambda c: c.value("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    "xds-document-stable": lambda c: c.entry.set("objectType", v.ON_DEMAND),
    "xds-document-size": lambda c: c.value("size", "44"),
}
"""Rules on wrapping and parts of requests have tests of their own in each transaction."""
