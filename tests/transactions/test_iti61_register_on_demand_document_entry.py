from __future__ import annotations

from dataclasses import dataclass

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.ihe import Actor, Outcome
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions.iti61_register_on_demand_document_entry import (
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
from tests.xds.breaches import BREACHES, Case

_CONTENT = ("hash", "size")


def on_demand(entry: etree._Element) -> etree._Element:
    """The entry of a document that does not exist yet."""
    entry.set("objectType", v.ON_DEMAND)
    for name in _CONTENT:
        slot = entry.find(f"{ns.SLOT}[@name='{name}']")
        assert slot is not None
        entry.remove(slot)
    return entry


@dataclass
class OnDemandCase(Case):
    """A submission of two on-demand entries and a folder."""

    def __post_init__(self) -> None:
        for entry in self.request.iter(ns.EXTRINSIC_OBJECT):
            on_demand(entry)


def stable_again(case: Case) -> None:
    """The entry tells hash and size of a document."""
    for name, value in zip(_CONTENT, ("0" * 40, "1"), strict=True):
        case.entry.insert(0, s.slot(name, value))


def with_content(rule_id: str, case: Case) -> None:
    stable_again(case)
    BREACHES[rule_id](case)


def promise_a_picture(case: Case) -> None:
    """The entry is one of this server, which makes no pictures."""
    case.value("repositoryUniqueId", case.domain.repository_unique_id)
    case.entry.set("mimeType", "image/jpeg")


def run_breach(rule_id: str, case: Case) -> None:
    own = {
        "xds-on-demand": lambda: case.entry.set("objectType", v.STABLE),
        "xds-on-demand-content": lambda: stable_again(case),
        "xds-on-demand-repository": lambda: case.entry.remove(case.slot("repositoryUniqueId")),
        "xds-on-demand-present": lambda: setattr(
            case, "request", s.submit(s.submission_set(), *s.folder())
        ),
        "xds-on-demand-mime-type": lambda: promise_a_picture(case),
        "xds-slot-empty": lambda: with_content(rule_id, case),
        "xds-hash": lambda: with_content(rule_id, case),
        "xds-size": lambda: with_content(rule_id, case),
        "xds-hash-differs": lambda: with_content(rule_id, case),
        "xds-size-differs": lambda: with_content(rule_id, case),
    }
    own.get(rule_id, lambda: BREACHES[rule_id](case))()


def test_the_transaction_is_that_of_a_document_registry() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.response_actions == {REQUEST: RESPONSE}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(rule: Rule) -> None:
    case = OnDemandCase()
    run_breach(rule.id, case)
    before = dict(case.state.documents.objects)

    reply = case.send_to(answer, provide=False)

    (finding, *_) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/")
    if rule.severity is Severity.ERROR:
        assert reply.outcome is Outcome.REJECTED
        assert rule.code in u.codes(reply)
        assert case.state.documents.objects == before
    else:
        assert reply.summary == "Success"


def test_an_on_demand_entry_is_found_by_those_who_ask_for_its_type() -> None:
    request = s.submit(on_demand(s.document_entry()), s.submission_set(), s.original())
    asked = [
        ("$XDSDocumentEntryPatientId", [f"'{s.PATIENT}'"]),
        ("$XDSDocumentEntryStatus", [f"('{v.APPROVED}')"]),
    ]
    of_type = [*asked, ("$XDSDocumentEntryType", [f"('{v.ON_DEMAND}')"])]

    with stored_state() as state:
        reply = u.send(answer, request, state)
        by_default, by_type = (
            u.send(iti18.answer, q.adhoc_query_request("FindDocuments", slots), state)
            for slots in (asked, of_type)
        )

    assert (reply.action, reply.summary, reply.findings) == (RESPONSE, "Success", ())
    assert reply.patient_ids == (s.PATIENT,)
    assert by_default.summary.endswith(" 0")
    assert by_type.summary.endswith(" 1")


def test_a_request_without_objects_is_explained() -> None:
    with stored_state() as state:
        reply = u.send(answer, etree.Element(ns.SUBMIT_OBJECTS_REQUEST), state)

    assert [f.rule.id for f in reply.findings] == ["xds-object-list"]


@pytest.mark.parametrize(
    ("repository", "mime_type", "hints"),
    [
        ("2.999.7.9", "image/jpeg", []),
        (AffinityDomain().repository_unique_id, "Text/HTML; charset=utf-8", []),
        (AffinityDomain().repository_unique_id, "image/jpeg", ["xds-on-demand-mime-type"]),
    ],
    ids=["of another source", "can be made", "cannot be made"],
)
def test_a_document_that_this_server_cannot_make_is_hinted_at(
    repository: str, mime_type: str, hints: list[str]
) -> None:
    case = OnDemandCase()
    case.value("repositoryUniqueId", repository)
    case.entry.set("mimeType", mime_type)

    reply = case.send_to(answer, provide=False)

    assert [f.rule.id for f in reply.findings if f.severity is Severity.HINT] == hints
