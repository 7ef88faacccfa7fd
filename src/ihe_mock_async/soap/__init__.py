"""SOAP 1.1 and 1.2, WS-Addressing, MTOM and XOP: octets to messages and back, without I/O."""

from ihe_mock_async.soap.addressing import Addressing
from ihe_mock_async.soap.content_type import ContentType
from ihe_mock_async.soap.envelope import SoapMessage
from ihe_mock_async.soap.fault import FaultCode, SoapFault
from ihe_mock_async.soap.mtom import MtomLimits, MtomParser, MtomWriter
from ihe_mock_async.soap.rules import RULES
from ihe_mock_async.soap.version import SoapVersion

__all__ = [
    "RULES",
    "Addressing",
    "ContentType",
    "FaultCode",
    "MtomLimits",
    "MtomParser",
    "MtomWriter",
    "SoapFault",
    "SoapMessage",
    "SoapVersion",
]
