from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain, Attachment, State
from ihe_mock_async.transactions import iti57_update_document_set as iti57
from ihe_mock_async.transactions.iti62_remove_metadata import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.rules.report import MAX_FINDINGS
from tests.transactions.stored_state import stored_state
from tests.xds import submissions as s
from tests.xds import updates as u

REPORT = AffinityDomain(validation=Validation.REPORT)
_LCM = ElementMaker(namespace=ns.LCM, nsmap={"lcm": ns.LCM})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
UPPER_CASE = s.uuid_urn(10).replace("00000000-0000", "ABCDEFAB-0000")


@pytest.fixture
def state() -> Iterator[State]:
    """Two documents are registered, the first of them in a folder."""
    with stored_state() as state:
        u.register(state)
        yield state


def request(*ids: str) -> etree._Element:
    return _LCM.RemoveObjectsRequest(_RIM.ObjectRefList(*(_RIM.ObjectRef(id=i) for i in ids)))


def remove(state: State, *ids: str) -> Answer:
    return u.send(answer, request(*ids), state)


def links(state: State, *targets: str) -> list[str]:
    """The associations from the submission set to these objects."""
    found = state.documents.associations(sources=[u.SUBMISSION_SET])
    return [each.id for each in found if each.target in targets]


def everything(state: State) -> list[str]:
    """All that was registered with the two documents."""
    objects = (u.FIRST, u.SECOND, u.FOLDER, u.MEMBERSHIP)
    return [*objects, u.SUBMISSION_SET, *links(state, *objects)]


def rule_ids(reply: Answer) -> list[str]:
    return [finding.rule.id for finding in reply.findings]


def _with(*children: etree._Element) -> Callable[[State], etree._Element]:
    def build(state: State) -> etree._Element:
        body = request(*everything(state))
        body.extend(children)
        return body

    return build


def _scoped(scope: str) -> Callable[[State], etree._Element]:
    def build(state: State) -> etree._Element:
        body = request(*everything(state))
        body.set("deletionScope", f"urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:{scope}")
        return body

    return build


def _alone(state: State) -> etree._Element:
    """All but the submission set, which would have nothing left."""
    return request(*(each for each in everything(state) if each != u.SUBMISSION_SET))


BREACHES: Mapping[str, Callable[[State], etree._Element]] = {
    "xds-removal-empty": lambda _: request(),
    "xds-removal-content": _with(_RIM.AdhocQuery(id=s.uuid_urn(1))),
    "xds-removal-scope": _scoped("DeleteAll"),
    "xds-removal-scope-value": _scoped("DeleteRepositoryItemOnly"),
    "xds-removal-id": lambda _: request(u.FIRST.removeprefix("urn:uuid:")),
    "xds-removal-repeated": lambda state: request(u.FIRST, *everything(state)),
    "xds-removal-unresolved": lambda _: request(s.uuid_urn(999)),
    "xds-removal-referenced": lambda _: request(u.FIRST),
    "xds-removal-unreferenced": _alone,
    "xds-problem-count": lambda _: request(*map(s.uuid_urn, range(1000, 1200))),
}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(state: State, rule: Rule) -> None:
    body = BREACHES[rule.id](state)
    before = everything(state)

    reply = u.send(answer, body, state)

    (finding, *_) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/RemoveObjectsRequest")
    assert finding.line
    if rule.severity is Severity.ERROR:
        assert reply.outcome is Outcome.REJECTED
        assert rule.code in u.codes(reply)
        assert state.documents.by_id(before).keys() == set(before)
    else:
        assert reply.outcome is Outcome.SERVED


def test_the_transaction_is_that_of_a_document_registry() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.roots == {ns.REMOVE_OBJECTS_REQUEST: REQUEST}


def test_a_submission_is_removed_as_a_whole(state: State) -> None:
    ids = everything(state)

    reply = remove(state, *ids)

    assert (reply.action, reply.outcome, reply.findings) == (RESPONSE, Outcome.SERVED, ())
    assert reply.summary == f"Success {len(ids)}"
    assert reply.patient_ids == (s.PATIENT,)
    assert state.documents.by_id(ids) == {}


def test_documents_stay_in_the_repository(state: State) -> None:
    content = Attachment("2.999.2.1", "text/plain", 1, "0" * 40, "0" * 64)
    state.documents.store("2.999.2.1", content, u.EARLIER)

    remove(state, *everything(state))

    assert state.documents.stored(["2.999.2.1"]).keys() == {"2.999.2.1"}


