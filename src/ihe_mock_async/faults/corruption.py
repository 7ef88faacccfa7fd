"""Damage to a real answer: one thing is wrong with it, and all else is as it was.

Some damage is done to the envelope before it is packed (`envelope`), some while it is packed
(`framing`); each function does nothing for the kinds of the other. So an answer goes out like
this, with the effect's `corrupt` as `kind`::

    payload = corruption.envelope(kind, payload)
    changes = corruption.framing(kind)     # see the fields of `Changes`

Nothing is drawn: what is wrong is derived from what is right, so that the same answer is damaged
in the same way each time. An answer that has no such thing (a Failure has no documents, a fault
has no hash) stays as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from lxml import etree

from ihe_mock_async.elements import XmlLimits, parse
from ihe_mock_async.faults.effects import Corruption
from ihe_mock_async.soap.namespaces import WSA
from ihe_mock_async.xds import namespaces as ns

__all__ = ["Changes", "damaged", "envelope", "framing", "other_content_id"]

_ACTION = f"{{{WSA}}}Action"
_RELATES_TO = f"{{{WSA}}}RelatesTo"
_HOME_COMMUNITY_ID = f"{{{ns.XDSB}}}HomeCommunityId"
_REGISTRY_ERROR = f"{{{ns.RS}}}RegistryError"


# ---------------------------------------------------------------- while it is packed


@dataclass(frozen=True, slots=True)
class Changes:
    """How an answer is packed otherwise than the request was."""

    content_type: str = ""
    """Stands in the place of the Content-Type, whatever the body is; empty: the right one."""
    simple: bool = False
    """Simple SOAP with the documents inline, also when the request was MTOM."""
    has_action: bool = True
    """False: no action in the Content-Type of MTOM."""
    has_start: bool = True
    """False: the first attachment comes before the root part, and `MtomWriter.has_start` is
    False. Without attachments only the parameter is missing."""
    has_first_part: bool = True
    """False: the first attachment is left out, its xop:Include is not."""
    renames_first_part: bool = False
    """The first attachment gets the `other_content_id`, its xop:Include does not."""
    damages_documents: bool = False
    """The first octets of each attachment go through `damaged`; its length stays."""


def framing(kind: Corruption | None) -> Changes:
    """What this damage changes while the answer is packed."""
    return _FRAMINGS.get(kind, _AS_THE_REQUEST)


def other_content_id(content_id: str) -> str:
    """A Content-ID that no xop:Include of the message names."""
    return f"other.{content_id}"


def damaged(octets: bytes) -> bytes:
    """As many octets, of which the first is another one; of none there is nothing to change."""
    return bytes([octets[0] ^ 1]) + octets[1:] if octets else octets


_AS_THE_REQUEST = Changes()
_FRAMINGS: Mapping[Corruption | None, Changes] = {
    Corruption.WRONG_CONTENT_TYPE: Changes(content_type="text/html; charset=utf-8"),
    Corruption.NOT_MTOM: Changes(simple=True),
    Corruption.MISSING_ACTION: Changes(has_action=False),
    Corruption.MISSING_START: Changes(has_start=False),
    Corruption.DROP_MTOM_PART: Changes(has_first_part=False),
    Corruption.WRONG_CONTENT_ID: Changes(renames_first_part=True),
    Corruption.WRONG_HASH: Changes(damages_documents=True),
}


# ---------------------------------------------------------------- before it is packed


def envelope(kind: Corruption | None, octets: bytes) -> bytes:
    """The envelope of an answer with this damage; octets are UTF-8."""
    if kind is Corruption.MALFORMED_XML:
        return octets[: octets.rindex(b"</")]
    change = _CHANGES.get(kind)
    if change is None:
        return octets
    # It is an answer of ours: as large as what was asked for.
    limits = XmlLimits(max_bytes=len(octets), max_tags=octets.count(b"<"), huge_text=True)
    root = parse(octets, limits)
    change(root, octets)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=octets.startswith(b"<?xml"))


def _relate_to_another(root: etree._Element, octets: bytes) -> None:
    header = root[0]
    relates_to = header.find(_RELATES_TO)
    if relates_to is None:
        # The request had no message id: an answer to it relates to nothing.
        relates_to = etree.SubElement(header, _RELATES_TO)
    relates_to.text = f"urn:uuid:{_uuid_of(octets)}"


def _uuid_of(octets: bytes) -> UUID:
    return UUID(bytes=hashlib.sha256(octets).digest()[:16], version=4)


def _remove_action(root: etree._Element, _: bytes) -> None:
    header = root[0]
    for action in header.findall(_ACTION):
        header.remove(action)


def _rename_root(root: etree._Element, _: bytes) -> None:
    name = etree.QName(root[-1][0])
    root[-1][0].tag = f"{{{name.namespace}:wrong}}{name.localname}"


def _change_hashes(root: etree._Element, _: bytes) -> None:
    for slot in root[-1].iter(ns.SLOT):
        if slot.get("name") == "hash":
            for value in slot.iter(ns.VALUE):
                value.text = _sha1((value.text or "").encode())


def _sha1(octets: bytes) -> str:
    # The algorithm of XDS (ITI TF-3: 4.2.3.2.10); nothing is protected by it.
    return hashlib.sha1(octets, usedforsecurity=False).hexdigest()


def _remove_homes(root: etree._Element, _: bytes) -> None:
    for element in list(root[-1].iter()):
        if element.tag == _HOME_COMMUNITY_ID:
            _remove(element)
        elif element.tag == _REGISTRY_ERROR:
            element.attrib.pop("location", None)
        else:
            element.attrib.pop("home", None)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


_CHANGES: Mapping[Corruption | None, Callable[[etree._Element, bytes], None]] = {
    Corruption.WRONG_RELATES_TO: _relate_to_another,
    Corruption.MISSING_ACTION: _remove_action,
    Corruption.WRONG_NAMESPACE: _rename_root,
    Corruption.WRONG_HASH: _change_hashes,
    Corruption.MISSING_HOME: _remove_homes,
}
