"""`services`: with a real server, and `validate` without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import Result

from tests.server_process import ServerProcess, running

Run = Callable[..., Result]
SHOP = """\
name: shop
mappings:
  - request: {method: POST}
    response: {status: 201}
    record: orders
"""
WRONG = SHOP.replace("record", "recrod")
COMPLAINT = (
    'shop.yaml:5:5: mappings[0].recrod: is an unknown key; did you mean "record"?; allowed: name'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "mocks" / "services").mkdir(parents=True)
    (folder / "mocks" / "services" / "shop.yaml").write_text(SHOP)
    with running(folder, settings={"services": ["shop"]}) as started:
        yield started


@pytest.fixture
def shop(server: ServerProcess, folder: Path) -> Iterator[Path]:
    """The declaration of the running server; the configuration is where commands look for it."""
    config = {"pid_path": str(server.folder / "mocks" / ".mock-server.pid")}
    (folder / "mocks").mkdir()
    (folder / "mocks" / "config.json").write_text(json.dumps(config))
    declaration = server.folder / "mocks" / "services" / "shop.yaml"
    yield declaration
    declaration.write_text(SHOP)


@pytest.mark.usefixtures("shop")
def test_services_are_listed(run: Run) -> None:
    table = run("services", "list").output.splitlines()
    document = json.loads(run("services", "list", "--json").output)

    assert [line.split() for line in table] == [
        ["NAME", "URL", "OR", "PATH", "RECORDS", "DESCRIPTION"],
        ["shop", "/services/shop", "orders", "-"],
    ]
    assert [each["name"] for each in document["services"]] == ["shop"]


@pytest.mark.usefixtures("shop")
def test_records_are_shown_and_forgotten(run: Run, server: ServerProcess) -> None:
    httpx.post(f"{server.url}/ns/a/orders", content=b"green\ntea" + b"!" * 80)
    words = ("services", "records", "shop", "orders", "--namespace", "a")

    head, row = run(*words).output.splitlines()
    document = json.loads(run(*words, "--json").output)
    cleared = run(*words, "--clear")

    assert head.split() == ["REQUEST", "RECEIVED", "METHOD", "PATH", "STATUS", "BODY"]
    assert row.endswith(f"POST    /orders  201     green tea{'!' * 51}...")
    assert document["records"][0]["body"] == "green\ntea" + "!" * 80
    assert (cleared.exit_code, cleared.output) == (0, "")
    assert run(*words).output == "No records.\n"


@pytest.mark.usefixtures("shop")
def test_what_is_not_recorded_is_told(run: Run) -> None:
    result = run("services", "records", "shop", "none")

    assert result.exit_code == 1
    assert result.stderr == (
        'Error: The service shop records nothing as "none"; it records orders.\n'
    )


def test_declarations_are_reloaded_or_none_is(run: Run, shop: Path) -> None:
    shop.write_text(WRONG)
    refused = run("services", "reload")
    listed = run("services", "list")
    shop.write_text(SHOP)
    reloaded = run("services", "reload")

    assert refused.exit_code == 1
    assert "the old ones stay" in refused.stderr
    assert 'did you mean "record"?' in refused.stderr
    assert COMPLAINT in listed.stderr
    assert reloaded.output == "Reloaded: shop\n"


def test_a_wrong_file_is_complained_of(run: Run, folder: Path) -> None:
    (folder / "shop.yaml").write_text(WRONG)

    result = run("services", "validate", "shop.yaml")

    assert result.exit_code == 1
    assert result.stderr.startswith(COMPLAINT)
    assert result.stdout == ""


def test_without_files_all_that_can_be_enabled_are_checked(run: Run, folder: Path) -> None:
    (folder / "mocks" / "services").mkdir(parents=True)
    (folder / "mocks" / "services" / "shop.yaml").write_text(SHOP)

    result = run("services", "validate")

    assert (result.exit_code, result.output) == (0, "Right: hello, ofd, shop, twilio\n")
