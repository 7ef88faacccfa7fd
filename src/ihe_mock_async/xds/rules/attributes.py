"""Rules on which attributes an object has, and how often (ITI TF-3: 4.2.3.2 to 4.2.3.4, 4.3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.xds import datatypes
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import Classification
from ihe_mock_async.xds.metadata import DocumentEntry, IdentifiedObject, MetadataObject, Submission
from ihe_mock_async.xds.rules.formats import check_slot_formats
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning
from ihe_mock_async.xds.rules.structure import check_slot_form, check_slots

SLOT_REQUIRED = metadata_error(
    id="xds-slot-required",
    text="A required attribute that is coded as Slot is present",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Add the Slot with its value.",
)
REPOSITORY_ATTRIBUTE_REQUIRED = metadata_error(
    id="xds-repository-attribute-required",
    text="A stable document entry that is registered has hash, size and repositoryUniqueId",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Add the Slot: the repository that sends ITI-42 computes it.",
)
STABLE_REGISTERED = metadata_warning(
    id="xds-registered-stable",
    text="A document entry that is registered with ITI-42 is a stable one",
    section="ITI TF-2: 3.42.4.1.2",
    fix="Register on-demand document entries with ITI-61.",
)
CODE_REQUIRED = metadata_error(
    id="xds-code-required",
    text="A required coded attribute is present",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Add the Classification.",
)
CODE_REPEATED = metadata_error(
    id="xds-code-repeated",
    text="A coded attribute is present at most as often as allowed",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Leave one Classification of this scheme.",
)
CODE_VALUE = metadata_error(
    id="xds-code-value",
    text="A coded attribute has its code in nodeRepresentation",
    section="ITI TF-3: 4.2.3.1.2",
    fix="Add nodeRepresentation.",
)
CODING_SCHEME = metadata_error(
    id="xds-coding-scheme",
    text="A coded attribute has exactly one coding scheme",
    section="ITI TF-3: 4.2.3.1.2",
    fix="Add a Slot codingScheme with one value, the OID or name of the code system.",
)
DISPLAY_NAME = metadata_error(
    id="xds-display-name",
    text="A coded attribute has a display name",
    section="ITI TF-3: 4.2.3.1.2",
    fix="Add rim:Name with a LocalizedString.",
)
CODE_IN_DOMAIN = metadata_error(
    id="xds-code-in-domain",
    text="The code is one that the affinity domain has agreed on",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Use a code of the domain, or add this one to the server's setting codes.",
)
AUTHOR_EMPTY = metadata_error(
    id="xds-author-empty",
    text="An author is a person, an institution or a telecommunication address",
    section="ITI TF-3: 4.2.3.1.4",
    fix="Add the Slot authorPerson, authorInstitution or authorTelecommunication.",
)
AUTHOR_SLOT = metadata_warning(
    id="xds-author-slot",
    text="An author has the slots authorPerson, authorInstitution, authorRole, authorSpecialty "
    "and authorTelecommunication",
    section="ITI TF-3: 4.2.3.1.4",
    fix="Correct the Slot's name.",
)
SCHEME_UNKNOWN = metadata_warning(
    id="xds-scheme-unknown",
    text="A classificationScheme or identificationScheme is one of its object's attributes",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Correct the scheme's UUID; the object may be of another kind.",
)
IDENTIFIER_REQUIRED = metadata_error(
    id="xds-identifier-required",
    text="An object has its patientId, and a submission set its sourceId",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Add the ExternalIdentifier with its value.",
)
UNIQUE_ID_REQUIRED = metadata_error(
    id="xds-unique-id-required",
    text="An object has its uniqueId",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Add the ExternalIdentifier with its value.",
    essential=True,
)
IDENTIFIER_REPEATED = metadata_error(
    id="xds-identifier-repeated",
    text="An identifier is present once",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Leave one ExternalIdentifier of this scheme.",
)
IDENTIFIER_NAME = metadata_warning(
    id="xds-identifier-name",
    text="The Name of an ExternalIdentifier tells the attribute",
    section="ITI TF-3: 4.2.3.1.3",
    fix="Add rim:Name with the attribute's full name.",
)
MIME_TYPE = metadata_error(
    id="xds-mime-type",
    text="A document entry has a mimeType",
    section="ITI TF-3: 4.2.3.2.15",
    fix="Add the attribute mimeType to the ExtrinsicObject.",
)
OBJECT_TYPE = metadata_error(
    id="xds-object-type",
    text="The objectType of a document entry is that of a stable or on-demand document",
    section="ITI TF-3: 4.2.3.2.14",
    fix=f"Write {v.STABLE} for a stable document.",
)
LIMITED_METADATA = metadata_error(
    id="xds-limited-metadata",
    text="Limited metadata is for XDR and XDM, not for XDS",
    section="ITI TF-3: 4.2.3.2.31",
    fix="Supply the whole metadata and remove the Classification.",
)
FOLDER_TITLE = metadata_error(
    id="xds-folder-title",
    text="A folder has a title",
    section="ITI TF-3: Table 4.2.3.4-1",
    fix="Add rim:Name with a LocalizedString.",
)
RULES = (
    SLOT_REQUIRED, CODE_REQUIRED, CODE_REPEATED, CODE_VALUE, CODING_SCHEME, DISPLAY_NAME,
    CODE_IN_DOMAIN, AUTHOR_EMPTY, AUTHOR_SLOT, SCHEME_UNKNOWN, IDENTIFIER_REQUIRED,
    UNIQUE_ID_REQUIRED, IDENTIFIER_REPEATED, IDENTIFIER_NAME, MIME_TYPE, OBJECT_TYPE,
    LIMITED_METADATA, FOLDER_TITLE,
)  # fmt: skip

_IDENTIFIES_AUTHOR = ("authorPerson", "authorInstitution", "authorTelecommunication")
_REPOSITORY_ATTRIBUTES = ("hash", "size", "repositoryUniqueId")


def check_attributes(submission: Submission, domain: AffinityDomain, report: Report) -> None:
    """Check presence, number and codes of all attributes of the submission's objects."""
    for obj in submission.objects():
        _check_required_slots(obj, report)
        _check_classifications(obj, domain.codes, report)
    for identified in submission.identified():
        _check_identifiers(identified, report)
        _check_limited_metadata(identified.rim.classifications, report)
    _check_limited_metadata(submission.classifications, report)
    for entry in submission.document_entries:
        _check_document_entry(entry, report)
    for folder in submission.folders:
        if not folder.rim.name:
            report.add(FOLDER_TITLE, folder.rim.element)


