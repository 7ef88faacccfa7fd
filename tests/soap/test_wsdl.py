"""A WSDL as text: what it holds, and what it needs to be complete."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async.soap import wsdl
from ihe_mock_async.soap.wsdl import Message, Operation, Service

NAMESPACES = {
    "wsdl": wsdl.WSDL,
    "soap12": wsdl.SOAP12_BINDING,
    "xs": wsdl.XSD,
    "wsaw": wsdl.WSAW,
    "wsam": wsdl.WSAM,
}
GREET = Operation(
    "Greet",
    "Says <hello>",
    Message("urn:example:Greet", "{urn:a}Hello"),
    Message("urn:example:GreetResponse", "{urn:b}World"),
)
SERVICE = Service(
    "Greeter",
    "urn:example:greeter",
    "A greeter",
    "http://x/?a&b",
    [GREET],
    requires_addressing=True,
)


def schema(prefix: str, *imports: str) -> etree._Element:
    imported = "".join(
        f'<xs:import namespace="urn:{name}" schemaLocation="{name}.xsd"/>' for name in imports
    )
    return etree.fromstring(
        f'<xs:schema xmlns:xs="{wsdl.XSD}" xmlns:{prefix}="urn:{prefix}"'
        f' targetNamespace="urn:{prefix}">{imported}<xs:element name="x" type="{prefix}:T"/>'
        "</xs:schema>"
    )


SCHEMAS: Mapping[str, etree._Element] = {
    "urn:a": schema("a", "c"),
    "urn:b": schema("b"),
    "urn:c": schema("c"),
    "urn:d": schema("d"),
}


def written(service: Service = SERVICE) -> etree._Element:
    return etree.fromstring(wsdl.write(service, SCHEMAS))


def one(root: etree._Element, path: str) -> str:
    (found,) = root.xpath(path, namespaces=NAMESPACES)
    return str(found)


def test_it_has_one_of_each_part_and_they_name_each_other() -> None:
    root = written()

    assert one(root, "/wsdl:definitions/@targetNamespace") == "urn:example:greeter"
    assert one(root, "//wsdl:binding/@type") == f"tns:{one(root, '//wsdl:portType/@name')}"
    assert one(root, "//wsdl:port/@binding") == f"tns:{one(root, '//wsdl:binding/@name')}"
    assert one(root, "//soap12:address/@location") == "http://x/?a&b"
    assert one(root, "//soap12:binding/@transport") == wsdl.HTTP_TRANSPORT
    assert one(root, "//wsaw:UsingAddressing/@wsdl:required") == "true"
    assert one(root, "//wsdl:portType/wsdl:operation/wsdl:documentation/text()") == "Says <hello>"


@pytest.mark.parametrize("direction", ["input", "output"])
def test_each_direction_has_its_action_in_both_spellings_and_its_message(direction: str) -> None:
    root = written()
    message = GREET.request if direction == "input" else GREET.response
    at = f"//wsdl:portType/wsdl:operation/wsdl:{direction}"

    name = one(root, f"{at}/@message").removeprefix("tns:")
    element = one(root, f"//wsdl:message[@name='{name}']/wsdl:part/@element")
    prefix, _, local = element.partition(":")

    assert one(root, f"{at}/@wsaw:Action") == one(root, f"{at}/@wsam:Action") == message.action
    assert f"{{{root.nsmap[prefix]}}}{local}" == message.element


def test_the_schemas_that_are_needed_are_there_imported_ones_first() -> None:
    root = written()

    targets = root.xpath("//xs:schema/@targetNamespace", namespaces=NAMESPACES)
    assert targets == ["urn:c", "urn:a", "urn:b"]
    assert root.xpath("//xs:import/@schemaLocation", namespaces=NAMESPACES) == []


def test_types_in_schemas_keep_prefixes_that_mean_something() -> None:
    for element in written().xpath("//xs:element", namespaces=NAMESPACES):
        prefix = element.get("type").partition(":")[0]
        assert element.nsmap[prefix] == element.getparent().get("targetNamespace")


def test_a_service_may_have_the_namespace_of_a_schema() -> None:
    own = Service("A", "urn:a", "", "http://x/", [GREET], requires_addressing=False)
    root = written(own)

    assert one(root, "//wsdl:binding/@type") == "a:A_PortType"
    assert root.nsmap["a"] == "urn:a"


def test_a_namespace_without_schema_is_named() -> None:
    with pytest.raises(KeyError, match="urn:b"):
        wsdl.write(SERVICE, {"urn:a": schema("a")})


def test_our_schemas_are_schemas(tmp_path: Path) -> None:
    files = [
        file
        for file in (resources.files("ihe_mock_async.soap") / "schemas").iterdir()
        if file.name.endswith(".xsd")
    ]
    for file in files:
        (tmp_path / file.name).write_bytes(file.read_bytes())

    assert len(files) >= 7
    for file in files:
        etree.XMLSchema(etree.parse(str(tmp_path / file.name)))
