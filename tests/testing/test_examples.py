"""Example messages in tests: made in one call, taken by the server."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ihe_mock_async.client.examples import EXAMPLES
from ihe_mock_async.errors import SendError
from ihe_mock_async.testing import ExampleMessage, MockServer, World, examples

PATIENT = "P-1^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO"
WITHOUT_ANSWER = [
    each.key for each in EXAMPLES if each.template not in ("query_continue", "query_cancel")
]


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


def post(world: World, message: ExampleMessage) -> httpx.Response:
    url = world.url_for(message.transaction)
    return httpx.post(url, content=message.body, headers=message.headers)


@pytest.mark.parametrize(("transaction", "name"), WITHOUT_ANSWER)
def test_an_example_behind_those_that_it_builds_on_is_served(
    server: MockServer, transaction: str, name: str
) -> None:
    world = server.namespace(f"{transaction}-{name}")

    for message in examples.messages(transaction, name):
        post(world, message)

    world.wait_for(transaction, outcome="served")
    world.assert_not_called(outcome="rejected")


def test_an_example_is_about_a_patient_and_submits_a_document(server: MockServer) -> None:
    world = server.namespace("letter")

    for message in examples.messages("ITI-41", patient=PATIENT, document=b"Dear colleague"):
        post(world, message)

    (submission,) = world.requests("ITI-41", patient_id=PATIENT)
    assert submission.summary == "Success"
    assert [part.content for part in submission.parts] == [b"Dear colleague"]


def test_each_call_makes_a_new_message(server: MockServer) -> None:
    world = server.namespace("new")
    post(world, examples.message("ITI-44"))

    for _ in range(2):
        post(world, examples.message("iti41"))

    assert [each.summary for each in world.requests("ITI-41")] == ["Success", "Success"]
    assert len({each.message_id for each in world.requests()}) == 3


def test_a_message_that_is_posted_again_is_the_same_one(server: MockServer) -> None:
    world = server.namespace("again")
    feed, submission = examples.messages("ITI-41")

    for message in (feed, submission, submission):
        post(world, message)

    first, second = world.requests("ITI-41")
    assert first.message_id == second.message_id == submission.message_id
    assert "XDSDuplicateUniqueIdInRegistry" in second.summary


def test_an_unknown_example_is_told_together_with_those_that_there_are() -> None:
    with pytest.raises(SendError, match="ITI-44 has no example marge; it has add, "):
        examples.message("ITI-44", "marge")


def test_a_message_that_refers_to_an_answer_cannot_be_made_without_it() -> None:
    with pytest.raises(SendError, match="refers to an answer"):
        examples.messages("ITI-47", "cancel")
