"""Who is measured: bare Hypercorn (the yardstick), this server, and WireMock's static stub."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from bench import messages
from bench.harness import RESULTS, BenchmarkError, Contestant, Unavailable, environment

COMMAND = str(Path(sys.executable).parent / "ihe-mock-async")
WIREMOCK_VERSION = "3.13.2"
_NPM_SECONDS = 120


def bare_hypercorn(*, tls: bool = False, workers: int = 1) -> Contestant:
    """Stock Hypercorn, no access log; with `workers=0` it serves in its first process."""

    def command(port: int) -> Sequence[str]:
        bind = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
        if tls:
            bind += ["--certfile", "certs/cert.pem", "--keyfile", "certs/key.pem"]
        return [sys.executable, "-m", "hypercorn", *bind, "bench.bare_hypercorn:app"]

    name = "bare Hypercorn" + (" (no worker process)" if workers == 0 else "")
    return Contestant(name, command, "/", prepare=make_certificates if tls else _nothing, tls=tls)


def ihe_mock_async(*, tls: bool = False, journal: bool = True) -> Contestant:
    """The server of this repository, as it comes: all rules, the store on disk, the log files.

    Without `journal` it remembers no request.
    """

    def command(port: int) -> Sequence[str]:
        protocol = "--https" if tls else "--http"
        return [COMMAND, "start", protocol, "--host", "127.0.0.1", "--port", str(port)]

    return Contestant(
        "ihe-mock-async" + ("" if journal else ", no journal"),
        command,
        "/health",
        prepare=make_certificates if tls else _nothing,
        tls=tls,
        echoes=True,
        environment={} if journal else {"MOCK_SERVER_JOURNAL_MAX_ENTRIES": "0"},
    )


def wiremock(*, journal: bool = True) -> Contestant:
    """WireMock with one static stub for the PIX Add; without `journal` it remembers nothing.

    Raises `Unavailable` where Java is missing, or npm to fetch it with.
    """
    java = shutil.which("java")
    if java is None:
        raise Unavailable("no java on the PATH")
    jar = _wiremock_jar()

    def command(port: int) -> Sequence[str]:
        options = ["--bind-address", "127.0.0.1", "--port", str(port), "--disable-banner"]
        if not journal:
            options.append("--no-request-journal")
        return [java, "-jar", str(jar), "--root-dir", ".", *options]

    name = "WireMock static stub" + ("" if journal else ", --no-request-journal")
    return Contestant(name, command, "/__admin/health", prepare=_write_stub)


def _nothing(_folder: Path) -> None:
    """No files needed."""


def make_certificates(folder: Path) -> None:
    """A CA and a server certificate below `certs/`, where the settings expect them."""
    made = subprocess.run(
        [COMMAND, "certs", "--out", "certs"],
        cwd=folder,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if made.returncode:
        raise BenchmarkError(f"`ihe-mock-async certs` failed: {made.stderr.strip()}")


def _write_stub(folder: Path) -> None:
    stub = {
        "request": {"method": "POST", "urlPath": messages.PIX_ADD_PATH},
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/soap+xml; charset=utf-8"},
            "body": messages.CONSTANT_ACKNOWLEDGEMENT.decode(),
        },
    }
    mappings = folder / "mappings"
    mappings.mkdir()
    (mappings / "pix_add.json").write_text(json.dumps(stub))


def _wiremock_jar() -> Path:
    """The stand-alone jar that the npm package `wiremock` ships, fetched once."""
    cache = RESULTS / "cache"
    jar = cache / f"wiremock-standalone-{WIREMOCK_VERSION}.jar"
    if not jar.is_file():
        _fetch(jar, cache)
    return jar


def _fetch(jar: Path, cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("no npm on the PATH to fetch it with")
    cache.mkdir(parents=True, exist_ok=True)
    pack = [npm, "pack", "--silent", f"wiremock@{WIREMOCK_VERSION}"]
    try:
        subprocess.run(pack, cwd=cache, check=True, capture_output=True, timeout=_NPM_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unavailable("npm cannot fetch the package `wiremock`") from error
    with tarfile.open(cache / f"wiremock-{WIREMOCK_VERSION}.tgz") as package:
        member = package.extractfile(f"package/build/{jar.name}")
        if member is None:
            raise Unavailable(f"the npm package `wiremock` holds no {jar.name}")
        jar.write_bytes(member.read())
