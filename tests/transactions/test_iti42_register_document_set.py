from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain, AvailabilityStatus
from ihe_mock_async.transactions.iti42_register_document_set import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.xds_fakes import FakeState, exchange, numbered_uuids
from tests.xds import submissions as s
from tests.xds.breaches import (
    BREACHES,
    REGISTERED_ENTRY,
    REGISTERED_FOLDER,
    REGISTERED_SET,
    Case,
)

REPORT = AffinityDomain(validation=Validation.REPORT)


def errors(reply: Answer) -> list[tuple[str, str]]:
    """Code and severity of each RegistryError."""
    assert not isinstance(reply.body, bytes)
    found = reply.body.iter(f"{{{ns.RS}}}RegistryError")
    return [(e.get("errorCode", ""), e.get("severity", "")) for e in found]


def rule_ids(reply: Answer) -> list[str]:
    return [finding.rule.id for finding in reply.findings]


def ebrim(state: FakeState, kind: str) -> list[etree._Element]:
    return [etree.fromstring(obj.xml) for obj in state.documents.of_kind(kind)]


def test_a_conformant_submission_is_registered_without_a_finding() -> None:
    state = FakeState()

    reply = answer(exchange(s.two_documents_in_a_folder(), state))

    assert (reply.action, reply.outcome, reply.summary) == (RESPONSE, Outcome.SERVED, "Success")
    assert reply.findings == ()
    assert reply.patient_ids == (s.PATIENT,)
    assert reply.body == rr.success()
    assert [len(state.documents.of_kind(kind)) for kind in ("DocumentEntry", "Folder")] == [2, 1]


def test_the_transaction_is_that_of_a_document_registry() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.handlers[REQUEST] is answer
    assert TRANSACTION.roots[ns.SUBMIT_OBJECTS_REQUEST] == REQUEST
    assert not TRANSACTION.mtom


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(rule: Rule) -> None:
    case = Case()
    if rule.id == "xds-request-wrapper":
        case.body = etree.Element(ns.REGISTER_DOCUMENT_SET_REQUEST)
        case.body.append(case.request)
    else:
        BREACHES[rule.id](case)
    before = dict(case.state.documents.objects)

    reply = case.send_to(answer, provide=False)

    assert rule.id in rule_ids(reply)
    (finding, *_) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/")
    assert finding.line
    if rule.severity is Severity.ERROR:
        assert reply.outcome is Outcome.REJECTED
        assert (rule.code, rr.ERROR) in errors(reply)
        assert case.state.documents.objects == before
    else:
        assert reply.summary == "Success"


def test_no_rule_id_is_given_twice() -> None:
    ids = [rule.id for rule in TRANSACTION.rules]

    assert len(set(ids)) == len(ids)


def test_the_invented_wrapper_is_explained_and_accepted_in_report_mode() -> None:
    body = etree.Element(ns.REGISTER_DOCUMENT_SET_REQUEST)
    body.append(s.one_document())

    reply = answer(exchange(body, FakeState(), domain=REPORT))

    assert reply.summary == "Success"
    assert rule_ids(reply) == ["xds-request-wrapper"]


def test_warnings_alone_do_not_refuse_but_strict_mode_does() -> None:
    case = Case()
    BREACHES["xds-xcn"](case)

    lenient = case.send_to(answer, provide=False)
    strict = Case(domain=AffinityDomain(validation=Validation.STRICT))
    BREACHES["xds-xcn"](strict)
    refused = strict.send_to(answer, provide=False)

    assert (lenient.summary, lenient.body) == ("Success", rr.success())
    assert errors(refused) == [("XDSRegistryMetadataError", rr.ERROR)]


def test_a_failure_lists_every_error_of_every_object_and_then_the_warnings() -> None:
    case = Case()
    for rule_id in ("xds-xcn", "xds-dtm", "xds-folder-title", "xds-patient-differs"):
        BREACHES[rule_id](case)

    reply = case.send_to(answer, provide=False)

    assert [severity for _, severity in errors(reply)] == [rr.ERROR] * 3 + [rr.WARNING]
    assert reply.summary == "Failure XDSRegistryMetadataError XDSPatientIdDoesNotMatch"
    assert not isinstance(reply.body, bytes)
    assert reply.body.get("status") == rr.FAILURE
    assert reply.body[0].get("highestSeverity") == rr.ERROR
    assert all(error.text is None and error.get("location") for error in reply.body[0])


