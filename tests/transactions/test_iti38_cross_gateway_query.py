from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti38_cross_gateway_query import (
    OLD_REQUEST,
    OLD_RESPONSE,
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import exchange
from tests.xds import query_breaches as breaches
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds.query_answers import contexts, counts, errors, ids, objects, response

HOME = "urn:oid:2.999.7.8"
ELSEWHERE = "urn:oid:2.999.7.7"
DOMAIN = AffinityDomain(home_community_id=HOME)
FIND: list[tuple[str, list[str]]] = [
    ("$XDSDocumentEntryPatientId", [f"'{s.PATIENT}'"]),
    ("$XDSDocumentEntryStatus", [f"('{v.APPROVED}')"]),
]
GET: list[tuple[str, list[str]]] = [("$XDSFolderEntryUUID", [f"'{q.FOLDER}'"])]


def query(
    name: str,
    slots: list[tuple[str, list[str]]],
    home: str | None = None,
    return_type: str = "LeafClass",
) -> etree._Element:
    body = q.adhoc_query_request(name, slots, return_type=return_type)
    return body if home is None else _with_home(body, home)


def _with_home(body: etree._Element, home: str) -> etree._Element:
    body = deepcopy(body)
    body[1].set("home", home)
    return body


def send(
    state: State, body: etree._Element, domain: AffinityDomain = DOMAIN, action: str = REQUEST
) -> Answer:
    asked = exchange(etree.fromstring(etree.tostring(body)), state, domain=domain)
    return answer(replace(asked, action=action))


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    with stored_state() as state:
        q.fill(state)
        q.replace_loose(state)
        yield state


def homes(reply: Answer) -> set[str | None]:
    return {element.get("home") for element in objects(reply)}


def locations(reply: Answer) -> set[str | None]:
    return {e.get("location") for e in response(reply).iter(f"{{{ns.RS}}}RegistryError")}


def test_the_transaction_is_that_of_a_responding_gateway_and_only_reads() -> None:
    assert TRANSACTION.actors == (Actor.RESPONDING_GATEWAY,)
    assert set(TRANSACTION.handlers) == {REQUEST, OLD_REQUEST}
    assert not TRANSACTION.writes


@pytest.mark.parametrize("home", [None, HOME])
def test_whole_objects_have_the_community_that_they_come_from(
    state: State, home: str | None
) -> None:
    reply = send(state, query("FindDocuments", FIND, home))

    assert (reply.action, reply.outcome, reply.findings) == (RESPONSE, Outcome.SERVED, ())
    assert ids(reply) == {q.IN_FOLDER, q.REPLACEMENT}
    assert homes(reply) == {HOME}


def test_packages_associations_and_changed_objects_have_it_too(state: State) -> None:
    kinds = ("DocumentEntry", "SubmissionSet", "Folder")
    both = q.coded((v.APPROVED, v.DEPRECATED))
    slots = [("$patientId", [f"'{s.PATIENT}'"]), *((f"$XDS{k}Status", [both]) for k in kinds)]

    reply = send(state, query("GetAll", slots))

    assert set(counts(reply)) == {"ExtrinsicObject", "RegistryPackage", "Association"}
    assert q.LOOSE in ids(reply)
    assert homes(reply) == {HOME}


def test_references_have_the_community_too(state: State) -> None:
    reply = send(state, query("FindDocuments", FIND, return_type="ObjectRef"))

    assert counts(reply) == {"ObjectRef": 2}
    assert homes(reply) == {HOME}


def test_a_community_that_needs_escaping_is_escaped(state: State) -> None:
    odd = 'urn:oid:<"&>'

    reply = send(state, query("FindDocuments", FIND), AffinityDomain(home_community_id=odd))

    assert homes(reply) == {odd}


def test_what_is_known_by_id_is_asked_of_its_community(state: State) -> None:
    reply = send(state, query("GetFolderAndContents", GET, HOME))

    assert ids(reply) == {q.FOLDER, q.IN_FOLDER, q.MEMBERSHIP}


def test_an_unknown_patient_is_a_success_without_objects(state: State) -> None:
    slots = [("$XDSDocumentEntryPatientId", ["'nobody^^^&2.999.1&ISO'"]), FIND[1]]

    reply = send(state, query("FindDocuments", slots))

    assert response(reply).get("status") == rr.SUCCESS
    assert objects(reply) == []


@pytest.mark.parametrize(
    ("body", "code", "explained"),
    [
        (query("GetFolderAndContents", GET), "XDSMissingHomeCommunityId", f'home="{HOME}"'),
        (query("GetFolderAndContents", GET, ELSEWHERE), "XDSUnknownCommunity", HOME),
        (query("FindDocuments", FIND, ELSEWHERE), "XDSUnknownCommunity", HOME),
        (
            query("FindDocuments", FIND, "2.999.7.8"),
            "XDSUnknownCommunity",
            "Write urn:oid: before",
        ),
    ],
)
def test_a_community_that_is_missing_or_another_is_explained(
    state: State, body: etree._Element, code: str, explained: str
) -> None:
    reply = send(state, body)

    assert errors(reply) == [(code, rr.ERROR)]
    assert explained in contexts(reply)
    assert "/AdhocQueryRequest/AdhocQuery" in contexts(reply)
    assert locations(reply) == {HOME}


def test_warnings_beside_objects_are_located_too(state: State) -> None:
    reply = send(state, query("FindDocuments", [*FIND, ("$Whatever", ["('x')"])]))

    assert errors(reply) == [("XDSRegistryError", rr.WARNING)]
    assert locations(reply) == {HOME}


def test_report_mode_answers_whatever_community_is_asked(state: State) -> None:
    domain = replace(DOMAIN, validation=Validation.REPORT)

    reply = send(state, query("GetFolderAndContents", GET, ELSEWHERE), domain)

    assert reply.outcome is Outcome.SERVED
    assert homes(reply) == {HOME}


def test_the_old_action_is_answered_with_the_old_response(state: State) -> None:
    reply = send(state, query("FindDocuments", FIND), action=OLD_REQUEST)

    assert reply.action == TRANSACTION.response_actions[OLD_REQUEST] == OLD_RESPONSE


BREACHES: Mapping[str, etree._Element] = {
    **breaches.of_any_search("FindDocuments", FIND[0]),
    **{key: _with_home(body, HOME) for key, body in breaches.OF_QUERIES_BY_ID.items()},
    "xds-query-home-required": query("GetFolderAndContents", GET),
    "xds-query-home": query("GetFolderAndContents", GET, ELSEWHERE),
    "xds-query-home-form": query("GetFolderAndContents", GET, "2.999.7.8"),
}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(state: State, rule: Rule) -> None:
    reply = send(state, BREACHES[rule.id])

    (finding,) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/AdhocQueryRequest")
    if rule.severity is Severity.ERROR:
        assert (reply.outcome, objects(reply)) == (Outcome.REJECTED, [])
        assert (rule.code, rr.ERROR) in errors(reply)
        assert locations(reply) == {HOME}
    else:
        assert reply.outcome is Outcome.SERVED
