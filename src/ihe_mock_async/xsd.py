"""Messages against XML schemas: a folder of XSDs, each found by its namespace and root element.

The layout of the folder does not matter: every `*.xsd` below it is looked at for its
targetNamespace and for the elements that it declares. Where several declare the same element,
the one nearest to the folder is taken, and one that cannot be loaded gives way to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path

from lxml import etree

from ihe_mock_async.elements import path_of
from ihe_mock_async.errors import SchemaError
from ihe_mock_async.findings import Finding, Rule, Severity

XSD_INVALID = Rule(
    "xsd-invalid",
    Severity.ERROR,
    "A message is valid by the XML schema of its root element",
    "ITI TF-2: W; XML Schema part 1",
    "Make the element as the schema says: the order of children matters, and their namespaces.",
)
RULES: tuple[Rule, ...] = (XSD_INVALID,)

MAX_FINDINGS = 50
"""Of one message; the first mistakes are what the others come from."""

_ELEMENT = "{http://www.w3.org/2001/XMLSchema}element"
_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"
_SUBJECT = re.compile(r"Element '(?P<tag>[^']*)'(?:, attribute '(?P<attribute>[^']*)')?: ")
_EXPECTED = re.compile(r" Expected is (?:one of )?\( (?P<names>.*) \)\.\Z")
_STEP = re.compile(r"(?P<name>[^/\[\]@]+)(?:\[(?P<position>\d+)\])?")
_NAMESPACE = re.compile(r"\{[^}]*\}")


class SchemaFolder:
    """The schemas of a folder, each loaded when a message first needs it.

    Raises `SchemaError` when the folder has no schemas.
    """

    def __init__(self, folder: Path) -> None:
        self._candidates = _index(folder)
        self._loaded: dict[str, etree.XMLSchema | None] = {}
        if not self._candidates:
            raise SchemaError(f"{folder} has no XML schemas (*.xsd): name the folder with them.")

    def knows(self, tag: str) -> bool:
        """Whether there is a schema of this root element (Clark name)."""
        return tag in self._candidates

    def check(self, element: etree._Element) -> list[Finding]:
        """All that the schema of this element finds wrong in it, 50 findings at most.

        An xop:Include counts as the octets that it stands for. The element is unchanged. An
        element without schema has no findings: ask `knows`. Raises `SchemaError` when there is
        a schema, but none that can be loaded.
        """
        schema = self._schema(str(element.tag))
        if schema is None:
            return []
        alone = _alone(element)
        if schema.validate(alone):
            return []
        return list(islice(_findings(schema, alone), MAX_FINDINGS))

    def _schema(self, tag: str) -> etree.XMLSchema | None:
        if tag not in self._loaded:
            files = self._candidates.get(tag, [])
            self._loaded[tag] = _load(files) if files else None
        return self._loaded[tag]


# ---------------------------------------------------------------- finding and loading


def _index(folder: Path) -> dict[str, list[Path]]:
    """The schemas by the Clark names of the elements that they declare, the nearest first."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.xsd"), key=lambda path: (len(path.parts), path)):
        for tag in _declared(path):
            found.setdefault(tag, []).append(path)
    return found


def _declared(path: Path) -> Iterator[str]:
    try:
        root = etree.parse(str(path), _parser()).getroot()
    except (OSError, etree.XMLSyntaxError):
        return  # what is not XML declares nothing
    namespace = root.get("targetNamespace", "")
    for element in root.iterchildren(_ELEMENT):
        name = element.get("name", "")
        yield f"{{{namespace}}}{name}" if namespace else name


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _load(files: list[Path]) -> etree.XMLSchema:
    problem = ""
    for path in files:
        try:
            return etree.XMLSchema(etree.parse(str(path), _parser()))
        except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
            problem = problem or f"The schema {path} cannot be loaded: {error}"
    raise SchemaError(problem)


# ---------------------------------------------------------------- checking


def _alone(element: etree._Element) -> etree._Element:
    """A copy as a document of its own, with the namespaces in scope and the lines of before."""
    root = etree.Element(element.tag, dict(element.attrib), nsmap=dict(element.nsmap))
    root.text = element.text
    root.extend(deepcopy(child) for child in element)
    root.sourceline = element.sourceline  # type: ignore[misc]  # lxml sets it, its stubs forbid
    for include in list(root.iter(_INCLUDE)):
        parent = include.getparent()
        if parent is not None:
            parent.remove(include)
    return root


def _findings(schema: etree.XMLSchema, root: etree._Element) -> Iterator[Finding]:
    for entry in schema.error_log:
        subject = _SUBJECT.match(entry.message)
        problem = entry.message[subject.end() :] if subject else entry.message
        expected = _EXPECTED.search(problem)
        yield XSD_INVALID.found(
            _location(_at(root, entry.path or ""), subject),
            line=entry.line,
            received=_plain(_EXPECTED.sub("", problem)).rstrip("."),
            expected=_plain(expected["names"]) if expected else "",
        )


def _at(root: etree._Element, path: str) -> etree._Element:
    """The element at a path in the form of libxml2, `/rim:Slot[2]/*[3]`, or the last one before.

    A position counts the siblings of the same prefix and name, or after `*` all of them.
    """
    element = root
    for step in _STEP.finditer(path.lstrip("/").partition("/")[2]):
        alike = [
            child
            for child in element.iterchildren("*")
            if step["name"] in ("*", child.xpath("name()"))
        ]
        position = int(step["position"] or 1)
        if position > len(alike):
            break
        element = alike[position - 1]
    return element


def _location(element: etree._Element, subject: re.Match[str] | None) -> str:
    attribute = subject["attribute"] if subject else None
    path = path_of(element)
    return f"{path}/@{_plain(attribute)}" if attribute else path


def _plain(text: str) -> str:
    """A text of the validator without namespaces in braces, and without its own line end."""
    return _NAMESPACE.sub("", text).strip()