def test_report_mode_registers_what_breaks_the_order_in_the_schemas_order() -> None:
    state = FakeState()
    case = Case(state=state, domain=REPORT)
    BREACHES["xds-element-order"](case)

    reply = case.send_to(answer, provide=False)

    assert reply.summary == "Success"
    entry = ebrim(state, "DocumentEntry")[0]
    tags = [etree.QName(child).localname for child in entry]
    assert tags.index("Name") > max(i for i, tag in enumerate(tags) if tag == "Slot")


def test_report_mode_completes_bare_association_types_and_lower_cases_uuids() -> None:
    state = FakeState()
    case = Case(state=state, domain=REPORT)
    case.register_before()
    case.add(
        s.association(
            "RPLC", "Document01", REGISTERED_ENTRY.upper().replace("URN:UUID", "urn:uuid")
        )
    )

    reply = case.send_to(answer, provide=False)

    assert reply.summary == "Success"
    assert state.documents.objects[REGISTERED_ENTRY].status is AvailabilityStatus.DEPRECATED
    assert ebrim(state, "Association")[-3].get("associationType") == v.REPLACES


def test_report_mode_still_refuses_what_cannot_be_acted_on() -> None:
    case = Case(domain=REPORT)
    BREACHES["xds-reference-unresolved"](case)

    reply = case.send_to(answer, provide=False)

    assert reply.summary == "Failure UnresolvedReferenceException"


def test_symbolic_ids_become_uuids_consistently() -> None:
    state = FakeState()

    answer(exchange(s.two_documents_in_a_folder(), state, new_uuid=numbered_uuids()))

    objects = state.documents.objects
    (submission_set,) = state.documents.of_kind("SubmissionSet")
    assert {o.submission_set_id for o in objects.values()} == {None, submission_set.id}
    for obj in objects.values():
        element = etree.fromstring(obj.xml)
        assert obj.id.startswith("urn:uuid:")
        assert element.get("id") == element.get("lid") == obj.logical_id == obj.id
        assert element.get("status") == v.APPROVED
        assert element.get("home") is None
        assert [e.get("versionName") for e in element.iterchildren(ns.VERSION_INFO)] == ["1"]
        for child in (
            *element.findall(ns.CLASSIFICATION),
            *element.findall(ns.EXTERNAL_IDENTIFIER),
        ):
            assert child.get("id", "").startswith("urn:uuid:")
            assert obj.id in (child.get("classifiedObject"), child.get("registryObject"))
        if obj.kind == "Association":
            assert {obj.source, obj.target} <= objects.keys()
            assert (element.get("sourceObject"), element.get("targetObject")) == (
                obj.source,
                obj.target,
            )


def test_submitted_uuids_are_kept() -> None:
    state = FakeState()
    case = Case(state=state)

    case.register_before()

    assert {REGISTERED_ENTRY, REGISTERED_FOLDER} <= state.documents.objects.keys()


def test_classifications_beside_their_package_are_stored_inside() -> None:
    state = FakeState()

    answer(exchange(s.two_documents_in_a_folder(), state))

    nodes = [
        c.get("classificationNode") for c in ebrim(state, "Folder")[0].iter(ns.CLASSIFICATION)
    ]
    assert v.FOLDER_NODE in nodes


def test_a_folder_gets_its_last_update_time_from_the_registry() -> None:
    state = FakeState()

    answer(exchange(s.two_documents_in_a_folder(), state))

    values = ebrim(state, "Folder")[0].xpath("*[@name='lastUpdateTime']//text()")
    assert [text.strip() for text in values if text.strip()] == ["20240517083015"]


def test_delayed_document_assembly_is_legal() -> None:
    case = Case()
    case.value("size", "0")
    case.value("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709")

    assert case.send_to(answer, provide=False).summary == "Success"


def test_an_on_demand_entry_needs_no_hash() -> None:
    case = Case()
    case.entry.set("objectType", v.ON_DEMAND)
    for name in ("hash", "size", "repositoryUniqueId"):
        case.entry.remove(case.slot(name))

    assert case.send_to(answer, provide=False).summary == "Success"


