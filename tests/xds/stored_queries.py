"""Builders of query:AdhocQueryRequest, and a registry that holds something to find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.transactions.iti42_register_document_set import answer as register
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query.queries import STORED_QUERIES
from tests.transactions.xds_fakes import FakeState, exchange
from tests.xds import submissions as s

_QUERY = ElementMaker(namespace=ns.QUERY, nsmap={"query": ns.QUERY})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
IDS = {query.name: query_id for query_id, query in STORED_QUERIES.items()}

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


def registry() -> FakeState:
    """Two documents, one of them in a folder; and a document of another patient."""
    state = FakeState()
    _register(
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
    _register(
        state,
        s.document_entry(FOREIGN, unique_id="2.999.2.3", patient=s.OTHER_PATIENT),
        s.submission_set(FOREIGN_SET, unique_id="2.999.3.3", patient=s.OTHER_PATIENT),
        s.original(FOREIGN, FOREIGN_SET),
    )
    return state


def replace_loose(state: FakeState) -> None:
    """The document outside the folder is replaced."""
    _register(state, *s.replacement(11, LOOSE)[0])


def _register(state: FakeState, *objects: etree._Element) -> None:
    assert register(exchange(s.submit(*objects), state)).summary == "Success"
