"""Certificates: made, checked before the start, and shown to the application."""

import asyncio
import contextlib
import datetime
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ihe_mock_async.errors import CertificateError, OperatorError
from ihe_mock_async.server import certificates, tls
from ihe_mock_async.server.asgi import Receive, Scope, Send
from tests.server.serving import App, connected, post, respond, serving


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("certs")
    certificates.generate(out, clients=["portal"])
    return out


@pytest.fixture
def pair(made: Path) -> tuple[Path, Path]:
    return made / "cert.pem", made / "key.pem"


def client_context(made: Path, name: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=made / "ca.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if name:
        context.load_cert_chain(made / f"client-{name}.pem", made / f"client-{name}-key.pem")
    return context


def test_the_files_are_named_and_keys_are_private(tmp_path: Path) -> None:
    out = tmp_path / "new" / "certs"
    files = certificates.generate(out, ["mock.test", "10.0.0.5"], days=7, clients=["a", "b"])

    assert sorted(path.name for path in files) == [
        "ca-key.pem", "ca.pem", "cert.pem", "client-a-key.pem", "client-a.pem",
        "client-b-key.pem", "client-b.pem", "key.pem",
    ]  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in files)
    for path in files:
        assert path.stat().st_mode & 0o777 == (0o600 if "key" in path.name else 0o644)
    certificate = x509.load_pem_x509_certificate((out / "cert.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mock.test"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5"]
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=6) < left <= datetime.timedelta(days=7)


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("precious")

    with pytest.raises(
        OperatorError, match=r"exist and are not overwritten: .*key\.pem\. Use --f"
    ):
        certificates.generate(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
    key.chmod(0o644)
    certificates.generate(tmp_path, force=True)
    assert key.read_text().startswith("-----BEGIN PRIVATE")
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"hosts": ["http://localhost"]}, "without a scheme or a port"),
        ({"hosts": [""]}, "no host name"),
        ({"clients": ["../evil"]}, "cannot name a client certificate"),
        ({"clients": ["a", "a"]}, "named twice"),
        ({"days": 0}, "give 1 to 36500"),
    ],
)
def test_names_that_cannot_be_certified_are_refused(
    tmp_path: Path, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(OperatorError, match=words):
        certificates.generate(tmp_path, **arguments)  # type: ignore[arg-type]

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(
        OperatorError, match=r"Cannot write certificates to .*file/certs: Not a dir"
    ):
        certificates.generate(tmp_path / "file" / "certs")


@pytest.mark.parametrize(
    ("name", "purpose"), [("cert", "sslserver"), ("client-portal", "sslclient")]
)
def test_openssl_verifies_strictly(made: Path, name: str, purpose: str) -> None:
    command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile"]
    done = subprocess.run(  # noqa: S603 - a fixed command
        [*command, made / "ca.pem", made / f"{name}.pem"], capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_strict_client_is_served(made: Path, pair: tuple[Path, Path], host: str) -> None:
    app = App()
    async with serving(app, tls=tls.check(*pair)) as server:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=client_context(made), server_hostname=host
        )
        writer.write(post(b"abc", b"/x", b"Connection: close"))
        answer = await reader.read()
        version = writer.get_extra_info("ssl_object").version()
        writer.close()

    assert answer.endswith(b"/x abc")
    assert app.scopes[0]["scheme"] == "https"
    assert app.scopes[0]["extensions"]["tls"]["client_cert_name"] is None
    assert version == "TLSv1.3"


async def test_the_application_sees_who_the_client_is(made: Path, pair: tuple[Path, Path]) -> None:
    app = App()
    material = tls.check(*pair, made / "ca.pem", "required")
    async with (
        serving(app, tls=material) as server,
        connected(server.port, client_context(made, "portal")) as client,
    ):
        await client.send(post(b"abc"))
        await client.response()

    shown = app.scopes[0]["extensions"]["tls"]
    assert shown["client_cert_name"] == "CN=portal,O=IHE Mock"
    assert shown["client_cert_chain"] == [(made / "client-portal.pem").read_text()]
    assert shown["tls_version"] == 0x0304


@pytest.mark.parametrize(("auth", "served"), [("required", False), ("optional", True)])
async def test_a_client_without_a_certificate(
    made: Path, pair: tuple[Path, Path], auth: str, served: bool
) -> None:
    app = App()
    async with serving(app, tls=tls.check(*pair, made / "ca.pem", auth)) as server:
        with contextlib.suppress(OSError):
            async with connected(server.port, client_context(made)) as client:
                await client.send(post(b"abc", b"/x", b"Connection: close"))
                await client.rest()

    assert bool(app.scopes) is served


async def test_a_client_of_tls_1_1_is_refused(made: Path, pair: tuple[Path, Path]) -> None:
    material = tls.check(*pair)

    assert material.context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert material.warnings == ()


@pytest.mark.parametrize(("http2", "protocol"), [(False, "http/1.1"), (True, "h2")])
async def test_http2_is_offered_only_when_asked_for(
    made: Path, pair: tuple[Path, Path], http2: bool, protocol: str
) -> None:
    context = client_context(made)
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with (
        serving(App(), tls=tls.check(*pair), http2=http2) as server,
        connected(server.port, context) as client,
    ):
        chosen = client.writer.get_extra_info("ssl_object").selected_alpn_protocol()

    assert chosen == protocol


async def test_requests_over_http2_are_hypercorn_s(made: Path, pair: tuple[Path, Path]) -> None:
    app = App()
    async with (
        serving(app, tls=tls.check(*pair), http2=True) as server,
        httpx.AsyncClient(verify=client_context(made), http2=True) as client,
    ):
        answer = await client.post(f"https://localhost:{server.port}/x", content=b"abc")

    assert (answer.http_version, answer.content) == ("HTTP/2", b"/x abc")


def one_request_then_silence(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A client that keeps its connection and does not look at it again, as pools do."""
    connection = context.wrap_socket(
        socket.create_connection(("127.0.0.1", port)), server_hostname="localhost"
    )
    connection.sendall(post(b"abc"))
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
    return connection


async def test_silent_tls_clients_do_not_hold_up_the_shutdown(
    made: Path, pair: tuple[Path, Path]
) -> None:
    async with serving(App(), tls=tls.check(*pair)) as server:
        client = await asyncio.to_thread(
            one_request_then_silence, server.port, client_context(made)
        )
        server.stop.set()
        await asyncio.wait_for(server.done, 10)
    client.close()


async def test_a_large_answer_over_tls_arrives_whole_before_the_close(
    made: Path, pair: tuple[Path, Path]
) -> None:
    class Large(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"x" * 20_000_000)

    async with (
        serving(Large(), tls=tls.check(*pair)) as server,
        connected(server.port, client_context(made)) as client,
    ):
        await client.send(post(b"abc", b"/x", b"Connection: close"))
        await asyncio.sleep(0.7)
        answer = await client.rest()

    assert len(answer) > 20_000_000


@pytest.mark.parametrize(("seconds", "status"), [(0.3, 200), (60, None)])
async def test_http2_requests_in_flight_are_drained_or_cut(
    made: Path, pair: tuple[Path, Path], seconds: float, status: int | None
) -> None:
    entered = asyncio.Event()

    class Slow(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            entered.set()
            await asyncio.sleep(seconds)
            await respond(send, b"done")

    async with (
        serving(Slow(), tls=tls.check(*pair), http2=True, drain_timeout=1) as server,
        httpx.AsyncClient(verify=client_context(made), http2=True) as client,
    ):
        url = f"https://localhost:{server.port}/x"
        exchange = asyncio.create_task(client.post(url, content=b"abc"))
        await entered.wait()
        server.stop.set()
        await asyncio.wait_for(server.done, 10)
        try:
            seen: int | None = (await exchange).status_code
        except httpx.HTTPError:
            seen = None

    assert seen == status


async def test_one_http2_connection_too_many_is_closed(
    made: Path, pair: tuple[Path, Path]
) -> None:
    async with (
        serving(App(), tls=tls.check(*pair), http2=True, connections=1) as server,
        connected(server.port, client_context(made)),
        httpx.AsyncClient(verify=client_context(made), http2=True) as client,
    ):
        with pytest.raises(httpx.HTTPError):
            await client.get(f"https://localhost:{server.port}/x")


def self_signed(
    folder: Path, *, start: int = -1, end: int = 1, names: bool = True
) -> tuple[Path, Path]:
    now = datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=start))
        .not_valid_after(now + datetime.timedelta(days=end))
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(alternative, critical=False)
    pem = serialization.Encoding.PEM
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(pem)
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


def damaged(path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "AAAA", lines[-1], ""]))


def encrypted(path: Path) -> None:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


def broken(folder: Path) -> Iterator[tuple[str, tuple[Path, Path], str]]:
    def pair_in(name: str) -> tuple[Path, Path]:
        (folder / name).mkdir()
        return self_signed(folder / name)

    cert, key = pair_in("no certificate")
    cert.unlink()
    yield "no certificate", (cert, key), r"No certificate at .*: make one with `ihe-mock-async cer"
    cert, key = pair_in("no key")
    key.unlink()
    yield "no key", (cert, key), r"No private key at .*key\.pem: make one with"
    cert, key = pair_in("a folder")
    yield "a folder", (cert.parent, key), "Cannot read the certificate .*: Is a directory"
    cert, key = pair_in("not PEM")
    cert.write_bytes(b"\x30\x82")
    yield "not PEM", (cert, key), "holds no certificate in PEM form"
    cert, key = pair_in("damaged certificate")
    damaged(cert)
    yield "damaged certificate", (cert, key), "The certificate .* is damaged"
    cert, key = pair_in("no key in file")
    yield "no key in file", (cert, cert), "holds no private key in PEM form"
    cert, key = pair_in("damaged key")
    damaged(key)
    yield "damaged key", (cert, key), "The private key .* is damaged"
    cert, key = pair_in("encrypted")
    encrypted(key)
    yield "encrypted", (cert, key), "is encrypted, and a server starts unattended"
    cert, _ = pair_in("other key")
    (folder / "another").mkdir()
    _, other = self_signed(folder / "another")
    yield "other key", (cert, other), "does not belong to the certificate"
    (folder / "expired").mkdir()
    yield "expired", self_signed(folder / "expired", start=-3, end=-1), r"expired on .* --force"
    (folder / "early").mkdir()
    yield "early", self_signed(folder / "early", start=1, end=3), "is not valid before .* clock"


def test_what_cannot_serve_is_explained_in_one_line(tmp_path: Path) -> None:
    for what, pair, words in broken(tmp_path):
        with pytest.raises(CertificateError, match=words) as caught:
            tls.check(*pair)
        assert "\n" not in str(caught.value), what


def test_a_certificate_without_subject_alternative_names_warns(tmp_path: Path) -> None:
    material = tls.check(*self_signed(tmp_path, names=False))

    assert len(material.warnings) == 1
    assert "no subjectAltName" in material.warnings[0]


def test_a_key_that_openssl_refuses_is_explained(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the point of the test
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weak")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = tmp_path / "weak.pem", tmp_path / "weak-key.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )

    with pytest.raises(CertificateError, match=r"OpenSSL refuses the certificate .*key too small"):
        tls.check(cert_path, key_path)


def test_client_authentication_needs_a_ca(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="client_auth is required, which needs client_ca_p"):
        tls.check(*pair, None, "required")
    with pytest.raises(CertificateError, match="No client CA certificate at"):
        tls.check(*pair, tmp_path / "ca.pem", "optional")
    with pytest.raises(CertificateError, match="holds no certificates in PEM form"):
        tls.check(*pair, pair[1], "optional")
