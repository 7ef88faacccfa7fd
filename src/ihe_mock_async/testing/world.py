"""One world (namespace) of a server in a test: its faults, its requests, what is expected of them.

`World` and `AsyncWorld` have the same names; what takes time is awaited in the asynchronous one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ihe_mock_async.journal.verification import Expectation
from ihe_mock_async.testing import assertions
from ihe_mock_async.testing.companion import CompanionService
from ihe_mock_async.testing.effects import EffectLike, PlanLike, read_plan
from ihe_mock_async.testing.expectation import On, pattern_of
from ihe_mock_async.testing.fault_control import FaultControl
from ihe_mock_async.testing.recorded import RecordedExchange
from ihe_mock_async.testing.urls import known, prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ihe_mock_async.faults.picker import ArmedPlan
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.journal.pattern import Pattern
    from ihe_mock_async.testing.running import InThread, Running

T = TypeVar("T")
NO_NAMESPACE = ""
_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is remembered of a world at one moment."""

    entries: Sequence[Entry]
    evicted: int
    """How many more there were."""
    plans: Sequence[ArmedPlan]

    @property
    def seen(self) -> tuple[Sequence[Entry], int]:
        """What expectations are checked against."""
        return self.entries, self.evicted


class WorldControl:
    """What both forms have; used in any thread.

    `on` and `**pattern` are as in `expectation.pattern_of`: `on="ITI-41", patient_id="P1"`.
    """

    def __init__(self, running: Running, namespace: str = NO_NAMESPACE) -> None:
        self._running = running
        self._namespace = namespace

    @property
    def name(self) -> str:
        """The namespace; empty: the default world."""
        return self._namespace

    @property
    def url(self) -> str:
        """Its base URL, without a slash at the end: that of the server, or `.../ns/NAME`."""
        return f"{self._running.site.url}{prefix_of(self._namespace)}"

    def url_for(self, name: str, *, namespace: str | None = None) -> str:
        """URL of the endpoint of a transaction (`ITI-41`), an actor or a companion service.

        In this world, unless another `namespace` is named. Raises `ValueError` saying what there
        is.
        """
        world = self._namespace if namespace is None else namespace
        return self._running.site.url_for(name, world)

    def service(self, name: str) -> CompanionService:
        """A companion service in this world; raises `ValueError` when it is not enabled."""
        known(name, self._running.site.services)
        return CompanionService(self._running, self._namespace, name)

    # ------------------------------------------------------------ faults

    def fail_next(
        self,
        n: int = 1,
        on: On = None,
        effect: EffectLike = _UNAVAILABLE,
        **pattern: Any,  # noqa: ANN401 - conditions of `Pattern`, checked there
    ) -> str:
        """Let the next `n` matching requests meet a fault; returns the id of its plan."""
        return self._arm(n, on, effect, pattern)

    def fail_always(
        self,
        on: On = None,
        effect: EffectLike = _UNAVAILABLE,
        **pattern: Any,  # noqa: ANN401 - as above
    ) -> str:
        """Let every matching request meet a fault until `succeed`; returns the id of its plan."""
        return self._arm(None, on, effect, pattern)

    def arm(self, plan: PlanLike) -> str:
        """Arm a fault plan, in its JSON form or as an object; returns its id.

        For what the other methods do not have: `sequence`, `when` with windows of the clock,
        probability and `skip`, quotas. One with the id of another takes its place. Raises
        `ValueError` saying what is wrong with it.
        """
        wanted = read_plan(plan)
        return self._call(lambda: self._faults.add(wanted))

    def _arm(self, times: int | None, on: On, effect: EffectLike, narrowed: dict[str, Any]) -> str:
        pattern = pattern_of(on, narrowed, self._running.site)
        return self._call(lambda: self._faults.arm(pattern, effect, times))

    def succeed(self, on: On = None) -> int:
        """Disarm the plans armed with the same `on`, None: all; returns how many there were."""
        pattern = None if on is None else pattern_of(on, {}, self._running.site)
        return self._call(lambda: self._faults.disarm(pattern))

    @property
    def _faults(self) -> FaultControl:
        return FaultControl(self._running.site.app.services, self._namespace)

    # ------------------------------------------------------------ requests

    def requests(
        self,
        on: On = None,
        **pattern: Any,  # noqa: ANN401 - as above
    ) -> list[RecordedExchange]:
        """The matching requests that are remembered, the oldest first."""
        wanted = pattern_of(on, pattern, self._running.site)
        return self._seen([each for each in self._entries() if wanted.matches(each)])

    def call_count(self, on: On = None, **pattern: Any) -> int:  # noqa: ANN401 - as above
        """How many matching requests are remembered."""
        return len(self.requests(on, **pattern))

    @property
    def last(self) -> RecordedExchange:
        """The request that came last; AssertionError when none has come."""
        entries = self._entries()
        if not entries:
            raise AssertionError("No request has come.")
        return self._seen(entries[-1:])[0]

    def _entries(self) -> Sequence[Entry]:
        return evidence_of(self).entries

    def _seen(self, entries: Sequence[Entry]) -> list[RecordedExchange]:
        return [RecordedExchange(entry, self._running.site.url) for entry in entries]

    # ------------------------------------------------------------ expectations

    def assert_called(
        self,
        on: On = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **pattern: Any,  # noqa: ANN401 - as above
    ) -> None:
        """AssertionError unless as many matching requests came; without a number: at least one.

        It tells the requests that came nearest, and why each differs. Also when entries that
        would have counted may have been forgotten for the journal's bounds.
        """
        __tracebackhide__ = True
        wanted = pattern_of(on, pattern, self._running.site)
        expectation = Expectation(match=wanted, times=times, at_least=at_least, at_most=at_most)
        _complain(self._call(lambda: assertions.unmet(expectation, *self._evidence().seen)))

    def assert_not_called(self, on: On = None, **pattern: Any) -> None:  # noqa: ANN401 - as above
        """AssertionError if a matching request came."""
        __tracebackhide__ = True
        self.assert_called(on, times=0, **pattern)

    def assert_sequence(self, expected: Sequence[On], *, exact: bool = False) -> None:
        """AssertionError unless requests came in this order, others between them or not.

        With `exact` there were no others.
        """
        __tracebackhide__ = True
        patterns = [pattern_of(on, {}, self._running.site) for on in expected]
        _complain(
            self._call(
                lambda: assertions.unmet_sequence(patterns, *self._evidence().seen, exact=exact)
            )
        )

    # ------------------------------------------------------------ inside

    def _evidence(self) -> Evidence:
        services = self._running.site.app.services
        name = self._namespace
        return Evidence(
            services.journal.entries(name),
            services.journal.evicted(name),
            services.faults.plans(name),
        )

    def _call(self, function: Callable[[], T]) -> T:
        return self._running.call(function)

    async def _wait(
        self, pattern: Pattern, count: int, seconds: float
    ) -> tuple[Sequence[Entry], str]:
        """Those that match, and what is missing; runs in the server's loop."""
        journal = self._running.site.app.services.journal
        found = await journal.wait(self._namespace, pattern.matches, count=count, seconds=seconds)
        if len(found) >= count:
            return found, ""
        told = assertions.unmet_wait(pattern, count, found, journal.entries(self._namespace))
        return found, f"{told}\nWaited for {seconds:g} s."

    async def _reset(self) -> None:
        await self._running.site.app.services.worlds.reset(self._namespace)


