"""What a server in a test is made with: settings by their names, time, ids, TLS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ihe_mock_async import settings
from ihe_mock_async.errors import SettingsError
from ihe_mock_async.settings import Settings

_DEFAULTS: Mapping[str, object] = {
    "host": "127.0.0.1",
    "http_port": 0,
    "https_port": 0,
    "database_url": "sqlite://",
}
"""Instead of those of `start`: loopback, any free port, nothing on disk."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to start one server."""

    tls: bool = False
    clock: datetime | None = None
    """Where its time starts, and stands still; None: the machine's."""
    seed: int | None = None
    settings: Mapping[str, object] | None = None
    """Values by key, over the defaults of tests."""

    @classmethod
    def read(
        cls,
        clock: datetime | str | None,
        seed: int | None,
        changed: Mapping[str, object],
        *,
        tls: bool,
    ) -> ServerOptions:
        """The options of what `MockServer` was called with; checked when it starts."""
        secured = tls or changed.get("client_auth", "none") != "none"
        return cls(secured, _moment(clock), seed, changed)

    def effective(self, **certificates: object) -> Settings:
        """The settings; raises `SettingsError` with one line for each that is wrong.

        `certificates` are the settings that TLS needs; what the user has set comes first.
        """
        given = {**_DEFAULTS, **certificates, **(self.settings or {})}
        return settings.made_in_code(given, "MockServer")

    @property
    def protocol(self) -> str:
        """`http` or `https`."""
        return "https" if self.tls else "http"


def _moment(clock: datetime | str | None) -> datetime | None:
    if not isinstance(clock, str):
        return clock
    try:
        return datetime.fromisoformat(clock)
    except ValueError:
        raise SettingsError(
            f'MockServer: clock is "{clock}"; allowed: a datetime, or ISO 8601 like '
            "2024-01-05T10:15:00Z"
        ) from None
