"""`deliveries`, with a real server, and without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import Result

from tests.e2e.messages import SOAP_XML, pix_add
from tests.server_process import ServerProcess, running

Run = Callable[..., Result]
UNREACHABLE = "http://127.0.0.1:9/answers"
ANONYMOUS = b"http://www.w3.org/2005/08/addressing/anonymous"


@pytest.fixture
def server(folder: Path) -> Iterator[ServerProcess]:
    """A server that gives up a delivery at once, and has done so with one."""
    with running(folder, settings={"delivery_attempts": 1}) as process:
        post_asynchronous(process)
        yield process


def post_asynchronous(server: ServerProcess) -> None:
    """Feed a patient, with the answer for an address where nobody is."""
    message = pix_add("CLI-1").replace(ANONYMOUS, UNREACHABLE.encode())
    reply = httpx.post(f"{server.url}/pix/add", content=message, headers=SOAP_XML)
    assert reply.status_code == 202


def listed(run: Run, *options: str) -> list[dict[str, object]]:
    result = run("deliveries", "list", "--config", "config.json", "--json", *options)
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, object]] = json.loads(result.output)["deliveries"]
    return found


def dead(run: Run) -> None:
    """Return when the one delivery is dead."""
    for _ in range(2000):
        if listed(run, "--state", "dead"):
            return
    pytest.fail("the delivery does not die")


def test_deliveries_are_listed_shown_and_sent_again(run: Run, server: ServerProcess) -> None:
    dead(run)
    config = ("--config", "config.json")

    table = run("deliveries", "list", *config)
    shown = run("deliveries", "show", "1", "--envelope", *config)
    document = run("deliveries", "show", "1", "--json", *config)
    again = run("deliveries", "redeliver", "1", *config)

    head, row = table.output.splitlines()
    assert head.split() == ["ID", "STATE", "ATTEMPTS", "TRANSACTION", "TO", "LAST", "ERROR"]
    assert row.split(maxsplit=5) == [
        "1",
        "dead",
        "1",
        "ITI-44",
        UNREACHABLE,
        "no connection (Connection refused)",
    ]
    assert f"To:            {UNREACHABLE}\n" in shown.output
    assert "Namespace:     -\n" in shown.output
    assert "<soap:Envelope" in shown.output
    assert json.loads(document.output)["lastError"] == "no connection (Connection refused)"
    assert "envelope" not in json.loads(document.output)
    assert again.output == f"Delivery 1 is pending again, to {UNREACHABLE}\n"


def test_the_list_is_narrowed_and_cut(run: Run, server: ServerProcess) -> None:
    post_asynchronous(server)

    cut = run("deliveries", "list", "--limit", "1", "--config", "config.json")

    assert len(listed(run, "--namespace", "")) == 2
    assert listed(run, "--namespace", "nobody") == []
    assert cut.output.endswith("(1 older ones: --limit)\n")


def test_an_empty_list_says_so(run: Run, server: ServerProcess) -> None:
    result = run("deliveries", "list", "--state", "delivered", "--config", "config.json")

    assert (result.exit_code, result.output) == (0, "No deliveries.\n")


def test_an_unknown_delivery_exits_1_with_the_servers_words(
    run: Run, server: ServerProcess
) -> None:
    result = run("deliveries", "show", "99", "--config", "config.json")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no delivery 99")


def test_another_token_than_the_servers_is_told(run: Run, folder: Path) -> None:
    with running(folder, settings={"admin_token": "hunter2"}):
        right = run("deliveries", "list", "--config", "config.json")
        wrong = run(
            "deliveries",
            "list",
            "--config",
            "config.json",
            env={"MOCK_SERVER_ADMIN_TOKEN": "hunter3"},
        )

    assert right.exit_code == 0
    assert wrong.exit_code == 1
    assert "MOCK_SERVER_ADMIN_TOKEN" in wrong.stderr
    assert "hunter" not in wrong.stderr


@pytest.mark.parametrize("command", [("list",), ("show", "1"), ("redeliver", "1")])
def test_without_a_server_the_way_to_start_one_is_told(run: Run, command: tuple[str, ...]) -> None:
    result = run("deliveries", *command)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Not running: ")
    assert "ihe-mock-async start" in result.stderr
