"""Command line over environment over file over default, and what to say when one is wrong."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ihe_mock_async.errors import SettingsError
from ihe_mock_async.settings.kinds import Allowed
from ihe_mock_async.settings.model import CONTRADICTION, Settings
from ihe_mock_async.settings.sources import Given, from_environment, from_file

DEFAULT_CONFIG_FILE = Path("mocks/config.json")
_SECRETS = frozenset({"admin_token"})
_LONGEST_ECHO = 80


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The effective settings, and where each value came from."""

    settings: Settings
    sources: Mapping[str, str]
    """By key: `command line`, `environment MOCK_SERVER_X`, `file PATH` or `default`."""
    config_file: Path | None
    """The file that was read."""


def load(
    config_file: Path | None, overrides: Mapping[str, object], environ: Mapping[str, str]
) -> LoadedSettings:
    """Put the settings together, or raise `SettingsError` with one line per problem.

    `overrides` are what the command line says; None means that it does not. Without a
    `config_file`, `mocks/config.json` is read when it is there.
    """
    path = config_file or (DEFAULT_CONFIG_FILE if DEFAULT_CONFIG_FILE.is_file() else None)
    # The weakest first, so that a stronger one replaces it.
    return _loaded(
        [
            *(from_file(path) if path else ()),
            *from_environment(environ),
            *(Given(k, v, "command line") for k, v in overrides.items() if v is not None),
        ],
        path,
    )


def made_in_code(values: Mapping[str, object], origin: str) -> Settings:
    """Settings of these values and the defaults; raises `SettingsError` as `load` does.

    `origin` is where they stand, for the error. Neither environment nor file is read.
    """
    return _loaded([Given(key, value, origin) for key, value in values.items()], None).settings


def _loaded(given: Sequence[Given], path: Path | None) -> LoadedSettings:
    unknown = [one for one in given if one.key not in Settings.model_fields]
    effective = {one.key: one for one in given if one.key in Settings.model_fields}
    problems = [_unknown_key(one) for one in unknown]
    try:
        settings = Settings.model_validate({key: one.value for key, one in effective.items()})
    except ValidationError as error:
        problems += _explain(error.errors(include_url=False), effective)
        raise SettingsError("\n".join(problems)) from error
    if problems:
        raise SettingsError("\n".join(problems))
    settings = settings.given_by({key: one.origin for key, one in effective.items()})
    return LoadedSettings(settings, settings.sources, path)


def _unknown_key(given: Given) -> str:
    closest = difflib.get_close_matches(given.key, Settings.model_fields, n=1)
    advice = (
        f'did you mean "{closest[0]}"?'
        if closest
        else "`ihe-mock-async config` lists the known keys"
    )
    return f'{_place(given.origin)}: unknown key "{given.key}"; {advice}'


def _explain(errors: Iterable[ErrorDetails], effective: Mapping[str, Given]) -> Iterator[str]:
    """One line per key that is wrong, however many things are wrong about it."""
    explained = set()
    for error in errors:
        if error["type"] == CONTRADICTION:
            yield from _disagreements(error["ctx"]["all"], effective)
            continue
        key = str(error["loc"][0])
        if key not in explained:
            explained.add(key)
            yield _wrong_value(effective[key])


def _wrong_value(given: Given) -> str:
    value = "(hidden)" if given.key in _SECRETS else _echo(given.value)
    return f"{_place(given.origin)}: {given.key} is {value}; allowed: {allowed(given.key)}"


def _disagreements(
    contradictions: Iterable[tuple[tuple[str, ...], str]], effective: Mapping[str, Given]
) -> Iterator[str]:
    for keys, text in contradictions:
        places = dict.fromkeys(_place(effective[key].origin) for key in keys if key in effective)
        yield f"{', '.join(places)}: {' and '.join(keys)}: {text}"


def allowed(key: str) -> str:
    """What the setting may hold, in words."""
    metadata = Settings.model_fields[key].metadata
    return next(one.text for one in metadata if isinstance(one, Allowed))


def _place(origin: str) -> str:
    return origin.removeprefix("file ")


def _echo(value: object) -> str:
    """The value as JSON shows it, cut when it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_ECHO else f"{text[: _LONGEST_ECHO - 3]}..."
