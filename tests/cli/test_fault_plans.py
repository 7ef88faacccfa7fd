"""What `faults add` makes of its options."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ihe_mock_async.cli import admin
from ihe_mock_async.faults.plan import FaultPlan

Run = Callable[..., Result]
Posted = list[Mapping[str, Any]]


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Posted:
    """The plans that would have gone to a server."""
    plans: Posted = []

    def send(config: Path | None, method: str, path: str, body: Any, *, namespace: str) -> Any:  # noqa: ANN401 - JSON
        assert (config, method, path, namespace) == (None, "POST", "/faults", "")
        plans.append(body)
        return {"id": "f-1", "match": {}, "when": {}, **body}

    monkeypatch.setattr(admin, "send", send)
    return plans


@pytest.mark.parametrize(
    ("options", "effect"),
    [
        (["--status", "503"], {"http": {"status": 503}}),
        (
            ["--status", "503", "--header", "Retry-After: 5", "--header", "X=1=2", "--body", "no"],
            {"http": {"status": 503, "headers": {"Retry-After": "5", "X": "1=2"}, "body": "no"}},
        ),
        (
            ["--registry-error", "XDSRegistryBusy"],
            {"registry": {"status": "Failure", "errors": [{"errorCode": "XDSRegistryBusy"}]}},
        ),
        (
            ["--registry-error", "A", "--registry-error", "B", "--partial"],
            {
                "registry": {
                    "status": "PartialSuccess",
                    "errors": [{"errorCode": "A"}, {"errorCode": "B"}],
                }
            },
        ),
        (["--hl7", "ae"], {"hl7": {"ackCode": "AE"}}),
        (["--hl7", "AR", "--reason", "no"], {"hl7": {"ackCode": "AR", "text": "no"}}),
        (["--soap-fault", "receiver"], {"soapFault": {"code": "Receiver"}}),
        (
            ["--soap-fault", "Sender", "--reason", "no"],
            {"soapFault": {"code": "Sender", "reason": "no"}},
        ),
        (["--connection", "reset"], {"fault": "CONNECTION_RESET_BY_PEER"}),
        (["--connection", "Bad-Chunk"], {"fault": "MALFORMED_RESPONSE_CHUNK"}),
        (["--connection", "empty_response"], {"fault": "EMPTY_RESPONSE"}),
        (["--corrupt", "wrongHash"], {"corrupt": "wrongHash"}),
        (["--quota", "5/1000ms"], {"quota": {"limit": 5, "windowMs": 1000}}),
        (
            ["--quota", "100/1m", "--status", "503"],
            {"quota": {"limit": 100, "windowMs": 60_000, "status": 503}},
        ),
        (["--delay", "500"], {"pass": True, "delay": {"fixed": 500}}),
        (["--delay", "2s"], {"pass": True, "delay": {"fixed": 2000}}),
        (
            ["--delay", "uniform:100-300"],
            {"pass": True, "delay": {"uniform": {"lower": 100, "upper": 300}}},
        ),
        (
            ["--delay", "lognormal:80,0.4", "--status", "500"],
            {
                "http": {"status": 500},
                "delay": {"lognormal": {"median": 80, "sigma": 0.4}},
            },
        ),
        (
            ["--dribble", "10:2000"],
            {
                "pass": True,
                "delay": {"chunkedDribbleDelay": {"numberOfChunks": 10, "totalDuration": 2000}},
            },
        ),
        (["--ack-lost"], {"fault": "CONNECTION_RESET_BY_PEER", "commit": "before"}),
        (
            ["--ack-lost", "--connection", "empty"],
            {"fault": "EMPTY_RESPONSE", "commit": "before"},
        ),
        (
            ["--corrupt", "missingHome", "--commit", "never"],
            {"corrupt": "missingHome", "commit": "never"},
        ),
    ],
)
def test_options_make_an_effect(
    run: Run, posted: Posted, options: list[str], effect: Mapping[str, Any]
) -> None:
    result = run("faults", "add", "ITI-41", *options)

    assert result.exit_code == 0, result.output
    assert posted == [{"match": {"transaction": "ITI-41"}, "when": {}, "effect": effect}]
    FaultPlan.model_validate({**posted[0], "match": {}})


@pytest.mark.parametrize(
    ("target", "match"),
    [
        (["ITI-41"], {"transaction": "ITI-41"}),
        (["iti41"], {"transaction": "ITI-41"}),
        (["41"], {"transaction": "ITI-41"}),
        (["/pix/add"], {"urlPath": "/pix/add"}),
        (["ofd"], {"service": "ofd"}),
        ([], {}),
    ],
)
def test_a_target_is_a_transaction_a_path_a_service_or_everything(
    run: Run, posted: Posted, target: list[str], match: Mapping[str, Any]
) -> None:
    result = run("faults", "add", *target, "--status", "500")

    assert result.exit_code == 0, result.output
    assert posted[0]["match"] == match


def test_options_say_when(run: Run, posted: Posted) -> None:
    options = (
        *("--skip", "2", "--fail", "3", "--probability", "0.5", "--seed", "7"),
        *("--after", "1m", "--for", "90s"),
    )

    result = run("faults", "add", "--status", "500", *options)

    assert result.exit_code == 0, result.output
    assert posted[0]["when"] == {
        "skip": 2,
        "times": 3,
        "probability": 0.5,
        "seed": 7,
        "afterMs": 60_000,
        "forMs": 90_000,
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "What shall happen? Give one of --status, "),
        (
            ["--status", "503", "--hl7", "AE"],
            "--status and --hl7 contradict each other: a plan has one effect.",
        ),
        (["--ack-lost", "--status", "503"], "--status and --connection/--ack-lost contradict"),
        (["--ack-lost", "--commit", "never"], "--ack-lost and --commit never contradict"),
        (["--delay", "5", "--dribble", "1:2"], "--delay and --dribble contradict"),
        (["--hl7", "AE", "--body", "x"], "--body goes with --status."),
        (["--hl7", "AE", "--header", "a=b"], "--header goes with --status."),
        (["--quota", "1/1s", "--status", "429", "--body", "x"], "--body goes with --status."),
        (["--status", "500", "--partial"], "--partial goes with --registry-error."),
        (["--status", "500", "--reason", "x"], "--reason goes with --soap-fault or --hl7."),
        (["--quota", "5"], "'5' is no quota: 5/1000ms or 100/1m, say."),
        (["--quota", "5/0s"], "'5/0s' is no quota"),
        (["--delay", "soon"], "'soon' is no delay: 500 (milliseconds), 2s, "),
        (["--dribble", "10"], "'10' is not CHUNKS:MILLISECONDS: 10:2000, say."),
        (["--status", "500", "--for", "90"], "'90' is no time span: 500ms, 90s, 5m or 2h, say."),
        (["--status", "500", "--header", "x"], "'x' is neither NAME=VALUE nor 'Name: value'."),
        (["--connection", "cut"], "'cut' is not one of"),
        (["--plan", "{}", "--status", "500"], "--plan says it all: leave out --status."),
        (["--plan", "{"], "not JSON (Expecting property name"),
        (["--plan", "[]"], "not a JSON object: {...} is expected."),
        (["--plan", "@none.json"], "none.json cannot be read: No such file or directory."),
    ],
)
def test_what_makes_no_plan_is_wrong_usage(
    run: Run, posted: Posted, options: list[str], said: str
) -> None:
    result = run("faults", "add", *options)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert posted == []


PLAN = {"sequence": [{"http": {"status": 503}}, {"pass": True}]}


def test_a_whole_plan_is_read_from_a_file_or_standard_input(
    run: Run, posted: Posted, folder: Path
) -> None:
    (folder / "plan.json").write_text(json.dumps(PLAN))

    from_file = run("faults", "add", "--plan", "@plan.json")
    from_input = run("faults", "add", "--plan", "-", stdin=json.dumps(PLAN).encode())

    assert (from_file.exit_code, from_input.exit_code) == (0, 0), from_input.output
    assert posted == [PLAN, PLAN]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["ITI-41", "--status", "503"],
            "All requests of ITI-41 will be answered HTTP 503, until the plan is deleted.",
        ),
        (
            ["ITI-41", "--status", "503", "--fail", "3"],
            "The next 3 requests of ITI-41 will be answered HTTP 503.",
        ),
        (
            ["ITI-44", "--ack-lost", "--times", "1"],
            "The next request of ITI-44 will find the connection reset (what they ask for is "
            "stored all the same).",
        ),
        (
            ["/pix/add", "--quota", "5/1500ms"],
            "All requests to /pix/add will be answered HTTP 429 beyond 5 in 1.5 s, until the "
            "plan is deleted.",
        ),
        (
            ["ofd", "--delay", "uniform:100-300", "--for", "2m", "--after", "500ms"],
            "All requests to the service ofd will be served after 100 to 300 ms, from 500 ms on, "
            "for 2 min.",
        ),
        (
            ["ITI-42", "--registry-error", "A", "--registry-error", "B", "--skip", "1"],
            "All requests of ITI-42 will be answered Failure with A and B, the first 1 "
            "excepted, until the plan is deleted.",
        ),
        (
            ["--corrupt", "wrongHash", "--dribble", "10:2000", "--probability", "0.5"],
            "All requests anywhere will get an answer that is damaged (wrongHash) in 10 pieces "
            "over 2 s, each with a probability of 0.5, until the plan is deleted.",
        ),
        (
            ["ITI-44", "--hl7", "AE", "--delay", "lognormal:80,0.4", "--commit", "never"],
            "All requests of ITI-44 will be refused with the HL7 acknowledgement AE after about "
            "80 ms (nothing is stored), until the plan is deleted.",
        ),
        (
            ["--plan", json.dumps({**PLAN, "match": {"patientId": "1", "outcome": None}})],
            "All requests anywhere that match patientId will be answered HTTP 503 then be served.",
        ),
        (
            ["--plan", json.dumps({**PLAN, "onExhausted": "loop"})],
            "All requests anywhere will be answered HTTP 503 then be served, until the plan is "
            "deleted.",
        ),
        (
            ["--plan", '{"effect": {"soapFault": {}, "delay": {"fixed": 500}}}'],
            "All requests anywhere will be answered a SOAP fault (Receiver) after 500 ms, until "
            "the plan is deleted.",
        ),
    ],
)
def test_it_says_in_one_sentence_what_will_happen(
    run: Run, posted: Posted, options: list[str], sentence: str
) -> None:
    result = run("faults", "add", *options)

    assert result.exit_code == 0, result.stderr
    assert result.output == f"f-1: {sentence}\n"
