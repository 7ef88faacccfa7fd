"""`/__admin/clock`: the time of the affinity domain, to be moved and stopped by tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, model_validator
from quart import Response

from ihe_mock_async.journal.json_model import JsonModel, wrong
from ihe_mock_async.web.admin import json_body
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.documents import Moment, answer
from ihe_mock_async.web.admin.problems import PROBLEM, Problem

if TYPE_CHECKING:
    from ihe_mock_async.web.clock import Clock

_CENTURY_MS = 100 * 366 * 86_400_000
_Milliseconds = Field(strict=True, ge=-_CENTURY_MS, le=_CENTURY_MS)
_Seconds = Field(strict=True, ge=-_CENTURY_MS / 1000, le=_CENTURY_MS / 1000)
_EXAMPLES = {
    "an hour later": {"advanceSeconds": 3600},
    "another day": {"now": "2026-01-31T12:00:00Z"},
    "stand still": {"freeze": True},
}


def _absent() -> Any:  # noqa: ANN401 - it stands for a value of any type
    """The default of a key that need not be there; null is none of its values."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def _read_moment(value: object) -> datetime:
    try:
        return datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        wrong("is no time", "a time such as 2026-01-31T12:00:00Z (without a zone: UTC)")


Mode = Literal["machine", "offset", "frozen"]


class ClockChange(JsonModel):
    """What becomes of the time; exactly one key."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    advance_ms: Annotated[int, _Milliseconds] = _absent()
    """Milliseconds to move it by; negative: back."""
    advance_seconds: Annotated[float, _Seconds] = _absent()
    now: Annotated[datetime, BeforeValidator(_read_moment)] = _absent()
    """The time that it shows from now on."""
    freeze: StrictBool = _absent()
    """Whether it stands still."""

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if len(self.model_fields_set) != 1:
            wrong("must have exactly one key", "advanceMs, advanceSeconds, now, freeze")
        return self

    def apply(self, clock: Clock) -> None:
        """Change a clock; raises OverflowError beyond the years 1 to 9999."""
        (key,) = self.model_fields_set
        _CHANGES[key](clock, self)


_CHANGES: Mapping[str, Callable[[Clock, ClockChange], None]] = {
    "advance_ms": lambda clock, to: clock.advance(timedelta(milliseconds=to.advance_ms)),
    "advance_seconds": lambda clock, to: clock.advance(timedelta(seconds=to.advance_seconds)),
    "now": lambda clock, to: clock.set(to.now),
    "freeze": lambda clock, to: clock.freeze() if to.freeze else clock.run(),
}


class ClockDocument(JsonModel):
    """The time of the affinity domain."""

    now: Moment
    mode: Mode
    """The machine's time, the machine's with an offset, or one that stands still."""
    offset_ms: int
    """How far it is ahead of the machine's time; negative: behind."""


class ClockRoutes:
    """The routes of the clock; `changed` is called when it was moved."""

    def __init__(self, clock: Clock, changed: Callable[[], object]) -> None:
        self._clock = clock
        self._changed = changed

    def operations(self) -> Iterator[Operation]:
        """What can be done with it."""
        shown = Reply("The time, and how it goes.", ClockDocument)
        yield Operation(
            "GET", "/clock", self.show, "Show the time of the server", {200: shown}, scoped=False
        )
        yield Operation(
            "POST",
            "/clock",
            self.change,
            "Move the time of the server, stop it or let it run",
            {
                200: shown,
                409: Reply("It would leave the years 1 to 9999.", media_type=PROBLEM),
            },
            body=ClockChange,
            scoped=False,
            description="Of all worlds. Delays of faults are real time all the same.",
            examples=_EXAMPLES,
        )
        yield Operation(
            "DELETE",
            "/clock",
            self.reset,
            "Show the time of the machine again",
            {200: shown},
            scoped=False,
        )

    async def show(self) -> Response:
        """The time."""
        clock = self._clock
        return answer(
            ClockDocument(
                now=clock.now(),
                mode=_mode(clock),
                offset_ms=round(clock.offset / timedelta(milliseconds=1)),
            )
        )

    async def change(self) -> Response:
        """Change the time."""
        change = await json_body.read(ClockChange)
        try:
            change.apply(self._clock)
        except OverflowError as error:
            raise Problem(
                HTTPStatus.CONFLICT, "The time would leave the years 1 to 9999; it is unchanged."
            ) from error
        self._changed()
        return await self.show()

    async def reset(self) -> Response:
        """Show the machine's time."""
        self._clock.reset()
        self._changed()
        return await self.show()


def _mode(clock: Clock) -> Mode:
    if clock.is_frozen:
        return "frozen"
    return "offset" if clock.offset else "machine"
