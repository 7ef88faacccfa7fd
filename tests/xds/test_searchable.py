"""What stored queries can ask of an object."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.state import ObjectKind, RegistryObject
from ihe_mock_async.transactions.iti42_register_document_set import answer as register
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.xds_fakes import FakeState, exchange
from tests.xds import submissions as s


def registered(kind: ObjectKind, submission: etree._Element | None = None) -> RegistryObject:
    state = FakeState()
    register(exchange(s.two_documents_in_a_folder() if submission is None else submission, state))
    return state.documents.of_kind(kind)[0]


def test_a_document_entry_is_asked_for_codes_times_authors_and_references() -> None:
    assert registered(ObjectKind.DOCUMENT_ENTRY).attributes == (
        ("objectType", v.STABLE),
        ("title", "Austrittsbericht"),
        ("creationTime", "20240516000000"),
        ("serviceStartTime", "20240515093000"),
        ("serviceStopTime", "20240515000000"),
        ("documentAvailability", "urn:ihe:iti:2010:DocumentAvailability:Online"),
        ("referenceIdList", "A-1^^^&2.999.7.3&ISO^urn:ihe:iti:xds:2013:accession"),
        ("authorPerson", "^Sanitas^Otto"),
        ("authorInstitution", "Spital Muster^^^^^^^^^2.999.7.4"),
        ("classCode", "REPORT^^2.999.8.1"),
        ("confidentialityCode", "N^^2.16.840.1.113883.5.25"),
        ("formatCode", "urn:ihe:iti:xds:2017:mimeTypeSufficient^^1.3.6.1.4.1.19376.1.2.3"),
        ("healthcareFacilityTypeCode", "HOSP^^2.999.8.2"),
        ("practiceSettingCode", "GM^^2.999.8.3"),
        ("typeCode", "18842-5^^2.16.840.1.113883.6.1"),
    )


def test_a_submission_set_is_asked_for_source_time_content_and_author() -> None:
    assert registered(ObjectKind.SUBMISSION_SET).attributes == (
        ("submissionTime", "20240517083000"),
        ("authorPerson", "^Sanitas^Otto"),
        ("contentTypeCode", "DISCHARGE^^2.999.8.4"),
        ("sourceId", "2.999.7.5"),
    )


def test_a_folder_is_asked_for_codes_and_the_time_that_the_registry_has_set() -> None:
    assert registered(ObjectKind.FOLDER).attributes == (
        ("lastUpdateTime", "20240517083015"),
        ("codeList", "EPISODE^^2.999.8.5"),
    )


def test_an_association_is_asked_for_nothing() -> None:
    assert registered(ObjectKind.ASSOCIATION).attributes is None


def test_every_author_counts() -> None:
    entry = s.document_entry()
    author = entry.find(f"{ns.CLASSIFICATION}[@classificationScheme]")
    assert author is not None
    second = etree.fromstring(etree.tostring(author).replace(b"^Sanitas^Otto", b"^Sanitas^Ida"))
    second.set("id", "second-author")
    author.addnext(second)

    found = registered(
        ObjectKind.DOCUMENT_ENTRY, s.submit(entry, s.submission_set(), s.original())
    )

    assert found.attributes is not None
    persons = [value for name, value in found.attributes if name == "authorPerson"]
    assert persons == ["^Sanitas^Otto", "^Sanitas^Ida"]


def test_an_on_demand_entry_is_not_asked_for_its_creation_time() -> None:
    xml = registered(ObjectKind.DOCUMENT_ENTRY).xml.replace(
        v.STABLE.encode(), v.ON_DEMAND.encode()
    )

    names = {name for name, _ in searchable.attributes_of_text("DocumentEntry", xml)}

    assert "creationTime" not in names
    assert "serviceStartTime" in names


@pytest.mark.parametrize("kind", ["DocumentEntry", "SubmissionSet", "Folder"])
def test_registered_text_has_the_attributes_that_were_registered(kind: str) -> None:
    obj = registered(ObjectKind(kind))

    assert obj.attributes is not None
    assert set(searchable.attributes_of_text(kind, obj.xml)) == set(obj.attributes)


@pytest.mark.parametrize(
    ("dtm", "expected"),
    [
        ("2024", "20240101000000"),
        ("202405", "20240501000000"),
        ("20240517", "20240517000000"),
        ("2024051708", "20240517080000"),
        ("202405170830", "20240517083000"),
        ("20240517083015", "20240517083015"),
    ],
)
def test_a_time_is_the_first_second_of_what_it_names(dtm: str, expected: str) -> None:
    assert searchable.moment(dtm) == expected


TIMES = st.datetimes(min_value=datetime(1000, 1, 1))  # noqa: DTZ001 - a DTM has no zone


@given(TIMES, st.sampled_from([4, 6, 8, 10, 12, 14]))
def test_a_time_is_never_after_a_more_precise_form_of_it(time: datetime, length: int) -> None:
    precise = time.strftime("%Y%m%d%H%M%S")

    cut = searchable.moment(precise[:length])

    assert cut <= precise
    assert datetime.strptime(cut, "%Y%m%d%H%M%S") <= time  # noqa: DTZ007 - a DTM has no zone
