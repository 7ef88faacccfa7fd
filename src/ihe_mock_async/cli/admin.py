"""What commands share that ask the running server's admin API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ihe_mock_async.cli import options

if TYPE_CHECKING:
    from ihe_mock_async.server.admin_client import AdminClient

_Command = TypeVar("_Command", bound=Callable[..., Any])
_TRANSACTION = re.compile(r"(?:ITI-?)?(\d+)", re.IGNORECASE)
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", re.IGNORECASE)


def namespace(command: _Command) -> _Command:
    """`--namespace NAME`, as `namespace`."""
    return click.option(
        "--namespace", metavar="NAME", default="", help="World to ask about.  [default: the one "
        "without a name]",
    )(command)  # fmt: skip


def client(config_file: Path | None) -> AdminClient:
    """The server that runs with these settings; raises `DaemonError` when none does."""
    from ihe_mock_async.server import admin_client  # noqa: PLC0415 - psutil, ssl

    return admin_client.find(options.load_settings(config_file).settings)


def send(  # noqa: PLR0913 - what a request has, by name
    config_file: Path | None,
    method: str,
    path: str,
    body: object,
    *,
    namespace: str,
    patience: float = 0.0,
) -> Any:  # noqa: ANN401 - whatever the JSON is
    """Ask with a document that the options made; one that the server refuses is wrong usage."""
    from ihe_mock_async.server.admin_client import WrongRequestError  # noqa: PLC0415 - psutil, ssl

    try:
        return client(config_file).ask(
            method, path, body=body, namespace=namespace, patience=patience
        )
    except WrongRequestError as error:
        raise click.UsageError(str(error)) from error


def target_pattern(target: str) -> dict[str, object]:
    """The pattern of `ITI-41` (or `41`), of a path, or of a companion service's name."""
    if target.startswith("/"):
        return {"urlPath": target}
    number = _TRANSACTION.fullmatch(target)
    return {"transaction": f"ITI-{number[1]}"} if number else {"service": target}


# ---------------------------------------------------------------- values of options


def json_document(text: str) -> Mapping[str, Any]:
    """The JSON object that the text is, or has in a file (`@FILE`) or on standard input (`-`)."""
    try:
        document = json.loads(_contents(text))
    except OSError as error:
        raise click.BadParameter(f"{text[1:]} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise click.BadParameter(f"not JSON ({error}); give an object, @FILE or -.") from error
    if not isinstance(document, dict):
        raise click.BadParameter("not a JSON object: {...} is expected.")
    return document


def _contents(text: str) -> str:
    if not text.startswith("@") and text != "-":
        return text
    with click.open_file(text.removeprefix("@"), encoding="utf-8") as file:
        contents: str = file.read()
    return contents


def time_span(text: str) -> int:
    """Whole milliseconds of a time span with its unit: `500ms`, `90s`, `5m`, `2h`."""
    milliseconds = duration(text)
    if milliseconds is None:
        raise click.BadParameter(f"{text!r} is no time span: 500ms, 90s, 5m or 2h, say.")
    return milliseconds


def duration(text: str) -> int | None:
    """Milliseconds of a time span with its unit; None when it is none."""
    match = _DURATION.fullmatch(text.strip())
    return round(float(match[1]) * _UNITS[match[2].lower()]) if match else None


def name_and_value(text: str) -> tuple[str, str]:
    """`NAME=VALUE`, or a header as it is written on the wire: `Name: value`."""
    match = re.fullmatch(r"\s*([^\s=:]+)\s*[=:](.*)", text, re.DOTALL)
    if match is None:
        raise click.BadParameter(f"{text!r} is neither NAME=VALUE nor 'Name: value'.")
    return match[1], match[2].strip()
