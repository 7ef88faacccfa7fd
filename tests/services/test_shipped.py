"""The declarations that come with the package: found by name, and linked from `mocks/services`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ihe_mock_async.services import loading
from ihe_mock_async.services.companion import Companion
from ihe_mock_async.services.state import ServiceState
from tests.services.declared import FORM, carry_out, post

ROOT = Path(__file__).parents[2]
NOWHERE = Path("no such folder")


@pytest.fixture
def twilio() -> Companion:
    (loaded,) = loading.load(["twilio"], NOWHERE)
    return loaded


def test_they_are_linked_from_where_operators_look() -> None:
    shipped = {path.name: path for path in loading.SHIPPED.glob("*.yaml")}
    linked = {path.name: path.resolve() for path in (ROOT / "mocks" / "services").iterdir()}

    assert linked == {name: path.resolve() for name, path in shipped.items()}
    assert shipped.keys() == {"hello.yaml", "ofd.yaml", "twilio.yaml"}


def test_a_message_to_twilio_is_queued_and_recorded(twilio: Companion) -> None:
    memory = ServiceState()

    answer = carry_out(twilio, memory, post("/Messages.json", "To=1&From=2&Body=Hi", FORM))

    assert answer.status == 201
    assert json.loads(answer.body) == {
        "sid": "SM00000000000040008000000000000001",
        "status": "queued",
    }
    (record,) = memory.records("messages")
    assert record.form == {"To": ["1"], "From": ["2"], "Body": ["Hi"]}


def test_the_long_path_answers_what_twilios_libraries_read(twilio: Companion) -> None:
    answer = carry_out(
        twilio,
        ServiceState(),
        post("/2010-04-01/Accounts/AC1/Messages.json", "To=%2B1&From=2&Body=a%0A%22b", FORM),
    )

    message = json.loads(answer.body)
    assert message["uri"] == f"/2010-04-01/Accounts/AC1/Messages/{message['sid']}.json"
    assert (message["to"], message["body"], message["account_sid"]) == ("+1", 'a\n"b', "AC1")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("From=2&Body=Hi", 21604),
        ("To=&From=2&Body=Hi", 21604),
        ("To=1&Body=Hi", 21603),
        ("To=1&From=2", 21602),
        ("", 21604),
    ],
)
@pytest.mark.parametrize("path", ["/Messages.json", "/2010-04-01/Accounts/AC1/Messages.json"])
def test_a_message_that_lacks_a_field_is_refused_as_twilio_does(
    twilio: Companion, path: str, fields: str, code: int
) -> None:
    memory = ServiceState()

    answer = carry_out(twilio, memory, post(path, fields, FORM))

    assert (answer.status, json.loads(answer.body)["code"]) == (400, code)
    assert memory.records("messages") == ()
