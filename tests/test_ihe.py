"""The vocabulary that settings, pages and handlers share."""

from __future__ import annotations

import dataclasses
import re

import pytest

from ihe_mock_async import transactions
from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction


@pytest.mark.parametrize("actor", Actor)
def test_an_actor_is_a_path_segment_and_has_a_title(actor: Actor) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", actor.value)
    assert actor.title.lower().endswith(actor.value.rpartition("-")[2])


def test_the_actors_are_called_as_in_the_technical_framework() -> None:
    assert Actor("pix-manager").title == "Patient Identifier Cross-reference Manager"
    assert f"/{Actor.DOCUMENT_REGISTRY}" == "/document-registry"


def test_outcomes_have_the_names_of_the_journal() -> None:
    assert [outcome.value for outcome in Outcome] == ["served", "rejected", "fault", "unmatched"]


@pytest.mark.parametrize("kind", [Exchange, Answer, Transaction])
def test_values_of_the_vocabulary_are_frozen(kind: type) -> None:
    assert dataclasses.fields(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of every dataclass
    assert not hasattr(kind, "__dict__") or "__slots__" in vars(kind)


@pytest.mark.parametrize("transaction", transactions.served(), ids=lambda t: t.number)
def test_a_transaction_agrees_with_itself(transaction: Transaction) -> None:
    assert re.fullmatch(r"ITI-\d+", transaction.number)
    assert transaction.section.endswith(transaction.number.removeprefix("ITI-"))
    assert transaction.actors
    assert set(transaction.roots.values()) <= set(transaction.handlers)
    assert set(transaction.response_actions) == set(transaction.handlers)
    assert all(name.startswith("{") for name in transaction.roots)
    assert transaction.mtom or not transaction.binary_elements
