"""XPath 1.0 expressions that users write: checked when they are read, bounded when they run.

libxml2 cannot be stopped once it evaluates, so what would take too long is not begun.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

from lxml import etree

from ihe_mock_async.elements import sanitise
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
"""How many nodes an evaluation may touch, by the estimate of `_degrees`."""

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
_BLANKS = re.compile(r"\s*([^\w\s])\s*")
# What looks through all of the document or many siblings, where predicates begin and end, and
# what compares all nodes of two sets with each other; in an expression without needless blanks.
_WIDE = re.compile(
    r"""
    //
    | (?<![\w.)\]'*])/ | (?<=\band)/ | (?<=\bor)/ | (?<=\bdiv)/ | (?<=\bmod)/
    | (?<=[\w.)\]'*]\*)/                                     # multiplied by a path from the root
    | \bdescendant(?:-or-self)?:: | \b(?:following|preceding)(?:-sibling)?:: | \.\.
    | [\[\]]
    | (?<!')(?P<compared>[=<>]=?)(?!['$\d-])(?!(?!(?:text|node|comment|id)\()[a-z-]+\()
    """,
    re.VERBOSE,
)
_MAX_CHARACTERS = 32 << 20


# Besides its own errors lxml raises these for texts and names that XML cannot have.
_XPATH_ERRORS = (etree.XPathError, ValueError, TypeError)


class BadXPathError(ValueError):
    """No XPath 1.0 expression, or one that cannot be evaluated; the text says why."""


class TooCostlyError(ValueError):
    """The expression would take too long on this document."""


class XPathExpression:
    """A compiled expression with its prefixes and variables."""

    __slots__ = ("_compiled", "_degrees", "_variables")

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
        except _XPATH_ERRORS as error:
            raise BadXPathError(str(error)) from error
        self._variables = dict(variables)
        self._degrees = _degrees(expression)
        self._try()

    def selected(self, root: etree._Element, most: int | None = None) -> list[str]:
        """The texts of what it selects in a document; false, 0, NaN and "" are nothing.

        With `most` only the first of them.
        Raises `TooCostlyError`, and `BadXPathError` when it turns out to be wrong.
        """
        if max(self._degrees, default=0) > 1 and self._steps(root) > _MAX_STEPS:
            raise TooCostlyError("the expression would take too long on so large a document")
        try:
            result = self._compiled(root.getroottree(), **self._variables)
        except _XPATH_ERRORS as error:
            raise BadXPathError(str(error)) from error
        return _bounded(islice(_texts(result), most))

    def _steps(self, root: etree._Element) -> int:
        nodes = _nodes(root)
        return sum(times * nodes**degree for degree, times in self._degrees.items())

    def _try(self) -> None:
        """Types and numbers of arguments are only checked when an expression runs."""
        self.selected(etree.Element("none"))


def _check(expression: str, known: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """What lxml would find out late, or tell without a name."""
    if not expression.strip():
        raise BadXPathError("it is empty")
    if len(expression) > MAX_EXPRESSION:
        raise BadXPathError(f"it has more than {MAX_EXPRESSION} characters")
    if any(sanitise(text) != text for text in (expression, *known.values(), *variables.values())):
        raise BadXPathError("it, or what belongs to it, has characters that XML cannot hold")
    code = _STRINGS.sub("''", expression)
    for name in _unknown(_PREFIX, _VARIABLE.sub("$", code), known):
        raise BadXPathError(f'the prefix "{name}" is not declared; known are {", ".join(known)}')
    for name in _unknown(_VARIABLE, code, variables):
        raise BadXPathError(f'the variable "{name}" has no value')
    for name in _unknown(_FUNCTION, code, _FUNCTIONS):
        raise BadXPathError(f'there is no function "{name}" in XPath 1.0')


def _unknown(kind: re.Pattern[str], code: str, known: Container[str]) -> Iterator[str]:
    return (name for name in kind.findall(code) if name not in known)


def _degrees(expression: str) -> Mapping[int, int]:
    """To what powers of the size of the document the cost grows, and how often each.

    `//a[//b]` looks through the document once, and once more for each `a`: {1: 1, 2: 1}.
    """
    code = _BLANKS.sub(r"\1", _STRINGS.sub("''", expression))
    wide = [0]  # of the predicates around the place, from the outermost
    degrees: Counter[int] = Counter()
    for match in _WIDE.finditer(code):
        step = match[0]
        if step == "[":
            wide[0] = max(wide[0], 1)  # once for each node that was selected
            wide.append(0)
        elif step == "]":
            wide[1:] = wide[1:-1]
        elif match["compared"]:
            degrees[sum(wide) + 1] += 1
        else:
            # following and preceding: once for each node so far
            wide[-1] = wide[-1] + 1 if step[0] in "fp" else max(wide[-1], 1)
            degrees[sum(wide)] += 1
    return degrees


def _nodes(root: etree._Element) -> int:
    return int(root.xpath("count(//*)"))


def _bounded(texts: Iterable[str]) -> list[str]:
    """All of them; nested elements have their texts in common, and could fill the memory."""
    found: list[str] = []
    length = 0
    for text in texts:
        length += len(text)
        if length > _MAX_CHARACTERS:
            raise TooCostlyError("the expression selects too much text")
        found.append(text)
    return found


def _texts(result: Any) -> Iterator[str]:  # noqa: ANN401 - node-set, text, number or boolean
    if isinstance(result, list):
        yield from map(_text, result)
    elif isinstance(result, bool):
        yield from ["true"] if result else []
    elif isinstance(result, float):
        yield from [] if result == 0 or math.isnan(result) else [_number(result)]
    elif result:
        yield str(result)


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
