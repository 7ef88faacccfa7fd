"""How long an answer is held back, in WireMock's distributions; times in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp
from random import Random
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from ihe_mock_async.faults.kinds import check_exactly_one, keys_of
from ihe_mock_async.journal.json_forms import JsonSchema, exactly_one, or_short
from ihe_mock_async.journal.json_model import JsonModel, wrong

MAX_DELAY_MS = 600_000
Milliseconds = Annotated[float, Field(ge=0, le=MAX_DELAY_MS, allow_inf_nan=False)]


class Uniform(JsonModel):
    """Any time between two, all as likely."""

    lower: Milliseconds = Field(description="The shortest delay, in milliseconds.")
    upper: Milliseconds = Field(description="The longest delay, in milliseconds.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower > self.upper:
            wrong(f"is {self.lower:.15g}", f"at most upper, {self.upper:.15g}", "lower")
        return self

    def draw(self, random: Random) -> float:
        """Some time between the two, in milliseconds."""
        return random.uniform(self.lower, self.upper)


class Lognormal(JsonModel):
    """A median with a long tail."""

    median: Annotated[float, Field(gt=0, le=MAX_DELAY_MS, allow_inf_nan=False)] = Field(
        description="Half of the delays are shorter; in milliseconds."
    )
    sigma: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)] = Field(
        description="Standard deviation of the delay's logarithm: the larger, the longer the tail."
    )
    max: Milliseconds | None = Field(
        default=None, description=f"No delay is longer; else none is than {MAX_DELAY_MS} ms."
    )

    def draw(self, random: Random) -> float:
        """Some time as WireMock draws it: e to the power of a normal variate, times the median."""
        longest = MAX_DELAY_MS if self.max is None else self.max
        return min(self.median * exp(random.gauss(0.0, self.sigma)), longest)


class Dribble(JsonModel):
    """The answer is sent in pieces over a time."""

    number_of_chunks: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="Into how many pieces the body of the answer is cut."
    )
    total_duration: Milliseconds = Field(
        description="Milliseconds from the first piece to the last."
    )


_KINDS = ("fixed", "uniform", "lognormal", "chunked_dribble_delay")
_TIME = {"type": "number", "minimum": 0, "maximum": MAX_DELAY_MS}


def _distribution(kind: str, *numbers: str) -> JsonSchema:
    """The schema of one of WireMock's `delayDistribution`s."""
    return {
        "type": "object",
        "description": "As WireMock writes it.",
        "properties": {"type": {"const": kind}, **dict.fromkeys(numbers, _TIME)},
        "required": ["type", *numbers],
    }


_SHORT_FORMS = (
    {**_TIME, "description": "Milliseconds: short for `fixed`."},
    {**_distribution("fixed", "milliseconds"), "additionalProperties": False},
    {**_distribution("uniform", "lower", "upper"), "additionalProperties": False},
    _distribution("lognormal", "median", "sigma"),
)


def _schema(schema: JsonSchema) -> None:
    exactly_one(*keys_of(_KINDS))(schema)
    or_short(schema, *_SHORT_FORMS)


def _fixed(rest: Mapping[str, Any]) -> dict[str, Any]:
    if rest.keys() != {"milliseconds"}:
        wrong("is fixed, and has other keys", "type and milliseconds")
    return {"fixed": rest["milliseconds"]}


_OF_WIREMOCK: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "fixed": _fixed,
    "uniform": lambda rest: {"uniform": rest},
    "lognormal": lambda rest: {"lognormal": rest},
}


class Delay(JsonModel):
    """How long the answer is held back: exactly one of the distributions."""

    model_config = ConfigDict(json_schema_extra=_schema)

    fixed: Milliseconds | None = Field(default=None, description="Always so many milliseconds.")
    uniform: Uniform | None = None
    lognormal: Lognormal | None = None
    chunked_dribble_delay: Dribble | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"fixed": value}
        if not isinstance(value, Mapping) or "type" not in value:
            return value
        kind = value["type"]
        if not isinstance(kind, str) or kind not in _OF_WIREMOCK:
            wrong("is no distribution", f"one of {', '.join(_OF_WIREMOCK)}", "type")
        return _OF_WIREMOCK[kind]({key: value[key] for key in value if key != "type"})

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        check_exactly_one(self, _KINDS)
        return self

    def seconds(self, random: Random) -> float:
        """How long before the answer begins; a dribble begins at once."""
        drawn = self.uniform or self.lognormal
        milliseconds = drawn.draw(random) if drawn else self.fixed or 0.0
        return milliseconds / 1000

    @property
    def name(self) -> str:
        """For people, and for `named`: `200`, `uniform 100 300`, `dribble 5 1000`."""
        if self.fixed is not None:
            return f"{self.fixed:.15g}"
        for word, (kind, fields) in _WORDS.items():
            if (model := getattr(self, kind)) is not None:
                return " ".join([word, *(f"{getattr(model, field):.15g}" for field in fields)])
        raise AssertionError("a delay has exactly one kind")


_WORDS = {
    "uniform": ("uniform", ("lower", "upper")),
    "lognormal": ("lognormal", ("median", "sigma")),
    "dribble": ("chunked_dribble_delay", ("number_of_chunks", "total_duration")),
}
"""The word for a kind in a name, its key, and what follows the word."""

FORMS = ("200", *(" ".join([word, *map(str.upper, names)]) for word, (_, names) in _WORDS.items()))
"""What `named` reads, for error messages."""


def named(words: Sequence[str]) -> dict[str, Any]:
    """The JSON form of the delay of that name, unchecked.

    Raises ValueError when there are too few words, or too many.
    """
    kind, *numbers = words or ("",)
    if kind not in _WORDS:
        if len(words) != 1:
            raise ValueError(f"delay is followed by one of {', '.join(FORMS)}")
        return {"fixed": kind}
    key, fields = _WORDS[kind]
    keys = keys_of(fields)
    if len(numbers) != len(keys):
        raise ValueError(f"{kind} is followed by {' and '.join(keys)}")
    (kind_key,) = keys_of([key])
    return {kind_key: dict(zip(keys, numbers, strict=True))}
