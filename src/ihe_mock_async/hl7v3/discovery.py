"""Who is meant by a discovery: one patient of each assigning authority at most (TF-2: 3.55)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ihe_mock_async.hl7v3 import matching_search, query_xcpd
from ihe_mock_async.hl7v3.matching import Identifier
from ihe_mock_async.hl7v3.query import Query
from ihe_mock_async.hl7v3.query_parameter_check import minimum_degree
from ihe_mock_async.hl7v3.query_parameters import IDENTIFIER, Parameter, Parameters
from ihe_mock_async.state import PatientRecord, Patients


@dataclass(frozen=True, slots=True)
class PatientMatch:
    """A patient who was found, and how well it fits."""

    record: PatientRecord
    degree: int


def find_candidates(
    patients: Patients, asked: Query, parameters: Parameters
) -> list[PatientMatch]:
    """Whom the parameters of a discovery describe, the best matches first.

    Identifiers count only where their assigning authority is known here.
    """
    ids = parameters.named(IDENTIFIER)
    known = patients.known_authorities({root for each in ids for root in _authorities(each)})
    description = query_xcpd.describe(parameters, [p for p in ids if known & _authorities(p)])
    if not description.required:
        return []  # identifiers only, and none of an authority that is known here
    matches = matching_search.find(
        patients,
        description.required,
        evidence=description.evidence,
        minimum_degree=minimum_degree(asked),
    )
    found = matching_search.ranked(matches)
    records = patients.records([match.key for match in found])
    return [PatientMatch(record, each.degree) for record, each in zip(records, found, strict=True)]


def _authorities(parameter: Parameter) -> set[str]:
    criteria = parameter.criteria
    return {each.identifier.root for each in criteria if isinstance(each, Identifier)}


def unambiguous(matches: Sequence[PatientMatch]) -> list[PatientMatch]:
    """Those that are the best match in each assigning authority that the patient has an id of."""
    best: dict[str, int] = {}
    for match in matches:
        for identifier in match.record.identifiers:
            best[identifier.root] = max(best.get(identifier.root, 0), match.degree)
    rivals = Counter(
        root
        for match in matches
        for root in {identifier.root for identifier in match.record.identifiers}
        if match.degree == best[root]
    )
    return [
        match
        for match in matches
        if all(
            match.degree == best[identifier.root] and rivals[identifier.root] == 1
            for identifier in match.record.identifiers
        )
    ]
