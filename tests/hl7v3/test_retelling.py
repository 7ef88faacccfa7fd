"""What an answer repeats of a feed, and what it leaves out to be valid."""

from __future__ import annotations

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3.retelling import mend, names

V3 = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def element(xml: str) -> etree._Element:
    """An element of urn:hl7-org:v3 from XML that declares nothing."""
    start = xml.index("/>") if xml.endswith("/>") and xml.count("<") == 1 else xml.index(">")
    return parse(f"{xml[:start]} {V3}{xml[start:]}".encode())


def retold(xml: str) -> str | None:
    """The element without its namespace, or None when it is left out."""
    copy = element(xml)
    if not mend(copy):
        return None
    text = etree.tostring(copy, encoding="unicode")
    return text.replace(f" {V3}", "")


@pytest.mark.parametrize(
    "xml",
    [
        '<birthTime value="1958"/>',
        '<birthTime value="19580214103000.25+0100"/>',
        '<birthTime nullFlavor="UNK"/>',
        '<birthTime xsi:type="IVL_TS"><low value="1957"/></birthTime>',
        '<deceasedInd value="true"/>',
        '<multipleBirthOrderNumber value="2"/>',
        '<name use="L A"><given>Ada</given><validTime><low value="2000"/></validTime></name>',
        '<addr use="HP"><city>Musterstadt</city></addr>',
        '<telecom value="tel:+49-30-5550100" use="MC"/>',
        '<id root="1.2.3" extension="P-1"/>',
        '<administrativeGenderCode code="F"/>',
        '<languageCommunication><languageCode code="de"/></languageCommunication>',
    ],
)
def test_what_is_valid_is_told_as_it_is(xml: str) -> None:
    assert retold(xml) == xml


@pytest.mark.parametrize(
    "xml",
    [
        '<birthTime value="1958-02-14"/>',
        '<birthTime value=""/>',
        '<birthTime><low value="1957"/></birthTime>',
        '<deceasedTime value="14.02.2020"/>',
        '<deceasedInd value="yes"/>',
        '<multipleBirthOrderNumber value="two"/>',
        '<id root="urn:oid:1.2.3"/>',
        '<asOtherIDs classCode="PAT"><id root="1.2.3" extension="1"/></asOtherIDs>',
        '<asOtherIDs classCode="PAT"><id root="urn:oid:1"/><scopingOrganization/></asOtherIDs>',
        "<personalRelationship><relationshipHolder1/></personalRelationship>",
        "<personalRelationship><code/></personalRelationship>",
        '<asCitizen classCode="CIT"/>',
        "<languageCommunication/>",
        "<birthPlace/>",
    ],
)
def test_what_cannot_be_valid_is_left_out(xml: str) -> None:
    assert retold(xml) is None


@pytest.mark.parametrize(
    ("fed", "told"),
    [
        ('<telecom value="tel:1" use="PRN MC"/>', '<telecom value="tel:1" use="MC"/>'),
        ('<telecom value="tel:1" use="PRN"/>', '<telecom value="tel:1"/>'),
        ("<name><nick>A</nick><given>Ada</given></name>", "<name><given>Ada</given></name>"),
        ('<name xsi:type="EN"><given>Ada</given></name>', "<name><given>Ada</given></name>"),
        (
            "<birthPlace><birthplace/><addr><city>B</city></addr><note/></birthPlace>",
            "<birthPlace><addr><city>B</city></addr><birthplace/></birthPlace>",
        ),
        ("<addr><strasse>A 1</strasse><city>B</city></addr>", "<addr><city>B</city></addr>"),
    ],
)
def test_what_the_schema_does_not_know_is_taken_out(fed: str, told: str) -> None:
    assert retold(fed) == told


def test_other_ids_have_a_class() -> None:
    copy = element('<asOtherIDs><id root="1.2.3"/><scopingOrganization/></asOtherIDs>')

    assert mend(copy)
    assert copy.get("classCode") == "ROL"


def test_null_names_are_not_told() -> None:
    person = '<patientPerson><name nullFlavor="UNK"/><name>Ada</name> <name/></patientPerson>'

    told = names(f'<patient xmlns="urn:hl7-org:v3">{person}</patient>'.encode())

    assert [(name.text, name.tail) for name in told] == [("Ada", None)]
    assert names(b"<patient/>") == []
