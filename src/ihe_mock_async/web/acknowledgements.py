"""What a receiver has answered to a message that was posted to it."""

from __future__ import annotations

from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.elements import local_name
from ihe_mock_async.errors import MalformedMessageError
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.soap import SoapFault, envelope

_ACCEPTED = frozenset({"CA", "AA"})
_SHOWN = 300
"""Characters of a receiver's text that are repeated."""


def refusal(content: bytes) -> str:
    """Why an answer is no acknowledgement CA or AA (ITI TF-2: Appendix O); empty when it is."""
    try:
        payload = _payload(content)
    except (MalformedMessageError, SoapFault):
        return "the answer is not a SOAP message with an acknowledgement"
    code = payload.find(f"{clark('acknowledgement')}/{clark('typeCode')}")
    if code is None:
        return f"the answer is {local_name(payload)[:_SHOWN]} without an acknowledgement"
    seen = code.get("code", "")
    return "" if seen in _ACCEPTED else f"acknowledged with {seen[:_SHOWN] or 'no code'}"


def explanation(content: bytes) -> str:
    """The receiver's own words: reason of its fault, texts of its acknowledgement; or empty."""
    try:
        payload = _payload(content)
    except (MalformedMessageError, SoapFault):
        return ""
    texts = payload.xpath(
        "//*[local-name()='Reason']/*[local-name()='Text'] | //faultstring"
        " | //*[local-name()='acknowledgementDetail']/*[local-name()='text']"
    )
    assert isinstance(texts, list)  # noqa: S101 - narrows: the expression selects nodes
    words = " ".join(
        " ".join(text.itertext()) for text in texts if isinstance(text, etree._Element)
    )
    return " ".join(words.split())[:_SHOWN]


def _payload(content: bytes) -> etree._Element:
    return envelope.read(elements.parse(content)).payload
