"""Reading the parameters of a request for one query (ITI TF-2: 3.18.4.1.2.3.5).

At most some problems of each parameter are explained: a list may hold thousands of values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice

from lxml import etree

from ihe_mock_async.findings import Rule
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import UUID_URN, is_uuid_urn
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import rules, values
from ihe_mock_async.xds.stored_query.parameters import Argument, Arguments, Kind, Parameter
from ihe_mock_async.xds.stored_query.values import CodedValue, Literal

MAX_EXPLAINED = 20
_SHOWN = 256
_VALUES = f"{ns.VALUE_LIST}/{ns.VALUE}"
_CODE = re.compile(r"[^^]+\^\^[^^]+")
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
    groups = tuple(_group(parameter, slot, report) for slot in slots[:MAX_EXPLAINED])
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
    literals = (literal for value in coded for literal in value.literals)
    return tuple(_normal(parameter.kind, literal.text) for literal in literals if literal.text)


def _normal(kind: Kind, text: str) -> str:
    """UUIDs are the same in either case, and stored in lower case."""
    return text.lower() if kind is Kind.ENTRY_UUID and is_uuid_urn(text) else text


# ---------------------------------------------------------------- kinds of values


def _problems(kind: Kind, value: CodedValue) -> list[tuple[Rule, str]]:
    if value.problem is not None:
        return [(rules.VALUE_SYNTAX, value.problem)]
    rule, check = _CHECKS[kind]
    if kind is not Kind.METADATA_LEVEL:
        number = next((literal for literal in value.literals if literal.is_number), None)
        if number is not None:
            return [(rules.VALUE_SYNTAX, values.unquoted(number.text))]
    return [(rule, expected) for literal in value.literals if (expected := check(literal))]


def _entry_uuid(literal: Literal) -> str | None:
    text = literal.text
    if is_uuid_urn(text):
        return None if text == text.lower() else f"lower case: {text.lower()}"
    if is_uuid_urn(UUID_URN + text):
        return f"{UUID_URN}{text.lower()}"
    return "an entryUUID such as urn:uuid:3c2a1b54-9d55-4b5a-8f0c-6a8d1b0e7f21"


def _text(literal: Literal) -> str | None:
    return None if literal.text else "some text"


def _code(literal: Literal) -> str | None:
    if _CODE.fullmatch(literal.text):
        return None
    code = literal.text.partition("^")[0][:_SHOWN] or "code"
    return f"'{code}^^scheme', with the coding scheme that the code is from"


def _association_type(literal: Literal) -> str | None:
    if literal.text in v.ASSOCIATION_TYPES:
        return None
    urn = v.BARE_ASSOCIATION_TYPES.get(literal.text.rpartition(":")[2])
    return urn or ", ".join(sorted(v.ASSOCIATION_TYPES))


def _document_entry_type(literal: Literal) -> str | None:
    if literal.text in v.DOCUMENT_ENTRY_TYPES:
        return None
    return f"{v.STABLE} (stable) or {v.ON_DEMAND} (on-demand)"


def _metadata_level(literal: Literal) -> str | None:
    return None if not literal.quoted and literal.text in ("1", "2") else "1 or 2"


_CHECKS: Mapping[Kind, tuple[Rule, Callable[[Literal], str | None]]] = {
    Kind.ENTRY_UUID: (rules.ENTRY_UUID, _entry_uuid),
    Kind.TEXT: (rules.VALUE_SYNTAX, _text),
    Kind.CODE: (rules.CODE, _code),
    Kind.ASSOCIATION_TYPE: (rules.ASSOCIATION_TYPE, _association_type),
    Kind.DOCUMENT_ENTRY_TYPE: (rules.DOCUMENT_ENTRY_TYPE, _document_entry_type),
    Kind.METADATA_LEVEL: (rules.METADATA_LEVEL, _metadata_level),
}
