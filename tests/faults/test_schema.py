"""The JSON schema of fault plans, as OpenAPI shows it, against what is really understood."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from ihe_mock_async.faults.plan import FaultPlan
from tests.faults.plans import BUSY, PASS

SCHEMA = jsonschema_rs.validator_for(FaultPlan.model_json_schema(by_alias=True))


@pytest.mark.parametrize(
    "document",
    [
        {"effect": BUSY},
        {"sequence": [BUSY, PASS], "onExhausted": "loop"},
        {"effect": {"registry": {"errors": ["X", {"errorCode": "Y"}]}}},
        {"effect": {"pass": True, "delay": 200}},
        {"effect": {"pass": True, "delay": {"uniform": {"lower": 1, "upper": 2}}}},
        {"effect": {"pass": True, "delay": {"type": "uniform", "lower": 1, "upper": 2}}},
        {"effect": {"pass": True, "delay": {"type": "fixed", "milliseconds": 2}}},
        {"effect": {"pass": True, "delay": {"type": "lognormal", "median": 9, "sigma": 1}}},
        {"effect": {"fault": "HANG", "commit": "before"}, "match": {"transaction": "ITI-41"}},
    ],
)
def test_what_is_a_plan_is_one_by_the_schema(document: dict[str, Any]) -> None:
    assert FaultPlan.model_validate(document)
    assert SCHEMA.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"effect": BUSY, "sequence": [BUSY]},
        {"effect": {}},
        {"effect": {"fault": "HANG", "http": {"status": 503}}},
        {"effect": {"pass": True, "delay": {}}},
        {"effect": {"pass": True, "delay": "soon"}},
        {"effect": {"pass": True, "delay": -1}},
        {"effect": {"pass": True, "delay": {"type": "gamma"}}},
        {"effect": {"pass": True, "delay": {"type": "fixed"}}},
        {"effect": {"pass": True, "delay": {"type": "uniform", "lower": 1}}},
        {"effect": {"registry": {"errors": []}}},
        {"effect": {"http": {"status": 600}}},
        {"effect": BUSY, "wen": {}},
    ],
)
def test_what_is_no_plan_is_none_by_the_schema(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FaultPlan.model_validate(document)
    assert not SCHEMA.is_valid(document)


def test_every_key_is_described() -> None:
    definitions = FaultPlan.model_json_schema(by_alias=True)["$defs"]
    models = ("Effect", "Http", "Quota", "SoapFault", "Hl7", "Registry", "When", "Dribble")

    assert all(definitions[name]["description"] for name in models)
    assert not [
        (name, key)
        for name in models
        for key, value in definitions[name]["properties"].items()
        if not ("description" in value or "$ref" in value)
    ]
