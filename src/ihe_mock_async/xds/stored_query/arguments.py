"""Reading the parameters of a request for one query (ITI TF-2: 3.18.4.1.2.3.5).

At most some problems of each parameter are explained: a list may hold thousands of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice

from lxml import etree

from ihe_mock_async.findings import Rule
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import kinds, rules, values
from ihe_mock_async.xds.stored_query.parameters import Argument, Arguments, Kind, Parameter
from ihe_mock_async.xds.stored_query.values import CodedValue

MAX_EXPLAINED = 20
MAX_SLOTS = 20
"""Slots of one parameter: each is one more condition to be met."""
_SHOWN = 256
_VALUES = f"{ns.VALUE_LIST}/{ns.VALUE}"
_SCHEME = "Scheme"


def read_arguments(
    adhoc_query: etree._Element, parameters: Mapping[str, Parameter], report: Report
) -> Arguments:
    """Read the Slots of a rim:AdhocQuery; `parameters` are those of the query, by name."""
    by_name: dict[str, list[etree._Element]] = {}
    for slot in adhoc_query.iterchildren(ns.SLOT):
        by_name.setdefault(slot.get("name", "").strip(), []).append(slot)
    unknown = [slots[0] for name, slots in by_name.items() if name not in parameters]
    for slot in unknown[:MAX_EXPLAINED]:
        _explain_unknown(slot, parameters, report)
    return Arguments(
        {
            name: _argument(parameters[name], slots, report)
            for name, slots in by_name.items()
            if name in parameters
        }
    )


def _explain_unknown(
    slot: etree._Element, parameters: Mapping[str, Parameter], report: Report
) -> None:
    name = slot.get("name", "").strip()[:_SHOWN]
    if name.removesuffix(_SCHEME) in parameters:
        report.add(rules.CODE_SCHEME_PARAMETER, slot, received=name)
        return
    if f"${name}" in parameters:
        expected = f"${name}: names of parameters begin with a dollar sign"
    else:
        close = get_close_matches(name, parameters, n=1, cutoff=0.75)
        expected = " or ".join(close or sorted(parameters))
    report.add(rules.UNKNOWN_PARAMETER, slot, received=name, expected=expected)


def _argument(parameter: Parameter, slots: Sequence[etree._Element], report: Report) -> Argument:
    if len(slots) > 1 and not parameter.repeatable:
        report.add(rules.PARAMETER_REPEATED, slots[1], received=parameter.name)
    if len(slots) > MAX_SLOTS:
        received = f"{len(slots)} Slots {parameter.name}"
        report.add(rules.SLOT_COUNT, slots[MAX_SLOTS], received=received)
    groups = tuple(_group(parameter, slot, report) for slot in slots[:MAX_SLOTS])
    argument = Argument(parameter, tuple(slots), groups)
    if not parameter.many and len(argument.values) > 1:
        shown = ", ".join(argument.values)[:_SHOWN]
        report.add(rules.PARAMETER_SINGLE, slots[0], received=shown, expected="one value")
    return argument


def _group(parameter: Parameter, slot: etree._Element, report: Report) -> tuple[str, ...]:
    elements = list(slot.iterfind(_VALUES))
    coded = [values.read(element.text or "") for element in elements]
    problems = (
        (rule, element, expected)
        for element, value in zip(elements, coded, strict=True)
        for rule, expected in _problems(parameter.kind, value)
    )
    for rule, element, expected in islice(problems, MAX_EXPLAINED):
        shown = (element.text or "").strip()[:_SHOWN]
        report.add(rule, element, received=shown, expected=expected)
    if parameter.many and len(coded) > 1 and not all(value.is_list for value in coded):
        report.add(rules.VALUE_LIST, slot)
    texts = (literal.text for value in coded for literal in value.literals)
    return tuple(filter(None, (kinds.normal(parameter.kind, text) for text in texts)))


def _problems(kind: Kind, value: CodedValue) -> Iterator[tuple[Rule, str]]:
    if value.problem is not None:
        rule = rules.PARENTHESES if value.lacks_parentheses else rules.VALUE_SYNTAX
        yield rule, value.problem
        if rule is rules.VALUE_SYNTAX:
            return  # what the values are is a guess
    for literal in value.literals:
        if not literal.quoted and kind in kinds.QUOTED:
            yield rules.QUOTES, f"'{literal.text}'"
        problem = kinds.problem_of(kind, literal)
        if problem is not None:
            yield problem
