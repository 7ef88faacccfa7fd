"""Builders of query:AdhocQueryRequest, and a registry that holds something to find."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.ihe import Exchange
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions import iti42_register_document_set as iti42
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query.queries import MULTI_PATIENT_QUERIES, STORED_QUERIES
from tests.xds import submissions as s

_QUERY = ElementMaker(namespace=ns.QUERY, nsmap={"query": ns.QUERY})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
IDS = {
    query.name: query_id for query_id, query in {**STORED_QUERIES, **MULTI_PATIENT_QUERIES}.items()
}

IN_FOLDER, LOOSE, SUBMISSION_SET, FOLDER, MEMBERSHIP = map(s.uuid_urn, range(1, 6))
REPLACEMENT, REPLACEMENT_SET = map(s.uuid_urn, (11, 12))
FOREIGN, FOREIGN_SET = map(s.uuid_urn, (21, 22))
UNKNOWN = s.uuid_urn(999)

Slots = Sequence[tuple[str, Sequence[str]]]


def adhoc_query_request(
    name_or_id: str, slots: Slots = (), *, return_type: str = "LeafClass"
) -> etree._Element:
    """A request whose Slots have these names and rim:Value texts."""
    return _QUERY.AdhocQueryRequest(
        _QUERY.ResponseOption(returnComposedObjects="true", returnType=return_type),
        _RIM.AdhocQuery(
            *(s.slot(name, *values) for name, values in slots),
            id=IDS.get(name_or_id, name_or_id),
        ),
    )


def coded(values: Iterable[str]) -> str:
    """A list of strings without quotes inside."""
    return "(" + ",".join(f"'{value}'" for value in values) + ")"


def fill(state: State) -> None:
    """Register two documents, one of them in a folder; and a document of another patient."""
    register(
        state,
        s.document_entry(IN_FOLDER, unique_id="2.999.2.1"),
        s.document_entry(LOOSE, unique_id="2.999.2.2"),
        s.submission_set(SUBMISSION_SET, unique_id="2.999.3.1"),
        *s.folder(FOLDER, unique_id="2.999.4.1"),
        s.original(IN_FOLDER, SUBMISSION_SET),
        s.original(LOOSE, SUBMISSION_SET),
        s.member(SUBMISSION_SET, FOLDER),
        s.association(v.HAS_MEMBER, FOLDER, IN_FOLDER, MEMBERSHIP),
        s.member(SUBMISSION_SET, MEMBERSHIP),
    )
    register(
        state,
        s.document_entry(FOREIGN, unique_id="2.999.2.3", patient=s.OTHER_PATIENT),
        s.submission_set(FOREIGN_SET, unique_id="2.999.3.3", patient=s.OTHER_PATIENT),
        s.original(FOREIGN, FOREIGN_SET),
    )


def replace_loose(state: State) -> None:
    """The document outside the folder is replaced."""
    register(state, *s.replacement(11, LOOSE)[0])


def register(state: State, *objects: etree._Element) -> None:
    """Register objects with ITI-42."""
    submission = Exchange(
        s.submit(*objects),
        "",
        {},
        AffinityDomain(),
        datetime(2024, 5, 17, 8, 30, 15, tzinfo=UTC),
        lambda: str(uuid.uuid4()),
        state,
    )
    assert iti42.answer(submission).summary == "Success"


def one_by_one(
    state: State, changes: Mapping[int, Callable[[etree._Element], None]]
) -> dict[int, str]:
    """Register a document of the patient for each number, changed; their entryUUIDs."""
    for number, change in changes.items():
        entry = s.document_entry(s.uuid_urn(number), unique_id=f"2.999.2.{number}")
        change(entry)
        submission_set = s.uuid_urn(number + 1000)
        register(
            state,
            entry,
            s.submission_set(submission_set, unique_id=f"2.999.3.{number}"),
            s.original(s.uuid_urn(number), submission_set),
        )
    return {number: s.uuid_urn(number) for number in changes}
