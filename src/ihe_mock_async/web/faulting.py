"""Faults on demand, as far as they need no SOAP: picked, waited for, and made into a response.

For every mocked endpoint. Its `Answering` calls `pick` once, when the request is understood or
found wanting; then `hold_back`; then it answers with `replacement`, or with its own response
`in_manner`; and says `note` when the answer was not the application's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ihe_mock_async.faults.effects import ConnectionFault
from ihe_mock_async.faults.picker import HEADER, Picked
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.web.http import ClientGoneError, Manner, Response

if TYPE_CHECKING:
    from ihe_mock_async.faults.effects import Effect, Http
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.web.http import Request
    from ihe_mock_async.web.services import Services

NonSense = Callable[[int], bytes]
"""Makes so many octets without a meaning."""

_GARBAGE = 64
"""Octets of garbage."""
_NO_ASCII = 0x80
"""Set in each octet of garbage: no status line and no size of a chunk begins like that."""


def pick(
    request: Request, entry: Entry, services: Services, *, refused: bool = False
) -> Picked | None:
    """The fault that a request meets: the one that its header asks for, else that of a plan.

    `refused`: no application will get the request.
    Nothing is awaited, so that picking and counting are one step. Raises `UnknownEffectError`.
    """
    asked = request.headers.get(HEADER)
    if asked is not None:
        return services.faults.requested(asked, entry)
    return services.faults.pick(entry, services.clock.now(), refused=refused)


async def hold_back(request: Request, picked: Picked) -> None:
    """Wait as long as the effect says; raises `ClientGoneError` when the client does not."""
    await wait(request, picked.delay)


async def wait(request: Request, seconds: float) -> None:
    """Let time pass; raises `ClientGoneError` when the client leaves before."""
    if seconds <= 0:
        return
    leaving = asyncio.ensure_future(request.gone())
    try:
        await asyncio.wait({leaving}, timeout=seconds)
    finally:
        left = leaving.done()
        leaving.cancel()
        await asyncio.wait({leaving})  # or two would read the request
    if left:
        raise ClientGoneError


def replacement(picked: Picked, nonsense: NonSense) -> Response | None:
    """The response in the place of an answer; None: the effect leaves an answer, or makes one."""
    effect = picked.effect
    if effect.fault is not None and effect.fault is not ConnectionFault.TRUNCATE:
        garbage = bytes(octet | _NO_ASCII for octet in nonsense(_GARBAGE))
        return Response(200, b"", manner=Manner(effect.fault, garbage))
    if effect.http is not None:
        return in_manner(_http(effect.http), picked)
    if effect.quota is not None:
        seconds = picked.retry_after
        text = f"Too many requests. Send it again in {seconds} s.\n"
        headers = {"Content-Type": "text/plain; charset=utf-8", "Retry-After": str(seconds)}
        return in_manner(Response(effect.quota.status, text.encode(), headers), picked)
    return None


def _http(http: Http) -> Response:
    headers = dict(http.headers)
    if http.body and "content-type" not in map(str.lower, headers):
        headers["Content-Type"] = "text/plain; charset=utf-8"
    return Response(http.status, http.body.encode(), headers)


def in_manner(response: Response, picked: Picked) -> Response:
    """The response, truncated or in pieces over a time if the effect says so."""
    effect = picked.effect
    if effect.fault is ConnectionFault.TRUNCATE:
        return replace(response, manner=Manner(ConnectionFault.TRUNCATE))
    dribble = effect.delay.chunked_dribble_delay if effect.delay is not None else None
    if dribble is None:
        return response
    seconds = dribble.total_duration / 1000
    return replace(response, manner=Manner(chunks=dribble.number_of_chunks, seconds=seconds))


def note(effect: Effect, entry: Entry, *, stored: str = "") -> None:
    """The answer is not the application's; `stored` sums up what was stored all the same."""
    entry.outcome = Outcome.FAULT
    entry.summary = f"{stored}, stored; then {effect.name}" if stored else effect.name
