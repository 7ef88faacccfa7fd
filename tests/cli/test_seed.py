"""`seed` as it is typed: what it prints, and its exit status."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result

from ihe_mock_async.client import connection
from ihe_mock_async.client.connection import Connection, Post
from ihe_mock_async.server import pid_file
from ihe_mock_async.server.pid_file import Running
from tests.client.in_process import URL, InProcess, in_process

Run = Callable[..., Result]


@pytest.fixture
def domain(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    """Takes the place of every server."""
    with in_process(folder, monkeypatch) as made:

        @contextmanager
        def connect(_url: str, _connection: Connection) -> Iterator[Post]:
            yield made.post

        monkeypatch.setattr(connection, "connect", connect)
        yield made


@pytest.mark.usefixtures("domain")
def test_a_table_has_the_ids_to_copy(run: Run) -> None:
    result = run("seed", "--url", URL, "--patients", "1")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == ["WHAT", "ID", "NAME", "STATE", "ABOUT"]
    assert lines[1].split() == [
        "patient",
        "H-1001^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO",
        "Beispiel,",
        "Nora",
        "new",
    ]
    assert any(line.startswith("document  1.3.6.1.4.1.21367.2017.2.1.9.1.4 ") for line in lines)


@pytest.mark.usefixtures("domain")
def test_scripts_get_json_and_the_second_run_is_fine(run: Run) -> None:
    run("seed", "--url", URL)
    result = run("seed", "--url", URL, "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {each["state"] for each in told} == {"there already"}
    assert list(told[0]) == ["kind", "id", "label", "state", "patient", "note"]
    assert len([each for each in told if each["kind"] == "document"]) == 9


def test_a_namespace_is_a_world_of_its_own(run: Run, domain: InProcess) -> None:
    run("seed", "--url", URL, "--namespace", "demo", "--patients", "1")

    assert {url.partition("/ns/")[2].partition("/")[0] for url, _ in domain.messages} == {"demo"}


def test_the_server_that_runs_here_is_the_default(
    run: Run, domain: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Running(1, 4711, "http", "127.0.0.1", "2026-01-31T12:00:00.000000+00:00", None)
    monkeypatch.setattr(pid_file, "find", lambda _: here)

    result = run("seed", "--patients", "1")

    assert result.exit_code == 0
    assert {url.partition("/pix")[0].partition("/doc")[0] for url, _ in domain.messages} == {
        "http://127.0.0.1:4711"
    }


def test_without_a_server_it_says_what_to_do(run: Run) -> None:
    result = run("seed")

    assert result.exit_code == 2
    assert "ihe-mock-async start" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--url", f"{URL}/pix/add"), f"Error: {URL}/pix/add is one endpoint; the seed needs"),
        (("--url", URL, "--namespace", "a/b"), 'Error: "a/b" cannot be a namespace'),
        (("--url", "localhost:8080"), 'Error: "localhost:8080" is not the URL of a server'),
    ],
)
def test_a_place_that_is_none_is_one_line_and_exit_status_2(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    result = run("seed", *arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


def test_what_is_refused_is_exit_status_1(
    run: Run, domain: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = domain.app.services
    monkeypatch.setattr(services, "domain", services.domain.__class__(("2.999.5",)))

    result = run("seed", "--url", URL, "--patients", "1")

    assert result.exit_code == 1
    assert "refused" in result.stdout
    assert "iti44-patient-id-no-authority" in result.stderr
