from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain, ObjectKind, RegistryObject, State
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions import iti42_register_document_set as iti42
from ihe_mock_async.transactions.iti57_update_document_set import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds import updates as u

REPORT = AffinityDomain(validation=Validation.REPORT)
HISTORY = ["1 DEPRECATED", "2 APPROVED"]


@pytest.fixture
def state() -> Iterator[State]:
    """Two documents are registered, the first of them in a folder."""
    with stored_state() as state:
        u.register(state)
        yield state


def update(state: State, *objects: etree._Element, unique_id: str = "2.999.3.1") -> Answer:
    return u.send(answer, u.update(*objects, unique_id=unique_id), state)


def query(state: State, name: str, *slots: tuple[str, str]) -> list[etree._Element]:
    """The objects that a stored query finds."""
    request = q.adhoc_query_request(name, [(slot, [value]) for slot, value in slots])
    reply = iti18.answer(u.exchange(request, state))
    assert reply.outcome is Outcome.SERVED
    body = etree.fromstring(reply.body) if isinstance(reply.body, bytes) else reply.body
    found = body.find(ns.REGISTRY_OBJECT_LIST)
    assert found is not None
    return list(found)


def title(element: etree._Element) -> str:
    return element.find(ns.NAME)[0].get("value", "")  # type: ignore[index]  # the fixtures have one


def latest(state: State, lid: str) -> RegistryObject:
    return u.versions(state, lid)[-1]


def test_the_transaction_is_that_of_a_document_registry() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.response_actions == {REQUEST: RESPONSE}
    assert TRANSACTION.writes


