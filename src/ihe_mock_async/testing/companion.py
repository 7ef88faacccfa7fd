"""A companion service in a test: let it fail, and see what it has received."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.content import parse_json
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.testing.effects import EffectLike
from ihe_mock_async.testing.fault_control import FaultControl, plan_of

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.testing.running import Running

_UNAVAILABLE = 503


class CompanionService:
    """One service in one world.

    Its calls are the requests to the mappings that record (`record: NAME` in its declaration),
    so that health checks do not count; when no mapping does, all requests. A request that resets
    the service (`reset: true`) makes it forget those that came before.
    """

    def __init__(self, running: Running, namespace: str, name: str) -> None:
        self.name = name
        self._running = running
        self._namespace = namespace
        self._services = running.site.app.services
        companion = running.site.app.companions.find(name)
        mappings = companion.mappings if companion is not None else ()
        self._recording = {each.title for each in mappings if each.declaration.record}
        self._resetting = {each.title for each in mappings if each.declaration.reset}

    @property
    def url(self) -> str:
        """Its base URL."""
        return self._running.site.url_for(self.name, self._namespace)

    def set_failure_count(self, n: int, effect: EffectLike = _UNAVAILABLE) -> None:
        """Let its next `n` calls fail, and those after them succeed; 0: as `set_success`."""
        self._replace_plan(n, effect)

    def set_permanent_failure(self, effect: EffectLike = _UNAVAILABLE) -> None:
        """Let all its calls fail until `set_success`."""
        self._replace_plan(None, effect)

    def set_success(self) -> None:
        """Let its calls succeed."""
        self._replace_plan(0, _UNAVAILABLE)

    def _replace_plan(self, times: int | None, effect: EffectLike) -> None:
        plan = None if times == 0 else plan_of(self._pattern, effect, times)

        def replace() -> None:
            faults = FaultControl(self._services, self._namespace)
            faults.disarm(self._pattern)
            if plan is not None:
                faults.add(plan)

        self._running.call(replace)

    @property
    def _pattern(self) -> Pattern:
        return Pattern(service=self.name)

    def get_received_receipts(self) -> list[Any]:
        """What came with the calls that were served: JSON as its value, other bodies as octets.

        The oldest first.
        """
        return self._running.call(lambda: [_content(each) for each in self._served()])

    def get_call_count(self) -> int:
        """How many calls came, those that failed included."""
        return self._running.call(lambda: len(self._calls()))

    def _served(self) -> Iterator[Entry]:
        return (e for e in self._calls() if e.decided_outcome is Outcome.SERVED)

    def _calls(self) -> Sequence[Entry]:
        calls: list[Entry] = []
        for entry in self._services.journal.entries(self._namespace):
            if entry.service != self.name:
                continue
            if entry.mapping in self._resetting:
                if entry.decided_outcome is Outcome.SERVED:
                    calls.clear()
            elif not self._recording or entry.mapping in self._recording:
                calls.append(entry)
        return calls


def _content(entry: Entry) -> Any:  # noqa: ANN401 - any JSON
    body = entry.request_body.whole()
    try:
        return parse_json(body.decode("utf-8"))
    except ValueError:
        return body
