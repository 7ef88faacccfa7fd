"""The ports that companion services have to themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ihe_mock_async.errors import AddressError
from ihe_mock_async.server import companion_ports, listener


@dataclass
class Wanted:
    service: str
    port: int
    host: str = "127.0.0.1"


@dataclass
class App:
    """What services of an application want, and what they have got."""

    listeners: Sequence[Wanted]
    told: dict[str, tuple[int, str]] = field(default_factory=dict)

    def listening(self, service: str, port: int, url: str) -> None:
        self.told[service] = (port, url)


def free_port() -> int:
    with listener.listen("127.0.0.1", 0) as bound:
        port: int = bound.getsockname()[1]
    return port


def test_each_service_gets_its_port_and_the_application_is_told() -> None:
    port = free_port()
    app = App([Wanted("ofd", port), Wanted("hello", 0)])

    with companion_ports.listening(app) as sockets:
        bound = [each.getsockname()[1] for each in sockets]

    assert bound[0] == port
    assert app.told == {
        "ofd": (port, f"http://127.0.0.1:{port}"),
        "hello": (bound[1], f"http://127.0.0.1:{bound[1]}"),
    }
    assert all(each.fileno() == -1 for each in sockets)


def test_any_port_will_do_when_it_is_asked_for() -> None:
    with listener.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        app = App([Wanted("ofd", port)])

        with companion_ports.listening(app, any_port=True) as (bound,):
            assert bound.getsockname()[1] != port


def test_a_service_that_listens_on_all_addresses_is_told_at_one_that_can_be_reached() -> None:
    app = App([Wanted("ofd", 0, "0.0.0.0")])  # noqa: S104 - what is tested

    with companion_ports.listening(app):
        port, url = app.told["ofd"]

    assert url == f"http://127.0.0.1:{port}"


def test_a_taken_port_is_refused_and_nothing_is_left_open() -> None:
    first = free_port()
    with listener.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        app = App([Wanted("hello", first), Wanted("ofd", port)])

        with (
            pytest.raises(
                AddressError,
                match=rf"^Port {port} on 127\.0\.0\.1 is in use.*choose another port for ofd in "
                r"the setting services_listen \(0 takes any free one\)\.$",
            ),
            companion_ports.listening(app),
        ):
            pytest.fail("it listens")

    with listener.listen("127.0.0.1", first):
        pass  # it is free again
