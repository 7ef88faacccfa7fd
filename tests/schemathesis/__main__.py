"""Try the admin API on a server of its own: `python -m tests.schemathesis [OPTION ...]`.

Schemathesis makes requests of the OpenAPI document, right and wrong ones, and looks whether the
answers are those that it promises. The options are those of `schemathesis run`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.e2e.messages import MTOM, SOAP_XML, pix_add, submission
from tests.server_process import running

CONFIG = Path(__file__).with_name("schemathesis.toml")
BOUNDS = ("--max-examples", "15", "--max-time", "90", "--request-timeout", "30", "--no-shrink")
PLAN = {"id": "slow", "match": {"transaction": "ITI-44"}, "effect": {"fault": "HANG"}}
UNREACHABLE = b"http://127.0.0.1:9/answers"
ANONYMOUS = b"http://www.w3.org/2005/08/addressing/anonymous"


def prepare(url: str) -> None:
    """Patients, a document, a delivery and a fault plan, in the default world and in another."""
    with httpx.Client(base_url=url) as client:
        for world in ("", "/ns/team"):
            later = pix_add("ST-3").replace(ANONYMOUS, UNREACHABLE)
            for path, body, headers in (
                ("/pix/add", pix_add("ST-1"), SOAP_XML),
                ("/pix/add", pix_add("ST-2"), SOAP_XML),
                ("/pix/add", later, SOAP_XML),
                ("/iti41/submit", submission("ST-1").body, MTOM),
            ):
                client.post(world + path, content=body, headers=headers).raise_for_status()
            client.post(f"{world}/__admin/faults", json=PLAN).raise_for_status()


def main(*options: str) -> int:
    """The exit status of Schemathesis, or 1 when the server had an error of its own."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        prepare(server.url)
        command = [
            "schemathesis", "--config-file", str(CONFIG), "run",
            f"{server.url}/__admin/openapi.json", *BOUNDS, *options,
        ]  # fmt: skip
        status = subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603 - ours
        return status or int("Traceback" in server.log)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
