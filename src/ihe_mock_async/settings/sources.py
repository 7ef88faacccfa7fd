"""Where settings come from: the JSON configuration file and the environment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from ihe_mock_async.errors import SettingsError
from ihe_mock_async.settings.model import ENVIRONMENT_PREFIX, Settings

_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True}
_BOOLEANS |= {"false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Given:
    """One value that somebody has set, and where."""

    key: str
    value: object
    origin: str
    """`command line`, `environment MOCK_SERVER_X` or `file PATH`."""


class _Environment(EnvSettingsSource):
    """pydantic-settings' source, on the given variables and with forgiving text."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(Settings)
        # Ours instead of those of the process, so that a test or an embedder can pass its own.
        self.env_vars = {name.lower(): text for name, text in variables.items() if text}

    def prepare_field_value(
        self,
        field_name: str,
        field: FieldInfo,
        value: Any,  # noqa: ANN401 - the signature that is overridden
        value_is_complex: bool,
    ) -> object:
        """The text as the value that a JSON file would hold; what cannot be read stays text."""
        if value is None:
            return None
        text = cast("str", value)
        if field.annotation is bool:
            return _BOOLEANS.get(text.lower(), text)
        if get_origin(field.annotation) is tuple and not text.lstrip().startswith("["):
            return [item.strip() for item in text.split(",")]
        if field.annotation in {int, float} or self.field_is_complex(field):
            return _json_or_text(text)
        return text


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def from_environment(variables: Mapping[str, str]) -> list[Given]:
    """Every variable with our prefix, in any case; unknown keys included, empty ones not."""
    ours = {
        name.lower().removeprefix(ENVIRONMENT_PREFIX.lower()): name
        for name, text in variables.items()
        if text and name.upper().startswith(ENVIRONMENT_PREFIX)
    }
    values = _Environment(variables)()
    return [
        Given(key, values.get(key, variables[name]), f"environment {name}")
        for key, name in sorted(ours.items())
    ]


def from_file(path: Path) -> list[Given]:
    """Every key of the file, or raise `SettingsError` when it is not one JSON object."""
    repeated: list[str] = []

    def unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
        members: dict[str, object] = {}
        for key, value in pairs:
            if key in members:
                repeated.append(f'{path}: "{key}" is there twice; keep one of them')
            members[key] = value
        return members

    try:
        document = json.loads(_text_of(path), object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SettingsError(f"{path}: not valid JSON at {where}: {error.msg}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: nested too deeply for a configuration file") from error
    if not isinstance(document, dict):
        raise SettingsError(f'{path}: must hold one JSON object, like {{"http_port": 8080}}')
    if repeated:
        raise SettingsError("\n".join(repeated))
    return [Given(key, value, f"file {path}") for key, value in document.items()]


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: not UTF-8 at octet {error.start}; save it as UTF-8"
        ) from error
