"""The metadata of a made document: a stable entry that is a snapshot of the on-demand one.

As a submission of ITI-42, in which the entry has an association IsSnapshotOf (ITI TF-3: 4.2.2.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.state import Attachment, RegistryObject
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.clerk import timestamp
from ihe_mock_async.xds.metadata import Submission, read_submission
from ihe_mock_async.xds.on_demand.entry import OnDemandEntry
from ihe_mock_async.xds.on_demand.wording import LANGUAGE


def _scheme(attributes: Mapping[str, v.CodeAttribute | v.IdentifierAttribute], name: str) -> str:
    """The scheme of an attribute."""
    return next(scheme for scheme, each in attributes.items() if each.name == name)


_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_ENTRY, _SET = "Snapshot", "SubmissionSet"
_PARENTS = {
    ns.CLASSIFICATION: "classifiedObject",
    ns.EXTERNAL_IDENTIFIER: "registryObject",
}
_UNIQUE_ID = _scheme(v.DOCUMENT_ENTRY.identifiers, "uniqueId")
_TYPE_CODE = _scheme(v.DOCUMENT_ENTRY.codes, "typeCode")
_CONTENT_TYPE_CODE = _scheme(v.SUBMISSION_SET.codes, "contentTypeCode")
_OF_REGISTRY = ("lid", "status", "home")
"""Attributes that the registry has given to the on-demand entry."""
_VERSIONS = (ns.VERSION_INFO, ns.CONTENT_VERSION_INFO)
# A snapshot is online whatever its on-demand document is, and nobody has signed it.
_DROPPED = frozenset({"documentAvailability", "legalAuthenticator"})


def submission_of(  # noqa: PLR0913 - what is new about a snapshot
    entry: OnDemandEntry,
    document: Attachment,
    previous: RegistryObject | None,
    *,
    repository_unique_id: str,
    submission_set_unique_id: str,
    now: datetime,
) -> Submission:
    """The submission of a made document, whose uniqueId is its content id.

    It replaces the `previous` snapshot, so that queries find one that is approved: the latest.
    """
    slots = {
        "creationTime": timestamp(now),
        "hash": document.sha1,
        "languageCode": LANGUAGE,
        "repositoryUniqueId": repository_unique_id,
        "size": str(document.size),
    }
    snapshot = _entry(entry, document.content_id, slots)
    values = {
        "patientId": entry.registered.patient_id or "",
        "sourceId": repository_unique_id,
        "uniqueId": submission_set_unique_id,
    }
    return read_submission(
        _RIM.RegistryObjectList(
            snapshot,
            _submission_set(snapshot, values, timestamp(now)),
            _association(v.HAS_MEMBER, _SET, _ENTRY, _slot(v.SUBMISSION_SET_STATUS, "Original")),
            _association(v.IS_SNAPSHOT_OF, _ENTRY, entry.registered.id),
            *([_association(v.REPLACES, _ENTRY, previous.id)] if previous is not None else []),
        )
    )


# ---------------------------------------------------------------- the document entry


def _entry(on_demand: OnDemandEntry, unique_id: str, slots: dict[str, str]) -> etree._Element:
    """The on-demand entry as it would be had its document existed already."""
    element = deepcopy(on_demand.element)
    for name in _OF_REGISTRY:
        element.attrib.pop(name, None)
    element.attrib.update({"id": _ENTRY, "objectType": v.STABLE})
    for child in list(element):
        if child.tag in _VERSIONS or _is_replaced(child, slots):
            element.remove(child)
    _adopt(element)
    _identify(element, unique_id)
    element[:0] = [_slot(name, value) for name, value in slots.items()]
    return element


def _is_replaced(child: etree._Element, slots: dict[str, str]) -> bool:
    name = child.get("name", "").strip()
    return child.tag == ns.SLOT and (name in slots or name in _DROPPED)


def _adopt(element: etree._Element) -> None:
    """Give classifications and identifiers ids of their own, and the new parent's."""
    for number, child in enumerate(element):
        parent = _PARENTS.get(str(child.tag))
        if parent is not None:
            child.attrib.update({"id": f"{_ENTRY}-{number}", parent: _ENTRY})


def _identify(element: etree._Element, unique_id: str) -> None:
    for identifier in element.iterchildren(ns.EXTERNAL_IDENTIFIER):
        if identifier.get("identificationScheme", "").strip() == _UNIQUE_ID:
            identifier.set("value", unique_id)


# ---------------------------------------------------------------- the submission set


def _submission_set(snapshot: etree._Element, values: dict[str, str], time: str) -> etree._Element:
    """A submission set of the On-Demand Document Source, named and coded like the entry."""
    return _RIM.RegistryPackage(
        _slot("submissionTime", time),
        *(deepcopy(name) for name in snapshot.iterchildren(ns.NAME)),
        *_content_type(snapshot),
        _RIM.Classification(
            id=f"{_SET}-node", classifiedObject=_SET, classificationNode=v.SUBMISSION_SET_NODE
        ),
        *(
            _RIM.ExternalIdentifier(
                _RIM.Name(_RIM.LocalizedString(value=attribute.label)),
                id=f"{_SET}-{attribute.name}",
                identificationScheme=scheme,
                registryObject=_SET,
                value=values[attribute.name],
            )
            for scheme, attribute in v.SUBMISSION_SET.identifiers.items()
        ),
        id=_SET,
    )


def _content_type(snapshot: etree._Element) -> Iterator[etree._Element]:
    """The typeCode of the entry as contentTypeCode: nothing else led to the submission."""
    for classification in snapshot.iterchildren(ns.CLASSIFICATION):
        if classification.get("classificationScheme", "").strip() == _TYPE_CODE:
            copy = deepcopy(classification)
            copy.attrib.update(
                {
                    "id": f"{_SET}-contentTypeCode",
                    "classificationScheme": _CONTENT_TYPE_CODE,
                    "classifiedObject": _SET,
                }
            )
            yield copy


# ---------------------------------------------------------------- parts of objects


def _association(kind: str, source: str, target: str, *slots: etree._Element) -> etree._Element:
    return _RIM.Association(
        *slots,
        id=f"{kind.rpartition(':')[2]}-{target.rpartition(':')[2]}",
        associationType=kind,
        sourceObject=source,
        targetObject=target,
    )


def _slot(name: str, value: str) -> etree._Element:
    return _RIM.Slot(_RIM.ValueList(_RIM.Value(value)), name=name)
