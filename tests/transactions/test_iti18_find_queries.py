"""ITI-18: the queries that search (ITI TF-2: 3.18.4.1.2.3.7.1 to 7.4 and 7.14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Answer, Outcome
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti18_registry_stored_query import answer
from ihe_mock_async.transactions.iti42_register_document_set import answer as register
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import exchange
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds.query_answers import contexts, counts, errors, ids, objects, response

REPORT = AffinityDomain(validation=Validation.REPORT)
PATIENT = ("$XDSDocumentEntryPatientId", f"'{s.PATIENT}'")
APPROVED = ("$XDSDocumentEntryStatus", f"('{v.APPROVED}')")
EVENTS = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
AUTHORS = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"

Change = Callable[[etree._Element], None]


def code(scheme: str, text: str) -> Change:
    """One more code."""

    def add(entry: etree._Element) -> None:
        key = entry.get("id", "").rpartition(":")[2]
        last = entry.findall(ns.CLASSIFICATION)[-1]
        added = etree.Element(
            ns.CLASSIFICATION,
            id=f"{key}-{text}",
            classificationScheme=scheme,
            classifiedObject=entry.get("id", ""),
            nodeRepresentation=text,
        )
        added.append(s.slot("codingScheme", "2.999.8.9"))
        name = etree.SubElement(added, ns.NAME)
        etree.SubElement(name, ns.LOCALIZED_STRING, value=text)
        last.addnext(added)

    return add


def slot(name: str, *values: str) -> Change:
    """Other values of a Slot; none removes it."""

    def set_values(entry: etree._Element) -> None:
        (old,) = (each for each in entry.iter(ns.SLOT) if each.get("name") == name)
        parent = old.getparent()
        assert parent is not None
        if values:
            parent.replace(old, s.slot(name, *values))
        else:
            parent.remove(old)

    return set_values


def all_of(*changes: Change) -> Change:
    def apply(entry: etree._Element) -> None:
        for change in changes:
            change(entry)

    return apply


DOCUMENTS: dict[int, Change] = {
    1: all_of(code(EVENTS, "A"), code(EVENTS, "B"), slot("creationTime", "2023")),
    2: all_of(code(EVENTS, "A"), slot("creationTime", "202405")),
    3: all_of(code(EVENTS, "B"), slot("serviceStartTime"), slot("serviceStopTime")),
    4: all_of(slot("authorPerson", "77^Smitty^Gerald^^^"), slot("creationTime", "20240517083000")),
    5: slot("urn:ihe:iti:xds:2013:referenceIdList", "R_1^^^&2.999.7.3&ISO^urn:x", "R-2^^^^y"),
}


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    """Documents of one patient that differ, and a document of another patient."""
    with stored_state() as state:
        q.one_by_one(state, DOCUMENTS)
        q.register(
            state,
            s.document_entry(q.FOREIGN, unique_id="2.999.2.21", patient=s.OTHER_PATIENT),
            s.submission_set(q.FOREIGN_SET, unique_id="2.999.3.21", patient=s.OTHER_PATIENT),
            s.original(q.FOREIGN, q.FOREIGN_SET),
        )
        yield state


def ask(
    state: State,
    name: str,
    *slots: tuple[str, str],
    return_type: str = "ObjectRef",
    domain: AffinityDomain | None = None,
) -> Answer:
    texts = [(slot, [value]) for slot, value in slots]
    body = q.adhoc_query_request(name, texts, return_type=return_type)
    return answer(exchange(body, state, domain=domain))


def found(state: State, *slots: tuple[str, str], name: str = "FindDocuments") -> list[int]:
    """The numbers of the documents that are found with no finding, in the answer's order."""
    reply = ask(state, name, PATIENT, APPROVED, *slots)
    assert reply.findings == ()
    return [int(element.get("id", "")[-12:]) for element in objects(reply)]


