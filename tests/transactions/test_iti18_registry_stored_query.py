from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain, AvailabilityStatus, State
from ihe_mock_async.transactions.iti18_registry_stored_query import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query.arguments import MAX_EXPLAINED
from ihe_mock_async.xds.stored_query.queries import NOT_SERVED, STORED_QUERIES
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import NOW, exchange
from tests.xds import query_breaches as breaches
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds.query_answers import contexts, counts, errors, ids, objects, response

REPORT = AffinityDomain(validation=Validation.REPORT)
STRICT = AffinityDomain(validation=Validation.STRICT)
UUID_OF_ENTRY = "$XDSDocumentEntryEntryUUID"
UNIQUE_ID_OF_ENTRY = "$XDSDocumentEntryUniqueId"


def ask(
    state: State,
    name: str,
    *slots: tuple[str, str],
    return_type: str = "LeafClass",
    domain: AffinityDomain | None = None,
) -> Answer:
    """One exchange; each Slot has one rim:Value."""
    texts = [(slot, [value]) for slot, value in slots]
    return send(state, q.adhoc_query_request(name, texts, return_type=return_type), domain)


def send(state: State, body: etree._Element, domain: AffinityDomain | None = None) -> Answer:
    # Through text, as a message comes: line numbers are those of a document.
    return answer(exchange(etree.fromstring(etree.tostring(body)), state, domain=domain))


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as state:
        q.fill(state)
        yield state


# ---------------------------------------------------------------- the queries


def test_the_transaction_is_that_of_a_document_registry_and_only_reads() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.handlers[REQUEST] is answer
    assert TRANSACTION.roots == {f"{{{ns.QUERY}}}AdhocQueryRequest": REQUEST}
    assert (TRANSACTION.writes, TRANSACTION.mtom) == (False, False)


@pytest.mark.parametrize(
    ("slot", "value"),
    [
        (UUID_OF_ENTRY, f"('{q.IN_FOLDER}')"),
        (UUID_OF_ENTRY, f"'{q.IN_FOLDER}'"),
        (UNIQUE_ID_OF_ENTRY, "('2.999.2.1')"),
        ("$XDSDocumentEntryLogicalID", f"('{q.IN_FOLDER}')"),
    ],
)
def test_a_document_entry_is_found_by_each_of_its_identifiers(
    state: State, slot: str, value: str
) -> None:
    reply = ask(state, "GetDocuments", (slot, value))

    (entry,) = objects(reply)
    assert (reply.action, reply.outcome, reply.findings) == (RESPONSE, Outcome.SERVED, ())
    assert response(reply).get("status") == rr.SUCCESS
    assert (entry.tag, entry.get("id")) == (ns.EXTRINSIC_OBJECT, q.IN_FOLDER)
    assert (entry.get("lid"), entry.get("status")) == (q.IN_FOLDER, v.APPROVED)
    assert entry.find(ns.VERSION_INFO) is not None
    assert reply.patient_ids == (s.PATIENT,)
    assert reply.summary == "Success GetDocuments 1"


def test_several_values_and_value_elements_are_joined(state: State) -> None:
    values = [f"('{q.IN_FOLDER}','{q.UNKNOWN}')", f"('{q.LOOSE}')"]

    reply = send(state, q.adhoc_query_request("GetDocuments", [(UUID_OF_ENTRY, values)]))

    assert ids(reply) == {q.IN_FOLDER, q.LOOSE}
    assert reply.findings == ()


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("GetDocuments", [(UUID_OF_ENTRY, f"('{q.UNKNOWN}')")]),
        ("GetDocuments", [(UUID_OF_ENTRY, f"('{q.FOLDER}')")]),
        ("GetFolders", [("$XDSFolderUniqueId", "('2.999.2.1')")]),
        ("GetAssociations", [("$uuid", f"('{q.UNKNOWN}')")]),
        ("GetSubmissionSets", [("$uuid", f"('{q.UNKNOWN}')")]),
        ("GetSubmissionSetAndContents", [("$XDSSubmissionSetUniqueId", "'2.999.0'")]),
        ("GetFolderAndContents", [("$XDSFolderUniqueId", "'2.999.0'")]),
        ("GetFoldersForDocument", [(UUID_OF_ENTRY, f"'{q.LOOSE}'")]),
    ],
)
def test_what_is_not_there_is_a_success_with_an_empty_list(
    state: State, name: str, slots: list[tuple[str, str]]
) -> None:
    reply = ask(state, name, *slots)

    assert response(reply).get("status") == rr.SUCCESS
    assert (objects(reply), errors(reply)) == ([], [])