def check_repository_attributes(submission: Submission, report: Report) -> None:
    """Check what a repository has to add before it registers (ITI TF-2: 3.42)."""
    for entry in submission.document_entries:
        if not entry.on_demand:
            for name in _REPOSITORY_ATTRIBUTES:
                if not entry.rim.value(name):
                    report.add(
                        REPOSITORY_ATTRIBUTE_REQUIRED, entry.rim.element, expected=f"Slot {name}"
                    )


def check_stable(submission: Submission, report: Report) -> None:
    """Check that no entry of ITI-42 is an on-demand one: servers of the field differ in that."""
    for entry in submission.document_entries:
        if entry.on_demand:
            report.add(STABLE_REGISTERED, entry.rim.element, received=v.ON_DEMAND)


def _check_required_slots(obj: MetadataObject, report: Report) -> None:
    present = {slot.name for slot in obj.rim.slots}
    if isinstance(obj, DocumentEntry) and obj.on_demand:
        present.add("creationTime")  # the document is not made yet
    for attribute in obj.model.slots.values():
        if attribute.required and attribute.name not in present:
            report.add(SLOT_REQUIRED, obj.rim.element, expected=f"Slot {attribute.name}")


def _check_classifications(
    obj: MetadataObject, codes: Mapping[str, Iterable[str]], report: Report
) -> None:
    counts: dict[str, int] = {}
    for classification in obj.rim.classifications:
        scheme = classification.scheme
        attribute = obj.model.codes.get(scheme)
        counts[scheme] = counts.get(scheme, 0) + 1
        if attribute is None:
            _check_other_classification(classification, report)
        elif attribute.author:
            _check_author(classification, report)
        else:
            _check_code(classification, attribute, codes, report)
        if attribute is not None and counts[scheme] == (attribute.maximum or 0) + 1 > 1:
            report.add(CODE_REPEATED, classification.element, received=attribute.name)
    for scheme, attribute in obj.model.codes.items():
        if counts.get(scheme, 0) < attribute.minimum:
            expected = f"a Classification with classificationScheme {scheme} ({attribute.name})"
            report.add(CODE_REQUIRED, obj.rim.element, expected=expected)


