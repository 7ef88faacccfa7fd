"""Rules on what wraps the metadata (ITI TF-2: 3.41.4.1.2, 3.42.4.1.2)."""

from __future__ import annotations

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.metadata import Submission, find_object_list, read_submission
from ihe_mock_async.xds.rules.report import Report, metadata_error

WRAPPER = metadata_error(
    id="xds-request-wrapper",
    text="The body of ITI-42 is lcm:SubmitObjectsRequest itself",
    section="ITI TF-2: 3.42.4.1.2",
    fix="Remove the element around it: only ITI-41 has a wrapper, there is none in ITI-42.",
)
OBJECT_LIST = metadata_error(
    id="xds-object-list",
    text="The request holds lcm:SubmitObjectsRequest with rim:RegistryObjectList",
    section="ITI TF-3: 4.2.1.4",
    fix="Send both elements, in their namespaces (lcm:3.0 and rim:3.0).",
    essential=True,
)
CONTENT = metadata_error(
    id="xds-request-content",
    text="The request holds nothing beside one lcm:SubmitObjectsRequest with one "
    "rim:RegistryObjectList, and in ITI-41 its xdsb:Documents",
    section="ITI TF-3: 4.2.1.4",
    fix="Send all objects in one RegistryObjectList, check the namespace of the element, or "
    "remove it.",
)
RULES = (OBJECT_LIST, CONTENT)

_MANY, _ONE = False, True
_CONTENTS = {
    ns.PROVIDE_AND_REGISTER_REQUEST: {ns.SUBMIT_OBJECTS_REQUEST: _ONE, ns.DOCUMENT: _MANY},
    ns.SUBMIT_OBJECTS_REQUEST: {ns.REQUEST_SLOT_LIST: _ONE, ns.REGISTRY_OBJECT_LIST: _ONE},
}


def read_request(payload: etree._Element, report: Report) -> Submission | None:
    """The submission in a request, or None when there is none to act on."""
    object_list = find_object_list(payload)
    if object_list is None:
        report.add(OBJECT_LIST, payload, received=_names(payload))
        return None
    _check_content(payload, report)
    request = object_list.getparent()
    if request is not None and request is not payload:
        _check_content(request, report)
    return read_submission(object_list)


def check_wrapper(payload: etree._Element, report: Report) -> None:
    """Check that nothing wraps a registration."""
    if payload.tag != ns.SUBMIT_OBJECTS_REQUEST:
        report.add(WRAPPER, payload, received=local_name(payload))


def _check_content(parent: etree._Element, report: Report) -> None:
    """Only the first list is read: what stands in another one must not get lost in silence."""
    allowed = _CONTENTS.get(str(parent.tag))
    if allowed is None:  # a wrapper that `check_wrapper` explains
        return
    seen: set[str] = set()
    for child in parent:
        tag = str(child.tag)
        if tag not in allowed or (allowed[tag] is _ONE and tag in seen):
            report.add(CONTENT, child, received=tag)
        seen.add(tag)


def _names(payload: etree._Element) -> str:
    children = ", ".join(str(child.tag) for child in payload) or "nothing"
    return f"{payload.tag!s} with {children}"
