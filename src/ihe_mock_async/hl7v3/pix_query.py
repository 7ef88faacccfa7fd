"""The parameters of a PIX query, read into values (ITI TF-2: 3.45.4.1.2, PRPA_MT201307UV02)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import pix_query_rules as rules
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, is_known_oid, read_identifier
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.transmission import Interaction
from ihe_mock_async.hl7v3.tree import finding_at
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import RegisteredPatient

QUERY = Interaction(
    "PRPA_IN201309UV02",
    "PRPA_TE201309UV02",
    # The interaction's own name, the trigger event of the answer.
    frozenset({"PRPA_IN201309UV02", "PRPA_TE201310UV02"}),
    # HL7 says RQO, the schema of ITI TF-2: 3.45.4.1.2 EVN.
    moods=frozenset({"EVN", "RQO"}),
)
"""Patient Registry Get Identifiers Query."""
RESPONSE = Interaction("PRPA_IN201310UV02", "PRPA_TE201310UV02", accept_ack_code="NE")
"""Patient Registry Get Identifiers Query Response."""

_PATIENT_IDENTIFIER = clark("patientIdentifier")
_DATA_SOURCE = clark("dataSource")
_VALUE = clark("value")
_SEMANTICS_TEXT = clark("semanticsText")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One child of parameterList."""

    element: etree._Element
    values: tuple[InstanceIdentifier, ...]


@dataclass(frozen=True, slots=True)
class PixQuery:
    """Whose identifiers are asked for, and in which domains."""

    element: etree._Element
    """parameterList."""
    patient_identifiers: tuple[Parameter, ...]
    data_sources: tuple[Parameter, ...]

    @property
    def identifier(self) -> PatientIdentifier | None:
        """The patient identifier, if there is exactly one that can be one."""
        values = [value for parameter in self.patient_identifiers for value in parameter.values]
        return values[0].patient_identifier if len(values) == 1 else None

    @property
    def domains(self) -> frozenset[str]:
        """OIDs of the domains that are asked for; empty: all."""
        return frozenset(
            value.root
            for parameter in self.data_sources
            for value in parameter.values
            if value.root
        )


def read(parameter_list: etree._Element) -> PixQuery:
    """Read a parameterList, as much of it as there is."""
    return PixQuery(
        parameter_list,
        tuple([_parameter(p) for p in parameter_list.iterchildren(_PATIENT_IDENTIFIER)]),
        tuple([_parameter(p) for p in parameter_list.iterchildren(_DATA_SOURCE)]),
    )


def _parameter(element: etree._Element) -> Parameter:
    values = element.iterchildren(_VALUE)
    return Parameter(element, tuple([read_identifier(value) for value in values]))


# ---------------------------------------------------------------- rules of the message


def check(query: PixQuery) -> Iterator[Finding]:
    """Every breach of a rule by the parameters themselves."""
    yield from _check_patient_identifier(query)
    for number, parameter in enumerate(query.data_sources, 1):
        yield from _check_data_source(query, number, parameter)
    for element in query.element:
        if element.tag not in {_PATIENT_IDENTIFIER, _DATA_SOURCE}:
            yield finding_at(rules.PARAMETER, element, received=str(element.tag))
        elif next(element.iterchildren(_SEMANTICS_TEXT), None) is None:
            yield finding_at(rules.SEMANTICS_TEXT, element, "semanticsText")


def _check_patient_identifier(query: PixQuery) -> Iterator[Finding]:
    values = [value for parameter in query.patient_identifiers for value in parameter.values]
    if not values:
        yield finding_at(rules.PATIENT_IDENTIFIER, query.element, "patientIdentifier/value")
    if len(values) > 1 or len(query.patient_identifiers) > 1:
        yield finding_at(
            rules.PATIENT_IDENTIFIER_SINGLE,
            query.element,
            "patientIdentifier",
            received=f"{len(values)} values in {len(query.patient_identifiers)} parameters",
        )
    for value in values:
        if value.patient_identifier is None:
            yield finding_at(
                rules.PATIENT_IDENTIFIER_FORM,
                value.element,
                received=value.text or value.null_flavor,
                expected="an OID as root, without urn:oid:, and an extension without ^ & | ~",
            )


def _check_data_source(query: PixQuery, number: int, parameter: Parameter) -> Iterator[Finding]:
    place = _value_of_data_source(number)
    roots = [value.root or "" for value in parameter.values]
    if len(roots) != 1 or not is_known_oid(roots[0]):
        yield finding_at(
            rules.DATA_SOURCE,
            query.element,
            f"{place}/@root",
            received=", ".join(roots[:3]),
            expected="one OID, without urn:oid:",
        )
    for value in parameter.values:
        if value.extension is not None:
            yield finding_at(
                rules.DATA_SOURCE_EXTENSION,
                query.element,
                f"{place}/@extension",
                received=value.extension,
            )


def _value_of_data_source(number: int) -> str:
    # Always with its number: the answer tells by it which of the domains is meant (3.45.4.2.3).
    return f"dataSource[{number}]/value"


# ---------------------------------------------------------------- rules of the state


def check_known(
    query: PixQuery,
    known: Mapping[PatientIdentifier, RegisteredPatient],
    known_domains: Collection[str],
) -> Iterator[Finding]:
    """What is asked for, but unknown: cases 4 and 5 of 3.45.4.2.3."""
    if query.identifier is not None:
        yield from _check_known_identifier(query, query.identifier, known)
    for number, parameter in enumerate(query.data_sources, 1):
        for value in parameter.values:
            root = value.root or ""
            if root not in known_domains and is_known_oid(root):
                yield finding_at(
                    rules.UNKNOWN_DOMAIN,
                    query.element,
                    _value_of_data_source(number),
                    received=root,
                )


def _check_known_identifier(
    query: PixQuery,
    identifier: PatientIdentifier,
    known: Mapping[PatientIdentifier, RegisteredPatient],
) -> Iterator[Finding]:
    record = known.get(identifier)
    place = "patientIdentifier/value"
    if record is None:
        yield finding_at(rules.UNKNOWN_IDENTIFIER, query.element, place, received=identifier.cx)
    elif record.subsumed_by is not None:
        yield finding_at(
            rules.SUBSUMED_IDENTIFIER,
            query.element,
            place,
            received=identifier.cx,
            expected=f"{record.subsumed_by.cx}, into which it was merged",
        )