def test_a_document_entry_may_repeat_a_unique_id_with_the_same_content() -> None:
    case = Case()
    case.register_before()
    case.identifier("uniqueId", case.entry).set("value", "2.999.9.1")
    case.value("hash", (case.slot("hash").findtext(f".//{ns.VALUE}") or "").upper())

    assert case.send_to(answer, provide=False).summary == "Success"


def test_codes_are_checked_only_where_the_domain_has_agreed_on_some() -> None:
    codes = {"typeCode": ("18842-5^^2.16.840.1.113883.6.1",), "classCode": ("REPORT^^2.999.8.1",)}
    case = Case(domain=AffinityDomain(codes=codes))

    assert case.send_to(answer, provide=False).summary == "Success"


def test_a_fed_patient_is_known_where_unknown_ones_are_rejected() -> None:
    case = Case(domain=AffinityDomain(("2.999.1",), reject_unknown_patients=True))
    case.state.patients.feed(s.PATIENT)

    assert case.send_to(answer, provide=False).summary == "Success"


def test_a_patient_of_a_foreign_authority_is_unknown_where_unknown_ones_are_rejected() -> None:
    case = Case(domain=AffinityDomain(("2.999.5",), reject_unknown_patients=True))
    case.state.patients.feed(s.PATIENT)

    reply = case.send_to(answer, provide=False)

    assert reply.summary == "Failure XDSUnknownPatientId"
    assert not isinstance(reply.body, bytes)
    assert s.PATIENT in (reply.body[0][0].get("codeContext") or "")


def test_the_answer_to_a_merged_patient_names_the_surviving_id() -> None:
    case = Case()
    BREACHES["xds-patient-subsumed"](case)

    reply = case.send_to(answer, provide=False)

    assert reply.summary == "Failure XDSUnknownPatientId"
    assert s.OTHER_PATIENT in reply.findings[0].describe()


def test_a_referenced_member_may_belong_to_another_patient() -> None:
    case = Case()
    case.register_before(s.OTHER_PATIENT)
    link = s.association(
        v.HAS_MEMBER, "SubmissionSet01", REGISTERED_ENTRY, SubmissionSetStatus="Reference"
    )
    case.add(link)

    assert case.send_to(answer, provide=False).summary == "Success"


def test_a_reference_without_submission_set_status_is_refused() -> None:
    case = Case()
    case.register_before()
    case.add(s.member("SubmissionSet01", REGISTERED_ENTRY))

    assert "xds-submission-set-status" in rule_ids(case.send_to(answer, provide=False))


@pytest.mark.parametrize(
    ("kind", "source", "target", "rule_id"),
    [
        (v.HAS_MEMBER, REGISTERED_ENTRY, "Document01", "xds-has-member-source"),
        (v.HAS_MEMBER, REGISTERED_SET, "Document01", "xds-has-member-source"),
        (v.HAS_MEMBER, "SubmissionSet01", REGISTERED_SET, "xds-submission-set-target"),
        (v.HAS_MEMBER, "Folder01", REGISTERED_FOLDER, "xds-folder-member"),
        (v.APPENDS, "Document01", REGISTERED_FOLDER, "xds-relationship-target"),
    ],
)
def test_registered_ends_of_the_wrong_kind_are_refused(
    kind: str, source: str, target: str, rule_id: str
) -> None:
    case = Case()
    case.register_before()
    case.add(s.association(kind, source, target))

    assert rule_id in rule_ids(case.send_to(answer, provide=False))


def test_a_snapshot_is_a_stable_document_of_an_on_demand_one() -> None:
    case = Case()
    on_demand = s.document_entry(s.uuid_urn(910), unique_id="2.999.9.10")
    on_demand.set("objectType", v.ON_DEMAND)
    before = s.submit(
        on_demand,
        s.submission_set(unique_id="2.999.9.11"),
        s.original(s.uuid_urn(910)),
    )
    assert answer(exchange(before, case.state)).summary == "Success"
    case.add(s.association(v.IS_SNAPSHOT_OF, "Document01", s.uuid_urn(910), "snapshot"))

    reply = case.send_to(answer, provide=False)

    assert (reply.summary, reply.findings) == ("Success", ())


