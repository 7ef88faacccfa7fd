"""Rules of ebRIM that hold for every metadata object (ITI TF-3: 4.2.1, 4.2.3.1; rim.xsd)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ihe_mock_async.elements import local_name
from ihe_mock_async.findings import Rule
from ihe_mock_async.xds import datatypes
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import UUID_URN, RimObject, Slot, is_uuid_urn
from ihe_mock_async.xds.metadata import MetadataObject, Submission
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning

MAX_VALUE_LENGTH = 256

LIST_CONTENT = metadata_error(
    id="xds-list-content",
    text="A RegistryObjectList holds ExtrinsicObject, RegistryPackage, Association and "
    "Classification only",
    section="ITI TF-3: 4.2.1",
    fix="Remove the element, or use the namespace urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0.",
)
ELEMENT_ORDER = metadata_error(
    id="xds-element-order",
    text="Children follow the schema's sequence",
    section="ebRIM 3.0: rim.xsd",
    fix="Write Slot first, then Name, Description, VersionInfo, Classification and "
    "ExternalIdentifier.",
)
ELEMENT_UNKNOWN = metadata_error(
    id="xds-element-unknown",
    text="An object and its parts hold only the children that rim.xsd names",
    section="ebRIM 3.0: rim.xsd",
    fix="Remove the element, or put it into the rim namespace.",
)
ID_MISSING = metadata_error(
    id="xds-id-missing",
    text="Every object has an id, associations and classifications included",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Add an id: a urn:uuid: or any text that is unique in the message.",
)
ID_UNIQUE = metadata_error(
    id="xds-id-unique",
    text="An id stands on one element of the message only, classifications included",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Give each element its own id.",
)
OBJECT_ID_UNIQUE = metadata_error(
    id="xds-object-id-unique",
    text="No two document entries, folders, submission sets or associations share an id",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Give each object its own id: references to a shared one are ambiguous.",
    essential=True,
)
UUID_FORMAT = metadata_error(
    id="xds-uuid-format",
    text="An id that begins with urn:uuid: is a UUID",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Write 8-4-4-4-12 hexadecimal digits, or use a symbolic id without urn:uuid:.",
)
UUID_LOWER_CASE = metadata_error(
    id="xds-uuid-lower-case",
    text="The hexadecimal digits of a UUID are lower case",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Write the UUID in lower case wherever it stands.",
)
HOME_FORMAT = metadata_warning(
    id="xds-home-format",
    text="home is a homeCommunityId",
    section="ITI TF-3: 4.2.3.2.12",
    fix="Write urn:oid:OID, or leave home out: the registry does not keep it.",
)
LOGICAL_ID = metadata_warning(
    id="xds-logical-id",
    text="The first version of an object has no logicalID of its own",
    section="ITI TF-3: 4.2.3.2.17",
    fix="Leave lid out; to submit a new version use ITI-57 Update Document Set.",
)
SLOT_NAME = metadata_error(
    id="xds-slot-name",
    text="A Slot has a name",
    section="ITI TF-3: 4.2.3.1.6",
    fix="Add the attribute name.",
)
SLOT_UNIQUE = metadata_error(
    id="xds-slot-unique",
    text="The name of a Slot is unique in its object",
    section="ITI TF-3: 4.2.3.1.6",
    fix="Put all values into the ValueList of one Slot.",
)
SLOT_EMPTY = metadata_error(
    id="xds-slot-empty",
    text="A Slot has at least one value",
    section="ITI TF-3: 4.2.3.1",
    fix="Add a Value, or leave the Slot out.",
)
SLOT_VALUE_LENGTH = metadata_error(
    id="xds-slot-value-length",
    text="A Slot's value has at most 256 characters",
    section="ITI TF-3: 4.2.3.1.1",
    fix="Shorten the value; where the attribute is a list, use several values.",
)
SLOT_SINGLE = metadata_error(
    id="xds-slot-single",
    text="This Slot has exactly one value",
    section="ITI TF-3: Table 4.2.3.2-1",
    fix="Leave one value.",
)
SLOT_RESERVED = metadata_error(
    id="xds-slot-reserved",
    text="Slot names that begin with urn:ihe: are reserved for IHE",
    section="ITI TF-3: 4.2.3.1.6",
    fix="Use a URN of your own for extra metadata.",
)
SLOT_UNKNOWN = metadata_error(
    id="xds-slot-unknown",
    text="A Slot is an attribute of its object, or extra metadata whose name is a URN",
    section="ITI TF-3: 4.2.3.1.6",
    fix="Correct the name, or begin it with urn: and an identifier of your own.",
)
CLASSIFIED_OBJECT = metadata_error(
    id="xds-classified-object",
    text="classifiedObject is the id of the object that the Classification stands in",
    section="ITI TF-3: 4.2.3.1.2",
    fix="Copy the object's id.",
)
REGISTRY_OBJECT = metadata_error(
    id="xds-registry-object",
    text="registryObject is the id of the object that the ExternalIdentifier stands in",
    section="ITI TF-3: 4.2.3.1.3",
    fix="Copy the object's id.",
)
CLASSIFICATION_TARGET = metadata_error(
    id="xds-classification-target",
    text="A Classification directly in the RegistryObjectList marks a RegistryPackage of it",
    section="ITI TF-3: 4.2.1.2",
    fix="Make classifiedObject the id of the submission set or folder.",
)
RULES = (
    LIST_CONTENT, ELEMENT_ORDER, ELEMENT_UNKNOWN, ID_MISSING, ID_UNIQUE, OBJECT_ID_UNIQUE,
    UUID_FORMAT, UUID_LOWER_CASE, HOME_FORMAT, SLOT_NAME, SLOT_UNIQUE, SLOT_EMPTY,
    SLOT_VALUE_LENGTH, SLOT_SINGLE, SLOT_RESERVED, SLOT_UNKNOWN, CLASSIFIED_OBJECT,
    REGISTRY_OBJECT, CLASSIFICATION_TARGET,
)  # fmt: skip
"""Those of all submissions, to which `LOGICAL_ID` comes where all objects are new."""


def check_structure(submission: Submission, report: Report) -> None:
    """Check ids, order, slots and parents of everything in the submission."""
    for element in submission.unexpected:
        report.add(LIST_CONTENT, element, received=local_name(element))
    _check_ids(submission, report)
    for obj in submission.objects():
        _check_object(obj.rim, report)
        _check_home(obj, report)
        check_slots(obj.rim, obj.model.slots, report)
    packages = {package.id for package in (*submission.submission_sets, *submission.folders)}
    packages.update(package.id for package in submission.unclassified)
    for classification in submission.classifications:
        if classification.classified_object not in packages:
            received = classification.classified_object
            report.add(CLASSIFICATION_TARGET, classification.element, received=received)


def check_first_versions(submission: Submission, report: Report) -> None:
    """Check that no object claims to be another version of a registered one."""
    for obj in submission.objects():
        lid = obj.rim.element.get("lid", "").strip()
        if lid and lid != obj.id:
            report.add(LOGICAL_ID, obj.rim.element, received=lid)


def check_slots(
    rim: RimObject,
    known: Mapping[str, v.SlotAttribute],
    report: Report,
    *,
    unknown: Rule = SLOT_UNKNOWN,
) -> None:
    """Check an object's slots; `known` are its attributes, `unknown` forbids others."""
    check_slot_form(rim, report)
    for slot in rim.slots:
        if not any(slot.values):
            report.add(SLOT_EMPTY, slot.element, received=slot.name)
        attribute = known.get(slot.name)
        if attribute is None:
            _check_extra(slot, unknown, report)
        elif len(slot.values) > 1 and not attribute.many:
            report.add(SLOT_SINGLE, slot.element, received=f"{len(slot.values)} values")