class TestNewVersion:
    """Update DocumentEntry Metadata and Update Folder Metadata."""

    def test_of_an_entry_succeeds_the_old_one(self, state: State) -> None:
        reply = update(state, u.new_entry(), u.to_entry())

        assert (reply.action, reply.outcome, reply.summary) == (
            RESPONSE,
            Outcome.SERVED,
            "Success",
        )
        assert reply.findings == ()
        assert reply.patient_ids == (s.PATIENT,)
        assert u.statuses(state, u.FIRST) == HISTORY
        old, new = u.versions(state, u.FIRST)
        assert old.id == u.FIRST != new.id
        assert new.unique_id == old.unique_id
        element = etree.fromstring(new.xml)
        assert (element.get("id"), element.get("lid")) == (new.id, u.FIRST)
        assert [e.get("versionName") for e in element.iterchildren(ns.VERSION_INFO)] == ["2"]

    def test_comes_with_its_submission_set(self, state: State) -> None:
        update(state, u.new_entry(), u.to_entry(), unique_id="2.999.3.77")

        (submission_set,) = state.documents.by_unique_id(["2.999.3.77"])
        new = latest(state, u.FIRST)
        links = state.documents.associations(sources=[submission_set.id])
        assert links[0].target == new.id
        assert new.submission_set_id == submission_set.id

    def test_is_what_queries_see(self, state: State) -> None:
        update(state, u.new_entry(), u.to_entry())
        second = u.new_entry()
        u.retitle(second, "Zweimal berichtigt")
        update(state, second, u.to_entry(previous="2"), unique_id="2.999.3.2")

        approved = query(
            state,
            "FindDocuments",
            ("$XDSDocumentEntryPatientId", f"'{s.PATIENT}'"),
            ("$XDSDocumentEntryStatus", f"('{v.APPROVED}')"),
        )
        all_versions = query(
            state, "GetDocuments", ("$XDSDocumentEntryLogicalID", f"('{u.FIRST}')")
        )

        assert sorted(map(title, approved)) == ["Austrittsbericht", "Zweimal berichtigt"]
        assert [(title(e), e.get("status", "").rpartition(":")[2]) for e in all_versions] == [
            ("Austrittsbericht", "Deprecated"),
            ("Berichtigt", "Deprecated"),
            ("Zweimal berichtigt", "Approved"),
        ]

    def test_is_put_into_the_folders_of_the_old_one(self, state: State) -> None:
        update(state, u.new_entry(), u.to_entry())

        old, new = u.versions(state, u.FIRST)
        assert set(u.members(state, u.FOLDER)) == {old.id, new.id}
        (membership,) = u.memberships(state, new.id)
        (link,) = state.documents.associations(targets=[membership.id])
        assert link.source == new.submission_set_id
        (folder,) = u.versions(state, u.FOLDER)
        assert b"20240601120000" in folder.xml

    def test_moves_the_time_at_which_its_folder_is_found(self, state: State) -> None:
        later_than_registration = (
            ("$XDSFolderPatientId", f"'{s.PATIENT}'"),
            ("$XDSFolderStatus", f"('{v.APPROVED}')"),
            ("$XDSFolderLastUpdateTimeFrom", "20240601"),
        )
        before = query(state, "FindFolders", *later_than_registration)

        update(state, u.new_entry(), u.to_entry())

        assert before == []
        assert len(query(state, "FindFolders", *later_than_registration)) == 1

    def test_has_the_relationships_of_the_old_one(self, state: State) -> None:
        addendum = u.relate(state, v.APPENDS, 11, u.FIRST)

        update(state, u.new_entry(), u.to_entry())

        new = latest(state, u.FIRST)
        found = state.documents.associations(sources=[addendum], types=[v.APPENDS])
        assert [each.target for each in found] == [u.FIRST, new.id]
        assert len({each.id for each in found}) == len({each.logical_id for each in found})

    def test_keeps_what_it_has_replaced(self, state: State) -> None:
        replacement = u.relate(state, v.REPLACES, 11, u.SECOND)
        entry = u.version_of(replacement, s.document_entry(unique_id="2.999.2.11"))

        update(state, entry, u.to_entry())

        new = latest(state, replacement)
        found = state.documents.associations(sources=[new.id], types=[v.REPLACES])
        assert [each.target for each in found] == [u.SECOND]
        assert u.statuses(state, replacement) == HISTORY

    def test_copies_documentation_under_ids_of_its_own(self, state: State) -> None:
        request = s.replacement(11, u.FIRST, v.APPENDS)
        code = s.document_entry().xpath(
            "rim:Classification[contains(@id, 'type')]", namespaces={"rim": ns.RIM}
        )
        assert isinstance(code, list)
        documentation = code[0]
        assert isinstance(documentation, etree._Element)
        documentation.set("classificationScheme", v.DOCUMENTATION_SCHEME)
        documentation.set("classifiedObject", request[0][-1].get("id", ""))
        request[0][-1].append(documentation)
        assert u.send(iti42.answer, request, state).summary == "Success"

        update(state, u.new_entry(), u.to_entry())

        found = state.documents.associations(sources=[s.uuid_urn(11)], types=[v.APPENDS])
        parts = [etree.fromstring(each.xml).find(ns.CLASSIFICATION) for each in found]
        assert len({part.get("id") for part in parts if part is not None}) == 2
        assert [part.get("classifiedObject") for part in parts if part is not None] == [
            each.id for each in found
        ]

    def test_without_propagation_has_no_associations_but_its_own(self, state: State) -> None:
        u.relate(state, v.APPENDS, 11, u.FIRST)

        update(state, u.new_entry(), u.to_entry(AssociationPropagation="no"))

        new = latest(state, u.FIRST)
        (link,) = state.documents.associations(sources=[new.id], targets=[new.id])
        assert link.source == new.submission_set_id
        assert u.members(state, u.FOLDER) == [u.FIRST]

    def test_is_not_put_into_a_deprecated_folder(self, state: State) -> None:
        update(state, u.status_change(u.FOLDER))

        update(state, u.new_entry(), u.to_entry(), unique_id="2.999.3.2")

        assert u.members(state, u.FOLDER) == [u.FIRST]

    def test_takes_no_part_in_deprecated_associations(self, state: State) -> None:
        update(state, u.status_change(u.MEMBERSHIP))

        update(state, u.new_entry(), u.to_entry(), unique_id="2.999.3.2")

        assert u.memberships(state, latest(state, u.FIRST).id) == []

    def test_of_a_folder_has_the_members_of_the_old_one(self, state: State) -> None:
        reply = update(state, *u.new_folder(), u.to_folder())

        assert reply.summary == "Success"
        assert u.statuses(state, u.FOLDER) == HISTORY
        folder = latest(state, u.FOLDER)
        assert u.members(state, folder.id) == [u.FIRST]
        assert b"20240601120000" in folder.xml

    def test_of_a_folder_may_leave_its_members_behind(self, state: State) -> None:
        update(state, *u.new_folder(), u.to_folder(AssociationPropagation="no"))

        assert u.members(state, latest(state, u.FOLDER).id) == []

    def test_of_document_and_folder_meet(self, state: State) -> None:
        assert u.send(answer, u.versions_of_all(), state).summary == "Success"

        folder, entry = latest(state, u.FOLDER), latest(state, u.FIRST)
        assert u.members(state, folder.id) == [entry.id]
        assert u.members(state, u.FOLDER) == [u.FIRST]
        assert u.statuses(state, u.SECOND) == HISTORY

    def test_may_tell_hash_and_size_of_a_document_that_was_assembled_later(
        self, state: State
    ) -> None:
        empty = u.new_entry()
        assert update(state, empty, u.to_entry()).summary == "Success"
        old = latest(state, u.FIRST)
        state.documents.replace(replace(old, size=0))

        reply = update(
            state,
            u.version_of(u.FIRST, s.document_entry(content=b"Assembled later.")),
            u.to_entry(previous="2"),
            unique_id="2.999.3.2",
        )

        assert reply.summary == "Success"
        assert latest(state, u.FIRST).size == len(b"Assembled later.")

    def test_cannot_describe_another_document(self, state: State) -> None:
        other = u.version_of(u.FIRST, s.document_entry(content=b"Something else."))

        reply = update(state, other, u.to_entry())

        assert u.codes(reply) == ["XDSMetadataUpdateError"] * 2
        assert [f.received.partition(" ")[0] for f in reply.findings] == ["hash", "size"]

    def test_after_a_merge_is_of_the_surviving_patient(self, state: State) -> None:
        _merge(state)
        entry = u.version_of(u.FIRST, s.document_entry(patient=s.OTHER_PATIENT))
        submission_set = s.submission_set(patient=s.OTHER_PATIENT)

        reply = u.send(answer, s.submit(submission_set, entry, u.to_entry()), state)

        assert reply.summary == "Success"

    def test_of_another_patient_is_refused(self, state: State) -> None:
        entry = u.version_of(u.FIRST, s.document_entry(patient=s.OTHER_PATIENT))
        submission_set = s.submission_set(patient=s.OTHER_PATIENT)

        reply = u.send(answer, s.submit(submission_set, entry, u.to_entry()), state)

        assert u.codes(reply) == ["XDSPatientIDReconciliationError"]

    def test_needs_a_registered_one(self, state: State) -> None:
        entry = u.version_of(s.uuid_urn(999), s.document_entry())

        reply = update(state, entry, u.to_entry())

        assert u.codes(reply) == ["XDSMetadataUpdateError"]
        assert reply.findings[0].rule.id == "xds-update-logical-id-known"

    def test_is_no_first_version(self, state: State) -> None:
        reply = update(state, s.document_entry(unique_id="2.999.2.9"), u.to_entry())

        assert u.codes(reply) == ["XDSMetadataUpdateError"]
        assert state.documents.by_unique_id(["2.999.2.9"]) == []

    def test_with_its_logical_id_as_id_is_no_new_one(self, state: State) -> None:
        reply = update(state, u.new_entry(identifier=u.FIRST), u.to_entry(u.FIRST))

        assert "xds-update-logical-id" in {f.rule.id for f in reply.findings}
        assert u.statuses(state, u.FIRST) == ["1 APPROVED"]

    @pytest.mark.parametrize(
        ("previous", "code"),
        [
            ("0", "XDSMetadataVersionError"),
            ("2", "XDSMetadataVersionError"),
            ("latest", "XDSMetadataUpdateOperationError"),
            ("", "XDSMetadataUpdateOperationError"),
        ],
    )
    def test_names_the_latest_one(self, state: State, previous: str, code: str) -> None:
        reply = update(state, u.new_entry(), u.to_entry(previous=previous))

        assert code in u.codes(reply)
        assert u.statuses(state, u.FIRST) == ["1 APPROVED"]

    def test_is_told_when_somebody_was_faster(self, state: State) -> None:
        update(state, u.new_entry(), u.to_entry())

        reply = update(state, u.new_entry(), u.to_entry(), unique_id="2.999.3.2")

        assert u.codes(reply) == ["XDSMetadataVersionError"]
        assert reply.findings[0].expected == "2"

    def test_of_a_deprecated_entry_is_refused(self, state: State) -> None:
        update(state, u.status_change(u.FIRST))

        reply = update(state, u.new_entry(), u.to_entry(), unique_id="2.999.3.2")

        assert u.codes(reply) == ["XDSMetadataUpdateError"]

    def test_in_upper_case_is_explained_and_understood_in_report_mode(self, state: State) -> None:
        lid = f"urn:uuid:{u.FIRST.removeprefix('urn:uuid:').replace('801', 'ABC').upper()}"
        first = state.documents.by_id([u.FIRST])[u.FIRST]
        state.documents.remove([u.FIRST])
        state.documents.register([replace(first, logical_id=lid.lower())], u.EARLIER)
        request = u.update(u.version_of(lid, u.new_entry()), u.to_entry())

        strict = u.send(answer, request, state)
        lenient = answer(u.exchange(request, state, domain=REPORT))

        assert [f.rule.id for f in strict.findings] == ["xds-uuid-lower-case"]
        assert lenient.summary == "Success"
        assert u.statuses(state, lid.lower()) == HISTORY

    def test_without_previous_version_is_accepted_in_report_mode(self, state: State) -> None:
        link = s.association(v.HAS_MEMBER, "SubmissionSet01", "Document01")

        reply = answer(u.exchange(u.update(u.new_entry(), link), state, domain=REPORT))

        assert reply.summary == "Success"
        assert "xds-update-previous-version" in {f.rule.id for f in reply.findings}
        assert u.statuses(state, u.FIRST) == HISTORY

    def test_is_what_replacements_must_refer_to(self, state: State) -> None:
        update(state, u.new_entry(), u.to_entry())
        new = latest(state, u.FIRST).id

        old = u.send(iti42.answer, s.replacement(11, u.FIRST), state)
        current = u.send(iti42.answer, s.replacement(21, new), state)

        assert u.codes(old) == ["XDSRegistryDeprecatedDocumentError"]
        assert current.summary == "Success"
        assert u.statuses(state, u.FIRST) == ["1 DEPRECATED", "2 DEPRECATED"]