def evidence_of(world: WorldControl) -> Evidence:
    """All that is remembered of a world, as the report of a failed test tells it."""
    return world._call(world._evidence)


def _complain(complaint: str) -> None:
    __tracebackhide__ = True
    if complaint:
        raise AssertionError(complaint)


class World(WorldControl):
    """A world as synchronous code sees it; calls run in the thread of the server."""

    _running: InThread

    def namespace(self, name: str) -> World:
        """Another world of the same server, with the same methods."""
        return World(self._running, self._running.site.checked_namespace(name))

    def wait_for(
        self,
        on: On = None,
        count: int = 1,
        timeout: float = 5,
        **pattern: Any,  # noqa: ANN401 - as above
    ) -> list[RecordedExchange]:
        """Return as soon as `count` matching requests came, those that came before counted.

        AssertionError after `timeout` seconds, with the nearest misses. Nothing else runs in this
        thread meanwhile: a client in the same event loop has to be awaited by the async form.
        """
        __tracebackhide__ = True
        wanted = pattern_of(on, pattern, self._running.site)
        found, complaint = self._running.wait(self._wait(wanted, count, timeout))
        _complain(complaint)
        return self._seen(found)

    def reset(self) -> None:
        """Forget patients, documents, requests, faults and the state of companion services."""
        self._running.wait(self._reset())


class AsyncWorld(WorldControl):
    """A world as code in the server's event loop sees it."""

    def namespace(self, name: str) -> AsyncWorld:
        """Another world of the same server, with the same methods."""
        return AsyncWorld(self._running, self._running.site.checked_namespace(name))

    async def wait_for(
        self,
        on: On = None,
        count: int = 1,
        timeout: float = 5,  # noqa: ASYNC109 - the same names in both forms
        **pattern: Any,  # noqa: ANN401 - as above
    ) -> list[RecordedExchange]:
        """Return as soon as `count` matching requests came, those that came before counted.

        AssertionError after `timeout` seconds, with the nearest misses.
        """
        __tracebackhide__ = True
        wanted = pattern_of(on, pattern, self._running.site)
        found, complaint = await self._wait(wanted, count, timeout)
        _complain(complaint)
        return self._seen(found)

    async def reset(self) -> None:
        """Forget patients, documents, requests, faults and the state of companion services."""
        await self._reset()
