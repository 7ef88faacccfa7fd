"""One request at a mocked endpoint over ASGI: remembered, answered, and the answer sent.

The seam for everything that is mocked: SOAP endpoints and companion services differ in the
function `Answering` that they bring. That one understands the request, may have a fault strike
(`web.faulting`), and says in `Response.manner` how the response goes out; `serve` does the rest:
the entry in the journal from receipt to the last octet, both bodies in it, and the sending.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ihe_mock_async.web import asgi, recording, sending
from ihe_mock_async.web.asgi import MAX_DRAINED, Client, RequestBody
from ihe_mock_async.web.http import ClientGoneError, Request, Response
from ihe_mock_async.web.sending import Sending

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.web.asgi import Receive, Scope, Send
    from ihe_mock_async.web.services import Services

logger = logging.getLogger("ihe_mock_async.web")

Answering = Callable[[Request, "Entry"], Awaitable[Response]]
"""Makes the response to a request and fills its entry.

Counts it in `services.request_count` if it came to something that is mocked, and tells
`recording.understood` when more is known of it. Raises `ClientGoneError` when the client left, and
nothing else.
"""


async def serve(  # noqa: PLR0913 - an ASGI application's three, and what is ours
    scope: Scope,
    receive: Receive,
    send: Send,
    services: Services,
    answer: Answering,
    *,
    namespace: str = "",
) -> None:
    """Answer one request of a world."""
    body = RequestBody(receive, services.journal.new_body())
    client = Client(scope, receive, send, body)
    request = asgi.request(scope, client, namespace)
    try:
        with recording.exchange(request, services) as entry:
            body.entry = entry
            try:
                response = await answer(request, entry)
                recording.answered(entry, services)
                await _send(response, client, entry, services)
            finally:
                await body.close()
    except ClientGoneError:
        logger.info("client %s went away in the middle of its request", request.client)
        client.close()  # it may have closed its own side only


async def _send(response: Response, client: Client, entry: Entry, services: Services) -> None:
    """Send the response, and note how far that went."""
    record = services.journal.new_body()
    date = services.clock.http_date() if services.is_reproducible else b""
    try:
        if not client.body.ended and _announces_no_body(entry):
            await client.body.drain(MAX_DRAINED)
        await sending.send(Sending(response, client, entry, record, date))
    except ClientGoneError:
        recording.note_unsent(entry, recording.GONE_IN_ANSWER)
        logger.info("client %s went away in the middle of its answer", entry.client)
    except BaseException:
        recording.note_unsent(entry, recording.BROKEN_OFF)
        raise
    finally:
        response.close()
        entry.response_body = await asgi.finished(record)


def _announces_no_body(entry: Entry) -> bool:
    """Whether its end is there at once (RFC 9112, 6.3), so that the connection can stay open."""
    fields = {name.lower(): value for name, value in entry.headers}
    return b"transfer-encoding" not in fields and fields.get(b"content-length", b"0") == b"0"