def entry(suffix: str, value: str) -> tuple[str, str]:
    return f"$XDSDocumentEntry{suffix}", value


# ---------------------------------------------------------------- FindDocuments


def test_all_documents_of_a_patient_are_found_in_the_order_of_registration(state: State) -> None:
    assert found(state) == [1, 2, 3, 4, 5]


def test_documents_are_returned_whole(state: State) -> None:
    reply = ask(state, "FindDocuments", PATIENT, APPROVED, return_type="LeafClass")

    assert (reply.outcome, reply.summary) == (Outcome.SERVED, "Success FindDocuments 5")
    assert reply.patient_ids == (s.PATIENT,)
    assert counts(reply) == {"ExtrinsicObject": 5}


def test_an_unknown_patient_has_no_documents(state: State) -> None:
    unknown = ("$XDSDocumentEntryPatientId", "'nobody^^^&2.999.1&ISO'")

    reply = ask(state, "FindDocuments", unknown, APPROVED)

    assert response(reply).get("status") == rr.SUCCESS
    assert (objects(reply), errors(reply)) == ([], [])


@pytest.mark.parametrize(
    ("slots", "numbers"),
    [
        ([entry("ClassCode", "('REPORT^^2.999.8.1')")], [1, 2, 3, 4, 5]),
        ([entry("ClassCode", "('other^^2.999.8.1')")], []),
        ([entry("ClassCode", "('REPORT^^2.999.8.2')")], []),
        ([entry("TypeCode", "('18842-5^^2.16.840.1.113883.6.1')")], [1, 2, 3, 4, 5]),
        ([entry("PracticeSettingCode", "('GM^^2.999.8.3')")], [1, 2, 3, 4, 5]),
        ([entry("HealthcareFacilityTypeCode", "('HOSP^^2.999.8.2')")], [1, 2, 3, 4, 5]),
        ([entry("FormatCode", "('a^^b')")], []),
        ([entry("ConfidentialityCode", "('N^^2.16.840.1.113883.5.25','a^^b')")], [1, 2, 3, 4, 5]),
        ([entry("EventCodeList", "('A^^2.999.8.9')")], [1, 2]),
        ([entry("EventCodeList", "('A^^2.999.8.9','B^^2.999.8.9')")], [1, 2, 3]),
        ([entry("EventCodeList", f"('{each}^^2.999.8.9')") for each in "AB"], [1]),
        (
            [
                entry("EventCodeList", "('A^^2.999.8.9','B^^2.999.8.9')"),
                entry("EventCodeList", "('B^^2.999.8.9')"),
            ],
            [1, 3],
        ),
        ([entry("DocumentAvailability", "('urn:x')")], []),
        (
            [
                entry("EventCodeList", "('A^^2.999.8.9')"),
                entry("CreationTimeFrom", "2024"),
            ],
            [2],
        ),
    ],
)
def test_codes_mean_or_within_a_slot_and_and_between_slots(
    state: State, slots: list[tuple[str, str]], numbers: list[int]
) -> None:
    assert found(state, *slots) == numbers


