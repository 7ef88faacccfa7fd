"""Certificates of one server in a test: a CA of its own, made when TLS is asked for."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ihe_mock_async.server import certificates

_CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Trust:
    """A CA, a server certificate and a client certificate in a temporary folder."""

    _folder: tempfile.TemporaryDirectory[str]

    @classmethod
    def make(cls) -> Self:
        """Make all of them; `close` removes the files."""
        folder = tempfile.TemporaryDirectory(prefix="ihe-mock-tls-")
        try:
            certificates.generate(Path(folder.name), clients=[_CLIENT])
        except BaseException:
            folder.cleanup()
            raise
        return cls(folder)

    @property
    def ca_path(self) -> Path:
        """The CA that both certificates are signed by, PEM."""
        return Path(self._folder.name, "ca.pem")

    @property
    def cert_path(self) -> Path:
        """The server's certificate, PEM."""
        return Path(self._folder.name, "cert.pem")

    @property
    def key_path(self) -> Path:
        """Its key, PEM."""
        return Path(self._folder.name, "key.pem")

    @property
    def client_cert(self) -> tuple[Path, Path]:
        """Certificate and key of a client, PEM."""
        folder = Path(self._folder.name)
        return folder / f"client-{_CLIENT}.pem", folder / f"client-{_CLIENT}-key.pem"

    def client_context(self, *, with_certificate: bool) -> ssl.SSLContext:
        """What a client connects with: it trusts the CA and no other."""
        context = ssl.create_default_context(cafile=self.ca_path)
        if with_certificate:
            context.load_cert_chain(*self.client_cert)
        return context

    def close(self) -> None:
        """Remove the files; may be called again."""
        self._folder.cleanup()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the files."""
        self.close()
