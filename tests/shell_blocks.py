"""Shell blocks of a page, pasted into a shell; the server that they talk to is another one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

DOCUMENTED = "http://localhost:8080"
"""The server's URL on every page."""
_LIMIT = 100.0


def paste(
    text: str, folder: Path, url: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a block with bash in a folder, at another server; stderr is in its stdout.

    It ends with the first command that fails.
    """
    return subprocess.run(  # noqa: S603 - the words of a page of ours
        ["/bin/bash", "-euo", "pipefail", "-c", text.replace(DOCUMENTED, url)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
