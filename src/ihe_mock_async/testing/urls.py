"""Where a server in a test has the endpoint that is asked for by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ihe_mock_async.ihe import Actor
from ihe_mock_async.web.companions import PREFIX as COMPANIONS

if TYPE_CHECKING:
    from ihe_mock_async.testing.site import Site

_TRANSACTION = re.compile(r"iti-?(\d+)", re.IGNORECASE)


def url_for(site: Site, name: str, namespace: str) -> str:
    """URL of a transaction (`ITI-41`), an actor or a companion service, in a world.

    Raises `ValueError` saying what there is.
    """
    world = prefix_of(namespace)
    if name in site.services:
        own = site.app.companions.url_of(name)
        return f"{own}{world}" if own else f"{site.url}{world}{COMPANIONS}/{name}"
    number = transaction(name)
    known(number or name, [*site.transactions, *Actor, *site.services])
    path = next(
        e.path
        for e in site.endpoints
        if e.actor.value == name or number in (each.number for each in e.transactions)
    )
    return f"{site.url}{world}{path}"


def prefix_of(namespace: str) -> str:
    """What stands in front of the paths of a world."""
    return f"/ns/{namespace}" if namespace else ""


def transaction(name: str) -> str:
    """`ITI-41` of `iti41` and the like; empty when it is no number of a transaction."""
    match = _TRANSACTION.fullmatch(name)
    return f"ITI-{match[1]}" if match else ""


def known(name: str, names: Iterable[str]) -> str:
    """The name itself, or `ValueError` saying which there are."""
    there = [str(each) for each in names]
    if name in there:
        return name
    close = get_close_matches(name, there, n=1)
    hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(there)}."
    raise ValueError(f'This server has no "{name}"; {hint}')
