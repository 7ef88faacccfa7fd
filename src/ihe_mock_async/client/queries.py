"""Stored queries as a user asks for them: by name, with a patient or with ids (ITI TF-2: 3.18).

Which parameters a query has, and how its values are written, is said by the tables of
`xds.stored_query`; here every required parameter gets a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.client.values import Values
from ihe_mock_async.elements import sanitise
from ihe_mock_async.errors import SendError
from ihe_mock_async.state import AvailabilityStatus
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary
from ihe_mock_async.xds.stored_query.parameters import Kind, Parameter
from ihe_mock_async.xds.stored_query.queries import MULTI_PATIENT_QUERIES, STORED_QUERIES
from ihe_mock_async.xds.stored_query.query import StoredQuery

_QUERIES: Mapping[str, Mapping[str, StoredQuery]] = {
    "ITI-18": STORED_QUERIES,
    "ITI-38": STORED_QUERIES,
    "ITI-51": MULTI_PATIENT_QUERIES,
}
_QUERY = ElementMaker(namespace=ns.QUERY, nsmap={"query": ns.QUERY, "rim": ns.RIM})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_UUID_PREFIX = "urn:uuid:"

# What a parameter is given, by its kind.
_ARGUMENTS: Mapping[Kind, Callable[[Values], Sequence[str]]] = {
    Kind.PATIENT_ID: lambda values: [values["patient"]],
    Kind.STATUS: lambda _: [AvailabilityStatus.APPROVED.value],
    Kind.ASSOCIATION_TYPE: lambda _: sorted(vocabulary.ASSOCIATION_TYPES),
    Kind.ENTRY_UUID: lambda values: _named(values.ids),
}


def names(transaction: str) -> list[str]:
    """The queries of a transaction; none when it has no stored queries."""
    return [query.name for query in _QUERIES.get(transaction, {}).values()]


def takes_ids(transaction: str, name: str) -> bool:
    """Whether a query asks for objects by their ids; raises `SendError` for an unknown one."""
    _, query = _find(transaction, name)
    by_uuid = any(parameter.kind is Kind.ENTRY_UUID for parameter in query.required)
    return by_uuid or bool(query.one_of)


def build(transaction: str, name: str, values: Values) -> bytes:
    """The AdhocQueryRequest of a query, which asks for whole objects (LeafClass).

    Raises `SendError` for a query that does not exist, or that lacks an id or another value.
    """
    query_id, query = _find(transaction, name)
    home = {"home": values["home"]} if transaction == "ITI-38" else {}
    request = _QUERY.AdhocQueryRequest(
        _QUERY.ResponseOption(returnComposedObjects="true", returnType="LeafClass"),
        _RIM.AdhocQuery({"id": query_id, **home}, *_slots(query, values)),
    )
    return etree.tostring(request, encoding="UTF-8")


def _find(transaction: str, name: str) -> tuple[str, StoredQuery]:
    queries = _QUERIES.get(transaction)
    if queries is None:
        raise SendError(f"{transaction} has no stored queries; {', '.join(_QUERIES)} have.")
    for query_id, query in queries.items():
        if query.name.lower() == name.lower():
            return query_id, query
    raise SendError(f"{transaction} has no query {name}; it has {', '.join(names(transaction))}.")


def _slots(query: StoredQuery, values: Values) -> Iterator[etree._Element]:
    patients = [each for each in query.at_least_one_of if each.kind is Kind.PATIENT_ID]
    for parameter in (*query.required, *patients):
        argument = _ARGUMENTS.get(parameter.kind)
        yield _slot(query, parameter, argument(values) if argument else ())
    if query.one_of:
        yield _slot(query, _for_ids(query, values.ids), values.ids)


def _for_ids(query: StoredQuery, ids: Sequence[str]) -> Parameter:
    """The parameter for entryUUIDs, or that for uniqueIds."""
    uuids = _named(ids)
    if uuids and len(uuids) < len(ids):
        raise SendError(f"{query.name} takes entryUUIDs or uniqueIds, not both: {', '.join(ids)}.")
    kind = Kind.ENTRY_UUID if uuids else Kind.TEXT
    return next(each for each in query.one_of if each.kind is kind)


def _named(ids: Sequence[str]) -> list[str]:
    return [each for each in ids if each.startswith(_UUID_PREFIX)]


def _slot(query: StoredQuery, parameter: Parameter, arguments: Sequence[str]) -> etree._Element:
    if not arguments:
        raise SendError(_lacking(query, parameter))
    if len(arguments) > 1 and not parameter.many:
        raise SendError(f"{query.name} takes one id only, not {', '.join(arguments)}.")
    # ITI TF-2: 3.18.4.1.2.3.5: quotes are doubled, and lists stand in parentheses.
    quoted = ["'{}'".format(sanitise(each).replace("'", "''")) for each in arguments]
    texts = [f"({each})" for each in quoted] if parameter.many else quoted
    return _RIM.Slot(_RIM.ValueList(*map(_RIM.Value, texts)), name=parameter.name)


def _lacking(query: StoredQuery, parameter: Parameter) -> str:
    if parameter.kind is Kind.ENTRY_UUID:
        return f"{query.name} needs an entryUUID: --id urn:uuid:..."
    if parameter in query.one_of:
        return f"{query.name} needs a uniqueId or an entryUUID: --id ID"
    return (
        f"{query.name} needs a value of {parameter.name}: write the request to a file, send that."
    )