def test_folders_are_found_by_unique_id_and_for_a_document(state: State) -> None:
    by_id = ask(state, "GetFolders", ("$XDSFolderUniqueId", "('2.999.4.1')"))
    by_document = ask(state, "GetFoldersForDocument", (UNIQUE_ID_OF_ENTRY, "'2.999.2.1'"))

    assert ids(by_id) == ids(by_document) == {q.FOLDER}


def test_associations_are_found_by_either_end(state: State) -> None:
    reply = ask(state, "GetAssociations", ("$uuid", f"('{q.IN_FOLDER}')"))

    ends = {(a.get("sourceObject"), a.get("targetObject")) for a in objects(reply)}
    assert ends == {(q.SUBMISSION_SET, q.IN_FOLDER), (q.FOLDER, q.IN_FOLDER)}


def test_documents_come_with_their_associations(state: State) -> None:
    reply = ask(state, "GetDocumentsAndAssociations", (UUID_OF_ENTRY, f"('{q.IN_FOLDER}')"))

    assert counts(reply) == {"ExtrinsicObject": 1, "Association": 2}


def test_submission_sets_come_with_the_memberships(state: State) -> None:
    asked = q.coded((q.IN_FOLDER, q.FOLDER))

    reply = ask(state, "GetSubmissionSets", ("$uuid", asked))

    assert counts(reply) == {"RegistryPackage": 1, "Association": 2}
    assert q.SUBMISSION_SET in ids(reply)
    assert q.MEMBERSHIP not in ids(reply)


def test_a_submission_set_comes_with_all_that_was_submitted(state: State) -> None:
    reply = ask(
        state,
        "GetSubmissionSetAndContents",
        ("$XDSSubmissionSetEntryUUID", f"'{q.SUBMISSION_SET}'"),
    )

    assert counts(reply) == {"RegistryPackage": 2, "ExtrinsicObject": 2, "Association": 5}
    assert ids(reply) >= {q.SUBMISSION_SET, q.FOLDER, q.IN_FOLDER, q.LOOSE, q.MEMBERSHIP}


def test_a_membership_comes_with_the_submission_set_that_brought_it(state: State) -> None:
    later, membership = s.uuid_urn(41), s.uuid_urn(42)
    q.register(
        state,
        s.submission_set(later, unique_id="2.999.3.41"),
        s.association(v.HAS_MEMBER, later, q.LOOSE, SubmissionSetStatus="Reference"),
        s.association(v.HAS_MEMBER, q.FOLDER, q.LOOSE, membership),
        s.member(later, membership),
    )

    first = ask(state, "GetSubmissionSetAndContents", ("$XDSSubmissionSetUniqueId", "'2.999.3.1'"))

    assert {q.FOLDER, q.LOOSE, q.MEMBERSHIP} < ids(first)
    assert membership not in ids(first)


def test_a_folder_comes_with_its_documents_and_memberships(state: State) -> None:
    reply = ask(state, "GetFolderAndContents", ("$XDSFolderEntryUUID", f"'{q.FOLDER}'"))

    assert ids(reply) == {q.FOLDER, q.IN_FOLDER, q.MEMBERSHIP}


NORMAL, OTHER = "'N^^2.16.840.1.113883.5.25'", "'R^^2.16.840.1.113883.5.25'"
FORMAT = "'urn:ihe:iti:xds:2017:mimeTypeSufficient^^1.3.6.1.4.1.19376.1.2.3'"
CONFIDENTIALITY = "$XDSDocumentEntryConfidentialityCode"


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ([(CONFIDENTIALITY, f"({NORMAL})")], True),
        ([(CONFIDENTIALITY, f"({OTHER},{NORMAL})")], True),
        ([(CONFIDENTIALITY, f"({OTHER})")], False),
        ([(CONFIDENTIALITY, f"({NORMAL})"), (CONFIDENTIALITY, f"({OTHER})")], False),
        ([("$XDSDocumentEntryFormatCode", f"({FORMAT})")], True),
        ([("$XDSDocumentEntryFormatCode", "('urn:other^^1.3.6.1.4.1.19376.1.2.3')")], False),
        ([("$XDSDocumentEntryType", f"('{v.STABLE}','{v.ON_DEMAND}')")], True),
        ([("$XDSDocumentEntryType", f"('{v.ON_DEMAND}')")], False),
    ],
)
def test_contents_are_filtered_together_with_their_associations(
    state: State, filters: list[tuple[str, str]], passes: bool
) -> None:
    reply = ask(state, "GetFolderAndContents", ("$XDSFolderUniqueId", "'2.999.4.1'"), *filters)

    assert ids(reply) == {q.FOLDER} | ({q.IN_FOLDER, q.MEMBERSHIP} if passes else set())


