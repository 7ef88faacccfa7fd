"""What the exchanges of one server share; wired once, by `create_app`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ihe_mock_async.web.outgoing import Outgoing
from ihe_mock_async.web.worlds import Worlds

if TYPE_CHECKING:
    from ihe_mock_async.elements import XmlLimits
    from ihe_mock_async.faults.picker import Faults
    from ihe_mock_async.journal.ledger import Journal
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
    journal: Journal
    faults: Faults
    clock: Clock
    ids: IdSource
    body_limits: BodyLimits
    xml_limits: XmlLimits
    namespace_idle_seconds: float = 0.0
    """See `Worlds`."""
    request_count: int = 0
    """Requests to mocked endpoints since the start."""
    in_flight: int = 0
    sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    start_deliveries: Callable[[], None] = field(default=lambda: None)
    """Called when something was put into the outbox: whoever posts it may be asleep."""
    outgoing: Outgoing = field(init=False)
    """Documents that are being sent."""
    worlds: Worlds = field(init=False)
    """Namespaces, as long as they are used."""

    def __post_init__(self) -> None:
        """Put together what is made of the parts."""
        self.outgoing = Outgoing(self.store.content)
        self.worlds = Worlds(
            self.store,
            self.journal,
            self.faults,
            ids=self.ids,
            clock=self.clock,
            idle_seconds=self.namespace_idle_seconds,
        )

    @property
    def is_reproducible(self) -> bool:
        """Whether the same requests get the same answers, to the header field Date."""
        return self.clock.is_frozen or self.ids.is_seeded
