"""The one hardened XML parser, and access to elements that names what is missing."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.errors import MalformedMessageError

MAX_TAGS = 200_000
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_ALLOWED_ENCODINGS = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii"})
# What XML 1.0 cannot hold, even escaped: lxml refuses such text on output.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """The gates in front of the parser; sizes in octets."""

    max_bytes: int = 64 * 1024 * 1024
    max_tags: int = MAX_TAGS
    huge_text: bool = False
    """Allow a text node above 10 MB (an inline base64 document) and depth above 256."""


DEFAULT_LIMITS = XmlLimits()


def parse(document: bytes, limits: XmlLimits = DEFAULT_LIMITS) -> etree._Element:
    """Read a document into its root element, comments and processing instructions left out.

    No DTD, no entities, no network, no XInclude. Raises `MalformedMessageError` saying what is
    wrong, with line and column, and what to do.
    """
    _check_gates(document, limits)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=limits.huge_text,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedMessageError(_explain(error)) from error
    except ValueError as error:
        raise MalformedMessageError(f"The XML document cannot be read: {error}.") from error
    if root.getroottree().docinfo.doctype:  # a DOCTYPE in UTF-16 hides from the octet gate
        raise MalformedMessageError(_NO_DOCTYPE)
    return root


_NO_DOCTYPE = (
    "The document has a DOCTYPE declaration; SOAP messages must not have one "
    "(SOAP 1.2 part 1, section 5). Remove the DOCTYPE and all entity declarations."
)


def _check_gates(document: bytes, limits: XmlLimits) -> None:
    if not document.strip():
        raise MalformedMessageError("The document is empty; expected an XML document.")
    if len(document) > limits.max_bytes:
        raise MalformedMessageError(
            f"The XML document has {len(document)} octets, more than the {limits.max_bytes} "
            "allowed. Send large documents as MTOM attachments, or raise max_envelope_bytes."
        )
    if document.count(b"<") > limits.max_tags:
        raise MalformedMessageError(
            f"The XML document has more than {limits.max_tags} tags; split the message."
        )
    _check_encoding(document)
    if b"<!DOCTYPE" in document:
        raise MalformedMessageError(_NO_DOCTYPE)


def _check_encoding(document: bytes) -> None:
    declared = _ENCODING.match(document[:200])
    if declared is None:
        return
    name = declared[1].decode("ascii")
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = name
    if known not in _ALLOWED_ENCODINGS:
        raise MalformedMessageError(
            f"The XML declaration names the encoding {name!r}; only UTF-8, UTF-16 and ASCII are "
            "read. Send UTF-8."
        )


def _explain(error: etree.XMLSyntaxError) -> str:
    message = (error.msg or "not well-formed").rstrip(".")
    text = f"The document is not well-formed XML: {message}."
    if "Huge input" in message or "xmlSAX2Characters" in message or "huge text node" in message:
        text += (
            " A text of more than 10 MB: send the document as an MTOM attachment, or set"
            " huge_text to true."
        )
    elif "Excessive depth" in message or "depth" in message:
        text += " Elements may be nested 256 deep."
    elif "Namespace prefix" in message or "namespace" in message.lower():
        text += " Declare the prefix with xmlns:PREFIX=... on the element or one above it."
    return text


def sanitise(text: str) -> str:
    """The text with every character that XML cannot hold replaced by U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace_of(element: etree._Element) -> str:
    """The element's namespace, or an empty text."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag[0] == "{" else ""


def path_of(element: etree._Element, *, below: etree._Element | None = None) -> str:
    """XPath of an element without prefixes, as HL7 acknowledgements print it.

    Starts at `below` (inclusive) or at the document's root; a position is given where siblings
    share the name: `/PRPA_IN201301UV02/controlActProcess/subject[2]`.
    """
    steps: list[str] = []
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        steps.append(_step(node, parent))
        if node is below:
            break
        node = parent
    return "/" + "/".join(reversed(steps))


def _step(node: etree._Element, parent: etree._Element | None) -> str:
    name = local_name(node)
    if parent is None:
        return name
    alike = [child for child in parent if child.tag == node.tag]
    return f"{name}[{alike.index(node) + 1}]" if len(alike) > 1 else name
