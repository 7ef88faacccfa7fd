"""Which requests a test means: `on` names them in a word, keyword arguments narrow them down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ihe_mock_async.ihe import Actor
from ihe_mock_async.journal import json_problems
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.testing import urls

if TYPE_CHECKING:
    from ihe_mock_async.testing.site import Site

On = str | Pattern | Mapping[str, Any] | None
"""`ITI-41`, an actor, a companion service, a path, a wsa:Action, or a pattern; None: any."""


def pattern_of(on: On, narrowed: Mapping[str, Any], site: Site) -> Pattern:
    """The pattern that is meant; `narrowed` has keys of `Pattern`, in snake_case or camelCase.

    Raises `ValueError`, saying what there is, for a name or key that is not known: an
    expectation that nothing can fulfil must not pass for one that nothing has.
    """
    meant = _read(on, site)
    return _validated({**meant, **narrowed}) if narrowed or not isinstance(on, Pattern) else on


def _read(on: On, site: Site) -> dict[str, Any]:
    if on is None:
        return {}
    if isinstance(on, Pattern):
        return on.model_dump(by_alias=True, exclude_unset=True)
    if isinstance(on, Mapping):
        return dict(on)
    return _named(on, site)


def _named(name: str, site: Site) -> dict[str, Any]:
    if name.startswith("/"):
        return {"path": name}
    if name.startswith(("urn:", "http:", "https:")):
        return {"soapAction": name}
    if number := urls.transaction(name):
        return {"transaction": urls.known(number, site.transactions)}
    if name in site.services:
        return {"service": name}
    actor = urls.known(name, [*site.transactions, *Actor, *site.services])
    paths = [re.escape(e.path) for e in site.endpoints if e.actor.value == actor]
    return {"path": {"matches": "|".join(paths)}}


def _validated(document: Mapping[str, Any]) -> Pattern:
    try:
        return Pattern.model_validate(document)
    except ValidationError as error:
        told = map(json_problems.describe, json_problems.problems(error, Pattern))
        raise ValueError(f"This is no pattern: {'; '.join(told)}") from None
