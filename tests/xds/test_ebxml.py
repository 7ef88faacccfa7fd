from __future__ import annotations

from lxml import etree

from ihe_mock_async.xds import ebxml, metadata
from ihe_mock_async.xds import namespaces as ns
from tests.xds import submissions as s


def test_slots_are_read_with_their_values_trimmed() -> None:
    element = s.document_entry()
    element.insert(0, s.slot("urn:example:list", " one\n", "two"))

    rim = ebxml.read_object(element)

    slot = rim.slot("urn:example:list")
    assert slot is not None
    assert slot.values == ("one", "two")
    assert rim.value("urn:example:list") == "one"
    assert (rim.slot("nothing"), rim.value("nothing")) == (None, None)


def test_the_first_misplaced_child_is_named() -> None:
    element = s.document_entry()
    name = element.find(ns.NAME)
    assert name is not None
    element.insert(0, name)

    misplaced = ebxml.read_object(element).misplaced

    assert misplaced is not None
    assert misplaced.get("name") == "creationTime"


def test_a_second_name_is_misplaced() -> None:
    element = s.document_entry()
    name = element.find(ns.NAME)
    assert name is not None
    second = etree.fromstring(etree.tostring(name))
    name.addnext(second)

    rim = ebxml.read_object(element)

    assert rim.misplaced is second
    assert rim.name == "Austrittsbericht"


def test_a_name_without_text_is_none() -> None:
    element = s.document_entry()
    name = element.find(ns.NAME)
    assert name is not None
    name.clear()

    assert ebxml.read_object(element).name is None


def test_a_package_is_known_by_its_classification_inside_or_beside() -> None:
    request = s.two_documents_in_a_folder()

    object_list = metadata.find_object_list(request)
    assert object_list is not None
    submission = metadata.read_submission(object_list)

    assert [x.id for x in submission.submission_sets] == ["SubmissionSet01"]
    assert [x.id for x in submission.folders] == ["Folder01"]
    assert submission.unclassified == ()


def test_an_object_ref_says_nothing() -> None:
    request = s.one_document()
    etree.SubElement(request[0], ns.OBJECT_REF, id="urn:uuid:1")

    assert metadata.read_submission(request[0]).unexpected == ()
