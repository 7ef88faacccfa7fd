"""What the exchanges of one server share; wired once, by `create_app`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ihe_mock_async.web.outgoing import Outgoing

if TYPE_CHECKING:
    from ihe_mock_async.elements import XmlLimits
    from ihe_mock_async.journal.recorder import Recorder
    from ihe_mock_async.state import AffinityDomain
    from ihe_mock_async.store import Store
    from ihe_mock_async.web.body import BodyLimits
    from ihe_mock_async.web.clock import Clock, IdSource
    from ihe_mock_async.web.endpoints import Endpoints


@dataclass(slots=True)
class Services:
    """What the pipeline works with."""

    domain: AffinityDomain
    endpoints: Endpoints
    store: Store
    recorder: Recorder
    clock: Clock
    ids: IdSource
    body_limits: BodyLimits
    xml_limits: XmlLimits
    request_count: int = 0
    """Requests to mocked endpoints since the start."""
    in_flight: int = 0
    sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    start_deliveries: Callable[[], None] = field(default=lambda: None)
    """Called when something was put into the outbox: whoever posts it may be asleep."""
    outgoing: Outgoing = field(init=False)
    """Documents that are being sent."""

    def __post_init__(self) -> None:
        """Send what the store has."""
        self.outgoing = Outgoing(self.store.content)
