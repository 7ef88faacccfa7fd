"""XPath 1.0 expressions that users write: checked when they are read, bounded when they run.

libxml2 cannot be stopped once it evaluates, so what would take too long is not begun.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from lxml import etree

from ihe_mock_async.hl7v3.namespaces import NAMESPACE as HL7V3
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12, WSA, XOP
from ihe_mock_async.xds.namespaces import LCM, QUERY, RIM, RMD, RS, XDSB

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "soap": SOAP12,
        "soap11": SOAP11,
        "wsa": WSA,
        "xop": XOP,
        "hl7": HL7V3,
        "rim": RIM,
        "lcm": LCM,
        "query": QUERY,
        "rs": RS,
        "xds": XDSB,
        "rmd": RMD,
    }
)
"""Those that are known without being declared."""

MAX_EXPRESSION = 4_000
"""Characters of an expression."""
_MAX_STEPS = 200_000_000
"""How many nodes an evaluation may touch, by the estimate of `_degree`."""

_STRINGS = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIX = re.compile(r"(?<![\w.-])([^\W\d][\w.-]*):(?!:)(?=[\w*])")
_VARIABLE = re.compile(r"\$\s*([^\W\d][\w.-]*(?::[\w.-]+)?)")
_FUNCTION = re.compile(r"(?<![\w.:-])([^\W\d][\w.-]*)\s*\(")
# XPath 1.0, section 4, and the node types and operators that look like functions.
_FUNCTIONS = frozenset(
    """
    last position count id local-name namespace-uri name
    string concat starts-with contains substring-before substring-after substring
    string-length normalize-space translate
    boolean not true false lang number sum floor ceiling round
    node text comment processing-instruction and or div mod
    """.split()  # noqa: SIM905 - a list of so many words is read more easily
)
_WIDE = re.compile(r"//|\b(?:descendant|descendant-or-self|following|preceding)\s*::|[\[\]]")


class BadXPathError(ValueError):
    """No XPath 1.0 expression, or one that cannot be evaluated; the text says why."""


class TooCostlyError(ValueError):
    """The expression would take too long on this document."""


class XPathExpression:
    """A compiled expression with its prefixes and variables."""

    __slots__ = ("_compiled", "_degree", "_variables")

    def __init__(
        self, expression: str, namespaces: Mapping[str, str], variables: Mapping[str, str]
    ) -> None:
        """Compile it, or raise `BadXPathError`; `namespaces` go over `PREFIXES`."""
        known = {**PREFIXES, **namespaces}
        _check(expression, known, variables)
        try:
            # Without `regexp` EXSLT's functions, whose expressions nothing bounds, are unknown.
            self._compiled = etree.XPath(
                expression, namespaces=known, regexp=False, smart_strings=False
            )
        except (etree.XPathError, ValueError) as error:
            raise BadXPathError(str(error)) from error
        self._variables = dict(variables)
        self._degree = _degree(expression)
        self._try()

    def selected(self, root: etree._Element) -> list[str]:
        """The texts of what it selects in a document; false, 0, NaN and "" are nothing.

        Raises `TooCostlyError`, and `BadXPathError` when it turns out to be wrong.
        """
        if self._degree > 1 and _nodes(root) ** self._degree > _MAX_STEPS:
            raise TooCostlyError("the expression would take too long on so large a document")
        try:
            result = self._compiled(root.getroottree(), **self._variables)
        except etree.XPathError as error:
            raise BadXPathError(str(error)) from error
        return _texts(result)

    def _try(self) -> None:
        """Types and numbers of arguments are only checked when an expression runs."""
        self.selected(etree.Element("none"))


def _check(expression: str, known: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """What lxml would find out late, or tell without a name."""
    if not expression.strip():
        raise BadXPathError("it is empty")
    if len(expression) > MAX_EXPRESSION:
        raise BadXPathError(f"it has more than {MAX_EXPRESSION} characters")
    code = _STRINGS.sub("''", expression)
    for name in _unknown(_PREFIX, _VARIABLE.sub("$", code), known):
        raise BadXPathError(f'the prefix "{name}" is not declared; known are {", ".join(known)}')
    for name in _unknown(_VARIABLE, code, variables):
        raise BadXPathError(f'the variable "{name}" has no value')
    for name in _unknown(_FUNCTION, code, _FUNCTIONS):
        raise BadXPathError(f'there is no function "{name}" in XPath 1.0')


def _unknown(kind: re.Pattern[str], code: str, known: Container[str]) -> Iterator[str]:
    return (name for name in kind.findall(code) if name not in known)


def _degree(expression: str) -> int:
    """How often searches of the whole document stand inside each other's predicates.

    `//a[//b]` looks through the document once for each `a`: its cost is the square of the size.
    """
    wide = [0]
    deepest = 0
    for match in _WIDE.finditer(_STRINGS.sub("''", expression)):
        if match[0] == "[":
            wide.append(0)
        elif match[0] == "]":
            wide[1:] = wide[1:-1]
        else:
            wide[-1] = 1
            deepest = max(deepest, sum(wide))
    return deepest


def _nodes(root: etree._Element) -> int:
    return int(root.xpath("count(//*)"))


def _texts(result: Any) -> list[str]:  # noqa: ANN401 - node-set, text, number or boolean
    if isinstance(result, bool):
        return ["true"] if result else []
    if isinstance(result, float):
        return [] if result == 0 or math.isnan(result) else [_number(result)]
    if isinstance(result, str):
        return [result] if result else []
    return [_text(node) for node in result]


def _number(value: float) -> str:
    """As XPath's string(): integers without a decimal point."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() else str(value)


def _text(node: object) -> str:
    """The string value of a node: an attribute's value, or all text below an element."""
    if isinstance(node, etree._Element):
        return "".join(node.itertext())
    if isinstance(node, tuple):  # a node of the namespace axis: prefix and URI
        return str(node[1])
    return str(node)
