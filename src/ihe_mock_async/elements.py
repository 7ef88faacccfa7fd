"""The one hardened XML parser, and access to elements that names what is missing.

What is refused follows SOAP 1.2 part 1, section 5 (no DTD) and our own limits; each refusal has
its rule, because a client that cannot be read needs the fix most.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.errors import MalformedMessageError
from ihe_mock_async.findings import Finding, Rule, Severity

MAX_TAGS = 200_000
MAX_DEPTH = 256
"""How deep elements may be nested; libxml2's own limit."""

_DECLARED_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")
_ENCODINGS = frozenset(
    {"utf-8", "utf8", "utf-16", "utf16", "utf-16le", "utf-16be", "ascii", "us-ascii"}
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A DOCTYPE stands before the root element only, after comments and processing instructions.
_PROLOG_WITH_DOCTYPE = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*<!DOCTYPE", re.DOTALL)
# The octets that little-endian and big-endian UTF-16 have in common.
_DOCTYPE_UTF16 = "<!DOCTYPE".encode("utf-16-le")[:-1]
# What XML 1.0 cannot hold, even escaped: lxml refuses such text on output.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# ---------------------------------------------------------------- rules


def _rule(rule_id: str, text: str, section: str, fix: str) -> Rule:
    return Rule(rule_id, Severity.ERROR, text, section, fix, essential=True)


_XML = "XML 1.0"
_LIMIT = "a limit of this server"

XML_PRESENT = _rule(
    "xml-present",
    "A message is an XML document; this one is empty",
    "SOAP 1.2 part 2, section 7.5",
    "Send the envelope in the body of the request, and check Content-Length.",
)
XML_SIZE = _rule(
    "xml-size",
    "The XML of a message is of moderate size",
    _LIMIT,
    "Send large documents as MTOM attachments, or raise max_envelope_bytes.",
)
XML_TAGS = _rule(
    "xml-tags", "The XML of a message has a moderate number of tags", _LIMIT, "Split the message."
)
XML_DEPTH = _rule(
    "xml-depth",
    f"Elements are nested {MAX_DEPTH} deep at most",
    _LIMIT,
    "Check for elements that are opened again instead of closed.",
)
XML_TEXT_SIZE = _rule(
    "xml-text-size",
    "A text, attribute value or name has at most 10 MB",
    _LIMIT,
    "Send the document as an MTOM attachment, or set huge_text to true.",
)
XML_ENCODING = _rule(
    "xml-encoding",
    "XML is encoded in UTF-8, UTF-16 or US-ASCII, as its declaration says",
    "XML 1.0, section 4.3.3; WS-I Basic Profile 1.1, R1012",
    'Encode the message in UTF-8, and declare encoding="UTF-8" or nothing.',
)
XML_DOCTYPE = _rule(
    "xml-doctype",
    "A SOAP message has no DOCTYPE declaration",
    "SOAP 1.2 part 1, section 5",
    "Remove the DOCTYPE and all entity declarations.",
)
XML_ENTITY = _rule(
    "xml-entity",
    "A SOAP message uses the entities lt, gt, amp, quot and apos only",
    "XML 1.0, section 4.1",
    "Write the character itself or a numeric reference such as &#160;, and & as &amp;.",
)
XML_CHARACTER = _rule(
    "xml-character",
    "XML holds no control characters besides tab, line feed and carriage return",
    "XML 1.0, section 2.2",
    "Remove the character; a reference to it such as &#1; is forbidden, too.",
)
XML_PREFIX = _rule(
    "xml-prefix",
    "Every namespace prefix is declared",
    "Namespaces in XML 1.0, section 5",
    "Declare the prefix with xmlns:PREFIX=... on the element or one above it.",
)
XML_WELL_FORMED = _rule(
    "xml-well-formed",
    "A message is XML; this one is not well-formed",
    _XML,
    "Make the message with an XML library, and send all of it.",
)

RULES: tuple[Rule, ...] = tuple(value for value in globals().values() if isinstance(value, Rule))
"""All of them, in the order of this file."""


class MalformedXmlError(MalformedMessageError):
    """A document that the parser refuses, with the rule that it breaks."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.describe())
        self.finding = finding


# ---------------------------------------------------------------- parsing


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """The gates in front of the parser; sizes in octets."""

    max_bytes: int = 64 * 1024 * 1024
    max_tags: int = MAX_TAGS
    huge_text: bool = False
    """Allow a text node above 10 MB (an inline base64 document) and depth up to 2048."""


DEFAULT_LIMITS = XmlLimits()


def parse(document: bytes, limits: XmlLimits = DEFAULT_LIMITS) -> etree._Element:
    """Read a document into its root element, comments and processing instructions left out.

    No DTD, no entities, no network, no XInclude. Raises `MalformedXmlError`, and nothing else,
    saying what is wrong, where, and what to do.
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
        raise MalformedXmlError(_explain(error)) from error
    _check_parsed(root)
    return root


def is_readable_encoding(name: str) -> bool:
    """Whether XML of this encoding is read, by the name of a declaration or a charset."""
    return name.lower() in _ENCODINGS


def _check_gates(document: bytes, limits: XmlLimits) -> None:
    """What must be known before the parser sees the document: it may be made to exhaust us."""
    if not document.strip():
        raise MalformedXmlError(XML_PRESENT.found(expected="an XML document"))
    if len(document) > limits.max_bytes:
        raise MalformedXmlError(
            XML_SIZE.found(
                received=f"{len(document)} octets", expected=f"at most {limits.max_bytes}"
            )
        )
    if document.count(b"<") > limits.max_tags:
        raise MalformedXmlError(XML_TAGS.found(expected=f"at most {limits.max_tags} tags"))
    _check_encoding(document)
    if _has_doctype(document):
        raise MalformedXmlError(XML_DOCTYPE.found())


def _check_encoding(document: bytes) -> None:
    # In UTF-32 the gates behind this one are blind; no text in UTF-16 starts like it.
    if b"\0\0" in document[:4]:
        raise MalformedXmlError(XML_ENCODING.found(received="UTF-32", expected="UTF-8"))
    if document[:1] == b"<" and document[1:2].isalpha():
        return  # it begins with its root element, so it is UTF-8
    declaration = document.removeprefix(_BYTE_ORDER_MARK)[: document.find(b">") + 1]
    declared = _DECLARED_ENCODING.match(declaration)
    if declared is not None:
        _check_encoding_name(declared[1].decode("latin-1"))


def _check_encoding_name(name: str) -> None:
    if not is_readable_encoding(name):
        raise MalformedXmlError(
            XML_ENCODING.found("the XML declaration", received=name, expected="UTF-8")
        )


def _has_doctype(document: bytes) -> bool:
    # In CDATA sections and comments it is only text; in UTF-16 that is not worth telling apart.
    if _DOCTYPE_UTF16 in document:
        return True
    if b"<!DOCTYPE" not in document:
        return False
    start = document.removeprefix(_BYTE_ORDER_MARK)
    return _PROLOG_WITH_DOCTYPE.match(start) is not None


def _check_parsed(root: etree._Element) -> None:
    """What the gates have to find; asked again, because the parser knows for sure."""
    info = root.getroottree().docinfo
    _check_encoding_name(info.encoding or "utf-8")
    if info.doctype:
        raise MalformedXmlError(XML_DOCTYPE.found())


# What the parser appends: advice for programmers, and the place, which a finding has apart.
_TAIL = re.compile(r"(?:, (?:try|use) XML_PARSE_HUGE(?: option)?)?\s*, line \d+, column \d+\Z")
_ERRORS = etree.ErrorTypes
_RULES_BY_ERROR: dict[int, Rule] = {
    _ERRORS.NS_ERR_UNDEFINED_NAMESPACE: XML_PREFIX,
    _ERRORS.ERR_UNSUPPORTED_ENCODING: XML_ENCODING,
    _ERRORS.ERR_INVALID_ENCODING: XML_ENCODING,
    _ERRORS.ERR_UNDECLARED_ENTITY: XML_ENTITY,
    _ERRORS.ERR_INVALID_CHAR: XML_CHARACTER,
    _ERRORS.ERR_NAME_TOO_LONG: XML_TEXT_SIZE,
    _ERRORS.ERR_RESOURCE_LIMIT: XML_TEXT_SIZE,
}


def _explain(error: etree.XMLSyntaxError) -> Finding:
    message = _TAIL.sub("", error.msg or "").strip()
    rule = _RULES_BY_ERROR.get(error.code, XML_WELL_FORMED)
    if rule is XML_TEXT_SIZE and "depth" in message:
        rule = XML_DEPTH
    elif message.endswith("too big found"):  # comments and the like, without a code of its own
        rule = XML_TEXT_SIZE
    line, column = error.position
    return rule.found(f"column {column}" if column else "", line=line, received=message)


def sanitise(text: str) -> str:
    """The text with every character that XML cannot hold replaced by U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _FORBIDDEN.sub("\ufffd", text)


# ---------------------------------------------------------------- elements


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
