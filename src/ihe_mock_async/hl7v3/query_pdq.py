"""What only ITI-47 asks of a demographics query (ITI TF-2: 3.47.4.1.2 and 3.47.4.2.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import query_parameter_check
from ihe_mock_async.hl7v3 import query_parameter_rules as rules
from ihe_mock_async.hl7v3.datatypes import is_known_oid
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.query import Query
from ihe_mock_async.hl7v3.query_parameter_check import whole_number
from ihe_mock_async.hl7v3.query_parameters import SCOPING_ORGANIZATION, Domain, Parameters
from ihe_mock_async.hl7v3.tree import finding_at, first

_INITIAL_QUANTITY_CODE = clark("initialQuantityCode")


def check(
    query: Query, parameters: Parameters, known_domains: Collection[str]
) -> Iterator[Finding]:
    """Every breach of a rule by the query; `known_domains`: OIDs of those that exist."""
    yield from query_parameter_check.check(query, parameters, query_parameter_check.PDQ)
    quantity = query.initial_quantity
    if quantity is not None and not whole_number(quantity):
        yield finding_at(
            rules.INITIAL_QUANTITY,
            query.element,
            "initialQuantity/@value",
            received=quantity,
            expected="1 or more",
        )
    unit = first(query.element, _INITIAL_QUANTITY_CODE)
    if unit is not None and unit.get("code") not in {None, "RD"}:
        yield finding_at(
            rules.INITIAL_QUANTITY_CODE, unit, "@code", received=unit.get("code"), expected="RD"
        )
    if not parameters.usable:
        yield finding_at(rules.PARAMETER, parameters.element)
    for number, domain in enumerate(parameters.domains, 1):
        # Always with its number: the answer tells by it which domain is meant (3.47.4.2.3).
        place = f"{SCOPING_ORGANIZATION}[{number}]/value"
        yield from _check_domain(domain, parameters, place, known_domains)


def _check_domain(
    domain: Domain, parameters: Parameters, place: str, known_domains: Collection[str]
) -> Iterator[Finding]:
    roots = [value.root or "" for value in domain.values]
    if len(roots) != 1 or not is_known_oid(roots[0]):
        yield finding_at(
            rules.DOMAIN,
            parameters.element,
            f"{place}/@root",
            received=", ".join(roots[:3]),
            expected="one OID, without urn:oid:",
        )
    for value in domain.values:
        if value.extension is not None:
            yield finding_at(
                rules.DOMAIN_EXTENSION,
                parameters.element,
                f"{place}/@extension",
                received=value.extension,
            )
        root = value.root or ""
        if is_known_oid(root) and root not in known_domains:
            yield finding_at(rules.UNKNOWN_DOMAIN, parameters.element, place, received=root)
