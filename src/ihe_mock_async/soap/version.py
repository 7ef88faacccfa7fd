"""The two versions of SOAP, and what differs between them (ITI TF-2: V.3.2)."""

from __future__ import annotations

from enum import Enum

from ihe_mock_async.soap.namespaces import SOAP11, SOAP12


class SoapVersion(Enum):
    """A version of SOAP.

    `namespace` is that of its envelope, `media_type` and `content_type` are those of a message
    that is not MTOM, `must_understand` and `role` are the Clark names of header attributes.
    """

    V1_1 = (SOAP11, "text/xml", "actor")
    V1_2 = (SOAP12, "application/soap+xml", "role")

    def __init__(self, namespace: str, media_type: str, role: str) -> None:
        self.namespace = namespace
        self.media_type = media_type
        self.content_type = f"{media_type}; charset=utf-8"
        self.must_understand = f"{{{namespace}}}mustUnderstand"
        self.role = f"{{{namespace}}}{role}"
