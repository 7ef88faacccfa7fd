"""`send` as it is typed: usage, exit status, and what stands on stdout."""

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


def test_an_accepted_message_is_exit_status_0(run: Run, domain: InProcess) -> None:
    result = run("send", "ITI-44", "--example", "--url", URL)

    assert result.exit_code == 0, result.output
    assert result.stdout == f"ITI-44 add  {URL}/pix-manager\n  HTTP 200  CA\n"
    assert len(domain.messages) == 1


def test_a_refused_message_is_exit_status_1(run: Run, domain: InProcess) -> None:
    result = run("send", "ITI-43", "--id", "1.2.3", "--url", URL)

    assert result.exit_code == 1
    assert "error XDSDocumentUniqueIdError" in result.stdout
    assert len(domain.messages) == 1


def test_a_message_may_come_from_standard_input(run: Run, domain: InProcess) -> None:
    run("send", "ITI-44", "--example", "--url", URL)
    _, message = domain.messages[-1]

    result = run("send", "ITI-44", "-", "--url", URL, stdin=message.body)

    assert result.stdout == f"ITI-44 standard input  {URL}/pix-manager\n  HTTP 200  CA\n"
    assert domain.messages[-1][1].body == message.body


def test_scripts_get_json(run: Run, domain: InProcess) -> None:
    result = run("send", "ITI-41", "--example", "--url", URL, "--namespace", "n", "--json")

    told = json.loads(result.stdout)
    assert [each["transaction"] for each in told] == ["ITI-44", "ITI-41"]
    assert all(each["accepted"] for each in told)
    assert domain.messages[0][0] == f"{URL}/ns/n/pix-manager"


def test_documents_are_shown_and_saved(run: Run, domain: InProcess, folder: Path) -> None:
    arguments = ("send", "ITI-43", "--example", "--url", URL, "--show", "--save", "received")

    result = run(*arguments)

    (path,) = (folder / "received").iterdir()
    assert f"wrote received/{path.name}" in result.stdout
    assert "RetrieveDocumentSetResponse" in result.stdout
    assert "Lena Muster left the hospital" in result.stdout
    assert path.read_bytes().startswith(b"Lena Muster")
    assert domain.messages


@pytest.mark.parametrize("arguments", [("--list",), ()])
def test_examples_and_queries_are_listed(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("send", *arguments)

    assert result.exit_code == 0
    assert "ITI-44  --example merge" in result.stdout
    assert "ITI-18  --query FindDocuments" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ITI-8", "--example"), "ITI-8 is not known"),
        (("ITI-44",), "What of ITI-44?"),
        (("ITI-44", "-", "--patient", "x"), "standard input is sent as it is"),
        (("ITI-44", "--example", "--document", "x"), "no place for --document"),
        (("ITI-44", "none.xml", "--url", URL), "Cannot read none.xml"),
        (("ITI-44", "--example"), "No server runs here"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_status_2(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    result = run("send", *arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_server_that_runs_here_is_found_and_trusted(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Running(1, 8443, "https", "0.0.0.0", "", None)  # noqa: S104 - as a server listens
    asked: list[tuple[str, Path | None]] = []

    @contextmanager
    def connect(url: str, how: Connection) -> Iterator[Post]:
        asked.append((url, how.cacert))
        with pytest.MonkeyPatch.context() as patch, in_process(folder, patch) as made:
            yield made.post

    monkeypatch.setattr(pid_file, "find", lambda _path: here)
    monkeypatch.setattr(connection, "connect", connect)
    (folder / "certs").mkdir()
    (folder / "certs" / "ca.pem").touch()

    result = run("send", "ITI-44", "--example")

    assert result.exit_code == 0, result.output
    assert asked == [("https://127.0.0.1:8443", Path("certs/ca.pem"))]
