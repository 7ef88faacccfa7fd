"""`faults`, with a real server."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.cli.a_world import Run, World


def test_a_fault_is_added_strikes_and_is_listed(world: World) -> None:
    added = world.command(
        *("faults", "add", "ITI-44", "--fail", "1", "--status", "503"),
        *("--header", "Retry-After: 5"),
    )
    failed, served = world.feed(), world.feed()
    listed = world.command("faults", "list")

    assert added.exit_code == 0, added.output
    name, _, sentence = added.output.strip().partition(": ")
    assert sentence == "The next request of ITI-44 will be answered HTTP 503."
    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "5")
    assert served.status_code == 200
    head, row = listed.output.splitlines()
    assert head.split() == ["ID", "REMAINING", "HITS", "PLAN"]
    assert row.split(maxsplit=3) == [name, "0", "1", sentence]


def test_a_lost_acknowledgement_is_stored(world: World) -> None:
    world.command("faults", "add", "ITI-44", "--ack-lost", "--times", "1")

    with pytest.raises(httpx.TransportError):
        world.feed()

    (told,) = world.json("requests", "list")["requests"]
    assert told["fault"]["effect"] == "CONNECTION_RESET_BY_PEER"
    (patients,) = (
        each["patients"]
        for each in json.loads(
            world.run("namespaces", "list", "--json", "--config", "config.json").output
        )["namespaces"]
        if each["name"] == world.name
    )
    assert patients == 1


def test_one_is_shown_rearmed_and_deleted(world: World) -> None:
    plan = world.json("faults", "add", "/pix/add", "--connection", "reset", "--times", "2")
    with pytest.raises(httpx.TransportError):
        world.feed()

    shown = world.json("faults", "show", plan["id"])
    row = world.command("faults", "show", plan["id"])
    again = world.command("faults", "rearm", plan["id"])
    deleted = world.command("faults", "delete", plan["id"])

    assert (shown["hits"], shown["remaining"]) == (1, 1)
    assert row.output.splitlines()[1].split()[:3] == [plan["id"], "1", "1"]
    assert again.output.splitlines()[1].split()[:3] == [plan["id"], "2", "0"]
    assert deleted.output == f"Fault plan {plan['id']} is deleted\n"
    assert world.feed().status_code == 200


def test_all_are_rearmed_and_cleared(world: World) -> None:
    for _ in range(2):
        world.command("faults", "add", "ITI-44", "--status", "500", "--fail", "1")
    assert [world.feed().status_code for _ in range(3)] == [500, 500, 200]

    rearmed = world.json("faults", "rearm")
    cleared = world.command("faults", "clear")
    listed = world.command("faults", "list")

    assert [each["remaining"] for each in rearmed["faults"]] == [1, 1]
    assert cleared.output == "Deleted: 2\n"
    assert world.json("faults", "clear") == {"deleted": 0}
    assert listed.output == "No fault plans.\n"


def test_a_plan_without_an_end_says_so(world: World) -> None:
    plan = world.json("faults", "add", "--delay", "1")

    listed = world.command("faults", "list")

    assert listed.output.splitlines()[1].split()[:4] == [plan["id"], "no", "end", "0"]
    assert listed.output.endswith(", until the plan is deleted.\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["ITI-44", "--corrupt", "wrongHash"], "cannot be applied to ITI-44"),
        (["--corrupt", "wrongHsh"], "effect.corrupt: "),
        (["--plan", '{"efect": {}}'], 'efect: is an unknown key; did you mean "effect"?'),
    ],
)
def test_a_plan_that_the_server_refuses_is_wrong_usage(
    world: World, options: list[str], said: str
) -> None:
    result = world.command("faults", "add", *options)

    assert result.exit_code == 2
    assert said in result.stderr
    assert world.json("faults", "list") == {"faults": []}


def test_a_plan_that_is_not_there_exits_1(world: World) -> None:
    result = world.command("faults", "delete", "none")

    assert result.exit_code == 1
    assert result.stderr.startswith('Error: There is no fault plan "none"')


@pytest.mark.parametrize(
    "command",
    [
        ("add", "--status", "500"),
        ("list",),
        ("show", "f"),
        ("delete", "f"),
        ("clear",),
        ("rearm",),
    ],
)
def test_without_a_server_the_way_to_start_one_is_told(run: Run, command: tuple[str, ...]) -> None:
    result = run("faults", *command)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Not running: ")
