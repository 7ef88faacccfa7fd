"""Effects by name, as the request header X-Mock-Fault and the command line have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from ihe_mock_async.faults import delay
from ihe_mock_async.faults.effects import ConnectionFault, Corruption, Effect
from ihe_mock_async.journal.json_problems import describe, problems

_Words = Sequence[str]


class UnknownEffectError(ValueError):
    """No effect has that name; the text says which names there are."""


def by_name(text: str) -> Effect:
    """The effect of that `Effect.name`; what a name does not say is as in its JSON form.

    A quota has no such name: it takes a plan to count for it. Raises `UnknownEffectError`.
    """
    words = text.split()
    if not words:
        raise UnknownEffectError(f"An effect is named: {_FORMS}.")
    first, *rest = words
    seen = f'"{text[:_SHOWN]}{"..." * (len(text) > _SHOWN)}"'
    try:
        if first in _CONNECTION_FAULTS and not rest:
            return Effect(fault=ConnectionFault(first))
        if first in _READERS:
            return _READERS[first](rest)
    except ValidationError as error:
        why = "; ".join(describe(problem) for problem in problems(error, Effect))
        raise UnknownEffectError(f"{seen} is no effect: {why}.") from error
    except ValueError as error:
        raise UnknownEffectError(f"{seen} is no effect: {error}.") from error
    raise UnknownEffectError(f"{seen} is no effect. Those by name are: {_FORMS}.")


def _corrupt(words: _Words) -> Effect:
    if len(words) != 1 or words[0] not in _CORRUPTIONS:
        raise ValueError(f"corrupt is followed by one of {', '.join(_CORRUPTIONS)}")
    return Effect(corrupt=Corruption(words[0]))


def _http(words: _Words) -> Effect:
    if len(words) != 1:
        raise ValueError("http is followed by a status from 200 to 599")
    return Effect.model_validate({"http": {"status": words[0]}})


def _soap_fault(words: _Words) -> Effect:
    return Effect.model_validate({"soapFault": _paired("soapFault", ("code", "subcode"), words)})


def _hl7(words: _Words) -> Effect:
    return Effect.model_validate({"hl7": _paired("hl7", ("ackCode", "detailCode"), words)})


def _paired(kind: str, keys: _Words, words: _Words) -> dict[str, str]:
    if len(words) > len(keys):
        raise ValueError(f"{kind} is followed by {', then '.join(keys)} at most")
    return dict(zip(keys, words, strict=False))


def _registry(words: _Words) -> Effect:
    has_status = bool(words) and words[0] in _STATUSES
    codes = words[1:] if has_status else words
    if not codes:
        raise ValueError("registry is followed by error codes such as XDSRegistryBusy")
    status = {"status": words[0]} if has_status else {}
    return Effect.model_validate({"registry": {**status, "errors": codes}})


def _pass(words: _Words) -> Effect:
    if words:
        raise ValueError("pass stands alone; `delay MILLISECONDS` holds the answer back")
    return Effect.model_validate({"pass": True})


def _delay(words: _Words) -> Effect:
    return Effect.model_validate({"pass": True, "delay": delay.named(words)})


_SHOWN = 100
"""Characters of a wrong name that are repeated."""
_CONNECTION_FAULTS = tuple(each.value for each in ConnectionFault)
_CORRUPTIONS = tuple(each.value for each in Corruption)
_STATUSES = ("Failure", "PartialSuccess")
_READERS: Mapping[str, Callable[[_Words], Effect]] = {
    "http": _http,
    "soapFault": _soap_fault,
    "hl7": _hl7,
    "registry": _registry,
    "corrupt": _corrupt,
    "delay": _delay,
    "pass": _pass,
}
NAMES = (
    *_CONNECTION_FAULTS,
    "http STATUS",
    "soapFault CODE",
    "hl7 ACKCODE",
    "registry ERRORCODE ...",
    *(f"corrupt {name}" for name in _CORRUPTIONS),
    *(f"delay {form}" for form in delay.FORMS),
    "pass",
)
"""The names that there are; words in capitals behind the first stand for a value."""
_FORMS = ", ".join(NAMES)
