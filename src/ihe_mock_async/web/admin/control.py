"""The parts of the admin API that are about the server itself: its worlds, time and set-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.web.admin.clock import ClockRoutes
from ihe_mock_async.web.admin.deliveries import DeliveryRoutes
from ihe_mock_async.web.admin.info import InfoRoutes
from ihe_mock_async.web.admin.namespaces import NamespaceRoutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.settings import Settings
    from ihe_mock_async.web.admin.api import Part
    from ihe_mock_async.web.deliveries import Deliveries
    from ihe_mock_async.web.services import Services


def parts(settings: Settings, services: Services, deliveries: Deliveries) -> Iterator[Part]:
    """All of them."""
    yield NamespaceRoutes(services.worlds)
    # What waits for a time may be due at once when the time was moved.
    yield ClockRoutes(services.clock, services.start_deliveries)
    yield DeliveryRoutes(services.store, deliveries, redact=settings.redact)
    yield InfoRoutes(settings, services.endpoints)
