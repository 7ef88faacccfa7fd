"""What kind of message a file holds, found out before any rule is applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.soap import SoapFault, SoapVersion, mtom
from ihe_mock_async.soap import content_type as media
from ihe_mock_async.soap.namespaces import WSA
from ihe_mock_async.web import body

if TYPE_CHECKING:
    from ihe_mock_async.elements import XmlLimits
    from ihe_mock_async.web.body import BodyLimits
    from ihe_mock_async.web.offline.message_file import MessageFile

_ENVELOPES = {f"{{{version.namespace}}}Envelope": version for version in SoapVersion}


@dataclass(frozen=True, slots=True)
class Recognised:
    """The XML of a message, as far as it can be read; nothing in here is a judgement."""

    content: bytes = b""
    """The envelope, or the payload of a file that has no envelope."""
    document: etree._Element | None = None
    """Root of the content; None when it is no XML."""
    payload: etree._Element | None = None
    """The child of soap:Body, or the root of a document that is no envelope."""
    action: str = ""
    """wsa:Action, blanks around it removed."""

    @property
    def root(self) -> str:
        """Clark name of the payload, or an empty text."""
        return str(self.payload.tag) if self.payload is not None else ""

    @property
    def enveloped(self) -> bool:
        """Whether there is a SOAP envelope."""
        return self.document is not None and self.document.tag in _ENVELOPES


async def recognise(
    file: MessageFile, body_limits: BodyLimits, xml_limits: XmlLimits
) -> Recognised:
    """Read the XML of a message: of MTOM the root part, and no more than that."""
    content = await _xml_of(file, body_limits.max_envelope_bytes)
    try:
        document = elements.parse(content, xml_limits)
    except elements.MalformedXmlError:
        return Recognised(content)
    version = _ENVELOPES.get(str(document.tag))
    if version is None:
        return Recognised(content, document, document)
    payload = next(document.iterfind(f"{{{version.namespace}}}Body/*"), None)
    action = document.findtext(f"{{{version.namespace}}}Header/{{{WSA}}}Action", "").strip()
    return Recognised(content, document, payload, action)


async def _xml_of(file: MessageFile, limit: int) -> bytes:
    """The XML in the body of a file, cut above the limit."""
    header = file.headers.get("content-type", "")
    if header.strip().lower().startswith(body.MULTIPART):
        return await _root_part(file, header, limit)
    content = bytearray()
    async for chunk in file.body():
        content += chunk
        if len(content) > limit:
            break
    return bytes(content)


async def _root_part(file: MessageFile, header: str, limit: int) -> bytes:
    content = bytearray()
    in_root = False
    try:
        parser = mtom.MtomParser(media.parse(header))
        async for chunk in file.body():
            for event in parser.feed(chunk):
                if isinstance(event, mtom.PartBegan):
                    in_root = event.part.is_root
                elif in_root and isinstance(event, mtom.PartData):
                    content += event.data
                elif in_root:
                    return bytes(content)
            if len(content) > limit:
                break
    except SoapFault:
        pass  # the rules tell it, with all that they have to say
    return bytes(content)
