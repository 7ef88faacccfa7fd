"""Run a collection of real messages against servers of our own: `python -m tests.corpus DIR XSDS`.

Twice: as a strict affinity domain (unknown patients refused), each group of cases in a namespace
of its own, and once more with the default settings.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.server_process import running

SERVED = "ITI-41,ITI-42,ITI-44,SOAP"
RUNS: tuple[tuple[dict[str, object], list[str]], ...] = (
    (
        {"unknown_patients": "reject"},
        ["--namespaces", "--assume", "validation=enforce", "--assume", "unknown_patients=reject"],
    ),
    ({}, ["--namespaces"]),
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
                "--only", SERVED, *options, *extra,
            ]  # fmt: skip
            if schemas.is_dir():
                command += ["--schemas", str(schemas)]
            worst = max(worst, subprocess.run(command, check=False).returncode)  # noqa: S603 - ours
    return worst


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
