"""Direct children of an element, and findings that say where in the message they were made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from lxml import etree

from ihe_mock_async.elements import namespace_of, path_of
from ihe_mock_async.findings import Finding, Rule
from ihe_mock_async.hl7v3.namespaces import NAMESPACE
from ihe_mock_async.hl7v3.rules import ELEMENT_REPEATED, PROBLEM_COUNT


def children_of(element: etree._Element) -> dict[str, list[etree._Element]]:
    """The child elements by Clark name; names and elements in document order."""
    children: dict[str, list[etree._Element]] = {}
    for child in element:
        tag: str = child.tag  # type: ignore[assignment]  # elements.parse leaves no comments
        if tag in children:
            children[tag].append(child)
        else:
            children[tag] = [child]
    return children


def first(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The first element at the end of a path of Clark names below the element, or None."""
    for name in names:
        if element is None:
            return None
        element = next(element.iterchildren(name), None)
    return element


def finding_at(
    rule: Rule,
    element: etree._Element,
    child: str = "",
    *,
    received: str | None = "",
    expected: str = "",
) -> Finding:
    """The rule is broken at an element, or at a child (`id`, `@root`) that it should have.

    The location is an XPath that starts at the interaction, not at the SOAP envelope.
    """
    location = path_of(element, below=_interaction_of(element))
    return rule.found(
        f"{location}/{child}" if child else location,
        received=received or "",
        expected=expected,
        line=element.sourceline,
    )


def _interaction_of(element: etree._Element) -> etree._Element:
    interaction = element
    for ancestor in element.iterancestors():
        if namespace_of(ancestor) == NAMESPACE:
            interaction = ancestor
    return interaction


def repeated(
    element: etree._Element, names: Collection[str], repeatable: Collection[str]
) -> Iterator[Finding]:
    """The children that may occur once, but came more often.

    `names`: Clark names of all children, each once; `repeatable`: those that may be repeated.
    """
    if len(names) == len(element):
        return
    for name in names:
        count = sum(child.tag == name for child in element)
        if count > 1 and name not in repeatable:
            local = name.rpartition("}")[2]
            yield finding_at(ELEMENT_REPEATED, element, local, received=f"{count} of them")


MAX_FINDINGS = 30


def bounded(findings: Iterable[Finding], message: etree._Element) -> Iterator[Finding]:
    """The findings up to `MAX_FINDINGS`, then one that says that there are more.

    A message of hostile size cannot make the server report, or look for, a finding per element.
    """
    remaining = iter(findings)
    yield from islice(remaining, MAX_FINDINGS)
    if next(remaining, None) is not None:
        yield finding_at(PROBLEM_COUNT, message, expected=f"at most {MAX_FINDINGS} problems")