def test_contents_are_stable_documents_unless_asked_otherwise(state: State) -> None:
    entry = state.documents.by_id([q.IN_FOLDER])[q.IN_FOLDER]
    on_demand = entry.xml.replace(v.STABLE.encode(), v.ON_DEMAND.encode())
    state.documents.replace(replace(entry, xml=on_demand))
    submission_set = ("$XDSSubmissionSetUniqueId", "'2.999.3.1'")

    by_default = ask(state, "GetSubmissionSetAndContents", submission_set)
    both = ask(
        state,
        "GetSubmissionSetAndContents",
        submission_set,
        ("$XDSDocumentEntryType", f"('{v.STABLE}','{v.ON_DEMAND}')"),
    )

    # The membership of the folder goes with the entry, and so does the link to the membership.
    assert ids(both) - ids(by_default) >= {q.IN_FOLDER, q.MEMBERSHIP}
    assert counts(by_default) == {"RegistryPackage": 2, "ExtrinsicObject": 1, "Association": 2}


@pytest.mark.parametrize("asked", [q.LOOSE, q.REPLACEMENT])
def test_related_documents_come_with_the_relationship_and_its_status(
    state: State, asked: str
) -> None:
    q.replace_loose(state)

    reply = ask(
        state,
        "GetRelatedDocuments",
        (UUID_OF_ENTRY, f"'{asked}'"),
        ("$AssociationTypes", q.coded((v.HAS_MEMBER, v.REPLACES))),
    )

    assert counts(reply) == {"ExtrinsicObject": 2, "Association": 1}
    statuses = {element.get("id"): element.get("status") for element in objects(reply)}
    assert statuses[q.LOOSE] == AvailabilityStatus.DEPRECATED
    assert statuses[q.REPLACEMENT] == AvailabilityStatus.APPROVED


def test_a_document_without_relationships_does_not_come_alone(state: State) -> None:
    reply = ask(
        state,
        "GetRelatedDocuments",
        (UUID_OF_ENTRY, f"'{q.IN_FOLDER}'"),
        ("$AssociationTypes", q.coded((v.HAS_MEMBER, v.REPLACES))),
    )

    assert objects(reply) == []


def test_references_are_ids_only(state: State) -> None:
    reply = ask(
        state,
        "GetFolderAndContents",
        ("$XDSFolderUniqueId", "'2.999.4.1'"),
        return_type="ObjectRef",
    )

    assert counts(reply) == {"ObjectRef": 3}
    assert ids(reply) == {q.FOLDER, q.IN_FOLDER, q.MEMBERSHIP}
    assert all(set(element.attrib) == {"id"} for element in objects(reply))


@pytest.mark.parametrize(
    ("name", "slot"), [("GetDocuments", UUID_OF_ENTRY), ("GetAssociations", "$uuid")]
)
def test_whole_objects_of_several_patients_are_refused_and_references_are_not(
    state: State, name: str, slot: str
) -> None:
    asked = (slot, q.coded((q.IN_FOLDER, q.FOREIGN)))

    whole = ask(state, name, asked)
    references = ask(state, name, asked, return_type="ObjectRef")

    assert errors(whole) == [("XDSResultNotSinglePatient", rr.ERROR)]
    assert objects(whole) == []
    assert s.OTHER_PATIENT not in contexts(whole)
    assert response(references).get("status") == rr.SUCCESS
    assert objects(references)


def test_patients_of_whom_nothing_is_returned_do_not_count(state: State) -> None:
    # Submission sets are no members of any: none is found (3.18.4.1.2.3.7.9).
    asked = ("$uuid", q.coded((q.SUBMISSION_SET, q.FOREIGN_SET)))

    reply = ask(state, "GetSubmissionSets", asked)

    assert response(reply).get("status") == rr.SUCCESS
    assert objects(reply) == []


