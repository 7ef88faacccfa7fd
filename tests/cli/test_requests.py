"""`requests`, with a real server."""

from __future__ import annotations

import json
import shlex
import threading
from pathlib import Path

import pytest

from tests.cli.a_world import Run, World


def test_requests_are_listed(world: World) -> None:
    world.feed("P-1")
    world.post("/nowhere", b"x")

    listed = world.command("requests", "list")
    narrowed = world.command("requests", "list", "--outcome", "unmatched")
    cut = world.command("requests", "list", "--limit", "1")

    head, newest, oldest = listed.output.splitlines()
    assert head.split() == ["ID", "TIME", "TRANSACTION", "OUTCOME", "PATIENT", "FAULT", "MS"]
    assert newest.split()[2:5] == ["POST", f"/ns/{world.name}/nowhere", "unmatched"]
    assert oldest.split()[2:4] == ["ITI-44", "served"]
    assert "P-1^^^&" in oldest
    assert len(narrowed.output.splitlines()) == 2
    assert cut.output.splitlines()[-1] == "(1 older ones: --limit)"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (("--transaction", "ITI-44"), 1),
        (("--transaction", "ITI-41"), 0),
        (("--path", "/pix/add"), 1),
        (("--service", "ofd"), 0),
        (("--since", "2000-01-31T12:00:00Z"), 2),
        (("--since", "2999-01-31T12:00:00Z"), 0),
    ],
)
def test_the_list_is_narrowed(world: World, filters: tuple[str, ...], count: int) -> None:
    world.feed()
    world.post("/nowhere", b"x")

    assert len(world.json("requests", "list", *filters)["requests"]) == count


def test_an_empty_list_says_so(world: World) -> None:
    assert world.command("requests", "list").output == "No requests.\n"


def test_one_is_shown(world: World) -> None:
    world.command("faults", "add", "ITI-44", "--status", "503", "--times", "1")
    world.feed("P-1")
    number = newest(world)

    shown = world.command("requests", "show", number)
    told = world.json("requests", "show", number)

    assert f"ID:              {number}\n" in shown.output
    assert "Transaction:     ITI-44 Patient Identity Feed HL7 V3\n" in shown.output
    assert "Fault:           http 503 (" in shown.output
    assert "Response:        HTTP 503, 0 octets\n" in shown.output
    assert "\nRequest headers:\n" in shown.output
    assert told["id"] == int(number)


def newest(world: World) -> str:
    return str(world.json("requests", "list", "--limit", "1")["requests"][0]["id"])


def test_findings_are_shown_with_the_way_to_mend_them(world: World) -> None:
    world.post("/pix/add", b"<nonsense/>")

    shown = world.command("requests", "show", newest(world))

    assert "\nFindings:\n  error " in shown.output


def test_octets_are_written_as_they_came(world: World, folder: Path) -> None:
    octets = bytes(range(256)) * 500
    world.post("/nowhere", octets)
    number = newest(world)

    shown = world.command("requests", "show", number, "--body")
    body = world.command("requests", "body", number)
    saved = world.command("requests", "body", number, "--out", "saved")
    part = world.command("requests", "show", number, "--part", "0")
    response = world.command("requests", "show", number, "--response")

    assert shown.stdout_bytes == body.stdout_bytes == part.stdout_bytes == octets
    assert (saved.exit_code, saved.output) == (0, "")
    assert (folder / "saved").read_bytes() == octets
    assert b"http-not-found" in response.stdout_bytes


def test_a_refused_download_leaves_no_file(world: World, folder: Path) -> None:
    result = world.command("requests", "body", "999999", "--out", "saved")

    assert result.exit_code == 1
    assert "There is no request 999999 here" in result.stderr
    assert not (folder / "saved").exists()


def test_a_request_is_shown_as_a_curl_command(world: World) -> None:
    world.post("/nowhere", b"hello")

    result = world.command("requests", "show", newest(world), "--curl")

    words = shlex.split(result.output)
    assert words[0] == "curl"
    assert words[words.index("--data-raw") + 1] == "hello"


def test_two_things_are_not_shown_at_once(world: World) -> None:
    result = world.command("requests", "show", "1", "--part", "1", "--curl")

    assert result.exit_code == 2
    assert "contradict each other" in result.stderr


def test_what_a_client_sends_does_not_control_the_terminal(world: World) -> None:
    world.post("/%1b%5b31m%0aforged", b"x")

    listed = world.command("requests", "list")
    shown = world.command("requests", "show", newest(world))
    missed = world.command("requests", "verify", "/pix/add")

    assert "/\\u001b[31m\\u000aforged" in listed.output
    assert "/\\u001b[31m\\u000aforged" in missed.stderr
    assert "\x1b" not in listed.output + shown.output + missed.stderr


def test_of_an_unmatched_request_it_is_told_what_would_have_matched(world: World) -> None:
    none = world.command("requests", "unmatched")
    world.feed()
    world.post("/pix/ad", b"<x/>")

    told = world.command("requests", "unmatched")

    assert none.output == "No unmatched requests.\n"
    first, *rest = told.output.splitlines()
    assert f"(POST /ns/{world.name}/pix/ad, " in first
    path = f"/ns/{world.name}/pix"
    assert f'  {path}/add: the path is "{path}/ad", not "{path}/add"' in rest
    assert len(world.json("requests", "unmatched")["unmatched"]) == 1


# ---------------------------------------------------------------- wait


