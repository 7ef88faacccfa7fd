"""Checks a demographics query against the model of its transaction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import query_parameter_rules as rules
from ihe_mock_async.hl7v3 import query_parameters as names
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.query import Query
from ihe_mock_async.hl7v3.query_parameters import Parameter, Parameters, read_value
from ihe_mock_async.hl7v3.tree import finding_at, first

_SEMANTICS_TEXT = clark("semanticsText")
_CRITERIA = clark("matchCriterionList")
_WHOLE_NUMBER = re.compile(r"\d{1,9}")
_MAX_DEGREE = 100
_GENDERS = frozenset({"M", "F", "UN"})

_FORMS: Mapping[str, str] = {
    names.GENDER: "M, F or UN in @code",
    names.BIRTH_TIME: "YYYY[MM[DD[HHMM[SS]]]] in @value, or such times in low and high",
    names.IDENTIFIER: "an OID in @root, without urn:oid:, and an @extension without ^ & | ~",
    names.NAME: "a family, a given or another part of a name",
    names.ADDRESS: "a city, a streetAddressLine or another part of an address",
    names.TELECOM: "a URL like tel:+1-555-0100 in @value",
    names.MOTHERS_MAIDEN_NAME: "a family or a given",
    names.CARE_PROVIDER: "an OID in @root",
    names.BIRTH_PLACE_NAME: "the name of a place",
    names.BIRTH_PLACE_ADDRESS: "a city or another part of an address",
}
"""What a usable value looks like, by the name of its parameter."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a transaction leaves of HL7's model of the query."""

    omitted_elements: frozenset[str]
    omitted_parameters: frozenset[str]
    repeatable: frozenset[str]
    """Parameters that may occur more than once."""
    multivalued: frozenset[str] = frozenset()
    """Parameters that may have more than one value."""


_OMITTED = frozenset(
    {"responseElementGroupId", "modifyCode", "executionAndDeliveryTime", "sortControl"}
)
PDQ = Model(
    omitted_elements=_OMITTED,
    omitted_parameters=frozenset(
        {names.CARE_PROVIDER, names.BIRTH_PLACE_NAME, names.BIRTH_PLACE_ADDRESS}
    ),
    repeatable=frozenset({names.IDENTIFIER, names.NAME}),
)
"""ITI TF-2: 3.47.4.1.2.2, with the Pediatric Demographics Option."""
XCPD = Model(
    omitted_elements=_OMITTED | {"initialQuantity", "initialQuantityCode"},
    omitted_parameters=frozenset({names.SCOPING_ORGANIZATION}),
    repeatable=frozenset(
        {
            names.IDENTIFIER,
            names.NAME,
            names.CARE_PROVIDER,
            names.ADDRESS,
            names.TELECOM,
            names.BIRTH_PLACE_NAME,
            names.BIRTH_PLACE_ADDRESS,
        }
    ),
    multivalued=frozenset(
        {
            names.IDENTIFIER,
            names.ADDRESS,
            names.TELECOM,
            names.BIRTH_PLACE_NAME,
            names.BIRTH_PLACE_ADDRESS,
        }
    ),
)
"""ITI TF-2: 3.55.4.1.2.2; addresses and numbers repeat in the requests of test tools."""


def whole_number(text: str | None) -> int | None:
    """The value of an INT that is not negative, or None."""
    return int(text) if text is not None and _WHOLE_NUMBER.fullmatch(text) else None


def minimum_degree(query: Query) -> int:
    """The degree of match that is asked for, 0 if none is or it is no number."""
    return whole_number(query.minimum_degree_match) or 0


# ---------------------------------------------------------------- both transactions


def check(query: Query, parameters: Parameters, model: Model) -> Iterator[Finding]:
    """Every breach of a rule that ITI-47 and ITI-55 share."""
    yield from _check_query(query, model)
    counts = Counter(parameter.name for parameter in parameters.described)
    for name, count in counts.items():
        if count > 1 and name not in model.repeatable:
            yield finding_at(
                rules.PARAMETER_SINGLE, parameters.element, name, received=f"{count} of them"
            )
    for parameter in parameters.described:
        yield from _check_parameter(parameter, model)
    if names.SCOPING_ORGANIZATION in model.omitted_parameters:
        for domain in parameters.domains:
            yield finding_at(rules.OMITTED_PARAMETER, domain.element)
    for element in parameters.others:
        yield finding_at(rules.UNKNOWN_PARAMETER, element, received=str(element.tag))


def _check_query(query: Query, model: Model) -> Iterator[Finding]:
    if query.response_modality != "R":
        yield finding_at(
            rules.RESPONSE_MODALITY,
            query.element,
            "responseModalityCode/@code",
            received=query.response_modality,
            expected="R",
        )
    for element in _omitted(query, model):
        yield finding_at(rules.OMITTED_ELEMENT, element)
    degree = query.minimum_degree_match
    if degree is not None and (whole_number(degree) is None or int(degree) > _MAX_DEGREE):
        yield finding_at(
            rules.MINIMUM_DEGREE,
            query.element,
            "matchCriterionList/minimumDegreeMatch/value/@value",
            received=degree,
            expected="0 to 100",
        )


def _omitted(query: Query, model: Model) -> Iterator[etree._Element]:
    yield from (child for child in query.element if local_name(child) in model.omitted_elements)
    criteria = first(query.element, _CRITERIA)
    if criteria is not None:
        yield from criteria.iterchildren(clark("id"), clark("matchWeight"))


def _check_parameter(parameter: Parameter, model: Model) -> Iterator[Finding]:
    element, name = parameter.element, parameter.name
    if name in model.omitted_parameters:
        yield finding_at(rules.OMITTED_PARAMETER, element)
    if len(parameter.values) > 1 and name not in model.multivalued:
        yield finding_at(
            rules.VALUE_SINGLE, element, "value", received=f"{len(parameter.values)} of them"
        )
    if not parameter.values:
        yield finding_at(rules.VALUE, element, "value", expected=_FORMS[name])
    for value in parameter.values:
        if read_value(name, value) is None:
            yield finding_at(rules.VALUE, value, received=_shown(value), expected=_FORMS[name])
    if name == names.GENDER:
        yield from _check_gender(parameter)
    if first(element, _SEMANTICS_TEXT) is None:
        yield finding_at(rules.SEMANTICS_TEXT, element, "semanticsText")


def _check_gender(parameter: Parameter) -> Iterator[Finding]:
    for value in parameter.values:
        code = value.get("code")
        if code and code not in _GENDERS:
            yield finding_at(
                rules.GENDER, value, "@code", received=code, expected=_FORMS[names.GENDER]
            )


def _shown(value: etree._Element) -> str:
    attributes = [f"{etree.QName(name).localname}={text}" for name, text in value.items()]
    return ", ".join(attributes[:3])