def test_home_and_parameters_of_every_query_are_accepted(state: State) -> None:
    slots = [
        (UUID_OF_ENTRY, [f"('{q.IN_FOLDER}')"]),
        ("$MetadataLevel", ["2"]),
        ("$homeCommunityId", ["'urn:oid:2.999.7.8'"]),
    ]
    body = q.adhoc_query_request("GetDocuments", slots)
    body[1].set("home", "urn:oid:2.999.7.8")

    reply = send(state, body)

    assert (reply.findings, ids(reply)) == ((), {q.IN_FOLDER})


def test_upper_case_uuids_find_the_same(state: State) -> None:
    known = "urn:uuid:abcdefab-0000-4000-8000-000000000001"
    entry = state.documents.by_id([q.IN_FOLDER])[q.IN_FOLDER]
    state.documents.register([replace(entry, id=known)], NOW)
    body = q.adhoc_query_request(
        q.IDS["GetDocuments"].upper(), [(UUID_OF_ENTRY, [f"('urn:uuid:{known[9:].upper()}')"])]
    )

    reply = send(state, body)

    assert [finding.rule.id for finding in reply.findings] == ["xds-query-uuid"]
    assert known in contexts(reply)
    assert len(objects(reply)) == 1


# ---------------------------------------------------------------- what is wrong


def _documents(*values: str, slot: str = UUID_OF_ENTRY) -> etree._Element:
    return q.adhoc_query_request("GetDocuments", [(slot, values)])


def _with(slot: str, *values: str) -> etree._Element:
    folder = ("$XDSFolderUniqueId", ["'2.999.4.1'"])
    return q.adhoc_query_request("GetFolderAndContents", [folder, (slot, values)])


BREACHES: Mapping[str, etree._Element] = {
    **breaches.of_any_search("FindDocuments", (breaches.PATIENT_ID, [f"'{s.PATIENT}'"])),
    **breaches.OF_QUERIES_BY_ID,
}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(state: State, rule: Rule) -> None:
    reply = send(state, BREACHES[rule.id])

    (finding,) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/AdhocQueryRequest")
    assert finding.line
    if rule.severity is Severity.ERROR:
        assert (reply.outcome, objects(reply)) == (Outcome.REJECTED, [])
        assert (rule.code, rr.ERROR) in errors(reply)
        assert response(reply).get("status") == rr.FAILURE
    else:
        assert reply.outcome is Outcome.SERVED
        told = [(rule.code, rr.WARNING)] if rule.severity is Severity.WARNING else []
        assert errors(reply) == told


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_report_mode_answers_whatever_can_be_answered(state: State, rule: Rule) -> None:
    reply = send(state, BREACHES[rule.id], REPORT)

    assert rule in {finding.rule for finding in reply.findings}
    assert reply.outcome is (Outcome.REJECTED if rule.essential else Outcome.SERVED)
    if not rule.essential:
        assert {severity for _, severity in errors(reply)} <= {rr.WARNING}


def test_report_mode_takes_the_values_that_were_meant(state: State) -> None:
    reply = ask(state, "GetDocuments", (UUID_OF_ENTRY, q.LOOSE), domain=REPORT)

    assert ids(reply) == {q.LOOSE}


def test_strict_mode_refuses_warnings(state: State) -> None:
    reply = send(state, BREACHES["xds-query-parameter-unknown"], STRICT)

    assert errors(reply) == [("XDSRegistryError", rr.ERROR)]


def test_report_mode_cannot_do_without_association_types(state: State) -> None:
    q.replace_loose(state)

    reply = ask(
        state,
        "GetRelatedDocuments",
        (UUID_OF_ENTRY, f"'{q.LOOSE}'"),
        ("$AssociationTypes", "()"),
        domain=REPORT,
    )

    assert ("XDSStoredQueryMissingParam", rr.ERROR) in errors(reply)
    assert objects(reply) == []


