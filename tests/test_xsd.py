"""Messages are checked against whatever schemas a folder holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async.errors import SchemaError
from ihe_mock_async.xsd import MAX_FINDINGS, SchemaFolder

GREET = "{urn:example}Greet"
SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example"
    xmlns:ex="urn:example" elementFormDefault="qualified">
  {include}
  <xs:element name="Greet">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="Name" type="xs:QName" maxOccurs="unbounded"/>
        <xs:element name="Document" type="xs:base64Binary" minOccurs="0"/>
      </xs:sequence>
      <xs:attribute name="id" type="xs:int"/>
    </xs:complexType>
  </xs:element>
</xs:schema>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema two folders below, beside a file that is no XML."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "greet.xsd").write_text(SCHEMA.format(include=""))
    (tmp_path / "broken.xsd").write_text("<xs:schema")
    return tmp_path


def message(content: str, attributes: str = "") -> etree._Element:
    """The payload of an envelope whose prefixes are declared outside of it."""
    envelope = etree.fromstring(
        f'<Envelope xmlns:ex="urn:example" xmlns:xop="http://www.w3.org/2004/08/xop/include">\n'
        f"<ex:Greet{attributes}>\n{content}</ex:Greet></Envelope>"
    )
    return envelope[0]


def test_a_valid_message_has_no_findings(folder: Path) -> None:
    assert SchemaFolder(folder).check(message("<ex:Name>ex:Nora</ex:Name>")) == []


def test_an_xop_include_counts_as_octets(folder: Path) -> None:
    document = '<ex:Document><xop:Include href="cid:1"/></ex:Document>'
    greeting = message(f"<ex:Name>ex:Nora</ex:Name>{document}")

    assert SchemaFolder(folder).check(greeting) == []
    assert len(greeting.findall(".//{*}Include")) == 1


def test_what_is_wrong_is_told_with_line_path_and_what_would_be_right(folder: Path) -> None:
    names = "<ex:Name>ex:Nora</ex:Name>"

    (found,) = SchemaFolder(folder).check(message(f"{names}{names}\n<ex:Nome/>"))

    assert found.rule.id == "xsd-invalid"
    assert found.location == "/Greet/Nome"
    assert found.line == 4
    assert found.received == "This element is not expected"
    assert found.expected == "Name, Document"


def test_elements_of_one_line_are_told_apart(folder: Path) -> None:
    names = "<ex:Name>ex:Nora</ex:Name><ex:Name>no:body</ex:Name>"

    found = SchemaFolder(folder).check(message(names))

    assert {finding.location for finding in found} == {"/Greet/Name[2]"}


def test_elements_of_the_default_namespace_are_told_apart(folder: Path) -> None:
    greeting = etree.fromstring(
        '<Greet xmlns="urn:example" xmlns:n="urn:n"><Name>n:a</Name><Name>n:b</Name>'
        "<Name>:</Name><Document/></Greet>"
    )

    (found,) = SchemaFolder(folder).check(greeting)

    assert found.location == "/Greet/Name[3]"


def test_an_attribute_is_named(folder: Path) -> None:
    (found,) = SchemaFolder(folder).check(message("<ex:Name>ex:Nora</ex:Name>", ' id="one"'))

    assert found.location == "/Greet/@id"
    assert found.line == 2
    assert "'one'" in found.received


def test_findings_are_bounded(folder: Path) -> None:
    names = "<ex:Name>no:body</ex:Name>" * (MAX_FINDINGS + 10)

    assert len(SchemaFolder(folder).check(message(names))) == MAX_FINDINGS


def test_an_element_without_schema_is_not_judged(folder: Path) -> None:
    schemas = SchemaFolder(folder)

    assert schemas.knows(GREET)
    assert not schemas.knows("{urn:example}Leave")
    assert schemas.check(etree.Element("{urn:example}Leave")) == []


def test_the_nearest_schema_wins_and_one_that_cannot_be_loaded_gives_way(folder: Path) -> None:
    nowhere = '<xs:include schemaLocation="nowhere.xsd"/>'
    (folder / "a.xsd").write_text(SCHEMA.format(include=nowhere).replace("xs:int", "ex:none"))
    (folder / "b.xsd").write_text(SCHEMA.format(include="").replace("xs:int", "xs:string"))

    findings = SchemaFolder(folder).check(message("<ex:Name>ex:Nora</ex:Name>", ' id="one"'))

    assert findings == []


def test_a_schema_that_cannot_be_loaded_is_the_operators_business(folder: Path) -> None:
    path = folder / "deep" / "er" / "greet.xsd"
    path.write_text(SCHEMA.format(include="").replace("xs:int", "ex:none"))

    with pytest.raises(SchemaError, match=r"greet\.xsd cannot be loaded"):
        SchemaFolder(folder).check(message(""))


def test_a_folder_without_schemas_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="has no XML schemas"):
        SchemaFolder(tmp_path)
