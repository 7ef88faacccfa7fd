"""Ties the binary elements of a body to staged attachments, inline base64 included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from ihe_mock_async.elements import path_of
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import fault, xop
from ihe_mock_async.web import rules

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Transaction
    from ihe_mock_async.web.staging import Staging

_SLICE = 1024 * 1024


async def resolve(
    payload: etree._Element, transaction: Transaction, staging: Staging
) -> list[Finding]:
    """Make every binary element hold an xop:Include of a staged attachment.

    Raises `SoapFault` naming every xop:Include that leads nowhere and every inline document that
    is not base64. Returns what is odd, but legal.
    """
    known = set(staging.attachments)
    binaries = xop.resolve(payload, transaction.binary_elements, known)
    used = {binary.content_id for binary in binaries}
    found = [rules.UNUSED_PART.found(f"part <{cid}>") for cid in sorted(known - used)]
    for element, content in _decoded(binaries):
        found.append(rules.INLINE_BASE64.found(path_of(element), line=element.sourceline))
        await _stage_inline(element, content, staging)
    return found


def _decoded(binaries: Iterable[xop.BinaryElement]) -> list[tuple[etree._Element, bytes]]:
    """The inline documents, or a fault that names each that is not base64."""
    documents: list[tuple[etree._Element, bytes]] = []
    broken: list[Finding] = []
    for binary in binaries:
        if binary.inline is None:
            continue
        element = binary.element
        try:
            documents.append((element, xop.decode_inline(binary.inline)))
        except fault.SoapFault as error:
            place, line = path_of(element), element.sourceline
            broken += (replace(found, location=place, line=line) for found in error.findings)
    if broken:
        raise fault.refusal(*broken)
    return documents


async def _stage_inline(element: etree._Element, content: bytes, staging: Staging) -> None:
    """Turn an inline document into an attachment (ITI TF-2: V.8.2: both are the same infoset)."""
    staging.begin()
    for start in range(0, len(content), _SLICE):
        await staging.write(content[start : start + _SLICE])
    attachment = await staging.end(staging.new_content_id(), "application/octet-stream")
    element.text = None
    etree.SubElement(element, xop.INCLUDE).set("href", f"cid:{attachment.content_id}")
