"""To which requests an effect can be applied, checked against the transactions that are served."""

from __future__ import annotations

from typing import Any

import pytest

from ihe_mock_async import transactions
from ihe_mock_async.faults import applicability
from ihe_mock_async.faults.effects import Effect
from ihe_mock_async.hl7v3.namespaces import NAMESPACE
from ihe_mock_async.journal.entry import Entry
from tests.faults.plans import request

SERVED = transactions.served()
COMPANION = request("", service="ofd")
NOT_UNDERSTOOD = request("")


def numbers(*, hl7: bool) -> set[str]:
    return {
        each.number
        for each in SERVED
        if all(name.startswith(f"{{{NAMESPACE}}}") for name in each.roots) is hl7
    }


def test_every_transaction_that_is_served_can_be_refused_in_its_language() -> None:
    assert numbers(hl7=True) == applicability.HL7_V3
    assert numbers(hl7=False) == applicability.XDS


def test_the_transactions_with_attachments_are_those_of_mtom() -> None:
    assert {each.number for each in SERVED if each.mtom} == applicability.MTOM


def test_what_comes_from_a_gateway_is_cross_gateway() -> None:
    gateway = {each.number for each in SERVED if each.name.startswith("Cross Gateway")}

    assert gateway & applicability.XDS == applicability.CROSS_GATEWAY


@pytest.mark.parametrize(
    ("effect", "entry", "can"),
    [
        ({"hl7": {}}, request("ITI-44"), True),
        ({"hl7": {}}, request("ITI-41"), False),
        ({"hl7": {}}, NOT_UNDERSTOOD, False),
        ({"hl7": {}}, COMPANION, False),
        ({"registry": {"errors": ["X"]}}, request("ITI-62"), True),
        ({"registry": {"errors": ["X"]}}, request("ITI-45"), False),
        ({"registry": {"errors": ["X"]}}, NOT_UNDERSTOOD, False),
        ({"soapFault": {}}, NOT_UNDERSTOOD, True),
        ({"soapFault": {}}, COMPANION, False),
        ({"http": {"status": 503}}, COMPANION, True),
        ({"http": {"status": 503}}, NOT_UNDERSTOOD, True),
        ({"fault": "TRUNCATE"}, COMPANION, True),
        ({"quota": {"limit": 1, "windowMs": 1}}, COMPANION, True),
        ({"pass": True}, COMPANION, True),
        ({"corrupt": "malformedXml"}, request("ITI-44"), True),
        ({"corrupt": "malformedXml"}, NOT_UNDERSTOOD, False),
        ({"corrupt": "malformedXml"}, COMPANION, False),
        ({"corrupt": "notMtom"}, request("ITI-41"), True),
        ({"corrupt": "notMtom"}, request("ITI-42"), False),
        ({"corrupt": "dropMtomPart"}, request("ITI-43"), True),
        ({"corrupt": "missingStart"}, request("ITI-41"), False),
        ({"corrupt": "wrongHash"}, request("ITI-51"), True),
        ({"corrupt": "missingHome"}, request("ITI-39"), True),
        ({"corrupt": "missingHome"}, request("ITI-43"), False),
    ],
)
def test_an_effect_can_be_applied_where_there_is_such_a_thing(
    effect: dict[str, Any], entry: Entry, can: bool
) -> None:
    assert applicability.of(Effect.model_validate(effect)).covers(entry) is can
