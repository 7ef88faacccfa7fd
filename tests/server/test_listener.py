"""Sockets that listen, and one line for each reason why one cannot."""

import errno
import os
import socket
from unittest import mock

import psutil
import pytest

from ihe_mock_async.errors import AddressError
from ihe_mock_async.server import listener


def port_of(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def test_port_0_is_any_free_port_and_known_before_serving() -> None:
    with listener.listen("127.0.0.1", 0) as listening:
        assert port_of(listening) > 0
        assert not listening.getblocking()
        socket.create_connection(("127.0.0.1", port_of(listening))).close()


@pytest.mark.parametrize(
    ("host", "connect_to"),
    [("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("", "127.0.0.1"), ("::1", "::1")],  # noqa: S104
)
def test_names_and_both_families_are_listened_on(host: str, connect_to: str) -> None:
    with listener.listen(host, 0) as listening:
        socket.create_connection((connect_to, port_of(listening))).close()


@pytest.mark.parametrize("connect_to", ["::1", "127.0.0.1"])
def test_the_unspecified_ipv6_address_serves_ipv4_too(connect_to: str) -> None:
    with listener.listen("::", 0) as listening:
        socket.create_connection((connect_to, port_of(listening))).close()


def test_a_port_in_use_names_who_holds_it() -> None:
    with listener.listen("127.0.0.1", 0) as listening:
        with pytest.raises(AddressError) as caught:
            listener.listen("127.0.0.1", port_of(listening))

        name = psutil.Process().name()
        assert str(caught.value) == (
            f"Port {port_of(listening)} on 127.0.0.1 is in use by {name} (pid {os.getpid()}): "
            "stop that program, or choose another port with --port (0 takes any free one)."
        )


def test_a_holder_that_psutil_may_not_see_is_left_out() -> None:
    with listener.listen("127.0.0.1", 0) as listening:
        with (
            mock.patch("psutil.net_connections", side_effect=psutil.AccessDenied),
            pytest.raises(AddressError, match=r"127\.0\.0\.1 is in use: stop"),
        ):
            listener.listen("127.0.0.1", port_of(listening))
        with (
            mock.patch("psutil.Process", side_effect=psutil.NoSuchProcess(1)),
            pytest.raises(AddressError, match=r"in use by pid \d+: stop"),
        ):
            listener.listen("127.0.0.1", port_of(listening))


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist(port: int) -> None:
    with pytest.raises(AddressError, match=f"Port {port} does not exist: choose one from 1 to"):
        listener.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300])
def test_an_unknown_host(host: str) -> None:
    with pytest.raises(AddressError, match="Unknown host"):
        listener.listen(host, 0)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(AddressError, match=r"Host 192\.0\.2\.1 is not an address of this machine"):
        listener.listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("number", "port", "words"),
    [
        (errno.EACCES, 443, r"Port 443 is privileged .*--port"),
        (errno.EACCES, 8080, "Cannot listen on 127.0.0.1 port 8080: Permission denied"),
        (errno.ENOBUFS, 8080, "Cannot listen on 127.0.0.1 port 8080: No buffer space"),
    ],
)
def test_other_refusals_of_the_system(number: int, port: int, words: str) -> None:
    error = OSError(number, os.strerror(number))
    with (
        mock.patch.object(socket.socket, "bind", side_effect=error),
        pytest.raises(AddressError, match=words),
    ):
        listener.listen("127.0.0.1", port)


def test_a_port_is_taken_again_right_after_a_restart() -> None:
    with listener.listen("127.0.0.1", 0) as first:
        port = port_of(first)
        client = socket.create_connection(("127.0.0.1", port))
        accepted = socket.socket.accept(first)[0]
    accepted.close()  # the server's side closes first and stays in TIME_WAIT
    client.close()

    listener.listen("127.0.0.1", port).close()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - compared with only
        ("", "127.0.0.1"),
        ("::", "[::1]"),
        ("fe80::1", "[fe80::1]"),
        ("mock.test", "mock.test"),
    ],
)
def test_the_host_in_a_url_can_be_connected_to(host: str, shown: str) -> None:
    assert listener.url_host(host) == shown