def test_all_that_is_wrong_is_told_at_once(state: State) -> None:
    body = q.adhoc_query_request(
        "GetRelatedDocuments",
        [
            (UUID_OF_ENTRY, [q.LOOSE]),
            (UNIQUE_ID_OF_ENTRY, ["'2.999.2.1"]),
            ("AssociationTypes", ["('x')"]),
        ],
        return_type="LeafClassWithRepositoryItem",
    )

    reply = send(state, body)

    assert sorted(errors(reply)) == [
        ("XDSRegistryError", rr.ERROR),
        ("XDSRegistryError", rr.ERROR),
        ("XDSRegistryError", rr.ERROR),
        ("XDSRegistryError", rr.WARNING),
        ("XDSStoredQueryMissingParam", rr.ERROR),
        ("XDSStoredQueryParamNumber", rr.ERROR),
    ]
    assert reply.summary.startswith("Failure ")


@pytest.mark.parametrize(
    ("body", "explained"),
    [
        (_documents(q.LOOSE), f"Expected '{q.LOOSE}'."),
        (_documents(f"'{q.LOOSE}','{q.IN_FOLDER}'"), "parentheses around several values"),
        (_documents("(12)", slot=UNIQUE_ID_OF_ENTRY), "Expected '12'."),
        (_documents("''", slot=UNIQUE_ID_OF_ENTRY), "some text"),
        (_documents(f"('{q.LOOSE[9:]}')"), f"Expected {q.LOOSE}."),
        (_with("XDSDocumentEntryType", "('x')"), "names of parameters begin with a dollar"),
        (_with("$XDSDocumentEntryTyp", "('x')"), "Expected $XDSDocumentEntryType."),
        (_with("$Completely", "('x')"), "$XDSFolderEntryUUID or $XDSFolderUniqueId"),
        (_with(CONFIDENTIALITY, "('N^^')"), "'N^^scheme'"),
        (BREACHES["xds-query-association-type"], v.REPLACES),
        (_documents("()"), f"{UUID_OF_ENTRY} or {UNIQUE_ID_OF_ENTRY}"),
    ],
)
def test_the_answer_says_what_would_be_right(
    state: State, body: etree._Element, explained: str
) -> None:
    assert explained in contexts(send(state, body))


@pytest.mark.parametrize("query_id", NOT_SERVED)
def test_queries_that_are_not_served_are_named_beside_those_that_are(
    state: State, query_id: str
) -> None:
    reply = ask(state, query_id)

    assert errors(reply) == [("XDSUnknownStoredQuery", rr.ERROR)]
    assert NOT_SERVED[query_id] in contexts(reply)
    assert all(known in contexts(reply) for known in STORED_QUERIES)


def test_a_query_id_without_its_prefix_is_completed_in_the_answer(state: State) -> None:
    query_id = q.IDS["GetDocuments"]

    reply = ask(state, query_id.removeprefix("urn:uuid:"))

    assert f"Expected {query_id}." in contexts(reply)


def test_an_empty_slot_is_as_good_as_none(state: State) -> None:
    reply = send(state, q.adhoc_query_request("GetDocuments", [(UUID_OF_ENTRY, [])]))

    assert errors(reply) == [("XDSStoredQueryMissingParam", rr.ERROR)]


def test_of_several_queries_in_one_request_the_first_counts(state: State) -> None:
    body = q.adhoc_query_request("GetFolders", [("$XDSFolderEntryUUID", [f"('{q.FOLDER}')"])])
    body.append(q.adhoc_query_request("GetDocuments")[1])

    reply = send(state, body)

    assert ids(reply) == {q.FOLDER}
    assert errors(reply) == [("XDSRegistryError", rr.WARNING)]
    assert "ResponseOption, AdhocQuery, AdhocQuery" in contexts(reply)


def test_thousands_of_mistakes_do_not_make_a_thousand_findings(state: State) -> None:
    wrong = [f"x{number}" for number in range(2_000)]
    body = q.adhoc_query_request(
        "GetDocuments", [(UUID_OF_ENTRY, wrong), *((name, ["'a'"]) for name in wrong)]
    )

    reply = send(state, body)

    assert len(reply.findings) <= 2 * MAX_EXPLAINED + 1


def test_findings_of_the_envelope_are_kept_but_not_told_with_a_success(state: State) -> None:
    earlier = Rule("soap-x", Severity.WARNING, "It is so", "TF", "Mend it.").found("/Envelope")
    body = _documents(f"('{q.LOOSE}')")

    reply = answer(exchange(body, state, findings=(earlier,)))

    assert reply.findings == (earlier,)
    assert errors(reply) == []
