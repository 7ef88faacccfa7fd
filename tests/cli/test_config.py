"""`config`: what holds, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from ihe_mock_async.settings import Settings

Run = Callable[..., Result]


def test_every_setting_is_shown_with_its_source(run: Run, folder: Path) -> None:
    (folder / "my.json").write_text('{"ack_codes": "AA"}')

    result = run("config", "--config", "my.json", env={"MOCK_SERVER_ADMIN_TOKEN": "hunter2"})

    assert result.exit_code == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in result.stdout.splitlines()}
    assert rows["ack_codes"] == ['"AA"', "file my.json"]
    assert rows["http_port"] == ["8080", "default"]
    assert rows["admin_token"] == ['"**********"', "environment MOCK_SERVER_ADMIN_TOKEN"]
    assert list(rows) == ["KEY", *Settings.model_fields]


def test_scripts_get_json(run: Run) -> None:
    result = run("config", "--json", env={"MOCK_SERVER_HTTP_PORT": "9090"})

    shown = json.loads(result.stdout)
    assert shown["http_port"] == {"value": 9090, "source": "environment MOCK_SERVER_HTTP_PORT"}
    assert list(shown) == list(Settings.model_fields)
