from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.transactions.iti42_register_document_set import answer
from ihe_mock_async.xds import namespaces as ns
from tests.xds import submissions as s
from tests.xds.breaches import Case

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def register(case: Case) -> Answer:
    return case.send_to(answer, provide=False)


def found(reply: Answer) -> list[tuple[str, str]]:
    return [(finding.rule.id, finding.received) for finding in reply.findings]


def foreign(parent: etree._Element) -> None:
    etree.SubElement(parent, "{urn:example}Note")


@pytest.mark.parametrize(
    ("add", "received"),
    [
        (lambda c: foreign(c.slot("languageCode")), "Note in Slot"),
        (lambda c: foreign(c.slot("languageCode")[0]), "Note in ValueList"),
        (lambda c: foreign(c.slot("languageCode")[0][0]), "Note in Value"),
        (lambda c: foreign(c.entry.find(ns.NAME)), "Note in Name"),
        (lambda c: foreign(c.entry.find(ns.NAME)[0]), "Note in LocalizedString"),
        (
            lambda c: c.slot("languageCode").append(s.slot("more", "fr-CH")[0]),
            "ValueList in Slot",
        ),
    ],
)
def test_elements_in_the_parts_of_an_object_are_reported(
    add: Callable[[Case], None], received: str
) -> None:
    case = Case()
    add(case)

    assert ("xds-element-unknown", received) in found(register(case))


def test_attributes_of_another_element_are_reported() -> None:
    case = Case()
    case.slot("languageCode").set("value", "de-CH")

    assert found(register(case)) == [("xds-attribute-unknown", "value")]


def test_attributes_of_xml_schema_are_legal() -> None:
    case = Case()
    case.slot("languageCode")[0][0].set(XSI_TYPE, "rim:LongName")

    assert found(register(case)) == []


def test_text_between_the_elements_is_reported_with_its_place() -> None:
    case = Case()
    case.code("typeCode").text = "Discharge summary"

    reply = register(case)

    (finding,) = reply.findings
    assert (finding.rule.id, finding.received) == ("xds-stray-text", "Discharge summary")
    assert finding.location.endswith("/ExtrinsicObject[1]/Classification[7]")


@pytest.mark.parametrize(
    ("lengthen", "received"),
    [
        (lambda c: c.code("typeCode").set("nodeRepresentation", "x" * 257), "nodeRepresentation"),
        (lambda c: c.identifier("uniqueId", c.entry).set("value", "urn:" + "x" * 257), "value"),
        (lambda c: c.slot("urn:example:extra").set("name", "urn:" + "x" * 257), "name"),
        (lambda c: c.entry.find(ns.NAME)[0].set("value", "x" * 1025), "value"),
    ],
)
def test_lengths_of_attributes_are_those_of_the_schema(
    lengthen: Callable[[Case], None], received: str
) -> None:
    case = Case()
    lengthen(case)

    rules = [rule for rule, text in found(register(case)) if text.startswith(f"{received} of ")]
    assert rules == ["xds-attribute-length"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda slot: slot.addnext(s.slot("codingScheme", "2.999.8.1")), "xds-slot-unique"),
        (lambda slot: setattr(slot[0][0], "text", "x" * 257), "xds-slot-value-length"),
    ],
)
def test_slots_of_codes_are_slots_like_others(
    change: Callable[[etree._Element], None], rule: str
) -> None:
    case = Case()
    change(case.slot("codingScheme", case.code("typeCode")))

    assert [each for each, _ in found(register(case))] == [rule]


def test_a_second_list_of_objects_is_not_lost_in_silence() -> None:
    case = Case()
    case.request.extend(s.submit(s.document_entry("Document03", unique_id="2.999.2.3")))

    reply = register(case)

    assert found(reply) == [("xds-request-content", ns.REGISTRY_OBJECT_LIST)]
    assert case.state.documents.objects == {}


def test_report_mode_registers_the_first_list() -> None:
    case = Case(domain=AffinityDomain(validation=Validation.REPORT))
    case.request.extend(s.submit(s.document_entry("Document03", unique_id="2.999.2.3")))

    assert register(case).summary == "Success"


def test_a_list_of_request_slots_is_legal() -> None:
    case = Case()
    case.request.insert(0, etree.Element(ns.REQUEST_SLOT_LIST))

    assert found(register(case)) == []