class TestStatus:
    """Update availabilityStatus."""

    @pytest.mark.parametrize("target", [u.FIRST, u.FOLDER, u.MEMBERSHIP])
    def test_is_deprecated_and_approved_again(self, state: State, target: str) -> None:
        deprecated = update(state, u.status_change(target))
        after_that = u.statuses(state, target)
        approved = update(
            state, u.status_change(target, v.DEPRECATED, v.APPROVED), unique_id="2.999.3.2"
        )

        assert (deprecated.summary, approved.summary) == ("Success", "Success")
        assert after_that == ["1 DEPRECATED"]
        assert u.statuses(state, target) == ["1 APPROVED"]

    def test_of_a_relationship_changes(self, state: State) -> None:
        u.relate(state, v.APPENDS, 11, u.FIRST)
        (relationship,) = state.documents.associations(targets=[u.FIRST], types=[v.APPENDS])

        assert update(state, u.status_change(relationship.id)).summary == "Success"

        assert u.statuses(state, relationship.id) == ["1 DEPRECATED"]

    def test_is_what_queries_ask_for(self, state: State) -> None:
        update(state, u.status_change(u.FIRST))

        found = query(
            state,
            "FindDocuments",
            ("$XDSDocumentEntryPatientId", f"'{s.PATIENT}'"),
            ("$XDSDocumentEntryStatus", f"('{v.DEPRECATED}')"),
        )

        assert [e.get("id") for e in found] == [u.FIRST]

    def test_change_leaves_the_request_alone_in_the_registry(self, state: State) -> None:
        update(state, u.status_change(u.FIRST), unique_id="2.999.3.77")

        (submission_set,) = state.documents.by_unique_id(["2.999.3.77"])
        assert submission_set.kind is ObjectKind.SUBMISSION_SET
        assert state.documents.associations(sources=[submission_set.id]) == []

    @pytest.mark.parametrize("target", ["Document01", u.FIRST])
    def test_of_an_object_that_is_updated_is_the_new_version_s(
        self, state: State, target: str
    ) -> None:
        reply = update(state, u.new_entry(), u.to_entry(), u.status_change(target))

        assert reply.summary == "Success"
        assert u.statuses(state, u.FIRST) == ["1 DEPRECATED", "2 DEPRECATED"]

    def test_of_one_object_changes_once_by_whatever_id(self, state: State) -> None:
        reply = update(
            state,
            u.new_entry(),
            u.to_entry(),
            u.status_change("Document01"),
            u.status_change(u.FIRST),
        )

        assert u.codes(reply) == ["XDSMetadataUpdateOperationError"]

    @pytest.mark.parametrize(
        ("original", "new"),
        [
            (v.APPROVED, v.APPROVED),
            (v.APPROVED, "Deprecated"),
            (v.APPROVED, "urn:oasis:names:tc:ebxml-regrep:StatusType:Withdrawn"),
        ],
    )
    def test_is_one_of_two(self, state: State, original: str, new: str) -> None:
        reply = update(state, u.status_change(u.FIRST, original, new))

        assert u.codes(reply) == ["XDSMetadataUpdateOperationError"]

    def test_of_unknown_objects_is_unresolved(self, state: State) -> None:
        reply = update(state, u.status_change(s.uuid_urn(999)))

        assert u.codes(reply) == ["UnresolvedReferenceException"]

    def test_of_what_links_the_submission_set_stays(self, state: State) -> None:
        (link,) = state.documents.associations(
            sources=[u.SUBMISSION_SET], targets=[], types=[v.HAS_MEMBER]
        )[:1]

        reply = update(state, u.status_change(link.id))

        assert u.codes(reply) == ["XDSMetadataUpdateError"]

    def test_of_the_request_s_own_submission_set_stays(self, state: State) -> None:
        reply = update(state, u.status_change("SubmissionSet01"))

        assert "xds-update-status-target" in {f.rule.id for f in reply.findings}

    def test_of_a_superseded_version_stays(self, state: State) -> None:
        update(state, u.new_entry(), u.to_entry())

        reply = update(
            state, u.status_change(u.FIRST, v.DEPRECATED, v.APPROVED), unique_id="2.999.3.2"
        )

        assert u.codes(reply) == ["XDSMetadataUpdateError"]
        assert reply.findings[0].expected == latest(state, u.FIRST).id


