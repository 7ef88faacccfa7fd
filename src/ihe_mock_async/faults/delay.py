"""How long an answer is held back, in WireMock's distributions; times in milliseconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ihe_mock_async.journal.json_model import JsonModel

MAX_DELAY_MS = 600_000
Milliseconds = Annotated[float, Field(ge=0, le=MAX_DELAY_MS)]


class Uniform(JsonModel):
    """Any time between two, all as likely."""

    lower: Milliseconds
    upper: Milliseconds


class Lognormal(JsonModel):
    """A median with a long tail."""

    median: Annotated[float, Field(gt=0, le=MAX_DELAY_MS)]
    sigma: Annotated[float, Field(ge=0, le=5)]
    max: Milliseconds | None = None
    """No delay is longer."""


class Dribble(JsonModel):
    """The answer is sent in pieces over a time."""

    number_of_chunks: Annotated[int, Field(ge=1, le=10_000)]
    total_duration: Milliseconds


class Delay(JsonModel):
    """Exactly one of them. In JSON a bare number is short for `fixed`."""

    fixed: Milliseconds | None = None
    uniform: Uniform | None = None
    lognormal: Lognormal | None = None
    chunked_dribble_delay: Dribble | None = None