@pytest.mark.parametrize(
    ("slots", "numbers"),
    [
        # 1 is of 2023, 2 of 202405, 3 and 5 of 20240516, 4 of 20240517083000.
        ([entry("CreationTimeFrom", "2024")], [2, 3, 4, 5]),
        ([entry("CreationTimeFrom", "'20240502'")], [3, 4, 5]),
        ([entry("CreationTimeTo", "20240517")], [1, 2, 3, 5]),
        ([entry("CreationTimeFrom", "20240517083000")], [4]),
        ([entry("CreationTimeTo", "'20240517083000'")], [1, 2, 3, 5]),
        ([entry("CreationTimeFrom", "20240501"), entry("CreationTimeTo", "202406")], [2, 3, 4, 5]),
        ([entry("CreationTimeFrom", "(2024)")], [2, 3, 4, 5]),
        # 3 has no service times, so it is not judged by them.
        ([entry("ServiceStartTimeFrom", "2025")], [3]),
        ([entry("ServiceStopTimeTo", "2024")], [3]),
        (
            [entry("ServiceStartTimeFrom", "20240515"), entry("ServiceStopTimeTo", "20240516")],
            [1, 2, 3, 4, 5],
        ),
    ],
)
def test_periods_begin_with_from_and_end_before_to(
    state: State, slots: list[tuple[str, str]], numbers: list[int]
) -> None:
    assert found(state, *slots) == numbers


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("('%Smitty%')", [4]),
        ("('77^Smitty^Gerald^^^')", [4]),
        ("('%smitty%')", []),
        ("('%Smitt_^%','nobody')", [4]),
        ("('%Smitt_')", []),
        ("('%Sanitas^Otto')", [1, 2, 3, 5]),
        ("('%')", [1, 2, 3, 4, 5]),
    ],
)
def test_authors_are_found_by_a_pattern(state: State, pattern: str, numbers: list[int]) -> None:
    assert found(state, entry("AuthorPerson", pattern)) == numbers


@pytest.mark.parametrize("registered", ["M\u00fcller", "Mu\u0308ller"])
@pytest.mark.parametrize("asked", ["M\u00fcller", "Mu\u0308ller", "M_ller"])
def test_characters_are_equal_however_they_are_composed(registered: str, asked: str) -> None:
    with stored_state() as state:
        q.one_by_one(state, {1: slot("authorPerson", f"7^{registered}^Anna")})

        assert found(state, entry("AuthorPerson", f"('%^{asked}^%')")) == [1]


@pytest.mark.parametrize(
    ("slots", "numbers"),
    [
        (["('R_1^^^&2.999.7.3&ISO^urn:x')"], [5]),
        (["('A-1^^^&2.999.7.3&ISO^urn:ihe:iti:xds:2013:accession')"], [1, 2, 3, 4]),
        (["('R%','A-1%')"], [1, 2, 3, 4, 5]),
        (["('R_1%')", "('R-2^^^^y')"], [5]),
        (["('R-1^^^&2.999.7.3&ISO^urn:x')"], []),
    ],
)
def test_documents_are_found_by_reference_ids(
    state: State, slots: list[str], numbers: list[int]
) -> None:
    references = [entry("ReferenceIdList", value) for value in slots]

    assert found(state, *references, name="FindDocumentsByReferenceId") == numbers


@pytest.mark.parametrize(
    ("title", "institution", "numbers"),
    [
        ("('Austritt%')", "('Spital%')", [1, 2, 3, 4, 5]),
        ("('Austritt%')", "('Praxis%')", []),
        ("('Austritt')", "('%')", []),
    ],
)
def test_documents_are_found_by_title_and_institution(
    state: State, title: str, institution: str, numbers: list[int]
) -> None:
    slots = [entry("Title", title), entry("AuthorInstitution", institution)]

    assert found(state, *slots, name="FindDocumentsByTitle") == numbers


@given(st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=3))
def test_slots_that_are_repeated_intersect(state: State, wanted: list[str]) -> None:
    each = [set(found(state, entry("EventCodeList", f"('{c}^^2.999.8.9')"))) for c in wanted]

    together = found(state, *(entry("EventCodeList", f"('{c}^^2.999.8.9')") for c in wanted))

    assert set(together) == set.intersection(*each)


def test_on_demand_documents_are_found_only_when_asked_for() -> None:
    both = entry("Type", q.coded((v.STABLE, v.ON_DEMAND)))
    with stored_state() as state:
        q.one_by_one(state, {1: slot("size", "30"), 2: slot("size", "30")})
        stored = state.documents.by_id([s.uuid_urn(2)])[s.uuid_urn(2)]
        attributes = (("objectType", v.ON_DEMAND),)
        state.documents.replace(replace(stored, attributes=attributes))

        assert found(state) == [1]
        assert found(state, both) == [1, 2]
        assert found(state, entry("Type", f"('{v.ON_DEMAND}')")) == [2]
        # Its document does not exist yet, so there is no creation time to judge it by.
        assert found(state, both, entry("CreationTimeTo", "2000")) == [2]