class TestSubmittedAssociation:
    """Submit Association."""

    def test_puts_a_registered_document_into_a_registered_folder(self, state: State) -> None:
        reply = update(state, *u.submitted(v.HAS_MEMBER, u.FOLDER, u.SECOND))

        assert reply.summary == "Success"
        assert u.members(state, u.FOLDER) == [u.FIRST, u.SECOND]
        (folder,) = u.versions(state, u.FOLDER)
        assert b"20240601120000" in folder.xml

    def test_makes_one_document_the_replacement_of_another(self, state: State) -> None:
        reply = update(state, *u.submitted(v.REPLACES, u.SECOND, u.FIRST))

        assert reply.summary == "Success"
        assert u.statuses(state, u.FIRST) == ["1 DEPRECATED"]
        assert u.members(state, u.FOLDER) == [u.FIRST, u.SECOND]

    def test_itself_is_all_that_is_registered(self, state: State) -> None:
        update(state, *u.submitted(v.APPENDS, u.SECOND, u.FIRST))

        found = state.documents.associations(sources=[u.SECOND], targets=[u.FIRST])
        assert v.SUBMIT_ASSOCIATION not in {each.association_type for each in found}
        assert v.APPENDS in {each.association_type for each in found}

    def test_joins_a_new_version_that_does_not_propagate(self, state: State) -> None:
        link = u.to_entry(AssociationPropagation="no")

        reply = update(state, u.new_entry(), link, *u.submitted(v.APPENDS, "Document01", u.SECOND))

        assert reply.summary == "Success"
        new = latest(state, u.FIRST)
        found = state.documents.associations(sources=[new.id], types=[v.APPENDS])
        assert [each.target for each in found] == [u.SECOND]

    def test_cannot_join_what_the_same_request_supersedes(self, state: State) -> None:
        link = u.to_entry(AssociationPropagation="no")

        reply = update(state, u.new_entry(), link, *u.submitted(v.APPENDS, u.FIRST, u.SECOND))

        assert u.codes(reply) == ["XDSMetadataUpdateError"]

    @pytest.mark.parametrize(
        ("kind", "source", "target"),
        [
            (v.APPENDS, u.FOLDER, u.FIRST),
            (v.HAS_MEMBER, u.SUBMISSION_SET, u.FIRST),
            (v.HAS_MEMBER, u.FOLDER, u.MEMBERSHIP),
            (v.APPENDS, "SubmissionSet01", u.FIRST),
        ],
    )
    def test_joins_objects_of_the_right_kinds(
        self, state: State, kind: str, source: str, target: str
    ) -> None:
        reply = update(state, *u.submitted(kind, source, target))

        assert "xds-update-submitted-kind" in {f.rule.id for f in reply.findings}
        assert set(u.codes(reply)) == {"XDSMetadataUpdateError"}

    def test_of_unknown_objects_is_unresolved(self, state: State) -> None:
        reply = update(state, *u.submitted(v.REPLACES, u.FIRST, s.uuid_urn(999)))

        assert u.codes(reply) == ["UnresolvedReferenceException"]

    def test_is_brought_once(self, state: State) -> None:
        again = s.association(v.SUBMIT_ASSOCIATION, "SubmissionSet01", "new", "again")

        reply = update(state, *u.submitted(v.APPENDS, u.SECOND, u.FIRST), again)

        assert u.codes(reply) == ["XDSMetadataUpdateError"]


