"""`transactions`: what is served, and where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from ihe_mock_async.transactions import served

Run = Callable[..., Result]


def test_every_transaction_is_listed_with_its_actors_actions_and_paths(
    run: Run, folder: Path
) -> None:
    (folder / "my.json").write_text('{"iti41_endpoint": "/xds/provide"}')

    result = run("transactions", "--json", "--config", "my.json")

    listed = {one["number"]: one for one in json.loads(result.stdout)}
    assert list(listed) == [one.number for one in served()]
    assert listed["ITI-41"] == {
        "number": "ITI-41",
        "name": "Provide and Register Document Set-b",
        "section": "ITI TF-2: 3.41",
        "actors": ["Document Repository"],
        "actions": ["urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"],
        "paths": ["/xds/provide", "/document-repository"],
    }


def test_people_get_a_paragraph_per_transaction(run: Run) -> None:
    result = run("transactions")

    paragraphs = result.stdout.split("\n\n")
    assert [text.split()[0] for text in paragraphs] == [one.number for one in served()]
    (provide,) = [text for text in paragraphs if text.startswith("ITI-41")]
    assert provide.splitlines() == [
        "ITI-41  Provide and Register Document Set-b (ITI TF-2: 3.41)",
        "  actor   Document Repository",
        "  action  urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
        "  path    /iti41/submit",
        "  path    /document-repository",
    ]
