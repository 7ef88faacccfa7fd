"""For each rule on requests for documents a message that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from ihe_mock_async.store.unit_of_work import NamespaceState
from ihe_mock_async.xds.retrieve import rules
from tests.transactions.on_demand import promise
from tests.transactions.retrievals import ENTRY, HOME, REPOSITORY, asked, document

Documents = list[Mapping[str, str] | etree._Element]

REPLACED, UNUSUAL = "2.999.5.8", "2.999.5.9"
"""On-demand entries that are not fulfilled."""


def promise_too_much(state: NamespaceState) -> None:
    """Register on-demand entries whose documents are not made."""
    old = promise(state, REPLACED)
    promise(state, UNUSUAL, mime_type="image/jpeg", replaced=old.id)


def _misspelt() -> etree._Element:
    element = asked(document(home=HOME))
    etree.SubElement(element, "{urn:ihe:iti:xds-b:2007}MimeType").text = "text/plain"
    return element


def _repeated() -> etree._Element:
    element = asked(document(home=HOME))
    etree.SubElement(element, "{urn:ihe:iti:xds-b:2007}DocumentUniqueId").text = ENTRY
    return element


def _crowded() -> etree._Element:
    element = asked(document(home=HOME))
    for number in range(200):
        etree.SubElement(element, f"Odd{number}")
    return element


BREACHES: Mapping[str, Callable[[], Documents]] = {
    "xds-retrieve-document-request": list,
    "xds-retrieve-document-count": lambda: [document(home=HOME)] * (rules.MAX_DOCUMENTS + 1),
    "xds-retrieve-element": lambda: [_misspelt()],
    "xds-retrieve-element-single": lambda: [_repeated()],
    "xds-retrieve-element-order": lambda: [
        {"HomeCommunityId": HOME, "DocumentUniqueId": ENTRY, "RepositoryUniqueId": REPOSITORY}
    ],
    "xds-retrieve-duplicate": lambda: [document(home=HOME)] * 2,
    "xds-retrieve-home-required": lambda: [document()],
    "xds-retrieve-home-format": lambda: [document(home=HOME.removeprefix("urn:oid:"))],
    "xds-retrieve-home-known": lambda: [document(home="urn:oid:2.999.9")],
    "xds-retrieve-repository-required": lambda: [document(home=HOME, repository="")],
    "xds-retrieve-repository-known": lambda: [document(home=HOME, repository="2.999.8")],
    "xds-retrieve-document-required": lambda: [document("", home=HOME)],
    "xds-retrieve-document-known": lambda: [document("2.999.7", home=HOME)],
    "xds-retrieve-on-demand-approved": lambda: [document(REPLACED, home=HOME)],
    "xds-retrieve-on-demand-mime-type": lambda: [document(UNUSUAL, home=HOME)],
    "xds-problem-count": lambda: [_crowded()],
}