def test_a_package_is_not_submission_set_and_folder_at_once() -> None:
    case = Case()
    node = etree.Element(
        ns.CLASSIFICATION,
        id="node",
        classifiedObject="SubmissionSet01",
        classificationNode=v.FOLDER_NODE,
    )
    case.add(node)

    (finding,) = case.send_to(answer, provide=False).findings
    assert finding.rule.id == "xds-package-kind"
    assert finding.received == "SubmissionSet01 as both"


@pytest.mark.parametrize("prefix", ["", "URN:UUID:"])
def test_an_entry_uuid_in_another_spelling_is_no_symbolic_id(prefix: str) -> None:
    case = Case()
    number = REGISTERED_ENTRY.removeprefix("urn:uuid:")
    case.add(s.association(v.APPENDS, "Document01", f"{prefix}{number}", "append"))

    (finding,) = case.send_to(answer, provide=False).findings
    assert finding.rule.id == "xds-symbolic-id"
    assert finding.expected == REGISTERED_ENTRY


@pytest.mark.parametrize(
    ("received", "meant"),
    [
        ("urn:ihe:iti:2007:AssociationType:HasMember", v.HAS_MEMBER),
        ("urn:oasis:names:tc:ebxml-regrep:AssociationType:RPLC", v.REPLACES),
        ("urn:example:Knows", ""),
    ],
)
def test_a_known_association_type_with_a_wrong_prefix_is_completed(
    received: str, meant: str
) -> None:
    case = Case()
    case.add(s.association(received, "Document01", "Document02"))

    (finding,) = case.send_to(answer, provide=False).findings
    assert finding.rule.id == "xds-association-type"
    assert finding.expected == meant


def test_after_a_merge_the_survivor_may_replace_the_documents_of_the_subsumed_id() -> None:
    case = Case()
    case.register_before(s.OTHER_PATIENT)
    case.state.patients.feed(s.PATIENT)
    case.state.patients.feed(s.OTHER_PATIENT, subsumed_by=s.PATIENT)
    case.add(s.association(v.REPLACES, "Document01", REGISTERED_ENTRY))

    assert case.send_to(answer, provide=False).summary == "Success"


class TestReplacement:
    """RPLC and what follows from it."""

    def test_the_target_is_deprecated_with_all_that_hangs_on_it(self) -> None:
        case = Case()
        case.register_before()
        state = case.state
        addendum, translation = s.uuid_urn(10), s.uuid_urn(20)
        answer(exchange(s.replacement(10, REGISTERED_ENTRY, v.APPENDS), state))
        answer(exchange(s.replacement(20, addendum, v.TRANSFORMS), state))

        reply = answer(exchange(s.replacement(30, REGISTERED_ENTRY), state))

        assert reply.summary == "Success"
        status = {i: state.documents.objects[i].status.name for i in state.documents.objects}
        assert status[REGISTERED_ENTRY] == "DEPRECATED"
        assert (status[addendum], status[translation]) == ("DEPRECATED", "DEPRECATED")
        assert status[s.uuid_urn(30)] == "APPROVED"

    def test_a_signature_stays_when_what_it_signs_is_replaced(self) -> None:
        case = Case()
        case.register_before()
        answer(exchange(s.replacement(10, REGISTERED_ENTRY, v.SIGNS), case.state))

        answer(exchange(s.replacement(30, REGISTERED_ENTRY), case.state))

        assert case.state.documents.objects[s.uuid_urn(10)].status is AvailabilityStatus.APPROVED

    @pytest.mark.parametrize("kind", sorted(v.REPLACEMENTS))
    def test_the_replacement_takes_its_place_in_the_folder(self, kind: str) -> None:
        case = Case()
        case.register_before()
        documents = case.state.documents
        documents.objects[REGISTERED_FOLDER] = replace(
            documents.objects[REGISTERED_FOLDER],
            xml=documents.objects[REGISTERED_FOLDER].xml.replace(b"20240517083015", b"2001"),
        )

        answer(exchange(s.replacement(30, REGISTERED_ENTRY, kind), case.state))

        (membership,) = (
            o
            for o in documents.associations(targets=(s.uuid_urn(30),), types=(v.HAS_MEMBER,))
            if o.source == REGISTERED_FOLDER
        )
        (link,) = documents.associations(targets=(membership.id,))
        assert (link.source, link.association_type) == (s.uuid_urn(31), v.HAS_MEMBER)
        assert b"20240517083015" in documents.objects[REGISTERED_FOLDER].xml
        assert etree.fromstring(membership.xml).get("lid") == membership.id

    def test_a_membership_that_the_submission_brings_is_not_made_twice(self) -> None:
        case = Case()
        case.register_before()
        request = s.replacement(30, REGISTERED_ENTRY)
        own = s.association(v.HAS_MEMBER, REGISTERED_FOLDER, s.uuid_urn(30), "own")
        request[0].extend([own, s.member(s.uuid_urn(31), "own")])

        assert answer(exchange(request, case.state)).summary == "Success"

        links = case.state.documents.associations(targets=(s.uuid_urn(30),), types=(v.HAS_MEMBER,))
        assert sorted(o.source or "" for o in links) == [s.uuid_urn(31), REGISTERED_FOLDER]

    def test_a_deprecated_folder_gets_no_new_member(self) -> None:
        case = Case()
        case.register_before()
        documents = case.state.documents
        folder = documents.objects[REGISTERED_FOLDER]
        documents.replace(replace(folder, status=AvailabilityStatus.DEPRECATED))

        answer(exchange(s.replacement(30, REGISTERED_ENTRY), case.state))

        links = documents.associations(sources=(REGISTERED_FOLDER,))
        assert [link.target for link in links] == [REGISTERED_ENTRY]

    def test_appending_deprecates_nothing(self) -> None:
        case = Case()
        case.register_before()

        answer(exchange(s.replacement(10, REGISTERED_ENTRY, v.APPENDS), case.state))

        entry = case.state.documents.objects[REGISTERED_ENTRY]
        assert entry.status is AvailabilityStatus.APPROVED


