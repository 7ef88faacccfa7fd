"""`/__admin/transactions` and `/__admin/config` of the app as it is wired."""

from __future__ import annotations

import json
from collections.abc import Callable

from ihe_mock_async.settings import Settings
from ihe_mock_async.transactions import served
from ihe_mock_async.web.app import create_app
from tests.web.admin import asgi
from tests.web.admin.asking import ask


async def test_every_transaction_is_listed_with_its_paths(
    settings: Callable[..., Settings],
) -> None:
    app = create_app(settings(iti41_endpoint="/xds/provide"))
    async with app.test_app():
        response, told = await ask(app, "/transactions")

    assert response.status_code == 200
    listed = {each["number"]: each for each in told["transactions"]}
    assert list(listed) == [each.number for each in served()]
    assert listed["ITI-41"] == {
        "number": "ITI-41",
        "name": "Provide and Register Document Set-b",
        "section": "ITI TF-2: 3.41",
        "actors": ["Document Repository"],
        "actions": ["urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"],
        "paths": ["/xds/provide", "/document-repository"],
    }


async def test_settings_are_told_with_who_has_set_them(settings: Callable[..., Settings]) -> None:
    made = settings(ack_codes="AA", unknown_patients="reject")
    app = create_app(made.given_by({"ack_codes": "environment MOCK_SERVER_ACK_CODES"}))
    async with app.test_app():
        response, told = await ask(app, "/config")

    assert response.status_code == 200
    assert told.keys() == Settings.model_fields.keys()
    assert told["ack_codes"] == {"value": "AA", "source": "environment MOCK_SERVER_ACK_CODES"}
    assert told["unknown_patients"] == {"value": "reject", "source": "code"}
    assert told["validation"] == {"value": "enforce", "source": "default"}


async def test_the_token_is_masked(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(admin_token="hunter2"))  # noqa: S106
    async with app.test_app():
        answer = await asgi.send(
            app, "/__admin/config", (("Host", "x"), ("Authorization", "Bearer hunter2"))
        )

    assert answer.status == 200
    assert b"hunter2" not in answer.body
    assert json.loads(answer.body)["admin_token"]["value"] == "**********"
