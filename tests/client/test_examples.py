"""Every example is accepted by the strictest server, without the smallest finding."""

from __future__ import annotations

import pytest

from ihe_mock_async import transactions
from ihe_mock_async.client import examples
from ihe_mock_async.client.examples import EXAMPLES, Example
from ihe_mock_async.client.ordering import make_order, make_values
from ihe_mock_async.client.sending import Sent, Target, send
from ihe_mock_async.state import AffinityDomain
from tests.client.in_process import URL, InProcess


def test_every_action_that_is_served_has_an_example() -> None:
    served = {(t.number, action) for t in transactions.served() for action in t.handlers}

    assert served - {(e.transaction, e.action) for e in EXAMPLES} == set()


def test_every_example_is_of_a_transaction_and_action_that_is_served() -> None:
    served = {(t.number, action) for t in transactions.served() for action in t.handlers}

    assert {(e.transaction, e.action) for e in EXAMPLES} - served == set()


def test_names_are_told_apart() -> None:
    assert len({example.key for example in EXAMPLES}) == len(EXAMPLES)


def send_example(example: Example, domain: InProcess) -> list[Sent]:
    order = make_order(example.transaction, example=example.name)
    return list(send(order, Target(URL), domain.post, make_values(AffinityDomain())))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.transaction} {e.name}")
def test_an_example_is_accepted_and_nothing_is_found_in_it(
    strict: InProcess, example: Example
) -> None:
    exchanges = send_example(example, strict)

    assert [problem for each in exchanges for problem in each.answer.problems] == []
    assert [each.answer.accepted for each in exchanges] == [True] * len(examples.chain(example))
    assert [finding.describe() for finding in strict.findings] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.transaction} {e.name}")
def test_an_example_can_be_sent_twice(strict: InProcess, example: Example) -> None:
    exchanges = [*send_example(example, strict), *send_example(example, strict)]

    assert all(each.answer.accepted for each in exchanges)
