"""The namespaces and well-known URIs of the SOAP family (ITI TF-2: V.2.4)."""

from __future__ import annotations

from typing import Final

SOAP12: Final = "http://www.w3.org/2003/05/soap-envelope"
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
WSA: Final = "http://www.w3.org/2005/08/addressing"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
XML: Final = "http://www.w3.org/XML/1998/namespace"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
XDR: Final = "urn:ihe:iti:xdr:2014"
XCPD: Final = "urn:ihe:iti:xcpd:2009"

ANONYMOUS: Final = f"{WSA}/anonymous"
"""The address that means: answer on this connection."""
NONE: Final = f"{WSA}/none"
"""The address that means: send nothing."""
WSA_FAULT: Final = f"{WSA}/fault"
"""wsa:Action of the faults that WS-Addressing defines."""
SOAP_FAULT: Final = f"{WSA}/soap/fault"
"""wsa:Action of the faults that SOAP defines."""

OTHER_WSA_VERSIONS: Final = frozenset(
    {
        "http://schemas.xmlsoap.org/ws/2003/03/addressing",
        "http://schemas.xmlsoap.org/ws/2004/03/addressing",
        "http://schemas.xmlsoap.org/ws/2004/08/addressing",
        "http://www.w3.org/2004/12/addressing",
        "http://www.w3.org/2005/02/addressing",
        "http://www.w3.org/2005/03/addressing",
    }
)
"""Drafts of WS-Addressing that old toolkits still send."""
