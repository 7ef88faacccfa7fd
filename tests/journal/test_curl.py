"""A request as a curl command; the commands are run against a server."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ihe_mock_async.journal.body import BodyNotKeptError, RecordedBody
from ihe_mock_async.journal.curl import MAX_INLINE, command
from ihe_mock_async.journal.entry import Entry

NOW = datetime(2024, 1, 5, tzinfo=UTC)
BODY_URL = "http://h:1/__admin/requests/1/body"
BINARY = bytes(range(256)) * 1000
TEXTS = [
    '<Envelope>it\'s $HOME, "quoted", `date` and Müller\n\t!</Envelope>\n',
    "@/etc/passwd",
    "--next -K x",
]


@dataclass
class Sink:
    """A server that remembers the last request, and has one body to give."""

    requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    body: bytes = b""
    port: int = 0


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def handle_request(self) -> None:
            if self.path == "/__admin/requests/1/body":
                self._answer(sink.body)
                return
            length = int(self.headers.get("Content-Length", 0))
            seen = (self.command, self.path, self.headers.items(), self.rfile.read(length))
            sink.requests.append(seen)
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_request  # noqa: N815 - http.server

        def log_message(self, *arguments: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield sink
        server.shutdown()
        thread.join()


def request(host: str = "h:1", **fields: object) -> Entry:
    headers = fields.pop("headers", ())
    entry = Entry(1, NOW, "/x", headers=((b"host", host.encode()), *headers))  # type: ignore[misc]
    for name, value in fields.items():
        setattr(entry, name, value)
    return entry


def run(sink: Sink, entry: Entry) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """The request that the server gets from the command."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here to run the command with")
    sink.body = entry.request_body.read()
    url = f"http://127.0.0.1:{sink.port}/__admin/requests/1/body"
    line = command(entry, url)
    subprocess.run(["/bin/sh", "-c", line], check=True, timeout=30, capture_output=True)  # noqa: S603
    (seen,) = sink.requests
    return seen


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_body_comes_back_as_it_was(sink: Sink, text: str) -> None:
    entry = request(
        f"127.0.0.1:{sink.port}",
        target="/a/../b?x=%20&y={1,2}[3]",
        headers=(
            (b"Content-Type", b'application/soap+xml; action="urn:x"'),
            (b"X-Tag", b"it's"),
            (b"X-Tag", b"twice"),
            (b"X-Empty", b""),
            (b"Transfer-Encoding", b"chunked"),
            (b"Connection", b"keep-alive"),
        ),
        request_body=RecordedBody.of(text.encode()),
    )

    method, path, headers, body = run(sink, entry)

    assert (method, path, body) == ("POST", "/a/../b?x=%20&y={1,2}[3]", text.encode())
    assert sorted(headers) == [
        ("Content-Length", str(len(text.encode()))),
        ("Content-Type", 'application/soap+xml; action="urn:x"'),
        ("Host", f"127.0.0.1:{sink.port}"),
        ("X-Empty", ""),
        ("X-Tag", "it's"),
        ("X-Tag", "twice"),
    ]


@pytest.mark.parametrize(
    "body", [BINARY, b"x" * (MAX_INLINE + 1), b"M\xfcller", b"a\0b", b"a\r\nb"]
)
def test_what_is_no_short_text_is_piped_from_the_admin_api(sink: Sink, body: bytes) -> None:
    entry = request(f"127.0.0.1:{sink.port}", request_body=RecordedBody.of(body))

    assert len(command(entry, BODY_URL)) < 500
    assert run(sink, entry)[3] == body


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT"])
def test_a_request_without_body_keeps_its_method(sink: Sink, method: str) -> None:
    entry = request(f"127.0.0.1:{sink.port}", method=method, target="/x?wsdl")

    seen = run(sink, entry)

    assert seen[:2] == (method, "/x?wsdl")
    assert seen[3] == b""


def test_a_get_with_a_body_stays_a_get(sink: Sink) -> None:
    body = RecordedBody.of(b"{}")
    entry = request(f"127.0.0.1:{sink.port}", method="GET", request_body=body)

    assert run(sink, entry)[0::3] == ("GET", b"{}")


def test_what_gives_access_is_masked() -> None:
    line = command(request(headers=((b"Authorization", b"Bearer SECRET"),)), BODY_URL)

    assert "SECRET" not in line
    assert "-H 'Authorization: ***'" in line


def test_a_body_that_is_not_kept_whole_cannot_be_sent_again() -> None:
    entry = request(request_body=RecordedBody(b"12", None, 2, 9))

    with pytest.raises(BodyNotKeptError, match="Of the 9 octets"):
        command(entry, BODY_URL)


def test_a_command_that_needs_the_admin_token_takes_it_out_of_the_environment() -> None:
    entry = request(request_body=RecordedBody.of(BINARY))

    line = command(entry, BODY_URL, needs_token=True)

    header = '-H "Authorization: Bearer $MOCK_SERVER_ADMIN_TOKEN"'
    assert line.startswith(f"curl -sSf {BODY_URL} {header} | curl ")


def test_with_redact_the_command_tells_nothing_of_the_patient() -> None:
    entry = request(target="/x?name=NORA", request_body=RecordedBody.of(b"<name>NORA</name>"))

    line = command(entry, BODY_URL, redact=True)

    assert "NORA" not in line
    assert line.startswith(f"curl -sSf {BODY_URL} | curl ")
