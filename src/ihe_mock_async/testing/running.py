"""A server that runs in this process: in an event loop of its own thread, or in the caller's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from ihe_mock_async.testing.site import Site

if TYPE_CHECKING:
    from ihe_mock_async.testing.options import ServerOptions

T = TypeVar("T")


class Running(Protocol):
    """A site that is served."""

    site: Site

    def call(self, function: Callable[[], T]) -> T:
        """What the function returns in the thread of the server's event loop."""
        ...


class InThread:
    """Serves a site in a thread with an event loop of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._ready: Future[None] = Future()
        self._stop = asyncio.Event()
        self._is_told_to_stop = False
        self._failure: BaseException | None = None
        """What has ended it after it was ready."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="ihe-mock-server", daemon=True)

    @classmethod
    def start(cls, options: ServerOptions) -> Self:
        """Return when requests are answered; raises what keeps it from that."""
        site = Site(options)
        running = cls(site)
        try:
            running._thread.start()
            running._ready.result()
        except BaseException:
            running.stop()
            raise
        return running

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that started this one
            if self._ready.done():
                self._failure = error
            else:
                self._ready.set_exception(error)
        finally:
            self._loop = None

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._is_told_to_stop:  # before there was a loop to tell
            self._stop.set()
        await self.site.serve(self._stop, lambda: self._ready.set_result(None))

    def call(self, function: Callable[[], T]) -> T:
        """What the function returns in the loop's thread; after the end, in this one."""
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function())
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                result.set_exception(error)

        if self._at_loop(run):
            return result.result()
        return function()

    def wait(self, awaited: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns in the loop; who is interrupted, cancels it."""
        loop = self._loop
        if loop is None:
            awaited.close()
            raise RuntimeError("The server has stopped: nothing can come any more.")
        future = asyncio.run_coroutine_threadsafe(awaited, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _at_loop(self, function: Callable[[], object]) -> bool:
        """Have the loop call it; False when there is none (any more)."""
        loop = self._loop
        if loop is None or threading.current_thread() is self._thread:
            return False
        with suppress(RuntimeError):  # closed meanwhile
            loop.call_soon_threadsafe(function)
            return True
        return False

    def stop(self) -> None:
        """Return when nothing is left of it, or raise what it failed by; may be called again."""
        self._is_told_to_stop = True
        try:
            self._at_loop(self._stop.set)
            if self._thread.ident is not None:
                self._thread.join()
        finally:
            self.site.close()
        if self._failure is not None:
            raise self._failure


class InLoop:
    """Serves a site in the running event loop."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._stop = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, options: ServerOptions) -> Self:
        """Return when requests are answered; raises what keeps it from that."""
        running = cls(Site(options))
        try:
            await running._begin()
        except BaseException:
            await running.stop()
            raise
        return running

    async def _begin(self) -> None:
        self._task = asyncio.create_task(self.site.serve(self._stop, self._ready.set))
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait([self._task, ready], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._task.done():
            self._task.result()

    def call(self, function: Callable[[], T]) -> T:
        """What the function returns: the caller is in the loop's thread."""
        return function()

    async def stop(self) -> None:
        """Return when nothing is left of it; may be called again."""
        self._stop.set()
        try:
            if self._task is not None:
                await _finished(self._task)
                self._task.result()
        finally:
            self.site.close()


async def _finished(task: asyncio.Task[None]) -> None:
    """Wait for a task, also when the one that waits is cancelled: that is raised at the end."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
            task.cancel()
    if cancelled:
        raise asyncio.CancelledError
