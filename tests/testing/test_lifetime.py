"""Nothing is left of a server at the end of its block, however the block ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ihe_mock_async.errors import CertificateError, SettingsError
from ihe_mock_async.server import hypercorn
from ihe_mock_async.testing import MockServer

CYCLES = 100


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


class Leftovers:
    """What there is now and was not when it was made."""

    def __init__(self, temporary: Path) -> None:
        self._temporary = temporary
        _use_once()
        self._threads = set(threading.enumerate())
        self._descriptors = psutil.Process().num_fds()
        self._listening = _listening()  # a server of the session, say

    def __call__(self) -> list[str]:
        gc.collect()  # what is not closed warns, which is an error
        process = psutil.Process()
        left = [f"thread {each.name}" for each in set(threading.enumerate()) - self._threads]
        left += [f"descriptor {process.num_fds()}"] * (process.num_fds() - self._descriptors)
        left += [f"file {path}" for path in self._temporary.iterdir()]
        left += sorted(_listening() - self._listening)
        return left


def _listening() -> set[str]:
    """Where this process listens."""
    connections = psutil.Process().net_connections(kind="tcp")
    return {f"{c.laddr}" for c in connections if c.status == psutil.CONN_LISTEN}


@pytest.fixture
def leftovers(temporary: Path) -> Leftovers:
    return Leftovers(temporary)


@pytest.fixture
async def leftovers_of_loop(temporary: Path) -> Leftovers:
    """Made when the event loop of the test is there."""
    return Leftovers(temporary)


def _use_once() -> None:
    """What is made once in a process is made before the count."""
    with MockServer() as server:
        httpx.get(server.url)
        server.requests()


def test_many_servers_leave_nothing_behind(leftovers: Leftovers) -> None:
    for _ in range(CYCLES):
        with MockServer():
            pass

    assert leftovers() == []


async def test_many_servers_in_a_loop_leave_nothing_behind(
    leftovers_of_loop: Leftovers,
) -> None:
    for _ in range(CYCLES):
        async with MockServer():
            pass

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert leftovers_of_loop() == []


def test_a_refused_start_leaves_nothing_behind(leftovers: Leftovers, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='did you mean "validation"'):
        _start(validaton="report")
    with pytest.raises(SettingsError, match="services"):
        _start(services=["no such service"])
    with pytest.raises(CertificateError, match="client CA"):
        _start(client_auth="required", client_ca_path=tmp_path / "missing.pem")

    assert leftovers() == []


def _start(**settings: Any) -> None:  # noqa: ANN401 - of all types
    with MockServer(**settings):
        pytest.fail("it has started")


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_body_that_raises_leaves_nothing_behind(
    leftovers: Leftovers, error: type[BaseException]
) -> None:
    def use() -> None:
        with MockServer(tls=True):
            raise error

    with pytest.raises(error):
        use()

    assert leftovers() == []


async def test_a_task_that_is_cancelled_leaves_nothing_behind(
    leftovers_of_loop: Leftovers,
) -> None:
    async def serve() -> None:
        async with MockServer():
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    task = asyncio.create_task(serve())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert leftovers_of_loop() == []


def test_requests_that_hang_end_with_the_server(leftovers: Leftovers) -> None:
    def send() -> None:
        with httpx.Client() as client, pytest.raises(httpx.RemoteProtocolError):
            client.post(url, content=b"<x/>", timeout=60)

    with MockServer() as server:
        server.fail_always(effect="HANG")
        url = server.url_for("ITI-44")
        sender = threading.Thread(target=send)
        sender.start()
        server.wait_for(method="POST")
    sender.join()

    assert server.last.outcome == "fault"
    assert leftovers() == []


def test_delayed_answers_do_not_hold_up_the_end(leftovers: Leftovers) -> None:
    def send() -> None:
        with httpx.Client() as client, pytest.raises(httpx.RemoteProtocolError):
            client.post(url, content=b"<x/>", timeout=60)

    with MockServer() as server:
        server.fail_always(effect="delay 60000")
        url = server.url_for("ITI-44")
        sender = threading.Thread(target=send)
        sender.start()
        server.wait_for(method="POST")
    sender.join()

    assert leftovers() == []


def test_servers_can_be_nested(leftovers: Leftovers) -> None:
    with MockServer() as outer, MockServer() as inner:
        assert outer.port != inner.port
        httpx.get(inner.url_for("ITI-44"))

        inner.assert_called(times=1)
        outer.assert_not_called()

    assert leftovers() == []


async def test_the_synchronous_form_serves_clients_of_a_running_loop(
    leftovers_of_loop: Leftovers,
) -> None:
    with MockServer() as server:
        async with httpx.AsyncClient() as client:
            reply = await client.get(f"{server.url}/health")

    assert reply.status_code == 200
    assert leftovers_of_loop() == []


def test_one_server_can_be_started_again() -> None:
    server = MockServer()
    with server:
        httpx.get(server.url_for("ITI-44"))
        assert server.call_count() == 1

    with server:
        assert server.call_count() == 0


def test_a_server_that_was_never_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="with MockServer"):
        _ = MockServer().url


def test_what_was_recorded_can_be_asked_for_after_the_end() -> None:
    with MockServer() as server:
        httpx.post(server.url_for("ITI-44"), content=b"<x/>")

    server.assert_called(times=1)
    assert server.last.body == b"<x/>"
    with pytest.raises(RuntimeError, match="has stopped"):
        server.wait_for("ITI-44")


def test_logging_is_as_before_when_it_has_stopped() -> None:
    def handlers() -> list[object]:
        names = ["", *logging.root.manager.loggerDict]
        return [each for name in names for each in logging.getLogger(name).handlers]

    before = handlers()
    with MockServer() as server:
        httpx.post(server.url_for("ITI-44"), content=b"<x/>")

    assert handlers() == before


def test_a_script_sees_nothing_on_its_console(tmp_path: Path) -> None:
    script = (
        "import urllib.request, urllib.error\n"
        "from ihe_mock_async.testing import MockServer\n"
        "with MockServer() as server:\n"
        "    try: urllib.request.urlopen(server.url_for('ITI-44'), b'<x/>')\n"
        "    except urllib.error.HTTPError as error: assert error.code == 415\n"
    )

    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unable_to_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(*_: object, **__: object) -> None:
        raise OSError("out of everything")

    monkeypatch.setattr(hypercorn, "serve", serve)


@pytest.mark.usefixtures("unable_to_serve")
async def test_a_server_that_cannot_serve_says_why_in_both_forms() -> None:
    with pytest.raises(OSError, match="out of everything"):
        _start()
    with pytest.raises(OSError, match="out of everything"):
        async with MockServer():
            pytest.fail("it has started")


def test_a_start_that_is_interrupted_leaves_nothing_behind(
    leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ihe_mock_async.testing.running.Future.result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _start()

    assert leftovers() == []