def test_a_document_leaves_a_folder(state: State) -> None:
    reply = remove(state, u.MEMBERSHIP, *links(state, u.MEMBERSHIP))

    assert reply.outcome is Outcome.SERVED
    assert u.members(state, u.FOLDER) == []
    assert state.documents.by_id([u.FOLDER, u.FIRST]).keys() == {u.FOLDER, u.FIRST}


def test_one_of_two_documents_is_removed_with_what_links_it(state: State) -> None:
    reply = remove(state, u.SECOND, *links(state, u.SECOND))

    assert reply.outcome is Outcome.SERVED
    assert u.SECOND not in state.documents.by_id([u.FIRST, u.SECOND])


@pytest.mark.parametrize("kind", [v.APPENDS, v.REPLACES])
def test_a_relationship_that_stays_keeps_its_documents(state: State, kind: str) -> None:
    u.relate(state, kind, 11, u.SECOND)
    (relationship,) = state.documents.associations(targets=[u.SECOND], types=[kind])

    without_it = remove(state, u.SECOND, *links(state, u.SECOND))
    with_it = remove(state, u.SECOND, relationship.id, *links(state, u.SECOND))

    assert u.codes(without_it) == ["ReferencesExistException"]
    assert relationship.id in without_it.findings[0].received
    assert with_it.outcome is Outcome.SERVED


def test_a_membership_that_nothing_brings_any_more_is_left_alone(state: State) -> None:
    reply = remove(state, *links(state, u.MEMBERSHIP))

    assert u.codes(reply) == ["XDSUnreferencedObjectException"]
    assert u.MEMBERSHIP in reply.findings[0].received


def test_a_folder_and_a_submission_set_are_not_left_alone(state: State) -> None:
    folder = remove(state, u.MEMBERSHIP, *links(state, u.FOLDER, u.MEMBERSHIP))
    submission_set = u.send(answer, _alone(state), state)

    assert u.codes(folder) == u.codes(submission_set) == ["XDSUnreferencedObjectException"]
    assert folder.findings[0].received.startswith("Folder ")
    assert submission_set.findings[0].received.startswith("SubmissionSet ")


def test_one_unknown_id_keeps_all_the_others(state: State) -> None:
    ids = everything(state)

    reply = remove(state, *ids, s.uuid_urn(999))

    assert u.codes(reply) == ["UnresolvedReferenceException"]
    assert state.documents.by_id(ids).keys() == set(ids)


@pytest.mark.parametrize(
    "written",
    [
        u.FIRST.removeprefix("urn:uuid:"),
        u.FIRST.replace("urn:uuid", "URN:UUID"),
    ],
)
def test_other_spellings_of_an_id_are_explained_and_understood_in_report_mode(
    state: State, written: str
) -> None:
    ids = [written if each == u.FIRST else each for each in everything(state)]

    strict = remove(state, *ids)
    lenient = answer(u.exchange(request(*ids), state, domain=REPORT))

    assert u.codes(strict) == ["XDSRegistryMetadataError"]
    assert strict.findings[0].expected == u.FIRST
    assert lenient.outcome is Outcome.SERVED
    assert state.documents.by_id([u.FIRST]) == {}


def test_upper_case_hexadecimal_digits_are_explained(state: State) -> None:
    reply = remove(state, UPPER_CASE)

    assert rule_ids(reply) == ["xds-removal-id", "xds-removal-unresolved"]
    assert reply.findings[0].expected == UPPER_CASE.lower()


def test_what_is_no_uuid_is_unresolved(state: State) -> None:
    assert u.codes(remove(state, "2.999.2.1")) == ["UnresolvedReferenceException"]


def test_elements_of_other_names_are_no_object_references(state: State) -> None:
    body = _LCM.RemoveObjectsRequest(
        _RIM.ObjectRefList(_RIM.Association(id=u.FIRST), _RIM.ObjectRef(id=u.SECOND))
    )

    assert "xds-removal-content" in rule_ids(u.send(answer, body, state))


def test_a_list_of_strangers_is_reported_in_part(state: State) -> None:
    reply = u.send(answer, BREACHES["xds-problem-count"](state), state)

    assert len(reply.findings) == MAX_FINDINGS + 1


def test_a_later_version_is_removed_and_the_earlier_one_stays_deprecated(state: State) -> None:
    body = u.update(u.new_entry(u.SECOND, "Document02"), u.to_entry("Document02"))
    assert u.send(iti57.answer, body, state).summary == "Success"
    new = u.versions(state, u.SECOND)[-1]
    (link,) = state.documents.associations(targets=[new.id])

    reply = remove(state, new.id, link.id, new.submission_set_id or "")

    assert reply.outcome is Outcome.SERVED
    assert u.statuses(state, u.SECOND) == ["1 DEPRECATED"]
