"""One HTTP/1.1 connection: octets in and out, deadlines, half-close and connection faults.

h11 reads and writes the messages (RFC 9112); `request_cycle` is what the application sees of
one of them. Nothing is read ahead of the application beyond a bounded buffer.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import h11

from ihe_mock_async.server import plain_http, refusals
from ihe_mock_async.server.asgi import AsgiApp
from ihe_mock_async.server.connections import Connections, Deadline
from ihe_mock_async.server.outflow import Outflow
from ihe_mock_async.server.peer import Peer
from ihe_mock_async.server.refusals import Refusal
from ihe_mock_async.server.request_cycle import RequestCycle

_LOG = logging.getLogger("ihe_mock_async.server")

_MIN_PROGRESS: Final = 1024
"""Octets of a body that are worth another `read_timeout`."""
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_LINGER: Final = 10.0
"""Seconds in which a client that we refuse may finish sending and read why."""
_FAREWELL: Final = 0.5
"""Seconds for a client to end its side of TLS, too."""
_DRAINING_PATIENCE: Final = 1.0
"""Seconds for the first request of a connection that was accepted just before the shutdown."""
_BETWEEN_MESSAGES: Final = frozenset({h11.IDLE, h11.DONE, h11.MUST_CLOSE, h11.CLOSED})


class Http11Connection(asyncio.Protocol):
    """Serves the requests of one client, one after the other, until either side closes."""

    def __init__(
        self, app: AsgiApp, connections: Connections, state: Mapping[str, Any] | None = None
    ) -> None:
        self.app = app
        self.state = state or {}
        """The application's lifespan state, copied into each scope."""
        self.http = h11.Connection(h11.SERVER, connections.limits.header_bytes)
        self.peer: Peer
        self.peer_finished = asyncio.Event()
        """Set when the client has closed its side, or is gone."""
        self.outflow: Outflow
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._limits = connections.limits
        self._connections = connections
        self._cycle: RequestCycle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun = False  # some of a request has come
        self._held = b""  # an everyday request whose body is not complete
        self._untold: bytes | None = None  # the request in flight, if h11 has not seen it
        self._received = 0
        self._buffered = 0
        self._progress = 0
        self._patience = self._limits.read_timeout
        self._reading_deadline = Deadline(self._loop)
        self._closing = False
        self._ignoring = False
        self._lost = asyncio.Event()

    async def run(self, transport: asyncio.WriteTransport, early: bytes) -> None:
        """Serve on a connected transport; returns when it is closed and the tasks are done.

        `early` are octets that were already read from it.
        """
        if not isinstance(transport, asyncio.Transport) or transport.is_closing():
            return
        self._transport = transport
        self.outflow = Outflow(transport, self._limits.send_timeout)
        self.peer = Peer.of(transport)
        transport.set_protocol(self)
        transport.resume_reading()
        admitted = self._connections.admit(self)
        try:
            if not admitted:
                self.refuse(refusals.too_many_connections(self._limits))
            elif early:
                self.data_received(early)
            else:
                self._await_request()
            await self._lost.wait()
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            self.cut()
            self._connections.remove(self)

    # What asyncio calls

    def data_received(self, data: bytes) -> None:
        """Take octets from the client."""
        if self._closing or self._ignoring:
            # Read only so that a reset does not overtake our last answer, or to see the end.
            return
        self._received += len(data)
        if self._cycle is None and (self._held or not self._begun):
            self._read_plainly(self._held + data)
            return
        self._tell_h11()
        self._feed_h11(data)

    def eof_received(self) -> bool:
        """Keep a half-closed connection while there is something left to answer."""
        self.peer_finished.set()
        if self._held:
            self._release_held()
        if self._closing or self._cycle is None or self.peer.tls is not None:
            return False  # TLS as asyncio speaks it knows no half-close
        self._tell_h11()
        self.http.receive_data(b"")
        self._cycle.readable.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed on both sides, or reset."""
        self._closing = True
        self._reading_deadline.cancel()
        self.outflow.end()
        self.peer_finished.set()
        self._lost.set()
        if self._cycle is not None:
            self._cycle.disconnect()

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self.outflow.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.outflow.resume()

    # What the drain calls

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the drain begins."""
        return self._connections.stopping

    @property
    def draining(self) -> bool:
        """Whether the next response is the last one."""
        return self._connections.draining

    def drain(self) -> None:
        """Close when idle, else after the response in flight."""
        if self._cycle is None and not self._begun:
            self.close()

    def cut(self) -> None:
        """Cancel the application and close without a word."""
        for task in self._tasks:
            task.cancel()
        # asyncio cannot abort what it has closed by itself when the last octets were out.
        if not self._lost.is_set():
            self._transport.abort()

    # What a request cycle calls

    def invite_body(self) -> None:
        """Send `100 Continue` to a client that waits for it (RFC 9110, 10.1.1)."""
        if self.http.they_are_waiting_for_100_continue:
            invitation = h11.InformationalResponse(status_code=100, headers=[])
            self.write([self.http.send(invitation) or b""])

    def next_body_event(self) -> object:
        """The body's next `h11.Data` or `h11.EndOfMessage`; anything else is neither yet."""
        try:
            event = self.http.next_event()
        except h11.RemoteProtocolError as error:
            self._malformed(error)
            return None
        if isinstance(event, h11.Data):
            self._buffered -= len(event.data)
        elif event is h11.NEED_DATA:
            self._buffered = 0
            self._transport.resume_reading()
        return event

    async def more_data(self, readable: asyncio.Event) -> None:
        """Wait until the client has sent more; the deadline runs only meanwhile."""
        if self._received - self._progress >= _MIN_PROGRESS:
            self._progress = self._received
            self._patience = self._limits.read_timeout
        begun = self._loop.time()
        self._reading_deadline.set(self._patience, self._too_slow)
        try:
            await readable.wait()
        finally:
            self._reading_deadline.clear()
            self._patience -= self._loop.time() - begun

    @property
    def plain(self) -> bool:
        """Whether the request in flight may be answered without h11."""
        return self._untold is not None

    def encode(self, events: Sequence[h11.Event]) -> list[bytes]:
        """The octets of response events, in pieces."""
        self._tell_h11()
        send = self.http.send_with_data_passthrough
        return [octets for event in events for octets in send(event) or ()]

    def write(self, pieces: Sequence[bytes]) -> None:
        """Send octets, unless the connection is being closed."""
        if not self._closing:
            self.outflow.write(pieces)

    def skip_body(self) -> bool:
        """Drop what came of a body that nobody reads; False when the client is still sending."""
        while self._untold is None and self.http.their_state is h11.SEND_BODY:
            if not isinstance(self.next_body_event(), h11.Data | h11.EndOfMessage):
                return False
        return True

    def response_sent(self) -> None:
        """Go on with the next request, or close."""
        if self._untold is not None:  # h11 is still where the request began
            self._untold = None
            self._cycle = None
            self._await_request()
            return
        http = self.http
        self.skip_body()
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE or self.draining:
            self.close()
            return
        http.start_next_cycle()
        rest, ended = http.trailing_data
        self._buffered = len(rest)
        if rest and not rest.strip(b"\r\n"):
            # Old clients send an empty line after a body (RFC 9112, 2.2); h11 does not skip it.
            self.http = h11.Connection(h11.SERVER, self._limits.header_bytes)
            if ended:
                self.http.receive_data(b"")
        self._cycle = None
        self._transport.resume_reading()
        self._next_request()

    def refuse(self, refusal: Refusal) -> None:
        """Answer in plain text, if no answer has begun, and close."""
        cycle = self._cycle
        _LOG.info("Answering %s: %d %s", self.peer.client, refusal.status, refusal.text)
        if self.http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            bodiless = cycle is not None and cycle.bodiless
            self.write(self.encode(refusal.events(bodiless=bodiless)))
        if cycle is not None:
            cycle.disconnect()
        self.close(all_read=cycle is not None and self._all_read())

    def close(self, *, all_read: bool | None = None) -> None:
        """Send what is written, then end the connection in order."""
        if self._closing:
            return
        self._closing = True
        transport = self._transport
        if transport.is_closing():  # asyncio ends TLS itself when the client does
            self._reading_deadline.set(_FAREWELL, transport.abort)
            return
        if self._all_read() if all_read is None else all_read:
            self._reading_deadline.clear()
            transport.close()
            if self.peer.tls is not None:
                self._reading_deadline.set(_FAREWELL, self._end_tls)
        else:
            # Closing with unread input resets the connection, and the reset can overtake the
            # answer: end our side, and read on until the client has ended its own.
            self._reading_deadline.set(_LINGER, transport.abort)
            if transport.can_write_eof():
                transport.write_eof()
            transport.resume_reading()
        if transport.get_write_buffer_size():
            self.outflow.watch()

    def _end_tls(self) -> None:
        # asyncio waits 30 s for the close_notify of the client, and many never send one.
        if self.outflow.in_flight():
            self._reading_deadline.set(_FAREWELL, self._end_tls)
        else:
            self._transport.abort()

    def ignore_input(self) -> None:
        """Throw away what the client sends from now on."""
        self._ignoring = True
        self._transport.resume_reading()

    def reset(self) -> None:
        """Close with a RST."""
        if self._lost.is_set():
            return
        self._closing = True
        # SO_LINGER with a time of 0 makes the kernel send RST instead of FIN.
        connected = self._transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    # Inside

    def _await_request(self) -> None:
        if self._begun:
            self._reading_deadline.set(self._limits.read_timeout, self._too_slow)
        else:
            seconds = _DRAINING_PATIENCE if self.draining else self._limits.keep_alive
            self._reading_deadline.set(seconds, self.close)

    def _read_plainly(self, data: bytes) -> None:
        self._held = b""
        request = plain_http.read_request(data)
        if isinstance(request, plain_http.PlainRequest):
            self._untold = request.octets
            self._start(RequestCycle(self, request.head, request.body))
        elif request is plain_http.Reading.UNFINISHED:
            self._held = data
            if not self._begun or self._received - self._progress >= _MIN_PROGRESS:
                self._begun = True
                self._progress = self._received
                self._await_request()
        else:
            self._feed_h11(data.lstrip(b"\r\n") if not self._begun else data)

    def _release_held(self) -> None:
        held, self._held = self._held, b""
        self._feed_h11(held)

    def _tell_h11(self) -> None:
        """Bring h11 to where we are: the request in flight is read, its answer not begun."""
        if self._untold is None:
            return
        octets, self._untold = self._untold, None
        self.http.receive_data(octets)
        while self.http.their_state is not h11.DONE:
            self.http.next_event()

    def _feed_h11(self, data: bytes) -> None:
        if not data:
            return
        self._buffered += len(data)
        self.http.receive_data(data)
        if self._cycle is None:
            self._next_request()
            return
        self._cycle.readable.set()
        if self._buffered >= self._limits.body_buffer:
            self._transport.pause_reading()

    def _next_request(self) -> None:
        try:
            event = self.http.next_event()
        except h11.RemoteProtocolError as error:
            self._malformed(error)
            return
        if isinstance(event, h11.Request):
            if self._header_size(event) > self._limits.header_bytes:
                self.refuse(refusals.header_too_large(self._limits))
                return
            # A 2xx would have no body, and end HTTP on the connection (RFC 9110, 9.3.6).
            if event.method == b"CONNECT":
                self.refuse(refusals.NO_PROXY)
                return
            self._start(RequestCycle(self, _head(event)))
        elif event is h11.NEED_DATA:
            begun = bool(self.http.trailing_data[0])
            if not (begun and self._begun):  # the deadline is for the whole header block
                self._begun = begun
                self._await_request()
        else:
            self.close()

    def _start(self, cycle: RequestCycle) -> None:
        self._begun = False
        self._reading_deadline.clear()
        self._progress = self._received
        self._patience = self._limits.read_timeout
        self._cycle = cycle
        task = self._loop.create_task(cycle.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _header_size(self, request: h11.Request) -> int:
        if self._buffered <= self._limits.header_bytes:
            return 0  # it cannot be larger than all that came
        return len(request.target) + sum(len(n) + len(v) + 4 for n, v in request.headers)

    def _malformed(self, error: h11.RemoteProtocolError) -> None:
        if self._closing:  # h11 says it again each time that it is asked
            return
        self.refuse(refusals.malformed(error, self.http.trailing_data[0], self._limits))

    def _too_slow(self) -> None:
        if self._held:  # the application hears of it, too
            self._release_held()
        self.refuse(refusals.TOO_SLOW)

    def _all_read(self) -> bool:
        if self.peer_finished.is_set():
            return True
        if self.http.their_state not in _BETWEEN_MESSAGES:
            return False
        # Without half-close, as in TLS, requests behind this one would put off the end.
        return not (self._transport.can_write_eof() and self.http.trailing_data[0])


def _head(request: h11.Request) -> plain_http.RequestHead:
    return plain_http.RequestHead(
        request.method, request.target, request.http_version, list(request.headers)
    )
