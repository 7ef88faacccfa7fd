"""xop:Include: what stands in the XML in place of an attachment (XOP 1.0; ITI TF-2: V.8)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote_plus

from lxml import etree

from ihe_mock_async.elements import local_name, path_of
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import rules
from ihe_mock_async.soap.fault import refusal
from ihe_mock_async.soap.mtom import cid_of
from ihe_mock_async.soap.namespaces import XOP
from ihe_mock_async.soap.transfer_encoding import decode_base64, without_blanks

INCLUDE = f"{{{XOP}}}Include"
_MAX_FINDINGS = 50
"""Of one kind; a hostile message could have any number."""
_LISTED = 20
"""How many of the known Content-IDs a finding lists."""


@dataclass(frozen=True, slots=True)
class BinaryElement:
    """An element of type xs:base64Binary: one of `content_id` and `inline` is set."""

    element: etree._Element
    content_id: str | None
    """Of the attachment that it includes, percent-decoded."""
    inline: str | None
    """Its base64 text, as it stands there."""


def includes(body: etree._Element, binary_elements: Collection[str]) -> list[BinaryElement]:
    """The binary elements (Clark names) in document order.

    Raises one `SoapFault` for all xop:Include that stand elsewhere, not alone, or without cid.
    """
    elements, findings = _read(body, binary_elements)
    if findings:
        raise refusal(*findings)
    return elements


def resolve(
    body: etree._Element, binary_elements: Collection[str], content_ids: Collection[str]
) -> list[BinaryElement]:
    """As `includes`; moreover each content id must be one of `content_ids` (without brackets).

    Raises one `SoapFault` that names all that is wrong (of a hostile message, the first 50).
    """
    elements, findings = _read(body, binary_elements)
    unknown = (
        _unknown(item.element, item.content_id, content_ids)
        for item in elements
        if item.content_id is not None and item.content_id not in content_ids
    )
    findings += islice(unknown, _MAX_FINDINGS)
    if findings:
        raise refusal(*findings)
    return elements


def decode_inline(text: str) -> bytes:
    """The octets of a base64 text, which may have line breaks; raises `SoapFault` for others."""
    try:
        return decode_base64(without_blanks(text))
    except UnicodeEncodeError as error:
        raise refusal(rules.BASE64.found(received=text[:80])) from error
    except ValueError as error:
        raise refusal(rules.BASE64.found(received=str(error))) from error


def split_at_includes(
    envelope: bytes, content_ids: Collection[str]
) -> tuple[list[bytes], list[str]]:
    """The text around the xop:Includes of these content ids, and the ids as they are included.

    There is one text more than ids. For senders that put base64 in their places: the envelope is
    as lxml writes it, and may lack its end.
    """
    texts, found, begin = [], [], 0
    for include in _WRITTEN_INCLUDE.finditer(envelope):
        content_id = cid_of(include["href"].decode())
        if content_id in content_ids:
            texts.append(envelope[begin : include.start()])
            found.append(content_id)
            begin = include.end()
    return [*texts, envelope[begin:]], found


# lxml writes each `<` and `>` of a text or a value as an entity, so that this is an element.
_WRITTEN_INCLUDE = re.compile(
    rb'<(?:[\w.-]+:)?Include(?: [^<>]*)? href="(?P<href>[^"<>]*)"[^<>]*/>'
)


def _read(
    body: etree._Element, binary_elements: Collection[str]
) -> tuple[list[BinaryElement], list[Finding]]:
    elements: list[BinaryElement] = []
    findings: list[Finding] = []
    for element in body.iter(INCLUDE, *binary_elements):
        if element.tag == INCLUDE:
            found: BinaryElement | Finding | None = _misplaced(element, binary_elements)
        else:
            found = _binary_element(element)
        if isinstance(found, Finding):
            findings.append(found)
            if len(findings) == _MAX_FINDINGS:
                break
        elif found is not None:
            elements.append(found)
    return elements, findings


def _misplaced(include: etree._Element, binary_elements: Collection[str]) -> Finding | None:
    parent = include.getparent()
    if parent is not None and parent.tag in binary_elements:
        return None
    wanted = sorted({name.rpartition("}")[2] for name in binary_elements})
    return rules.INCLUDE_PLACE.found(
        f"{path_of(parent)}/Include" if parent is not None else "/Include",
        line=include.sourceline,
        received=f"xop:Include in {local_name(parent)}" if parent is not None else "xop:Include",
        expected=" or ".join(wanted) if wanted else "no xop:Include in this message",
    )


def _binary_element(element: etree._Element) -> BinaryElement | Finding:
    if len(element) == 0:
        return BinaryElement(element, None, element.text or "")
    include = element[0]
    if len(element) > 1 or include.tag != INCLUDE or _has_text(element, include):
        return rules.INCLUDE_ALONE.found(
            path_of(element), line=element.sourceline, received=_contents(element)
        )
    href = include.get("href", "").strip()
    if href[:4].lower() != "cid:" or len(href) == len("cid:"):
        return rules.INCLUDE_HREF.found(
            path_of(include) + "/@href", line=include.sourceline, received=href[:200]
        )
    return BinaryElement(element, cid_of(href), None)


def _has_text(element: etree._Element, include: etree._Element) -> bool:
    # Pretty-printed blanks around the include are tolerated: base64 ignores them, too.
    return bool((element.text or "").strip() or (include.tail or "").strip())


def _contents(element: etree._Element) -> str:
    names = [local_name(child) for child in element]
    texts = [element.text, *(child.tail for child in element)]
    return ", ".join(names + ["text"] * any(text and text.strip() for text in texts))


def _unknown(element: etree._Element, content_id: str, content_ids: Collection[str]) -> Finding:
    href = element[0].get("href", "")
    listed = ", ".join(f"<{known}>" for known in list(content_ids)[:_LISTED])
    return rules.INCLUDE_KNOWN.found(
        path_of(element) + "/Include/@href",
        line=element.sourceline,
        received=href[:200],
        expected=f"one of {listed}{_hint(href, content_id, content_ids)}"
        if content_ids
        else "a message with attachments: this one has none",
    )


def _hint(href: str, content_id: str, content_ids: Collection[str]) -> str:
    for explanation, candidate in (
        ("href must be without the angle brackets", content_id.strip("<>")),
        ("href is percent-encoded twice", cid_of(f"cid:{content_id}")),
        ("href has + for a blank; write %20", unquote_plus(href.strip()[4:])),
        ("the Content-ID header is percent-encoded; only href may be", href.strip()[4:]),
    ):
        if candidate in content_ids:
            return f" ({explanation})"
    by_case = {known.lower() for known in content_ids}
    return " (upper and lower case differ)" if content_id.lower() in by_case else ""