# ---------------------------------------------------------------- status


def test_replaced_documents_are_found_by_their_status() -> None:
    deprecated = ("$XDSDocumentEntryStatus", f"('{v.DEPRECATED}')")
    either = ("$XDSDocumentEntryStatus", q.coded((v.DEPRECATED, v.APPROVED)))
    with stored_state() as state:
        q.fill(state)
        q.replace_loose(state)

        assert ids(ask(state, "FindDocuments", PATIENT, deprecated)) == {q.LOOSE}
        assert ids(ask(state, "FindDocuments", PATIENT, either)) == {
            q.LOOSE,
            q.IN_FOLDER,
            q.REPLACEMENT,
        }


@pytest.mark.parametrize(
    ("status", "rule", "meant"),
    [
        (
            "('urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Approved')",
            "xds-query-response-status",
            v.APPROVED,
        ),
        ("('Deprecated')", "xds-query-status", v.DEPRECATED),
        ("('Success')", "xds-query-status", f"{v.APPROVED} or {v.DEPRECATED}"),
    ],
)
def test_without_a_status_that_is_understood_a_parameter_is_missing(
    state: State, status: str, rule: str, meant: str
) -> None:
    reply = ask(state, "FindDocuments", PATIENT, ("$XDSDocumentEntryStatus", status))

    assert [finding.rule.id for finding in reply.findings] == [
        rule,
        "xds-query-parameter-required",
    ]
    assert errors(reply) == [
        ("XDSStoredQueryMissingParam", rr.ERROR),
        ("XDSRegistryError", rr.WARNING),
    ]
    assert f"Expected {meant}." in contexts(reply)


def test_a_status_that_is_not_understood_is_ignored_beside_one_that_is(state: State) -> None:
    mixed = q.coded((v.APPROVED, v.APPROVED.replace(":StatusType", ":ResponseStatusType")))

    reply = ask(state, "FindDocuments", PATIENT, ("$XDSDocumentEntryStatus", mixed))

    assert errors(reply) == [("XDSRegistryError", rr.WARNING)]
    assert len(objects(reply)) == 5


# ---------------------------------------------------------------- what clients get wrong


@pytest.mark.parametrize(
    ("slots", "rule", "explained"),
    [
        (
            [("$XDSDocumentEntryPatientId", s.PATIENT), APPROVED],
            "xds-query-quotes",
            f"Expected '{s.PATIENT}'.",
        ),
        (
            [("$XDSDocumentEntryPatientId", f"'{s.PATIENT}^PI'"), APPROVED],
            "xds-query-patient-id",
            "leave out the identifier type",
        ),
        (
            [PATIENT, ("$XDSDocumentEntryStatus", f"'{v.APPROVED}','{v.DEPRECATED}'")],
            "xds-query-parentheses",
            "parentheses around several values",
        ),
        (
            [PATIENT, ("$XDSDocumentEntryStatus", f"({v.APPROVED})")],
            "xds-query-quotes",
            f"Expected '{v.APPROVED}'.",
        ),
        ([PATIENT, APPROVED, entry("ClassCode", "('DEMO')")], "xds-query-code", "'DEMO^^scheme'"),
        ([PATIENT, APPROVED, entry("ClassCode", "('a^^')")], "xds-query-code", "'a^^scheme'"),
        (
            [PATIENT, APPROVED, entry("ClassCodeScheme", "('2.999.8.1')")],
            "xds-query-code-scheme-parameter",
            "'code^^scheme'",
        ),
        (
            [PATIENT, APPROVED, entry("CreationTimeFrom", "2024-05-17T08:30:00Z")],
            "xds-query-time",
            "this is not ISO 8601",
        ),
        (
            [PATIENT, APPROVED, entry("CreationTimeFrom", "'20240517083000+0200'")],
            "xds-query-time",
            "convert to UTC",
        ),
        (
            [PATIENT, APPROVED, entry("AuthorPerson", f"('{'%' * 257}')")],
            "xds-query-value",
            "at most 256 characters",
        ),
    ],
)
def test_a_mistake_that_many_make_has_a_rule_of_its_own(
    state: State, slots: list[tuple[str, str]], rule: str, explained: str
) -> None:
    reply = ask(state, "FindDocuments", *slots)

    assert reply.outcome is Outcome.REJECTED
    assert [finding.rule.id for finding in reply.findings] == [rule]
    assert errors(reply) == [("XDSRegistryError", rr.ERROR)]
    assert explained in contexts(reply)


