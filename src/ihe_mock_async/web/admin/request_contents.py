"""`/__admin/requests/{id}/...`: the octets of a request, of its parts and of its response.

They are downloads: a browser neither shows nor runs what a client has sent. With `redact` they
are the envelope with patient data masked.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import Response, request

from ihe_mock_async.journal import curl, parts
from ihe_mock_async.journal.body import BodyNotKeptError
from ihe_mock_async.journal.parts import NoSuchPartError
from ihe_mock_async.journal.redaction import redact_body
from ihe_mock_async.web.admin import recorded
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.journaled import IN_PATH, ONE, Journaled
from ihe_mock_async.web.admin.problems import PROBLEM, Problem
from ihe_mock_async.web.admin.requests import ABSENT, OFF
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.journal.body import RecordedBody
    from ihe_mock_async.journal.entry import Entry, RawHeaders

_GONE = Reply("The request, or its octets, are not kept any more.", media_type=PROBLEM)
_ANY = "*/*"
_TEXT = "text/plain; charset=utf-8"


class RequestContentRoutes:
    """The routes of octets."""

    def __init__(self, journaled: Journaled) -> None:
        self._journaled = journaled

    def operations(self) -> Iterator[Operation]:
        """What can be had of the octets of a request."""
        yield Operation(
            "GET",
            f"{ONE}/body",
            self.body,
            "Download the body of a request",
            _replies(Reply("Its octets, with its Content-Type.", media_type=_ANY)),
            path_parameters=IN_PATH,
            description=f"Of a body that is not kept as a whole the beginning, and "
            f"{recorded.SIZE_HEADER} has the number of its octets.",
        )
        yield Operation(
            "GET",
            f"{ONE}/response",
            self.response,
            "Download the body of a response",
            _replies(Reply("Its octets, with its Content-Type.", media_type=_ANY)),
            path_parameters=IN_PATH,
            description="Also 404: no response was sent (yet).",
        )
        yield Operation(
            "GET",
            f"{ONE}/parts/<int(min=0, max=1000000):part>",
            self.part,
            "Download a MIME part of a request",
            _replies(Reply("Its content, transfer encoding undone.", media_type=_ANY)),
            path_parameters={**IN_PATH, "part": "0: the SOAP envelope; from 1 on: attachments."},
        )
        yield Operation(
            "GET",
            f"{ONE}/curl",
            self.curl,
            "Show a request as a curl command",
            _replies(Reply("The command.", media_type="text/plain")),
            path_parameters=IN_PATH,
        )

    async def body(self, number: int, namespace: str) -> Response:
        """The body of the request."""
        entry = self._journaled.one(namespace, number)
        return await self._download(
            entry.request_body, entry.headers, entry.request_envelope, f"request-{number}"
        )

    async def response(self, number: int, namespace: str) -> Response:
        """The body of the response."""
        entry = self._journaled.one(namespace, number)
        if not entry.status:
            raise Problem(
                HTTPStatus.NOT_FOUND, f"Request {number} got no HTTP response{_why(entry)}."
            )
        return await self._download(
            entry.response_body,
            entry.response_headers,
            entry.response_envelope,
            f"response-{number}",
        )

    async def part(self, number: int, part: int, namespace: str) -> Response:
        """A MIME part of the request."""
        entry = self._journaled.one(namespace, number)
        redact = self._journaled.redact
        try:
            media_type, octets = await in_thread(lambda: parts.part(entry, part, redact=redact))
        except NoSuchPartError as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
        except BodyNotKeptError as error:
            raise Problem(HTTPStatus.GONE, str(error)) from error
        return recorded.as_download(
            Response(octets), recorded.sayable(media_type), f"request-{number}-part-{part}"
        )

    async def curl(self, number: int, namespace: str) -> Response:
        """The request as a command."""
        entry = self._journaled.one(namespace, number)
        body_url = f"{request.host_url.rstrip('/')}{request.path.removesuffix('curl')}body"
        try:
            command = curl.command(
                entry,
                body_url,
                redact=self._journaled.redact,
                needs_token="Authorization" in request.headers,
            )
        except BodyNotKeptError as error:
            raise Problem(HTTPStatus.GONE, str(error)) from error
        return Response(f"{command}\n", content_type=_TEXT)

    async def _download(
        self, body: RecordedBody, headers: RawHeaders, envelope: bytes, name: str
    ) -> Response:
        if not self._journaled.redact:
            return await recorded.download(body, headers, name)
        media_type, octets = await in_thread(lambda: redact_body(envelope))
        return recorded.as_download(Response(octets), media_type, name)


def _replies(found: Reply) -> dict[int, Reply]:
    return {200: found, 404: ABSENT, 409: OFF, 410: _GONE}


def _why(entry: Entry) -> str:
    if not entry.completed:
        return " yet"
    return f": it met the fault {entry.fault.effect}" if entry.fault else ": its client was gone"