def test_a_wait_ends_when_they_have_come(world: World) -> None:
    feeding = threading.Thread(target=lambda: [world.feed("P-1"), world.feed("P-2")])
    feeding.start()

    result = world.command("requests", "wait", "ITI-44", "--count", "2", "--timeout", "60")
    feeding.join()

    assert result.exit_code == 0
    assert [line.split()[2] for line in result.output.splitlines()[1:]] == ["ITI-44", "ITI-44"]


def test_a_pattern_and_an_option_that_say_the_same_contradict_each_other(world: World) -> None:
    result = world.command(
        "requests", "count", "--header", "X-Test=1", "--pattern", '{"headers": {}}'
    )

    assert result.exit_code == 2
    assert "--pattern has headers already, which an option says, too." in result.stderr


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--patient", "P-1"), True),
        (("--patient", "P-2"), False),
        (("--outcome", "served"), True),
        (("--outcome", "rejected"), False),
        (("--xpath", "//hl7:id[@extension='P-1']"), True),
        (("--xpath", "//hl7:id[@extension='P-2']"), False),
        (("--header", "X-Test=1"), False),
        (("--fault", "*"), False),
        (("--finding", "hl7v3-interaction-id"), False),
        (("--pattern", '{"method": "POST"}'), True),
        (("--pattern", '{"method": "PUT"}'), False),
    ],
)
def test_a_wait_takes_a_pattern(world: World, options: tuple[str, ...], found: bool) -> None:
    world.feed("P-1")

    result = world.command("requests", "wait", "ITI-44", "--timeout", "0", *options)

    assert result.exit_code == (0 if found else 1), result.output


def test_a_wait_in_vain_tells_scripts_what_came(world: World) -> None:
    world.command("send", "ITI-44", "--example")

    result = world.command("requests", "wait", "ITI-41", "--timeout", "0.01", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["requests"] == []
    assert told["nearMisses"][0]["request"]["transaction"] == "ITI-44"


def test_what_a_list_cannot_be_asked_for_is_wrong_usage(world: World) -> None:
    result = world.command("requests", "list", "--since", "yesterday")

    assert result.exit_code == 2
    assert 'since is "yesterday"; allowed: a time such as' in result.stderr


def test_a_wait_in_vain_says_what_came_near(world: World) -> None:
    world.feed("P-1")

    result = world.command("requests", "wait", "ITI-41", "--timeout", "0.01")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "(ITI-44, " in result.stderr
    assert '  transaction: expected "ITI-41", received "ITI-44"\n' in result.stderr
    assert result.stderr.endswith("Error: 0 of 1 requests came within 10 ms.\n")


def test_a_pattern_comes_from_standard_input(world: World) -> None:
    world.feed()
    pattern = json.dumps({"transaction": "ITI-44"}).encode()

    result = world.command("requests", "count", "--pattern", "-", stdin=pattern)

    assert result.output == "1\n"


def test_a_wrong_pattern_is_wrong_usage(world: World) -> None:
    result = world.command("requests", "wait", "--xpath", "//[")

    assert result.exit_code == 2
    assert "match.xpath[0].expression: " in result.stderr


# ---------------------------------------------------------------- verify, count, clear


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        ((), True),
        (("--times", "2"), True),
        (("--times", "1"), False),
        (("--at-least", "2", "--at-most", "3"), True),
        (("--at-least", "3"), False),
        (("--at-most", "1"), False),
        (("--never",), False),
    ],
)
def test_it_is_verified_how_many_came(
    world: World, options: tuple[str, ...], passed: bool
) -> None:
    world.feed("P-1")
    world.feed("P-2")

    result = world.command("requests", "verify", "ITI-44", *options)

    assert result.exit_code == (0 if passed else 1)
    said = result.stdout if passed else result.stderr
    assert said.startswith("2 matching, expected: ")
    assert (result.stderr if passed else result.stdout) == ""


def test_a_verification_that_fails_says_what_came_near(world: World) -> None:
    world.feed("P-1")

    result = world.command("requests", "verify", "ITI-41")
    document = world.command("requests", "verify", "ITI-41", "--json")

    assert result.exit_code == document.exit_code == 1
    assert '  transaction: expected "ITI-41", received "ITI-44"\n' in result.stderr
    assert json.loads(document.stdout)["passed"] is False


def test_bounds_that_contradict_each_other_are_wrong_usage(world: World) -> None:
    result = world.command("requests", "verify", "ITI-44", "--times", "1", "--never")

    assert result.exit_code == 2
    assert "has times and never" in result.stderr


def test_requests_are_counted_and_forgotten(world: World) -> None:
    world.feed()
    world.post("/nowhere", b"x")

    counted = world.command("requests", "count", "ITI-44")
    told = world.json("requests", "count")
    cleared = world.command("requests", "clear")

    assert counted.output == "1\n"
    assert told == {"count": 2, "evicted": 0}
    assert cleared.output == "The requests are forgotten\n"
    assert world.command("requests", "count").output == "0\n"


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("unmatched",),
        ("show", "1"),
        ("show", "1", "--body"),
        ("body", "1"),
        ("wait", "ITI-41"),
        ("verify", "ITI-41"),
        ("count",),
        ("clear",),
    ],
)
def test_without_a_server_the_way_to_start_one_is_told(run: Run, command: tuple[str, ...]) -> None:
    result = run("requests", *command)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Not running: ")