@pytest.mark.parametrize(
    ("slots", "numbers"),
    [
        ([("$XDSDocumentEntryPatientId", s.PATIENT), APPROVED], 5),
        ([PATIENT, ("$XDSDocumentEntryStatus", v.APPROVED)], 5),
        ([PATIENT, APPROVED, entry("AuthorPerson", f"('{'%' * 60_000}')")], 5),
        ([PATIENT, APPROVED, entry("CreationTimeFrom", "(2025,2026)")], 0),
        ([PATIENT, APPROVED, entry("ClassCode", "('DEMO')")], 0),
    ],
)
def test_report_mode_searches_for_what_was_meant(
    state: State, slots: list[tuple[str, str]], numbers: int
) -> None:
    reply = ask(state, "FindDocuments", *slots, domain=REPORT)

    assert reply.outcome is Outcome.SERVED
    assert len(objects(reply)) == numbers


def test_an_empty_patient_id_does_not_stand_for_every_patient(state: State) -> None:
    nobody = ("$XDSDocumentEntryPatientId", "''")

    reply = ask(state, "FindDocuments", nobody, APPROVED, domain=REPORT)

    assert ("XDSStoredQueryMissingParam", rr.ERROR) in errors(reply)


# ---------------------------------------------------------------- sets, folders, everything

SET, SET_APPROVED = (
    ("$XDSSubmissionSetPatientId", f"'{s.PATIENT}'"),
    ("$XDSSubmissionSetStatus", f"('{v.APPROVED}')"),
)
FOLDER, FOLDER_APPROVED = (
    ("$XDSFolderPatientId", f"'{s.PATIENT}'"),
    ("$XDSFolderStatus", f"('{v.APPROVED}')"),
)


@pytest.fixture(scope="module")
def filled() -> Iterator[State]:
    with stored_state() as state:
        q.fill(state)
        yield state


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ([], True),
        ([("SourceId", "('2.999.7.5','2.999.7.6')")], True),
        ([("SourceId", "('2.999.7.6')")], False),
        ([("SubmissionTimeFrom", "20240517"), ("SubmissionTimeTo", "20240518")], True),
        ([("SubmissionTimeTo", "20240517083000")], False),
        ([("AuthorPerson", "'%Sanitas%'")], True),
        ([("AuthorPerson", "'%Smitty%'")], False),
        ([("ContentType", "('DISCHARGE^^2.999.8.4')")], True),
        ([("ContentType", "('OTHER^^2.999.8.4')")], False),
    ],
)
def test_submission_sets_are_found(
    filled: State, filters: list[tuple[str, str]], *, passes: bool
) -> None:
    slots = [(f"$XDSSubmissionSet{suffix}", value) for suffix, value in filters]

    reply = ask(filled, "FindSubmissionSets", SET, SET_APPROVED, *slots)

    assert reply.findings == ()
    assert ids(reply) == ({q.SUBMISSION_SET} if passes else set())


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ([], True),
        ([("LastUpdateTimeFrom", "20240517083015")], True),
        ([("LastUpdateTimeTo", "20240517083015")], False),
        ([("CodeList", "('EPISODE^^2.999.8.5')")], True),
        ([("CodeList", "('EPISODE^^2.999.8.5')"), ("CodeList", "('OTHER^^2.999.8.5')")], False),
    ],
)
def test_folders_are_found(filled: State, filters: list[tuple[str, str]], *, passes: bool) -> None:
    slots = [(f"$XDSFolder{suffix}", value) for suffix, value in filters]

    reply = ask(filled, "FindFolders", FOLDER, FOLDER_APPROVED, *slots)

    assert reply.findings == ()
    assert ids(reply) == ({q.FOLDER} if passes else set())


