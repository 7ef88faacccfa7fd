"""The patients of a state whom a query describes, the best matches first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.hl7v3.matching import Candidate, Identifier
from ihe_mock_async.hl7v3.matching_text import Closeness
from ihe_mock_async.hl7v3.query_parameters import NAME, Parameter, narrow
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import Patients


@dataclass(frozen=True, slots=True)
class Match:
    """A patient who was found."""

    key: int
    degree: int
    """0 to 100: the mean of how well the parameters fit."""


def ranked(matches: Iterable[Match]) -> list[Match]:
    """The matches in the order of degree, then of registration."""
    return sorted(matches, key=lambda match: (-match.degree, match.key))


def find(
    patients: Patients,
    required: Sequence[Parameter],
    *,
    evidence: Sequence[Parameter] = (),
    minimum_degree: int = 0,
) -> Iterator[Match]:
    """Who fits all required parameters, one by one in the order of registration.

    `evidence` decides about nobody, but it raises and lowers the degree. Several
    livingSubjectName are alternatives (as ITI TF-2: 3.55.4.1.2.1 says; 3.47 does not).
    """
    conditions = _alternatives(required)
    asked = [condition for conditions_of in conditions for condition in conditions_of]
    identifiers = _asked_for(patients, [*asked, *evidence])
    single = [condition[0] for condition in conditions if len(condition) == 1]
    for patient in patients.search(narrow(single)):
        candidate = Candidate(patient, identifiers.get(patient.key, ()))
        degree = _degree(candidate, conditions, evidence)
        if degree is not None and degree >= minimum_degree:
            yield Match(patient.key, degree)


def _alternatives(parameters: Sequence[Parameter]) -> list[list[Parameter]]:
    """Lists of parameters, one of each of which must fit."""
    names = [parameter for parameter in parameters if parameter.name == NAME]
    others = [[parameter] for parameter in parameters if parameter.name != NAME]
    return [names, *others] if names else others


def _asked_for(
    patients: Patients, parameters: Collection[Parameter]
) -> Mapping[int, Collection[PatientIdentifier]]:
    """The identifiers that the parameters ask for, by the key of the patient who has them."""
    criteria = [criterion for parameter in parameters for criterion in parameter.criteria]
    asked = [each.identifier for each in criteria if isinstance(each, Identifier)]
    owned: dict[int, set[PatientIdentifier]] = {}
    for identifier, registered in patients.find(asked).items():
        owned.setdefault(registered.patient_key, set()).add(identifier)
    return owned


def _degree(
    candidate: Candidate, conditions: list[list[Parameter]], evidence: Sequence[Parameter]
) -> int | None:
    """The degree of match, or None when a condition is not met."""
    fits: list[Closeness] = []
    for alternatives in conditions:
        fit = max([parameter.match(candidate) for parameter in alternatives])
        if not fit:
            return None
        fits.append(fit)
    fits += [parameter.match(candidate) for parameter in evidence]
    return round(sum(fits) / len(fits)) if fits else 100
