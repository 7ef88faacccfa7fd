"""Ties the binary elements of a body to staged attachments, inline base64 included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import namespaces, xop
from ihe_mock_async.web import rules

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Transaction
    from ihe_mock_async.web.staging import Staging

_SLICE = 1024 * 1024


async def resolve(
    payload: etree._Element, transaction: Transaction, staging: Staging
) -> list[Finding]:
    """Make every binary element hold an xop:Include of a staged attachment.

    Raises `SoapFault` naming every xop:Include that leads nowhere. Returns what is odd, but legal.
    """
    found: list[Finding] = []
    known = set(staging.attachments)
    binaries = xop.resolve(payload, transaction.binary_elements, known)
    used = {binary.content_id for binary in binaries if binary.content_id is not None}
    for number, binary in enumerate(binaries, 1):
        if binary.inline is not None:
            found.append(rules.INLINE_BASE64.found(line=binary.element.sourceline))
            await _stage_inline(binary, f"inline-{number}@ihe-mock-async.localhost", staging)
    found += [rules.UNUSED_PART.found(f"part <{cid}>") for cid in sorted(known - used)]
    return found


async def _stage_inline(binary: xop.BinaryElement, content_id: str, staging: Staging) -> None:
    """Turn an inline document into an attachment (ITI TF-2: V.8.2: both are the same infoset)."""
    content = xop.decode_inline(binary.inline or "")
    staging.begin()
    for start in range(0, len(content), _SLICE):
        await staging.write(content[start : start + _SLICE])
    await staging.end(content_id, "application/octet-stream")
    binary.element.text = None
    include = etree.SubElement(binary.element, f"{{{namespaces.XOP}}}Include")
    include.set("href", f"cid:{content_id}")