def test_a_folder_is_found_by_the_time_of_its_latest_change() -> None:
    with stored_state() as state:
        q.fill(state)
        submission = s.submit(
            s.document_entry(s.uuid_urn(31), unique_id="2.999.2.31"),
            s.submission_set(s.uuid_urn(32), unique_id="2.999.3.31"),
            s.original(s.uuid_urn(31), s.uuid_urn(32)),
            s.association(v.HAS_MEMBER, q.FOLDER, s.uuid_urn(31), s.uuid_urn(33)),
            s.member(s.uuid_urn(32), s.uuid_urn(33)),
        )
        later = exchange(submission, state)
        assert register(replace(later, now=later.now + timedelta(days=1))).summary == "Success"
        since = ("$XDSFolderLastUpdateTimeFrom", "20240518")

        assert ids(ask(state, "FindFolders", FOLDER, FOLDER_APPROVED, since)) == {q.FOLDER}


def everything(*filters: tuple[str, str], statuses: str = v.APPROVED) -> list[tuple[str, str]]:
    kinds = ("DocumentEntry", "SubmissionSet", "Folder")
    return [
        ("$patientId", f"'{s.PATIENT}'"),
        *((f"$XDS{kind}Status", f"('{statuses}')") for kind in kinds),
        *filters,
    ]


def test_all_that_a_patient_has_is_returned_with_its_associations(filled: State) -> None:
    reply = ask(filled, "GetAll", *everything(), return_type="LeafClass")

    assert reply.findings == ()
    assert counts(reply) == {"ExtrinsicObject": 2, "RegistryPackage": 2, "Association": 5}


def test_filters_of_documents_leave_sets_and_folders_alone(filled: State) -> None:
    reply = ask(filled, "GetAll", *everything(entry("FormatCode", "('a^^b')")))

    assert ids(reply) >= {q.SUBMISSION_SET, q.FOLDER}
    assert not ids(reply) & {q.IN_FOLDER, q.LOOSE}


def test_statuses_are_those_of_each_kind(filled: State) -> None:
    reply = ask(filled, "GetAll", *everything(statuses=v.DEPRECATED))

    assert (reply.outcome, objects(reply)) == (Outcome.SERVED, [])


def test_every_missing_parameter_is_named(filled: State) -> None:
    reply = ask(filled, "GetAll")

    assert errors(reply) == [("XDSStoredQueryMissingParam", rr.ERROR)] * 4
    assert "Expected $XDSFolderStatus." in contexts(reply)


# ---------------------------------------------------------------- versions


def test_all_versions_of_a_document_are_found_by_its_logical_id() -> None:
    with stored_state() as state:
        q.one_by_one(state, {1: slot("size", "30")})
        first = state.documents.by_id([s.uuid_urn(1)])[s.uuid_urn(1)]
        second = replace(first, id=s.uuid_urn(2), version=2)
        state.documents.register([second], exchange(s.submit(), state).now)
        asked = ("$XDSDocumentEntryLogicalID", f"('{first.logical_id}')")

        reply = ask(state, "GetDocuments", asked)

        assert [each.get("id") for each in objects(reply)] == [first.id, second.id]
