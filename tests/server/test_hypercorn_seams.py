"""Hypercorn's private seams: if one of these fails, read `server/hypercorn.py` again."""

import asyncio
import inspect

import hypercorn.asyncio.run
import hypercorn.config
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer

import ihe_mock_async.server.hypercorn as ours
from tests.server.serving import App, connected, post, serving


def test_worker_serve_takes_sockets_and_a_shutdown_trigger() -> None:
    parameters = inspect.signature(hypercorn.asyncio.run.worker_serve).parameters

    assert list(parameters) == ["app", "config", "sockets", "shutdown_trigger"]


def test_worker_serve_looks_tcp_server_up_in_its_module() -> None:
    source = inspect.getsource(hypercorn.asyncio.run.worker_serve)

    assert "await TCPServer(app, loop, config, context, lifespan_state, reader, writer)" in source
    assert "config.create_ssl_context()" in source
    assert "ssl_handshake_timeout=ssl_handshake_timeout" in source


def test_tcp_server_is_awaited_through_run_and_keeps_its_streams() -> None:
    parameters = inspect.signature(TCPServer.__init__).parameters

    assert list(parameters) == [
        "self", "app", "loop", "config", "context", "state", "reader", "writer",
    ]  # fmt: skip
    assert "self.run().__await__()" in inspect.getsource(TCPServer.__await__)
    assert inspect.iscoroutinefunction(TCPServer.run)
    assert list(inspect.signature(TCPServer.protocol_send).parameters) == ["self", "event"]
    assert "isinstance(event, Updated)" in inspect.getsource(TCPServer.protocol_send)


def test_the_configuration_that_we_override_exists() -> None:
    config = hypercorn.config.Config

    assert isinstance(config.ssl_enabled, property)
    assert list(inspect.signature(config.create_ssl_context).parameters) == ["self"]
    for name in (
        "alpn_protocols",
        "backlog",
        "errorlog",
        "graceful_timeout",
        "h2_max_header_list_size",
        "include_server_header",
        "keep_alive_timeout",
        "ssl_handshake_timeout",
    ):
        assert hasattr(config, name), name


async def test_the_replacement_serves_our_connections() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        await client.response()

        assert hypercorn.asyncio.run.TCPServer is ours._TcpServer  # type: ignore[attr-defined]


async def test_another_user_of_hypercorn_in_the_process_is_left_alone() -> None:
    async with serving(App()):
        pass  # installs the replacement
    stop = asyncio.Event()
    config = hypercorn.config.Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    sockets = config.create_sockets()
    sockets.insecure_sockets[0].listen()
    port = sockets.insecure_sockets[0].getsockname()[1]
    theirs = asyncio.create_task(
        hypercorn.asyncio.run.worker_serve(
            ASGIWrapper(App()),  # type: ignore[arg-type] # its messages are typed
            config,
            sockets=sockets,
            shutdown_trigger=stop.wait,
        )
    )
    async with connected(port) as client:
        await client.send(post(b"abc", b"/x", b"Connection: close"))
        answer = await client.rest()
    stop.set()
    await theirs

    assert b"server: hypercorn-h11" in answer
