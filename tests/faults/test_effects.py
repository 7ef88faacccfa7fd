"""Effects in JSON: what is understood, and what is refused by which key."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ihe_mock_async.faults.effects import (
    KINDS,
    Commit,
    ConnectionFault,
    Corruption,
    Effect,
    RegistryErrorDetail,
)
from ihe_mock_async.journal.json_problems import problems
from ihe_mock_async.xds import error_codes

MINIMAL: dict[str, Any] = {
    "fault": "HANG",
    "http": {"status": 503},
    "quota": {"limit": 2, "windowMs": 1000},
    "soapFault": {},
    "hl7": {},
    "registry": {"errors": ["XDSRegistryBusy"]},
    "corrupt": "wrongHash",
    "pass": True,
}


def effect(**document: object) -> Effect:
    return Effect.model_validate(document)


@pytest.mark.parametrize(("key", "field"), list(zip(MINIMAL, KINDS, strict=True)))
def test_one_kind_makes_an_effect(key: str, field: str) -> None:
    found = effect(**{key: MINIMAL[key]})

    assert found.kind == field
    assert found.commit is Commit.DELIVERED
    assert found.delay is None


@pytest.mark.parametrize("fault", [each.value for each in ConnectionFault])
def test_every_connection_fault_is_an_effect(fault: str) -> None:
    assert effect(fault=fault).name == fault


@pytest.mark.parametrize("corruption", [each.value for each in Corruption])
def test_every_corruption_is_an_effect(corruption: str) -> None:
    assert effect(corrupt=corruption).name == f"corrupt {corruption}"


def test_a_bare_text_is_the_code_of_a_registry_error() -> None:
    registry = effect(registry={"errors": ["XDSRegistryBusy", {"errorCode": "X"}]}).registry

    assert registry is not None
    assert registry.errors == (
        RegistryErrorDetail(error_code="XDSRegistryBusy"),
        RegistryErrorDetail(error_code="X"),
    )


def test_an_effect_reads_what_it_writes() -> None:
    for key, document in MINIMAL.items():
        found = effect(**{key: document, "delay": {"fixed": 5}, "commit": "before"})

        assert Effect.model_validate(found.model_dump(by_alias=True, mode="json")) == found


@pytest.mark.parametrize(
    ("document", "is_needed"),
    [
        ({"fault": "TRUNCATE"}, True),
        ({"fault": "HANG"}, False),
        ({"corrupt": "malformedXml"}, True),
        ({"pass": True}, True),
        ({"registry": {"errors": ["X"]}}, False),
        ({"registry": {"status": "PartialSuccess", "errors": ["X"]}}, True),
        ({"hl7": {}}, False),
        ({"http": {"status": 200}}, False),
        ({"soapFault": {}}, False),
        ({"quota": {"limit": 1, "windowMs": 1}}, False),
    ],
)
def test_some_effects_need_the_real_answer(document: dict[str, Any], is_needed: bool) -> None:
    assert effect(**document).needs_real_answer is is_needed


def http(**document: object) -> dict[str, Any]:
    return {"http": {"status": 200, **document}}


def quota(**document: object) -> dict[str, Any]:
    return {"quota": {"limit": 2, "windowMs": 1000, **document}}


@pytest.mark.parametrize(
    ("document", "key", "problem"),
    [
        ({}, "", "has none of its keys"),
        ({"delay": 5}, "", "has none of its keys"),
        ({"fault": "HANG", "http": {"status": 503}}, "", "has fault and http"),
        ({"fault": "hang"}, "fault", 'is the text "hang"'),
        ({"corrupt": "wrong"}, "corrupt", 'is the text "wrong"'),
        ({"pass": False}, "pass", "is false"),
        ({"htp": {}}, "htp", 'is an unknown key; did you mean "http"?'),
        ({"pass": True, "commit": "later"}, "commit", 'is the text "later"'),
        ({"pass": True, "delay": "soon"}, "delay", 'is the text "soon"'),
        (http(status=199), "http.status", "is the number 199"),
        (http(status=600), "http.status", "is the number 600"),
        (http(status=204, body="x"), "http.body", "is a text"),
        (http(status=304, body="x"), "http.body", "is a text"),
        (http(headers={"X Y": ""}), 'http.headers["X Y"]', "is no name"),
        (http(headers={"": "x"}), "http.headers", "is no name"),
        (http(headers={"X\r\nY": "x"}), 'http.headers["X\\r\\nY"]', "is no name"),
        (http(headers={"X": "a\r\nSet-Cookie: b"}), "http.headers.X", "has a value"),
        (http(headers={"X": " a"}), "http.headers.X", "has a value"),
        (http(headers={"X": "\N{GREEK SMALL LETTER ALPHA}"}), "http.headers.X", "has a value"),
        (http(headers={"Content-Length": "3"}), "http.headers.Content-Length", "is the server's"),
        (
            http(headers={"transfer-encoding": "chunked"}),
            "http.headers.transfer-encoding",
            "is the server's",
        ),
        (http(headers={"A": "1", "a": "2"}), "http.headers.a", "is there twice"),
        (quota(limit=-1), "quota.limit", "is the number -1"),
        (quota(windowMs=0), "quota.windowMs", "is the number 0"),
        (quota(key="header:"), "quota.key", 'is the text "header:"'),
        (quota(key="everybody"), "quota.key", 'is the text "everybody"'),
        (quota(status=200), "quota.status", "is the number 200"),
        ({"soapFault": {"code": "Client"}}, "soapFault.code", 'is the text "Client"'),
        ({"soapFault": {"subcode": "a b"}}, "soapFault.subcode", 'is the text "a b"'),
        ({"hl7": {"ackCode": "AA"}}, "hl7.ackCode", 'is the text "AA"'),
        ({"hl7": {"detailCode": ""}}, "hl7.detailCode", 'is the text ""'),
        ({"registry": {}}, "registry.errors", "is missing"),
        ({"registry": {"errors": []}}, "registry.errors", "is an empty list"),
        (http(body="\ud800"), "http.body", "has half of a character"),
        ({"hl7": {"detailCode": "a\x01"}}, "hl7.detailCode", "is the text"),
        ({"soapFault": {"subcode": "{\x01}a"}}, "soapFault.subcode", "is the text"),
        ({"registry": {"errors": [""]}}, "registry.errors[0].errorCode", 'is the text ""'),
        (
            {"registry": {"errors": [{"errorCode": "X", "severity": "Warning"}]}},
            "registry.errors",
            "are warnings only",
        ),
        (
            {"registry": {"status": "Success", "errors": ["X"]}},
            "registry.status",
            'is the text "Success"',
        ),
    ],
)
def test_a_wrong_effect_is_refused_by_its_key(
    document: dict[str, Any], key: str, problem: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        effect(**document)

    (found,) = problems(refused.value, Effect)
    assert found.key == key
    assert found.problem.startswith(problem)


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "5"},
        {"X-Empty": ""},
        {"X-Inner": "a b\tc"},
        {"X-Latin": "caf\N{LATIN SMALL LETTER E WITH ACUTE}"},
    ],
)
def test_headers_that_http_allows_are_allowed(headers: dict[str, str]) -> None:
    found = effect(**http(headers=headers)).http

    assert found is not None
    assert found.headers == headers


def test_the_schema_lists_the_codes_that_the_framework_has() -> None:
    examples = RegistryErrorDetail.model_json_schema()["anyOf"][1]["properties"]["errorCode"][
        "examples"
    ]
    ours = {value for name, value in vars(error_codes).items() if name.isupper()}

    assert ours <= set(examples)
    assert "XDSRegistryBusy" in examples
    assert all(effect(registry={"errors": [code]}) for code in examples)
