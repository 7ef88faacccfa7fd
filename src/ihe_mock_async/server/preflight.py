"""What must be so before a server starts, so that it fails with one line instead of half-way."""

from __future__ import annotations

import os
from pathlib import Path

from ihe_mock_async.errors import OperatorError, StoreError
from ihe_mock_async.server import tls
from ihe_mock_async.settings import Settings

_PRIVATE = 0o700  # patient-like data


def check(settings: Settings, protocol: str) -> tls.TlsMaterial | None:
    """Make the directories and load the TLS material (None for `http`).

    Raises `CertificateError`, `StoreError` or another `OperatorError`.
    """
    material = None
    if protocol == "https":
        material = tls.check(
            settings.cert_path, settings.key_path, settings.client_ca_path, settings.client_auth
        )
    private_directory(settings.data_dir, "data_dir", StoreError)
    private_directory(settings.log_path.parent, "log_path")
    return material


def private_directory(
    path: Path, key: str, error_class: type[OperatorError] = OperatorError
) -> None:
    """Make the directory, closed to others, or raise naming the setting that chose it."""
    try:
        for directory in (*reversed(path.parents), path):
            if not directory.exists():
                directory.mkdir(mode=_PRIVATE, exist_ok=True)
    except OSError as error:
        raise error_class(
            f"Cannot make the directory {path} ({key}): {error.strerror}; set {key} to another."
        ) from error
    if not path.is_dir():
        raise error_class(f"{path} ({key}) is not a directory; set {key} to another.")
    if not os.access(path, os.W_OK | os.X_OK):
        raise error_class(
            f"The directory {path} ({key}) is not writable for this user; "
            f"change its owner or mode, or set {key} to another."
        )