@pytest.mark.parametrize("target", [u.FIRST, u.FOLDER, u.MEMBERSHIP])
def test_the_submission_set_is_of_the_patient_whose_objects_change(
    state: State, target: str
) -> None:
    submission_set = s.submission_set(patient=s.OTHER_PATIENT)

    reply = u.send(answer, s.submit(submission_set, u.status_change(target)), state)

    assert reply.summary == "Success"
    (finding,) = reply.findings
    assert finding.rule.id == "xds-update-set-patient"
    assert (finding.received, finding.expected) == (s.PATIENT, s.OTHER_PATIENT)


def test_after_a_merge_the_survivor_changes_the_status_of_all(state: State) -> None:
    _merge(state)
    submission_set = s.submission_set(patient=s.OTHER_PATIENT)

    reply = u.send(answer, s.submit(submission_set, u.status_change(u.FIRST)), state)

    assert reply.summary == "Success"
    assert reply.findings == ()


def test_a_subsumed_patient_is_not_another_one(state: State) -> None:
    _merge(state)

    reply = update(state, u.status_change(u.FIRST))

    assert [finding.rule.id for finding in reply.findings] == ["xds-patient-subsumed"]


def test_one_wrong_operation_refuses_all_of_them(state: State) -> None:
    reply = update(
        state,
        u.new_entry(),
        u.to_entry(),
        u.status_change(u.FOLDER),
        u.status_change(u.SECOND, v.DEPRECATED, v.APPROVED),
    )

    assert u.codes(reply) == ["XDSMetadataUpdateError"]
    assert u.statuses(state, u.FIRST) == u.statuses(state, u.FOLDER) == ["1 APPROVED"]
    assert state.documents.by_unique_id(["2.999.3.1"]) == []


def test_several_operations_are_carried_out_together(state: State) -> None:
    reply = update(
        state,
        u.new_entry(),
        u.to_entry(),
        u.status_change(u.SECOND),
        u.status_change(u.MEMBERSHIP),
    )

    assert reply.summary == "Success"
    assert u.statuses(state, u.FIRST) == HISTORY
    assert u.statuses(state, u.SECOND) == ["1 DEPRECATED"]
    assert u.members(state, u.FOLDER) == [latest(state, u.FIRST).id]


def test_a_request_without_objects_is_explained(state: State) -> None:
    reply = u.send(answer, etree.Element(ns.SUBMIT_OBJECTS_REQUEST), state)

    assert [f.rule.id for f in reply.findings] == ["xds-object-list"]


def _merge(state: State) -> None:
    """The patient of the registered documents is replaced by the other one."""
    identifiers = [PatientIdentifier.from_cx(cx) for cx in (s.PATIENT, s.OTHER_PATIENT)]
    subsumed, surviving = (each for each in identifiers if each is not None)
    for identifier in (subsumed, surviving):
        state.patients.add([identifier], b"<patient/>", u.EARLIER)
    state.patients.subsume(subsumed, surviving, u.EARLIER)
