"""What is started, and what is known when it answers; light, for the command that only asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ihe_mock_async.server.pid_file import Running
from ihe_mock_async.settings import Settings


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started."""

    settings: Settings
    protocol: str
    """`http` or `https`."""
    config_file: Path | None = None
    clock: datetime | None = None
    """A time that stands still, instead of the machine's."""
    seed: int | None = None
    """Makes ids reproducible, instead of random."""
    console: bool = True
    """Whether the log is shown on stderr, too."""

    @property
    def port(self) -> int:
        """The port of the protocol; 0 is any free one."""
        if self.protocol == "https":
            return self.settings.https_port
        return self.settings.http_port


@dataclass(frozen=True, slots=True)
class Ready:
    """A server that answers from now on."""

    running: Running
    endpoints: tuple[tuple[str, str], ...]
    """Path and description of each."""
    log_path: Path
    warnings: tuple[str, ...] = ()
    """What does not keep it from serving, but will surprise; a line each."""
