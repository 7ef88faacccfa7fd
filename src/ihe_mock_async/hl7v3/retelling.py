"""What a feed has told of a patient, made fit to be told again (HL7 V3 XML ITS, data types).

A feed is taken with small mistakes: a birth date with dashes, the use PRN of HL7 V2 for a number.
An answer that repeated them would be invalid itself, so it leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy

from lxml import etree

from ihe_mock_async.elements import local_name, parse
from ihe_mock_async.hl7v3.datatypes import is_uid
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.tree import first

_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ID = clark("id")
_NAME = clark("name")
_PERSON = clark("patientPerson")
_SCOPING_ORGANIZATION = clark("scopingOrganization")
_BIRTH_PLACE_PARTS = (clark("addr"), clark("birthplace"))

_TIMESTAMP = re.compile(r"\d{1,8}|(\d{9,14}|\d{14}\.\d+)([+-]\d{1,4})?")
_BOOLEAN = re.compile(r"true|false")
_INTEGER = re.compile(r"[+-]?\d{1,9}")
_VALUES: Mapping[str, re.Pattern[str]] = {
    "birthTime": _TIMESTAMP,
    "deceasedTime": _TIMESTAMP,
    "deceasedInd": _BOOLEAN,
    "multipleBirthInd": _BOOLEAN,
    "multipleBirthOrderNumber": _INTEGER,
}
"""The form of @value."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_USES: Mapping[str, frozenset[str]] = {
    "name": _words("A ABC ASGN C I IDE L OR P PHON R SNDX SRCH SYL"),
    "addr": _words("ABC BAD DIR H HP HV IDE PHYS PST PUB SYL TMP WP"),
    "telecom": _words("AS BAD DIR EC H HP HV MC PG PUB TMP WP"),
}
"""The codes of @use."""
_PARTS: Mapping[str, frozenset[str]] = {
    "name": _words("delimiter family given prefix suffix validTime"),
    "addr": _words(
        "delimiter country state county city postalCode streetAddressLine houseNumber "
        "houseNumberNumeric direction streetName streetNameBase streetNameType "
        "additionalLocator unitID unitType careOf censusTract deliveryAddressLine "
        "deliveryInstallationType deliveryInstallationArea deliveryInstallationQualifier "
        "deliveryMode deliveryModeIdentifier buildingNumberSuffix postBox precinct useablePeriod"
    ),
    "telecom": _words("useablePeriod"),
}


_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "personalRelationship": (clark("code"), clark("relationshipHolder1")),
    "asCitizen": (clark("politicalNation"),),
    "languageCommunication": (clark("languageCode"),),
}
"""What makes no sense without these children."""


def mend(element: etree._Element) -> bool:
    """Take out of a copied part of a patient what the schema refuses; whether any is left."""
    return _MENDERS.get(local_name(element), _as_it_is)(element)


def names(demographics: bytes) -> list[etree._Element]:
    """Copies of the names, none of them null, that a stored hl7:patient has."""
    person = first(parse(demographics), _PERSON)
    if person is None:
        return []
    copies = [deepcopy(name) for name in person.iterchildren(_NAME) if _says_something(name)]
    for copy in copies:
        copy.tail = None
        mend(copy)
    return copies


def _says_something(name: etree._Element) -> bool:
    return bool("".join(map(str, name.itertext())).strip())


# ---------------------------------------------------------------- by kind of element


def _as_it_is(_: etree._Element) -> bool:
    return True


def _simple_value(element: etree._Element) -> bool:
    value = element.get("value")
    if value is not None and not _VALUES[local_name(element)].fullmatch(value):
        return False
    # xsi:type may say that it is an interval.
    return not len(element) or _XSI_TYPE in element.attrib


def _composed(element: etree._Element) -> bool:
    name = local_name(element)
    element.attrib.pop(_XSI_TYPE, None)  # its prefix may not be declared where it comes to
    uses = (element.get("use") or "").split()
    known = [use for use in uses if use in _USES[name]]
    if known != uses:
        element.attrib.pop("use", None)
    if known:
        element.set("use", " ".join(known))
    for part in list(element):
        part_name = local_name(part)
        if part_name not in _PARTS[name] or part.tag != clark(part_name):
            element.remove(part)
    return True


def _identifier(element: etree._Element) -> bool:
    root = element.get("root")
    return root is None or is_uid(root)


def _other_ids(element: etree._Element) -> bool:
    if element.get("classCode") is None:
        element.set("classCode", "ROL")
    scoped = first(element, _SCOPING_ORGANIZATION) is not None
    return scoped and all(_identifier(each) for each in element.iter(_ID))


def _whole(element: etree._Element) -> bool:
    return all(first(element, name) is not None for name in _REQUIRED[local_name(element)])


def _birth_place(element: etree._Element) -> bool:
    parts = [first(element, name) for name in _BIRTH_PLACE_PARTS]  # in the order of the schema
    element[:] = [part for part in parts if part is not None and mend(part)]
    return len(element) > 0


_MENDERS: Mapping[str, Callable[[etree._Element], bool]] = {
    **dict.fromkeys(_VALUES, _simple_value),
    **dict.fromkeys(_USES, _composed),
    "id": _identifier,
    "asOtherIDs": _other_ids,
    **dict.fromkeys(_REQUIRED, _whole),
    "birthPlace": _birth_place,
}