def check_slot_form(rim: RimObject, report: Report) -> None:
    """Check what is true of the slots of everything, whatever they mean."""
    seen: set[str] = set()
    for slot in rim.slots:
        if slot.name in seen:
            report.add(SLOT_UNIQUE, slot.element, received=slot.name)
        seen.add(slot.name)
        for value in slot.values:
            if len(value) > MAX_VALUE_LENGTH:
                report.add(SLOT_VALUE_LENGTH, slot.element, received=f"{len(value)} characters")


def _check_extra(slot: Slot, unknown: Rule, report: Report) -> None:
    if not slot.name:
        report.add(SLOT_NAME, slot.element)
    elif slot.name.startswith("urn:ihe:"):
        report.add(SLOT_RESERVED, slot.element, received=slot.name)
    elif not slot.name.startswith("urn:"):
        report.add(unknown, slot.element, received=slot.name)


def _everything(submission: Submission) -> Iterator[RimObject]:
    """All that has an id, in depth."""
    for obj in submission.objects():
        yield obj.rim
        yield from obj.rim.classifications
        yield from obj.rim.identifiers
    yield from submission.unclassified
    yield from submission.classifications


def _check_ids(submission: Submission, report: Report) -> None:
    seen: dict[str, bool] = {}
    objects = {id(obj.rim) for obj in submission.objects()}
    for rim in _everything(submission):
        is_object = id(rim) in objects
        if not rim.id:
            report.add(ID_MISSING, rim.element)
        elif rim.id in seen:
            rule = OBJECT_ID_UNIQUE if is_object and seen[rim.id] else ID_UNIQUE
            report.add(rule, rim.element, received=rim.id)
        elif rim.id.startswith(UUID_URN):
            _check_uuid(rim, report)
        seen[rim.id] = seen.get(rim.id, False) or is_object


def _check_uuid(rim: RimObject, report: Report) -> None:
    if not is_uuid_urn(rim.id):
        report.add(UUID_FORMAT, rim.element, received=rim.id)
    elif rim.id != rim.id.lower():
        report.add(UUID_LOWER_CASE, rim.element, received=rim.id, expected=rim.id.lower())


def _check_object(rim: RimObject, report: Report) -> None:
    _check_children(rim, report)
    for classification in rim.classifications:
        _check_children(classification, report)
        received = classification.classified_object
        if received != rim.id:
            report.add(
                CLASSIFIED_OBJECT, classification.element, received=received, expected=rim.id
            )
    for identifier in rim.identifiers:
        _check_children(identifier, report)
        received = identifier.registry_object
        if received != rim.id:
            report.add(REGISTRY_OBJECT, identifier.element, received=received, expected=rim.id)


def _check_children(rim: RimObject, report: Report) -> None:
    if rim.misplaced is not None:
        report.add(ELEMENT_ORDER, rim.misplaced, received=local_name(rim.misplaced))
    for element in rim.unexpected:
        report.add(ELEMENT_UNKNOWN, element, received=local_name(element))


def _check_home(obj: MetadataObject, report: Report) -> None:
    home = obj.rim.element.get("home")
    if home is not None and (wrong := datatypes.home_community_id(home.strip())):
        report.add(HOME_FORMAT, obj.rim.element, received=home, expected=wrong)
