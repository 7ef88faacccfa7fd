"""The admin API of an app in this process, asked as from this machine."""

from __future__ import annotations

import json
from typing import Any

from quart import Response

from ihe_mock_async.web.app import MockServerApp
from tests.web.admin import contract

LOCAL = {"client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 8080)}


async def ask(
    app: MockServerApp,
    path: str,
    method: str = "GET",
    body: Any = None,  # noqa: ANN401 - whatever the JSON is
    *,
    namespace: str = "",
) -> tuple[Response, Any]:
    """The response, and its JSON (which is as documented) if it is some, else its octets."""
    world = f"/ns/{namespace}" if namespace else ""
    response = await app.test_client().open(
        f"{world}/__admin{path}",
        method=method,
        headers={"Host": "localhost:8080"},
        scope_base=LOCAL,
        **({} if body is None else {"json": body}),
    )
    octets = await response.get_data(as_text=False)
    is_json = "json" in (response.content_type or "")
    if not is_json:
        return response, octets
    told = json.loads(octets)
    await contract.check(app, method, f"{world}/__admin{path}", response.status_code, told)
    return response, told
