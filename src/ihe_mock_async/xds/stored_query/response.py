"""query:AdhocQueryResponse (ITI TF-2: 3.18.4.1.3; ITI TF-3: 4.2.4).

The error list comes before the object list, which is always there (query.xsd).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from xml.sax.saxutils import quoteattr

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import parse, sanitise
from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.registry_response import FAILURE, SUCCESS, RegistryError, error_list
from ihe_mock_async.xds.stored_query.request import ReturnType

_QUERY = ElementMaker(namespace=ns.QUERY, nsmap={"query": ns.QUERY})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_HERE = "objects"


def success(
    objects: Iterable[RegistryObject],
    return_type: ReturnType,
    warnings: Sequence[RegistryError] = (),
    home: str = "",
) -> bytes:
    """A response with the objects or references to them, as UTF-8 octets.

    `home` is the homeCommunityId that they get, if they come from a gateway.
    """
    response = _QUERY.AdhocQueryResponse(status=SUCCESS)
    if warnings:
        response.append(error_list(warnings))
    response.append(_RIM.RegistryObjectList(_HERE))
    # The list is the last element, so its text is the last that the response has.
    opening, _, closing = _text(response).rpartition(_HERE.encode())
    write = leaf_class if return_type is ReturnType.LEAF_CLASS else object_ref
    elements = map(write, objects)
    if home:
        attribute = f"home={quoteattr(sanitise(home))}".encode()
        elements = map(partial(_with_attribute, attribute), elements)
    return b"".join((opening, *elements, closing))


def failure(errors: Sequence[RegistryError]) -> etree._Element:
    """A response with at least one error of severity `ERROR`, and no objects."""
    return _QUERY.AdhocQueryResponse(error_list(errors), _RIM.RegistryObjectList(), status=FAILURE)


def leaf_class(obj: RegistryObject) -> bytes:
    """The whole object with its present availabilityStatus."""
    start_tag = obj.xml.partition(b">")[0]
    if f' status="{obj.status}"'.encode() in start_tag:
        return obj.xml
    element = parse(obj.xml)
    element.set("status", str(obj.status))
    return _text(element)


def object_ref(obj: RegistryObject) -> bytes:
    """rim:ObjectRef with the object's entryUUID."""
    return _text(_RIM.ObjectRef(id=obj.id))


def _with_attribute(attribute: bytes, element: bytes) -> bytes:
    """The element with one more attribute: registered objects have no home of their own."""
    name, _, rest = element.partition(b" ")
    return b"".join((name, b" ", attribute, b" ", rest))


def _text(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False)
