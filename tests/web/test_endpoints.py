"""Doors: which path leads to which actor, in which namespace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ihe_mock_async.ihe import Actor
from ihe_mock_async.settings import Settings
from ihe_mock_async.web.endpoints import Endpoints
from tests.web.fakes import ACTION, FAKE, ROOT

OTHER = replace(
    FAKE,
    number="ITI-98",
    actors=(Actor.PIX_MANAGER, Actor.DOCUMENT_REPOSITORY),
    handlers={"urn:example:Other": FAKE.handlers[ACTION]},
    roots={ROOT: "urn:example:Other"},
)
ENDPOINTS = Endpoints(Settings(), (FAKE, OTHER))


def test_an_actor_has_its_own_path_and_the_configured_one() -> None:
    settings = Settings(pix_add_endpoint="/feed")

    endpoints = Endpoints(settings, (FAKE,))

    assert [e.path for e in endpoints] == ["/feed", "/pix-manager"]
    assert {e.actor for e in endpoints} == {Actor.PIX_MANAGER}


def test_a_configured_path_may_be_the_actors_own() -> None:
    endpoints = Endpoints(Settings(pix_add_endpoint="/pix-manager"), (FAKE,))

    assert [e.path for e in endpoints] == ["/pix-manager"]


def test_an_actor_without_transactions_has_no_endpoint() -> None:
    assert Endpoints(Settings(), (FAKE,)).find("/document-repository") is None
    assert list(Endpoints(Settings(), ())) == []


def test_an_endpoint_tells_people_its_actor_and_transactions() -> None:
    place = ENDPOINTS.find("/pix/add")

    assert place is not None
    assert (
        place.endpoint.description == "Patient Identifier Cross-reference Manager: ITI-99, ITI-98"
    )


def test_a_body_root_of_two_transactions_belongs_to_the_first() -> None:
    place = ENDPOINTS.find("/pix/add")

    assert place is not None
    assert place.endpoint.by_root[ROOT] == (FAKE, ACTION)
    assert place.endpoint.by_action["urn:example:Other"] is OTHER


@pytest.mark.parametrize(
    ("path", "namespace"),
    [
        ("/pix/add", ""),
        ("/pix/add/", ""),
        ("/ns/a/pix/add", "a"),
        ("/ns/a/pix/add/", "a"),
        ("/ns/Team-7_build.12/pix-manager", "Team-7_build.12"),
        (f"/ns/{'n' * 100}/pix/add", "n" * 100),
    ],
)
def test_an_endpoint_is_found_in_each_namespace(path: str, namespace: str) -> None:
    place = ENDPOINTS.find(path)

    assert place is not None
    assert place.namespace == namespace
    assert place.endpoint.actor is Actor.PIX_MANAGER


@pytest.mark.parametrize(
    "path",
    ["/", "/pix", "/pix/add/x", "/PIX/ADD", "/ns", "/ns/a", "/ns/a/", "/ns/a/ns/b/pix/add", ""],
)
def test_another_path_is_no_endpoint(path: str) -> None:
    assert ENDPOINTS.find(path) is None
    assert ENDPOINTS.explain("/pix").rule.id == "http-not-found"


@pytest.mark.parametrize(
    "path",
    [
        "/ns//pix/add",
        "/ns/../pix/add",
        "/ns/-a/pix/add",
        "/ns/a b/pix/add",
        "/ns/ä/pix/add",
        "/ns/a\n/pix/add",
        f"/ns/{'n' * 101}/pix/add",
    ],
)
def test_a_name_that_is_no_namespace_is_explained(path: str) -> None:
    found = ENDPOINTS.explain(path)

    assert ENDPOINTS.find(path) is None
    assert found.rule.id == "http-namespace"
    assert "1 to 100 letters" in found.describe()


def test_an_unknown_path_is_told_all_endpoints() -> None:
    found = ENDPOINTS.explain("/pix/addd")

    assert found.received == "/pix/addd"
    assert "/pix/add, /iti41/submit" in found.expected


def test_the_doors_of_an_action_are_those_of_the_same_namespace() -> None:
    other = "urn:example:Other"

    assert "/iti41/submit" in ENDPOINTS.paths_serving(other, "")
    assert "/ns/a/iti41/submit" in ENDPOINTS.paths_serving(other, "a")
    assert ENDPOINTS.paths_serving("urn:example:Nope", "") == []
