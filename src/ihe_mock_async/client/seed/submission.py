"""ITI-41 messages of the seed: documents with their metadata (ITI TF-2: 3.41; TF-3: 4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.client.message import OutgoingPart
from ihe_mock_async.client.seed import names
from ihe_mock_async.client.seed.cast import Document, Person, Submission
from ihe_mock_async.client.seed.contents import Content, content_of
from ihe_mock_async.soap import mtom
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v

Code = tuple[str, str, str]
"""Code, coding scheme, display name."""

_LCM = ElementMaker(namespace=ns.LCM, nsmap={"lcm": ns.LCM})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_XDSB = ElementMaker(namespace=ns.XDSB, nsmap={"xdsb": ns.XDSB})
_XOP = ElementMaker(namespace=ns.XOP, nsmap={"xop": ns.XOP})

_SNOMED_CT = "2.16.840.1.113883.6.96"
_LOINC = "2.16.840.1.113883.6.1"
_CODES: Mapping[str, Code] = {
    "classCode": ("REPORTS", "1.3.6.1.4.1.19376.1.2.6.1", "Reports"),
    "confidentialityCode": ("N", "2.16.840.1.113883.5.25", "Normal"),
    "healthcareFacilityTypeCode": ("22232009", _SNOMED_CT, "Hospital"),
    "practiceSettingCode": ("394802001", _SNOMED_CT, "General medicine"),
    "typeCode": ("18842-5", _LOINC, "Discharge summary"),
    "contentTypeCode": ("18842-5", _LOINC, "Discharge summary"),
    "codeList": ("394802001", _SNOMED_CT, "General medicine"),
}
_AUTHOR = "^Muster^Anna^^^Dr."


@dataclass(frozen=True, slots=True)
class Provision:
    """The payload of a Provide and Register Document Set-b request, and its attachments."""

    payload: bytes
    parts: tuple[OutgoingPart, ...]


def provide(
    submission: Submission, person: Person, codes: Mapping[str, Sequence[str]]
) -> Provision:
    """The request of a submission; `codes` are those agreed on, `code^^scheme` by attribute."""
    return _Writer(submission, person, codes).provision()


class _Writer:
    """Writes one submission."""

    def __init__(
        self, submission: Submission, person: Person, codes: Mapping[str, Sequence[str]]
    ) -> None:
        self._submission = submission
        self._patient = person.identifiers[0].cx
        self._codes = codes
        self._contents = {each.key: content_of(each, person) for each in submission.documents}
        self._set_id = names.entry_uuid(submission.key)
        self._folder_id = names.entry_uuid(f"{submission.key}/folder")
        self._made = 0

    def provision(self) -> Provision:
        documents = self._submission.documents
        objects = [self._entry(each, self._contents[each.key]) for each in documents]
        objects.append(self._submission_set())
        objects += self._folder() if self._submission.folder else []
        objects += [each for document in documents for each in self._associations(document)]
        request = _XDSB.ProvideAndRegisterDocumentSetRequest(
            _LCM.SubmitObjectsRequest(_RIM.RegistryObjectList(*objects)),
            *(
                _XDSB.Document(
                    _XOP.Include(href=mtom.href_of(_content_id(each))),
                    id=names.entry_uuid(each.key),
                )
                for each in documents
            ),
        )
        parts = (
            OutgoingPart(_content_id(each), content.mime_type, content.octets)
            for each, content in zip(documents, self._contents.values(), strict=True)
        )
        payload = etree.tostring(request, encoding="UTF-8", xml_declaration=False)
        return Provision(payload, tuple(parts))

    # ------------------------------------------------ objects

    def _entry(self, document: Document, content: Content) -> etree._Element:
        entry_id = names.entry_uuid(document.key)
        digest = hashlib.sha1(content.octets).hexdigest()  # noqa: S324 - XDS demands SHA-1
        codes = [
            self._code(entry_id, name, scheme, {**_CODES, "formatCode": content.format_code})
            for scheme, attribute in v.DOCUMENT_ENTRY.codes.items()
            if (name := attribute.name) in _CODES or name == "formatCode"
        ]
        return _RIM.ExtrinsicObject(
            _slot("creationTime", names.TIME),
            _slot("hash", digest),
            _slot("languageCode", "en-US"),
            _slot("size", str(len(content.octets))),
            _slot("sourcePatientId", self._patient),
            _name(document.title),
            self._author(entry_id, v.DOCUMENT_ENTRY),
            *codes,
            *self._identifiers(entry_id, v.DOCUMENT_ENTRY, document.unique_id),
            id=entry_id,
            mimeType=content.mime_type,
            objectType=v.STABLE,
        )

    def _submission_set(self) -> etree._Element:
        scheme = _scheme(v.SUBMISSION_SET, "contentTypeCode")
        return _RIM.RegistryPackage(
            _slot("submissionTime", names.TIME),
            _name(self._submission.title),
            self._author(self._set_id, v.SUBMISSION_SET),
            self._code(self._set_id, "contentTypeCode", scheme, _CODES),
            self._marked(self._set_id, v.SUBMISSION_SET_NODE),
            *self._identifiers(self._set_id, v.SUBMISSION_SET, self._submission.unique_id),
            id=self._set_id,
        )

    def _folder(self) -> Iterator[etree._Element]:
        folder_id = self._folder_id
        yield _RIM.RegistryPackage(
            _name(self._submission.folder),
            self._code(folder_id, "codeList", _scheme(v.FOLDER, "codeList"), _CODES),
            self._marked(folder_id, v.FOLDER_NODE),
            *self._identifiers(folder_id, v.FOLDER, self._submission.folder_unique_id),
            id=folder_id,
        )
        yield self._association(v.HAS_MEMBER, self._set_id, folder_id)

    def _associations(self, document: Document) -> Iterator[etree._Element]:
        entry_id = names.entry_uuid(document.key)
        yield self._association(
            v.HAS_MEMBER, self._set_id, entry_id, _slot(v.SUBMISSION_SET_STATUS, "Original")
        )
        if document.related:
            kind = v.BARE_ASSOCIATION_TYPES[document.relation]
            yield self._association(kind, entry_id, names.entry_uuid(document.related))
        if self._submission.folder:
            member = self._association(v.HAS_MEMBER, self._folder_id, entry_id)
            yield member
            yield self._association(v.HAS_MEMBER, self._set_id, member.get("id", ""))

    # ------------------------------------------------ parts of objects

    def _association(
        self, kind: str, source: str, target: str, *slots: etree._Element
    ) -> etree._Element:
        return _RIM.Association(
            *slots,
            id=names.entry_uuid(f"{kind} {source} {target}"),
            associationType=kind,
            sourceObject=source,
            targetObject=target,
        )

    def _code(
        self, classified: str, name: str, scheme: str, codes: Mapping[str, Code]
    ) -> etree._Element:
        code, coding_scheme, display_name = self._agreed(name, codes[name])
        return _RIM.Classification(
            _slot(v.CODING_SCHEME, coding_scheme),
            _name(display_name),
            id=self._new_id(),
            classificationScheme=scheme,
            classifiedObject=classified,
            nodeRepresentation=code,
        )

    def _agreed(self, name: str, own: Code) -> Code:
        """Our own code, or one of those that the affinity domain has agreed on."""
        agreed = self._codes.get(name, ())
        if not agreed or f"{own[0]}^^{own[1]}" in agreed:
            return own
        code, _, coding_scheme = agreed[0].partition("^^")
        return code, coding_scheme, code

    def _author(self, classified: str, model: v.ObjectModel) -> etree._Element:
        return _RIM.Classification(
            _slot("authorPerson", _AUTHOR),
            id=self._new_id(),
            classificationScheme=_scheme(model, "author"),
            classifiedObject=classified,
            nodeRepresentation="",
        )

    def _marked(self, classified: str, node: str) -> etree._Element:
        return _RIM.Classification(
            id=self._new_id(), classifiedObject=classified, classificationNode=node
        )

    def _identifiers(
        self, identified: str, model: v.ObjectModel, unique_id: str
    ) -> Iterator[etree._Element]:
        values = {"patientId": self._patient, "uniqueId": unique_id, "sourceId": names.SOURCE}
        for scheme, attribute in model.identifiers.items():
            yield _RIM.ExternalIdentifier(
                _name(attribute.label),
                id=self._new_id(),
                identificationScheme=scheme,
                registryObject=identified,
                value=values[attribute.name],
            )

    def _new_id(self) -> str:
        """A symbolic id of a classification or an identifier."""
        self._made += 1
        return f"id{self._made:03d}"


def _scheme(model: v.ObjectModel, name: str) -> str:
    return next(scheme for scheme, each in model.codes.items() if each.name == name)


def _slot(name: str, value: str) -> etree._Element:
    return _RIM.Slot(_RIM.ValueList(_RIM.Value(value)), name=name)


def _name(text: str) -> etree._Element:
    return _RIM.Name(_RIM.LocalizedString(value=text))


def _content_id(document: Document) -> str:
    return f"{document.key.replace('/', '.')}@seed.ihe-mock-async.example"
