"""A fault plan in words: what will happen to which requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Plan = Mapping[str, Any]
"""A fault plan as the admin API tells it."""

_CONNECTION = {
    "EMPTY_RESPONSE": "find the connection closed without an answer",
    "MALFORMED_RESPONSE_CHUNK": "get a chunked answer that is garbage",
    "RANDOM_DATA_THEN_CLOSE": "get garbage instead of HTTP",
    "CONNECTION_RESET_BY_PEER": "find the connection reset",
    "TRUNCATE": "get half of the answer",
    "HANG": "never be answered",
}
_EFFECTS: Mapping[str, Callable[[Any], str]] = {
    "fault": lambda name: _CONNECTION.get(name, f"meet {name}"),
    "http": lambda http: f"be answered HTTP {http['status']}",
    "quota": lambda quota: (
        f"be answered HTTP {quota.get('status', 429)} beyond {quota['limit']} in "
        f"{span(quota['windowMs'])}"
    ),
    "soapFault": lambda fault: f"be answered a SOAP fault ({fault.get('code', 'Receiver')})",
    "hl7": lambda hl7: f"be refused with the HL7 acknowledgement {hl7.get('ackCode', 'AE')}",
    "registry": lambda registry: (
        f"be answered {registry.get('status', 'Failure')} with "
        + " and ".join(error["errorCode"] for error in registry["errors"])
    ),
    "corrupt": lambda how: f"get an answer that is damaged ({how})",
    "pass": lambda _: "be served",
}
_DELAYS: Mapping[str, Callable[[Any], str]] = {
    "fixed": lambda milliseconds: f"after {span(milliseconds)}",
    "uniform": lambda delay: f"after {delay['lower']:g} to {delay['upper']:g} ms",
    "lognormal": lambda delay: f"after about {delay['median']:g} ms",
    "chunkedDribbleDelay": lambda dribble: (
        f"in {dribble['numberOfChunks']} pieces over {span(dribble['totalDuration'])}"
    ),
}
_COMMITS = {
    "before": "what they ask for is stored all the same",
    "never": "nothing is stored",
}


def sentence(plan: Plan) -> str:
    """One sentence that tells who meets what, and for how long."""
    when = plan.get("when") or {}
    parts = [f"{_which(when)} {_whose(plan.get('match') or {})} will {_what(plan)}"]
    parts += _conditions(plan, when)
    return f"{', '.join(parts)}."


def effect(told: Mapping[str, Any]) -> str:
    """What happens to a request: `be answered HTTP 503 after 500 ms`."""
    kind = next((kind for kind in _EFFECTS if told.get(kind) is not None), "pass")
    words = [_EFFECTS[kind](told.get(kind))]
    for name, value in (told.get("delay") or {}).items():
        if value is not None:
            words.append(_DELAYS[name](value))
    return " ".join(words)


def span(milliseconds: float) -> str:
    """A time span in the unit that suits it: `500 ms`, `1.5 s`, `2 min`."""
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds:g} ms"
    seconds = milliseconds / 1000
    return f"{seconds:g} s" if seconds % 60 else f"{seconds / 60:g} min"


def _which(when: Mapping[str, Any]) -> str:
    times = when.get("times")
    if times is None:
        return "All requests"
    return "The next request" if times == 1 else f"The next {times} requests"


def _whose(match: Mapping[str, Any]) -> str:
    told = {key: value for key, value in match.items() if value not in (None, {}, [], ())}
    target = next(
        (f"{words}{told.pop(key)}" for key, words in _TARGETS.items() if key in told), "anywhere"
    )
    rest = f" that match {' and '.join(told)}" if told else ""
    return f"{target}{rest}"


_TARGETS = {"transaction": "of ", "service": "to the service ", "urlPath": "to "}


def _what(plan: Plan) -> str:
    effects: Sequence[Mapping[str, Any]] = plan.get("sequence") or [plan.get("effect") or {}]
    told = " then ".join(map(effect, effects))
    commit = next((_COMMITS[e["commit"]] for e in effects if e.get("commit") in _COMMITS), "")
    return f"{told} ({commit})" if commit else told


def _conditions(plan: Plan, when: Mapping[str, Any]) -> Iterator[str]:
    if when.get("skip"):
        yield f"the first {when['skip']} excepted"
    if when.get("probability", 1.0) != 1.0:
        yield f"each with a probability of {when['probability']:g}"
    if when.get("afterMs"):
        yield f"from {span(when['afterMs'])} on"
    if when.get("forMs"):
        yield f"for {span(when['forMs'])}"
    if _is_endless(plan, when):
        yield "until the plan is deleted"


def _is_endless(plan: Plan, when: Mapping[str, Any]) -> bool:
    if when.get("times") is not None or when.get("forMs") is not None:
        return False
    return not plan.get("sequence") or plan.get("onExhausted", "pass") != "pass"
