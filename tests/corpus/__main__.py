"""Run a collection of real messages against servers of our own: `python -m tests.corpus DIR XSDS`.

As a strict affinity domain (unknown patients refused) and with the default settings; each with
every group of cases in a namespace of its own, and with all of them in one world.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.server_process import running

_REJECTING: dict[str, object] = {"unknown_patients": "reject"}
_ASSUMED = ["--assume", "validation=enforce", "--assume", "unknown_patients=reject"]
RUNS: tuple[tuple[dict[str, object], list[str]], ...] = (
    (_REJECTING, [*_ASSUMED, "--namespaces"]),
    (_REJECTING, _ASSUMED),
    ({}, ["--namespaces"]),
    ({}, []),
)


def main(cases: Path, schemas: Path, *extra: str) -> int:
    """The worst exit status of the runs."""
    worst = 0
    for settings, options in RUNS:
        with (
            tempfile.TemporaryDirectory() as folder,
            running(Path(folder), settings=settings) as server,
        ):
            command = [
                sys.executable, str(cases / "run_corpus.py"), "--base-url", server.url,
                *options, *extra,
            ]  # fmt: skip
            if schemas.is_dir():
                command += ["--schemas", str(schemas)]
            worst = max(worst, subprocess.run(command, check=False).returncode)  # noqa: S603 - ours
    return worst


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
