"""`send` against a real server, over HTTP and over mutual TLS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.client.examples import EXAMPLES, Example
from tests.server_process import ServerProcess, running

pytestmark = pytest.mark.integration


def send(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "ihe_mock_async", "send", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("send-tls")
    subprocess.run(
        [sys.executable, "-m", "ihe_mock_async", "certs", "--client", "me"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    settings = {"client_auth": "required", "client_ca_path": "certs/ca.pem"}
    with running(folder, "--https", settings=settings) as server:
        yield server


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.transaction} {e.name}")
def test_every_example_is_accepted_out_of_the_box(server: ServerProcess, example: Example) -> None:
    done = send(server.folder, example.transaction, "--example", example.name, "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    *_, last = json.loads(done.stdout)
    assert (last["transaction"], last["name"]) == example.key
    assert last["url"].startswith(server.url)


def test_a_document_comes_back_as_it_was(server: ServerProcess, tmp_path: Path) -> None:
    letter = tmp_path / "letter.bin"
    letter.write_bytes(bytes(range(256)) * 1000 + b"\r\n--MIMEBoundary")
    patient = "SEND-1^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO"

    provided = send(server.folder, "ITI-41", "--document", str(letter), "--patient", patient)
    found = send(
        server.folder, "ITI-18", "--query", "FindDocuments", "--patient", patient, "--json"
    )
    (entry,) = [
        line for line in json.loads(found.stdout)[0]["found"] if line.startswith("Extrinsic")
    ]
    unique_id = entry.split("  ")[3]
    received = tmp_path / "received"
    got = send(server.folder, "ITI-43", "--id", unique_id, "--save", str(received))

    assert provided.returncode == 0, provided.stdout + provided.stderr
    assert got.returncode == 0, got.stdout + got.stderr
    assert [path.read_bytes() for path in received.iterdir()] == [letter.read_bytes()]


def test_mutual_tls_needs_the_certificate(tls_server: ServerProcess) -> None:
    folder = tls_server.folder
    mine = ("--cert", "certs/client-me.pem", "--key", "certs/client-me-key.pem")

    with_it = send(folder, "ITI-44", "--example", *mine)
    elsewhere = send(
        folder, "ITI-44", "--example", *mine, "--url", f"{tls_server.url}/pix/add", "--insecure"
    )
    without = send(folder, "ITI-44", "--example")

    assert with_it.returncode == 0, with_it.stderr
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert without.returncode == 2
    assert without.stdout == ""
    assert without.stderr.startswith("Error: ")


def test_a_certificate_that_is_not_trusted_is_told(
    tls_server: ServerProcess, tmp_path: Path
) -> None:
    done = send(tmp_path, "ITI-44", "--example", "--url", tls_server.url)

    assert done.returncode == 2
    assert "--cacert" in done.stderr
    assert "--insecure" in done.stderr
