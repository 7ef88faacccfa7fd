"""The parts of the admin API that are about exchanges: requests and the faults they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.web.admin.faults import FaultRoutes
from ihe_mock_async.web.admin.journaled import Journaled
from ihe_mock_async.web.admin.request_contents import RequestContentRoutes
from ihe_mock_async.web.admin.request_search import RequestSearchRoutes
from ihe_mock_async.web.admin.requests import RequestRoutes
from ihe_mock_async.web.admin.unmatched_requests import UnmatchedRoutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.web.admin.api import Part
    from ihe_mock_async.web.companions import Companions
    from ihe_mock_async.web.services import Services


def parts(services: Services, companions: Companions, *, redact: bool) -> Iterator[Part]:
    """All of them; `redact` masks what may be of a patient."""
    journaled = Journaled(services.journal, redact=redact)
    yield RequestRoutes(journaled)
    yield UnmatchedRoutes(journaled, services.endpoints, companions)
    yield RequestSearchRoutes(journaled)
    yield RequestContentRoutes(journaled)
    yield FaultRoutes(services.faults, services.clock)
