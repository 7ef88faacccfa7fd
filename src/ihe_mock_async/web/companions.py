"""Companion services on this server: where they are, and what they remember in each world.

A service without `listen` answers at its paths on the server's own port, one with `listen` on a
port of its own; each is below `/services/{name}` on the server's port, too. Everywhere
`/ns/{namespace}` in front of the path leads to another world.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ihe_mock_async.errors import ServicesError
from ihe_mock_async.web.endpoints import NAMESPACE_NAME
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from ihe_mock_async.services.companion import Companion
    from ihe_mock_async.services.state import ServiceState
    from ihe_mock_async.settings import Settings
    from ihe_mock_async.web.asgi import Scope

PREFIX = "/services"
_IN_NAMESPACE = re.compile(rf"/ns/(?P<name>{NAMESPACE_NAME.pattern})(?P<rest>/.*)", re.DOTALL)
_BELOW_PREFIX = re.compile(rf"{PREFIX}/(?P<name>[^/]+)(?P<rest>/.*)?", re.DOTALL)

Load = Callable[[], Sequence["Companion"]]
"""Reads the declarations; raises `ServicesError`."""


@dataclass(frozen=True, slots=True)
class CompanionPlace:
    """Where a request knocked."""

    service: Companion
    namespace: str
    path: str
    """Within the service."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that a service wants to itself."""

    service: str
    host: str
    port: int
    """0: any free one."""


class Companions:
    """The companion services of one server; used in the event loop's thread only."""

    def __init__(self, load: Load) -> None:
        """Load them; raises `ServicesError`."""
        self._load = load
        self.problems: Sequence[str] = ()
        """Why the last reload has changed nothing, a line each."""
        self._services = {service.name: service for service in load()}
        self._ports: dict[int, str] = {}
        self._urls: dict[str, str] = {}
        self._states: dict[str, dict[str, ServiceState]] = {}

    def __iter__(self) -> Iterator[Companion]:
        """In the order of the setting."""
        return iter(self._services.values())

    def find(self, name: str) -> Companion | None:
        """The service of that name."""
        return self._services.get(name)

    async def reload(self) -> None:
        """Read the declarations again: all of them, or `ServicesError` and nothing changes.

        What the services remember stays, and so do the ports that they have.
        """
        try:
            loaded = await in_thread(self._load)
        except ServicesError as error:
            self.problems = str(error).splitlines()
            raise
        self._services = {service.name: service for service in loaded}
        self.problems = ()

    # ------------------------------------------------ listeners

    @property
    def listeners(self) -> list[Listener]:
        """The ports that the services want."""
        return [Listener(s.name, *s.listen) for s in self if s.listen is not None]

    def listening(self, service: str, port: int, url: str) -> None:
        """The service has got a port: what comes there is for it."""
        self._ports[port] = service
        self._urls[service] = url

    def url_of(self, service: str) -> str | None:
        """Where the service listens by itself; None: nowhere."""
        return self._urls.get(service)

    def described(self) -> list[tuple[str, str]]:
        """Address and description of each service, for people."""
        return [
            (
                self.url_of(each.name) or f"{PREFIX}/{each.name}",
                f"companion service {each.name}"
                + (f": {each.description}" if each.description else ""),
            )
            for each in self
        ]

    # ------------------------------------------------ places

    def find_listener(self, scope: Scope) -> CompanionPlace | None:
        """The service whose own port a request came by."""
        if not self._ports:
            return None
        name = self._ports.get((scope.get("server") or ("", 0))[1] or 0)
        service = self._services.get(name) if name is not None else None
        if service is None:
            return None
        namespace, path = _in_world(scope["path"])
        return CompanionPlace(service, namespace, path)

    def find_path(self, path: str) -> CompanionPlace | None:
        """The service at a path of the server's own port."""
        if not self._services:
            return None
        namespace, rest = _in_world(path)
        if found := _BELOW_PREFIX.fullmatch(rest):
            service = self._services.get(found["name"])
            return CompanionPlace(service, namespace, found["rest"] or "/") if service else None
        from ihe_mock_async.services.request import ServiceRequest  # noqa: PLC0415 - as in `load`

        asked = ServiceRequest("", rest)
        for service in self:
            if self.url_of(service.name) is None and service.has_path(asked):
                return CompanionPlace(service, namespace, rest)
        return None

    # ------------------------------------------------ what they remember

    def state(self, namespace: str, service: str) -> ServiceState:
        """What a service remembers in a world."""
        from ihe_mock_async.services.state import ServiceState  # noqa: PLC0415 - as in `load`

        world = self._states.setdefault(namespace, {})
        return world.setdefault(service, ServiceState())

    def forget(self, namespace: str) -> None:
        """Nothing is remembered in a world any more."""
        for state in self._states.pop(namespace, {}).values():
            state.clear()  # exchanges under way hold it


def _in_world(path: str) -> tuple[str, str]:
    found = _IN_NAMESPACE.fullmatch(path)
    return (found["name"], found["rest"]) if found else ("", path)


def load(settings: Settings) -> Sequence[Companion]:
    """The services that are enabled; raises `ServicesError`."""
    if not settings.services and not settings.services_listen:
        return ()
    # YAML, which most servers do not need.
    from ihe_mock_async.services import loading  # noqa: PLC0415

    return loading.load(settings.services, settings.services_dir, settings.services_listen)
