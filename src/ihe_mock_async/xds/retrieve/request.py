"""xdsb:DocumentRequest, read from a request (ITI TF-2: 3.43.5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.retrieve import rules
from ihe_mock_async.xds.rules.report import Report

_HOME = f"{{{ns.XDSB}}}HomeCommunityId"
_REPOSITORY = f"{{{ns.XDSB}}}RepositoryUniqueId"
_DOCUMENT = f"{{{ns.XDSB}}}DocumentUniqueId"
_ORDER = (_HOME, _REPOSITORY, _DOCUMENT)


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """One document that is asked for; what is absent is an empty text."""

    element: etree._Element
    home_community_id: str
    repository_unique_id: str
    document_unique_id: str


def read_requests(payload: etree._Element, report: Report) -> tuple[DocumentRequest, ...]:
    """All DocumentRequests of a message; none when they are too many."""
    _check_names(payload, (ns.DOCUMENT_REQUEST,), report)
    elements = list(payload.iterchildren(ns.DOCUMENT_REQUEST))
    if not elements:
        report.add(rules.DOCUMENT_REQUEST, payload)
    if len(elements) > rules.MAX_DOCUMENTS:
        expected = f"at most {rules.MAX_DOCUMENTS}"
        report.add(
            rules.DOCUMENT_COUNT, payload, received=f"{len(elements)} documents", expected=expected
        )
        return ()
    for element in elements:
        _check(element, report)
    return tuple(map(_read, elements))


def _read(element: etree._Element) -> DocumentRequest:
    home, repository, document = (element.findtext(name, "").strip() for name in _ORDER)
    return DocumentRequest(element, home, repository, document)


def _check(element: etree._Element, report: Report) -> None:
    _check_names(element, _ORDER, report)
    known = [str(child.tag) for child in element if child.tag in _ORDER]
    repeated = [name for name, count in Counter(known).items() if count > 1]
    if repeated:
        received = f"several {_local(*repeated)}"
        report.add(rules.ELEMENT_SINGLE, element, received=received, expected="one of each")
    elif any(_ORDER.index(a) > _ORDER.index(b) for a, b in pairwise(known)):
        received = _local(*known)
        report.add(rules.ELEMENT_ORDER, element, received=received, expected=_local(*_ORDER))


def _check_names(parent: etree._Element, names: tuple[str, ...], report: Report) -> None:
    for child in parent:
        if child.tag in names:
            continue
        folded = local_name(child).casefold()
        meant = [name for name in names if _local(name).casefold() == folded] or names
        report.add(rules.ELEMENT, child, received=str(child.tag), expected=" or ".join(meant))


def _local(*names: str) -> str:
    return ", ".join(name.rpartition("}")[2] for name in names)
