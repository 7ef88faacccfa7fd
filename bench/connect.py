"""Where a server listens, and HTTP connections to it; always loopback."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """A port of this machine, with the CA to trust when it speaks TLS."""

    port: int
    ca: Path | None = None

    @property
    def url(self) -> str:
        """Without trailing slash."""
        return f"{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"

    def connection(self, timeout: float = _TIMEOUT_SECONDS) -> http.client.HTTPConnection:
        """A new keep-alive connection; certificates are checked."""
        if self.ca is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = ssl.create_default_context(cafile=str(self.ca))
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=timeout, context=context
        )

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of one GET; OSError when nothing answers."""
        connection = self.connection(timeout=5.0)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
