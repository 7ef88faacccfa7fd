"""What a connection sends: few writes, back-pressure, and an end for clients that stop reading."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import sys
import termios
from collections.abc import Sequence
from typing import Final

from ihe_mock_async.server.connections import Deadline

_LOG = logging.getLogger("ihe_mock_async.server")

_JOIN_UP_TO: Final = 256 * 1024
"""Octets that are cheaper to copy than to send in two system calls."""


class Outflow:
    """Writes to one transport; a client must acknowledge something in each `timeout`."""

    def __init__(self, transport: asyncio.Transport, timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout
        self._deadline = Deadline(asyncio.get_running_loop())
        self._free = asyncio.Event()
        self._free.set()
        self._unread = 0

    @property
    def free(self) -> bool:
        """Whether the client keeps up with reading."""
        return self._free.is_set()

    def write(self, pieces: Sequence[bytes]) -> None:
        """Send octets, small ones in one write."""
        if sum(map(len, pieces)) <= _JOIN_UP_TO:
            self._transport.write(b"".join(pieces))
        else:
            for piece in pieces:
                self._transport.write(piece)

    async def drain(self) -> None:
        """Wait until the client has read enough, or is gone, or is cut off."""
        if not self._free.is_set():
            self.watch()
            await self._free.wait()
            self._deadline.clear()

    def watch(self) -> None:
        """Cut the client off when it stops reading what is still to be sent."""
        self._unread = self.in_flight()
        if self._unread:
            self._deadline.set(self._timeout, self._check)

    def pause(self) -> None:
        """The transport's buffer is full."""
        self._free.clear()

    def resume(self) -> None:
        """The transport's buffer has room again."""
        self._free.set()

    def end(self) -> None:
        """The connection is lost: nobody needs to wait any more."""
        self._deadline.cancel()
        self._free.set()

    def _check(self) -> None:
        if self.in_flight() < self._unread:
            self.watch()
        else:
            peer = self._transport.get_extra_info("peername")
            _LOG.info("Cutting off %s: it stopped reading its response", peer)
            self._transport.abort()

    def in_flight(self) -> int:
        """Octets written that the client has not acknowledged.

        The kernel's share counts, or a client that reads slowly through megabytes of socket
        buffers would look like one that does not read.
        """
        connected = self._transport.get_extra_info("socket")
        queued = bytearray(4)
        with contextlib.suppress(OSError):
            fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, queued)
        return self._transport.get_write_buffer_size() + int.from_bytes(queued, sys.byteorder)
