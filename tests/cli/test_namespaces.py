"""`namespaces`, with a real server."""

from __future__ import annotations

import json

from tests.cli.a_world import World

CONFIG = ("--config", "config.json")


def test_worlds_are_listed_with_what_they_hold(world: World) -> None:
    world.feed()

    table = world.run("namespaces", "list", *CONFIG)
    document = world.run("namespaces", "list", "--json", *CONFIG)

    head, default, *_ = table.output.splitlines()
    assert head.split()[:3] == ["NAME", "PATIENTS", "DOCUMENTS"]
    assert default.split()[0] == "(default)"
    (row,) = (line for line in table.output.splitlines() if line.split()[0] == world.name)
    assert row.split()[1:6] == ["1", "0", "0", "1", "0"]
    assert world.name in [each["name"] for each in json.loads(document.output)["namespaces"]]


def test_a_world_is_deleted_with_all_that_is_in_it(world: World) -> None:
    world.feed()

    deleted = world.run("namespaces", "delete", world.name, *CONFIG)
    again = world.run("namespaces", "delete", world.name, *CONFIG)

    assert deleted.output == f"Namespace {world.name} is deleted\n"
    assert world.command("requests", "list").output == "No requests.\n"
    assert again.exit_code == 1
    assert again.stderr.startswith(f'Error: There is no namespace "{world.name}"')
