from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.state import AvailabilityStatus, ObjectKind, RegistryObject
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds.stored_query import response
from ihe_mock_async.xds.stored_query.request import ReturnType

_ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
_APPROVED = (
    f'<rim:Association xmlns:rim="{ns.RIM}" id="{_ID}" status="{AvailabilityStatus.APPROVED}">'
    '<rim:Name><rim:LocalizedString value="Zürich &gt; Bern"/></rim:Name></rim:Association>'
).encode()
OBJECT = RegistryObject(
    ObjectKind.ASSOCIATION, _ID, _ID, 1, AvailabilityStatus.APPROVED, _APPROVED
)


def test_an_empty_result_has_an_empty_object_list() -> None:
    element = etree.fromstring(response.success((), ReturnType.LEAF_CLASS))

    assert element.tag == f"{{{ns.QUERY}}}AdhocQueryResponse"
    assert element.get("status") == rr.SUCCESS
    assert [(child.tag, len(child), child.text) for child in element] == [
        (ns.REGISTRY_OBJECT_LIST, 0, None)
    ]


def test_a_whole_object_is_returned_as_it_was_stored() -> None:
    assert _APPROVED in response.success([OBJECT], ReturnType.LEAF_CLASS)


@pytest.mark.parametrize(
    "stored",
    [
        _APPROVED,
        _APPROVED.replace(f' status="{AvailabilityStatus.APPROVED}"'.encode(), b""),
        _APPROVED.replace(b' status="', b'\nstatus="'),
    ],
)
def test_the_status_of_the_object_wins_over_that_of_its_text(stored: bytes) -> None:
    deprecated = replace(OBJECT, xml=stored, status=AvailabilityStatus.DEPRECATED)

    element = etree.fromstring(response.success([deprecated], ReturnType.LEAF_CLASS))

    (returned,) = element[0]
    assert returned.get("status") == AvailabilityStatus.DEPRECATED
    assert [name.get("value") for name in returned.iter(ns.LOCALIZED_STRING)] == ["Zürich > Bern"]


def test_a_status_in_the_content_is_not_taken_for_that_of_the_object() -> None:
    text = f"<rim:Slot name='x' status=\"{AvailabilityStatus.DEPRECATED}\"/>"
    stored = _APPROVED.replace(b"<rim:Name>", text.encode() + b"<rim:Name>")
    deprecated = replace(OBJECT, xml=stored, status=AvailabilityStatus.DEPRECATED)

    element = etree.fromstring(response.success([deprecated], ReturnType.LEAF_CLASS))

    assert element[0][0].get("status") == AvailabilityStatus.DEPRECATED


def test_a_reference_is_an_id_and_nothing_more() -> None:
    element = etree.fromstring(response.success([OBJECT], ReturnType.OBJECT_REF))

    (reference,) = element[0]
    assert (reference.tag, dict(reference.attrib)) == (ns.OBJECT_REF, {"id": OBJECT.id})


def test_warnings_come_before_the_objects_whatever_they_say() -> None:
    warning = rr.RegistryError("XDSRegistryError", "<objects> & objects", rr.WARNING)

    element = etree.fromstring(response.success([OBJECT], ReturnType.LEAF_CLASS, [warning]))

    errors, objects = element
    assert errors[0].get("codeContext") == "<objects> & objects"
    assert errors.get("highestSeverity") == rr.WARNING
    assert len(objects) == 1


def test_a_failure_has_errors_and_an_empty_object_list() -> None:
    element = response.failure([rr.RegistryError("XDSRegistryError", "so", rr.ERROR, "/here")])

    assert element.get("status") == rr.FAILURE
    assert [child.tag for child in element] == [
        f"{{{ns.RS}}}RegistryErrorList",
        ns.REGISTRY_OBJECT_LIST,
    ]
    assert len(element[1]) == 0
