"""The ebRIM text of registered objects."""

from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.state import ObjectKind, RegistryObject
from ihe_mock_async.transactions.iti42_register_document_set import answer as register
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import stored_form
from tests.transactions.xds_fakes import FakeState, exchange
from tests.xds import submissions as s

SURVIVING = "S-1&<2>^^^&2.999.1&ISO"
PATIENT_ID_SCHEMES = {
    ObjectKind.DOCUMENT_ENTRY: "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
    ObjectKind.SUBMISSION_SET: "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
    ObjectKind.FOLDER: "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
}


def registered(kind: ObjectKind) -> RegistryObject:
    state = FakeState()
    register(exchange(s.two_documents_in_a_folder(), state))
    return state.documents.of_kind(kind)[0]


def identifiers(xml: bytes) -> dict[str | None, str | None]:
    found = etree.fromstring(xml).findall(ns.EXTERNAL_IDENTIFIER)
    return {each.get("identificationScheme"): each.get("value") for each in found}


def canonical(xml: bytes) -> str:
    return etree.canonicalize(etree.fromstring(xml))


@pytest.mark.parametrize("kind", PATIENT_ID_SCHEMES)
def test_only_the_patient_id_of_an_object_is_another_one(kind: ObjectKind) -> None:
    before = registered(kind)
    after = stored_form.with_patient_id(before, SURVIVING)

    assert identifiers(after.xml) == identifiers(before.xml) | {
        PATIENT_ID_SCHEMES[kind]: SURVIVING
    }
    assert after == replace(before, xml=after.xml, patient_id=SURVIVING, attributes=None)
    unchanged = stored_form.with_patient_id(after, s.PATIENT)
    assert canonical(unchanged.xml) == canonical(before.xml)


def test_what_the_source_knew_of_the_patient_stays() -> None:
    after = stored_form.with_patient_id(registered(ObjectKind.DOCUMENT_ENTRY), SURVIVING)

    slots = etree.fromstring(after.xml).findall(ns.SLOT)
    known = {slot.get("name"): slot.findtext(f"{ns.VALUE_LIST}/{ns.VALUE}") for slot in slots}
    assert known["sourcePatientId"] not in (None, SURVIVING)
    assert SURVIVING not in known.values()
