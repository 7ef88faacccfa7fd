"""Reading lcm:RemoveObjectsRequest (ITI TF-2: 3.62.4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.ebxml import entry_uuid
from ihe_mock_async.xds.removal import rules
from ihe_mock_async.xds.rules.report import Report

# Toolkits write this default of ebRS, which is what is done; servers of the field let it pass.
_DELETE_ALL = "urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:DeleteAll"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object that is to be removed."""

    element: etree._Element
    id: str
    """`urn:uuid:` with lower-case hex when the received id is a UUID, else as received."""


def read_request(payload: etree._Element, report: Report) -> tuple[ObjectRef, ...]:
    """The objects to remove, each once; what else the request holds is reported."""
    scope = payload.get("deletionScope")
    if scope is not None:
        rule = rules.SCOPE if scope.strip() == _DELETE_ALL else rules.SCOPE_VALUE
        report.add(rule, payload, received=scope)
    references: dict[str, ObjectRef] = {}
    for child in payload:
        if child.tag != ns.OBJECT_REF_LIST:
            report.add(rules.CONTENT, child, received=str(child.tag))
            continue
        for element in child:
            if element.tag != ns.OBJECT_REF:
                report.add(rules.CONTENT, element, received=str(element.tag))
                continue
            reference = _read_reference(element, report)
            if reference.id in references:
                report.add(rules.REPEATED, element, received=reference.id)
            references.setdefault(reference.id, reference)
    if not references:
        report.add(rules.EMPTY, payload)
    return tuple(references.values())


def _read_reference(element: etree._Element, report: Report) -> ObjectRef:
    received = element.get("id", "").strip()
    identifier = entry_uuid(received)
    if identifier is None:
        return ObjectRef(element, received)
    if identifier != received:
        report.add(rules.ID_FORM, element, received=received, expected=identifier)
    return ObjectRef(element, identifier)
