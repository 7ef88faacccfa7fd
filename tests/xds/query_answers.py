"""Reading query:AdhocQueryResponse."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from ihe_mock_async.ihe import Answer
from ihe_mock_async.xds import namespaces as ns


def response(reply: Answer) -> etree._Element:
    return etree.fromstring(reply.body) if isinstance(reply.body, bytes) else reply.body


def objects(reply: Answer) -> list[etree._Element]:
    found = response(reply).find(ns.REGISTRY_OBJECT_LIST)
    assert found is not None
    return list(found)


def ids(reply: Answer) -> set[str]:
    return {element.get("id", "") for element in objects(reply)}


def counts(reply: Answer) -> dict[str, int]:
    return dict(Counter(etree.QName(element).localname for element in objects(reply)))


def errors(reply: Answer) -> list[tuple[str, str]]:
    found = response(reply).iter(f"{{{ns.RS}}}RegistryError")
    return [(e.get("errorCode", ""), e.get("severity", "")) for e in found]


def contexts(reply: Answer) -> str:
    found = response(reply).iter(f"{{{ns.RS}}}RegistryError")
    return "\n".join(e.get("codeContext", "") for e in found)
