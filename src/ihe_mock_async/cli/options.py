"""Options that several commands share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ihe_mock_async.settings import LoadedSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_DEBUG = "ihe_mock_async.debug"


def config_file(command: _Command) -> _Command:
    """`--config FILE`, as `config_file`."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="JSON configuration file.  [default: mocks/config.json, if there]",
    )(command)


def as_json(command: _Command) -> _Command:
    """`--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")(command)


def debug(help_text: str) -> Callable[[_Command], _Command]:
    """`--debug`, which `debugging` tells; on the group and on a command it is the same."""

    def note(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
        if value:
            ctx.meta[_DEBUG] = True

    return click.option("--debug", is_flag=True, callback=note, expose_value=False, help=help_text)


def debugging(ctx: click.Context) -> bool:
    """Whether `--debug` was given, to the group or to the command."""
    return bool(ctx.meta.get(_DEBUG))


def load_settings(
    config_file: Path | None, overrides: Mapping[str, object] | None = None
) -> LoadedSettings:
    """The effective settings; raises `SettingsError`."""
    from ihe_mock_async import settings  # noqa: PLC0415 - 0.3 s that --help does not have

    return settings.load(config_file, overrides or {}, os.environ)


def echo_json(value: object) -> None:
    """Print a value for scripts."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
