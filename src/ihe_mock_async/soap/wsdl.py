"""WSDL 1.1 of an endpoint: SOAP 1.2 binding, document/literal (ITI TF-2: Appendix W and V.2).

Element names follow Appendix W: `PIXManager_Service`, `PIXManager_PortType`, one operation
`PIXManager_PRPA_IN201301UV02` for each wsa:Action, and messages with one part, `Body`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import sanitise

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP12_BINDING = "http://schemas.xmlsoap.org/wsdl/soap12/"
HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
XSD = "http://www.w3.org/2001/XMLSchema"
WSAW = "http://www.w3.org/2006/05/addressing/wsdl"
WSAM = "http://www.w3.org/2007/05/addressing/metadata"

_SCHEMA = f"{{{XSD}}}schema"
_IMPORT = f"{{{XSD}}}import"


@dataclass(frozen=True, slots=True)
class Message:
    """One direction of an operation."""

    action: str
    """wsa:Action."""
    element: str
    """Clark name of the child of soap:Body."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A request and its response."""

    name: str
    """An NCName, unique in its service: `ProvideAndRegisterDocumentSet-b`."""
    documentation: str
    request: Message
    response: Message


@dataclass(frozen=True, slots=True)
class Service:
    """An endpoint in the words of WSDL."""

    name: str
    """An NCName: `DocumentRepository`."""
    namespace: str
    """targetNamespace."""
    documentation: str
    location: str
    """URL where it listens."""
    operations: Sequence[Operation]
    requires_addressing: bool
    """Whether a client has to send WS-Addressing headers."""


def write(service: Service, schemas: Mapping[str, etree._Element]) -> bytes:
    """The WSDL, UTF-8, with the schemas that its messages need.

    `schemas` are xs:schema elements by targetNamespace; raises `KeyError` for a namespace that
    a message or another schema needs and that is not among them.
    """
    elements = [m.element for o in service.operations for m in (o.request, o.response)]
    needed = _closure(dict.fromkeys(_namespace(element) for element in elements), schemas)
    document = _Document(service, {namespace: _prefix(schemas[namespace]) for namespace in needed})
    types = document.wsdl.types(*(_embedded(schemas[namespace]) for namespace in needed))
    return etree.tostring(
        document.definitions(types), xml_declaration=True, encoding="UTF-8", pretty_print=True
    )


def _namespace(clark_name: str) -> str:
    return clark_name[1:].partition("}")[0]


def _prefix(schema: etree._Element) -> str:
    """The one that the schema itself has for its targetNamespace.

    Where a namespace has two prefixes libxml2 keeps one, and QNames in attributes would be lost.
    """
    target = schema.get("targetNamespace")
    return next(p for p, namespace in schema.nsmap.items() if p and namespace == target)


def _closure(namespaces: Iterable[str], schemas: Mapping[str, etree._Element]) -> list[str]:
    """The namespaces, and those that their schemas import, imported ones first."""
    needed: dict[str, None] = {}
    for namespace in namespaces:
        imported = [i.get("namespace", "") for i in schemas[namespace].iterchildren(_IMPORT)]
        needed.update(dict.fromkeys([*_closure(imported, schemas), namespace]))
    return list(needed)


def _embedded(schema: etree._Element) -> etree._Element:
    """A copy for wsdl:types: what it imports stands beside it, not in a file."""
    copy = deepcopy(schema)
    for imported in copy.iterchildren(_IMPORT):
        imported.attrib.pop("schemaLocation", None)
    return copy


class _Document:
    """The parts of the WSDL of one service."""

    def __init__(self, service: Service, prefixes: Mapping[str, str]) -> None:
        """`prefixes` are those of the schemas, by namespace."""
        self._service = service
        self._prefixes = {service.namespace: "tns", **prefixes}
        nsmap = {
            "wsdl": WSDL,
            "soap12": SOAP12_BINDING,
            "wsaw": WSAW,
            "wsam": WSAM,
            **{prefix: namespace for namespace, prefix in self._prefixes.items()},
        }
        self.wsdl = ElementMaker(namespace=WSDL, nsmap=nsmap)
        self._soap12 = ElementMaker(namespace=SOAP12_BINDING, nsmap=nsmap)
        self._wsaw = ElementMaker(namespace=WSAW, nsmap=nsmap)

    def definitions(self, types: etree._Element) -> etree._Element:
        service, wsdl = self._service, self.wsdl
        operations = service.operations
        return wsdl.definitions(
            wsdl.documentation(sanitise(service.documentation)),
            types,
            *(message for operation in operations for message in self._messages(operation)),
            wsdl.portType(
                *(self._abstract_operation(operation) for operation in operations),
                name=f"{service.name}_PortType",
            ),
            self._binding(),
            self._concrete_service(),
            name=service.name,
            targetNamespace=service.namespace,
        )

    def _own(self, name: str) -> str:
        """The QName of something that the WSDL itself defines."""
        return f"{self._prefixes[self._service.namespace]}:{name}"

    def _messages(self, operation: Operation) -> Iterable[etree._Element]:
        for name, message in (
            (_request_name(operation), operation.request),
            (_response_name(operation), operation.response),
        ):
            local = message.element.rpartition("}")[2]
            element = f"{self._prefixes[_namespace(message.element)]}:{local}"
            yield self.wsdl.message(self.wsdl.part(name="Body", element=element), name=name)

    def _abstract_operation(self, operation: Operation) -> etree._Element:
        wsdl = self.wsdl
        return wsdl.operation(
            wsdl.documentation(sanitise(operation.documentation)),
            wsdl.input(
                _actions(operation.request.action), message=self._own(_request_name(operation))
            ),
            wsdl.output(
                _actions(operation.response.action), message=self._own(_response_name(operation))
            ),
            name=self._operation_name(operation),
        )

    def _operation_name(self, operation: Operation) -> str:
        return f"{self._service.name}_{operation.name}"

    def _binding(self) -> etree._Element:
        name = self._service.name
        required = "true" if self._service.requires_addressing else "false"
        return self.wsdl.binding(
            self._soap12.binding(style="document", transport=HTTP_TRANSPORT),
            self._wsaw.UsingAddressing({f"{{{WSDL}}}required": required}),
            *(self._concrete_operation(operation) for operation in self._service.operations),
            name=f"{name}_Binding_Soap12",
            type=self._own(f"{name}_PortType"),
        )

    def _concrete_operation(self, operation: Operation) -> etree._Element:
        wsdl, soap12 = self.wsdl, self._soap12
        return wsdl.operation(
            soap12.operation(soapAction=operation.request.action),
            wsdl.input(soap12.body(use="literal")),
            wsdl.output(soap12.body(use="literal")),
            name=self._operation_name(operation),
        )

    def _concrete_service(self) -> etree._Element:
        name, wsdl = self._service.name, self.wsdl
        return wsdl.service(
            wsdl.port(
                self._soap12.address(location=self._service.location),
                name=f"{name}_Port_Soap12",
                binding=self._own(f"{name}_Binding_Soap12"),
            ),
            name=f"{name}_Service",
        )


def _request_name(operation: Operation) -> str:
    return f"{operation.name}_Message"


def _response_name(operation: Operation) -> str:
    return f"{operation.name}_Response_Message"


def _actions(action: str) -> dict[str, str]:
    # Older toolkits know the draft's attribute only (WS-Addressing 1.0 Metadata, 4.4.1).
    return {f"{{{WSAW}}}Action": action, f"{{{WSAM}}}Action": action}
