"""Packing an envelope into an HTTP response: simple SOAP or MTOM, as the request came (V.8.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ihe_mock_async.soap import SoapVersion, mtom
from ihe_mock_async.web import body
from ihe_mock_async.web.http import Request, Response


@dataclass(slots=True)
class Framing:
    """How the answer is packed: as the request was (ITI TF-2: V.8.1)."""

    version: SoapVersion = SoapVersion.V1_2
    mtom: bool = False
    message_id: str = ""
    """wsa:MessageID of the request."""


def assumed_framing(request: Request) -> Framing:
    """What the Content-Type promises: all that is known while the message cannot be read."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    version = SoapVersion.V1_1 if media_type == "text/xml" else SoapVersion.V1_2
    return Framing(version, mtom=media_type == body.MULTIPART)


def pack(status: int, payload: bytes, action: str, framing: Framing) -> Response:
    """The HTTP response of an envelope; a SOAP 1.1 answer is never MTOM."""
    if not framing.mtom or framing.version is SoapVersion.V1_1:
        return Response(status, payload, {"Content-Type": framing.version.content_type})
    writer = mtom.MtomWriter(
        _boundary(payload), payload, action=action, root_id="root.message@ihe-mock-async.localhost"
    )
    return Response(status, writer.single(), {"Content-Type": writer.content_type})


def _boundary(payload: bytes) -> str:
    """A boundary that the payload cannot hold, and that the same payload gets again."""
    return f"MIMEBoundary-{hashlib.sha256(payload).hexdigest()[:32]}"