def test_a_document_that_is_added_to_a_registered_folder_updates_its_time() -> None:
    case = Case()
    case.register_before()
    documents = case.state.documents
    folder = documents.objects[REGISTERED_FOLDER]
    documents.replace(replace(folder, xml=folder.xml.replace(b"20240517083015", b"2001")))
    case.add(s.association(v.HAS_MEMBER, REGISTERED_FOLDER, "Document01", "into"))
    case.add(s.member("SubmissionSet01", "into"))

    assert case.send_to(answer, provide=False).summary == "Success"

    assert b"20240517083015" in documents.objects[REGISTERED_FOLDER].xml


def test_a_registered_document_may_be_added_to_another_registered_folder() -> None:
    case = Case()
    case.register_before()
    other = s.submit(
        s.submission_set(s.uuid_urn(51), unique_id="2.999.3.51"),
        *s.folder(s.uuid_urn(52), unique_id="2.999.4.52"),
        s.member(s.uuid_urn(51), s.uuid_urn(52)),
    )
    assert answer(exchange(other, case.state)).summary == "Success"
    request = s.submit(
        s.submission_set(unique_id="2.999.3.53"),
        s.association(v.HAS_MEMBER, s.uuid_urn(52), REGISTERED_ENTRY, "into"),
        s.member("SubmissionSet01", "into"),
    )

    assert answer(exchange(request, case.state)).summary == "Success"

    folders = case.state.documents.associations(targets=(REGISTERED_ENTRY,), types=(v.HAS_MEMBER,))
    assert {s.uuid_urn(52), REGISTERED_FOLDER} <= {o.source for o in folders}


def test_a_membership_of_registered_objects_is_linked_to_the_submission_set() -> None:
    case = Case()
    case.register_before()
    case.add(s.association(v.HAS_MEMBER, REGISTERED_FOLDER, REGISTERED_ENTRY, "into"))

    assert "xds-folder-content-linked" in rule_ids(case.send_to(answer, provide=False))


def test_report_mode_tells_shared_ids_of_classifications_apart() -> None:
    case = Case(domain=REPORT)
    BREACHES["xds-id-unique"](case)

    reply = case.send_to(answer, provide=False)

    assert reply.summary == "Success"
    entry = ebrim(case.state, "DocumentEntry")[0]
    ids = [child.get("id") for child in entry.iter(ns.CLASSIFICATION)]
    assert len(set(ids)) == len(ids)


def test_report_mode_refuses_ambiguous_ids_of_objects() -> None:
    case = Case(domain=REPORT)
    BREACHES["xds-object-id-unique"](case)

    assert case.send_to(answer, provide=False).outcome is Outcome.REJECTED