def _check_other_classification(classification: Classification, report: Report) -> None:
    if not classification.node:
        report.add(SCHEME_UNKNOWN, classification.element, received=classification.scheme)


def _check_code(
    classification: Classification,
    attribute: v.CodeAttribute,
    codes: Mapping[str, Iterable[str]],
    report: Report,
) -> None:
    element = classification.element
    check_slot_form(classification, report)
    slot = classification.slot(v.CODING_SCHEME)
    schemes = slot.values if slot is not None else ()
    if not classification.code:
        report.add(CODE_VALUE, element, expected=f"the code of {attribute.name}")
    if len(schemes) != 1 or not schemes[0]:
        report.add(CODING_SCHEME, element, received=", ".join(schemes))
    if not classification.name:
        report.add(DISPLAY_NAME, element, received=classification.code)
    allowed = codes.get(attribute.name)
    coded = f"{classification.code}^^{schemes[0] if schemes else ''}"
    if allowed is not None and coded not in allowed:
        expected = f"{attribute.name}: {', '.join(sorted(allowed))}"
        report.add(CODE_IN_DOMAIN, element, received=coded, expected=expected)


def _check_author(author: Classification, report: Report) -> None:
    if not any(author.value(name) for name in _IDENTIFIES_AUTHOR):
        report.add(AUTHOR_EMPTY, author.element)
    check_slots(author, v.AUTHOR_SLOTS, report, unknown=AUTHOR_SLOT)
    check_slot_formats(author, report)


def _check_identifiers(obj: IdentifiedObject, report: Report) -> None:
    present: set[str] = set()
    for identifier in obj.rim.identifiers:
        attribute = obj.model.identifiers.get(identifier.scheme)
        if attribute is None:
            report.add(SCHEME_UNKNOWN, identifier.element, received=identifier.scheme)
            continue
        if attribute.name in present:
            report.add(IDENTIFIER_REPEATED, identifier.element, received=attribute.label)
        if identifier.name != attribute.label:
            received, expected = identifier.name or "", attribute.label
            report.add(IDENTIFIER_NAME, identifier.element, received=received, expected=expected)
        if identifier.text:
            present.add(attribute.name)
    for scheme, attribute in obj.model.identifiers.items():
        if attribute.name not in present:
            rule = UNIQUE_ID_REQUIRED if attribute.name == "uniqueId" else IDENTIFIER_REQUIRED
            expected = f"an ExternalIdentifier {attribute.label} ({scheme}) with a value"
            report.add(rule, obj.rim.element, expected=expected)


def _check_limited_metadata(classifications: Iterable[Classification], report: Report) -> None:
    for classification in classifications:
        if {classification.node, classification.scheme} & v.LIMITED_METADATA_NODES:
            report.add(LIMITED_METADATA, classification.element)


def _check_document_entry(entry: DocumentEntry, report: Report) -> None:
    element = entry.rim.element
    mime_type, object_type = element.get("mimeType", ""), element.get("objectType", "")
    if wrong := datatypes.mime_type(mime_type.strip()):
        report.add(MIME_TYPE, element, received=mime_type, expected=wrong)
    if object_type.strip() not in v.DOCUMENT_ENTRY_TYPES:
        report.add(OBJECT_TYPE, element, received=object_type, expected=v.STABLE)
