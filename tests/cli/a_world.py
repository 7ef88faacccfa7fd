"""A world of a server that several tests share, and commands that ask about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from click.testing import Result

from tests.e2e.messages import SOAP_XML, pix_add
from tests.server_process import ServerProcess

Run = Callable[..., Result]


@dataclass(frozen=True)
class World:
    """One world; what is left of it does not matter to the next test."""

    server: ServerProcess
    name: str
    run: Run

    def command(self, *words: str, stdin: bytes | None = None) -> Result:
        """Run a command about this world."""
        options = ("--config", "config.json", "--namespace", self.name)
        return self.run(*words, *options, stdin=stdin)

    def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever it is
        """The JSON that a command prints."""
        result = self.command(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    def feed(self, extension: str = "P-1") -> httpx.Response:
        """Feed a patient (ITI-44)."""
        url = f"{self.server.url}/ns/{self.name}/pix/add"
        return httpx.post(url, content=pix_add(extension), headers=SOAP_XML)

    def post(self, path: str, content: bytes) -> httpx.Response:
        """Send octets anywhere."""
        return httpx.post(f"{self.server.url}/ns/{self.name}{path}", content=content)
