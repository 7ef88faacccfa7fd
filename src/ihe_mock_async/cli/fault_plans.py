"""Fault plans out of the options of `faults add`: which request, when, and what happens to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from ihe_mock_async.cli import admin

CONNECTION_FAULTS = {
    "empty": "EMPTY_RESPONSE",
    "reset": "CONNECTION_RESET_BY_PEER",
    "garbage": "RANDOM_DATA_THEN_CLOSE",
    "bad-chunk": "MALFORMED_RESPONSE_CHUNK",
    "truncate": "TRUNCATE",
    "hang": "HANG",
}
"""Short names to those of the plans, which are WireMock's."""
_UNIFORM = re.compile(r"uniform:(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", re.IGNORECASE)
_LOGNORMAL = re.compile(r"lognormal:(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)", re.IGNORECASE)
_DRIBBLE = re.compile(r"(\d+):(\d+)")
_QUOTA = re.compile(r"(\d+)/(.+)")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOptions:
    """What `faults add` was told about the effect; None, empty or False: not given."""

    status: int | None
    headers: Sequence[tuple[str, str]]
    body: str | None
    registry_errors: Sequence[str]
    partial: bool
    hl7: str | None
    soap_fault: str | None
    reason: str | None
    connection: str | None
    corrupt: str | None
    quota: str | None
    delay: str | None
    dribble: str | None
    ack_lost: bool
    commit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenOptions:
    """What `faults add` was told about the time; times in milliseconds, None: not given."""

    skip: int | None
    times: int | None
    probability: float | None
    seed: int | None
    after_ms: int | None
    for_ms: int | None


def plan(target: str | None, effect: EffectOptions, when: WhenOptions) -> Json:
    """The plan as JSON; raises `click.UsageError` for options that contradict each other."""
    return {
        "match": admin.target_pattern(target) if target else {},
        "when": _when(when),
        "effect": _effect(effect),
    }


def _when(given: WhenOptions) -> Json:
    told = {
        "skip": given.skip,
        "times": given.times,
        "probability": given.probability,
        "seed": given.seed,
        "afterMs": given.after_ms,
        "forMs": given.for_ms,
    }
    return {key: value for key, value in told.items() if value is not None}


def _effect(given: EffectOptions) -> Json:
    _check_companions(given)
    kinds = {key: make(given) for key, make in _KINDS.items()}
    made = {key: value for key, value in kinds.items() if value is not None}
    if len(made) > 1:
        names = " and ".join(_OPTION_OF[key] for key in made)
        raise click.UsageError(f"{names} contradict each other: a plan has one effect.")
    delay = _delay(given)
    if not made and not delay:
        raise click.UsageError(
            f"What shall happen? Give one of {', '.join(_OPTION_OF.values())}, --delay, "
            "--dribble or --plan."
        )
    return {**(made or {"pass": True}), **delay, **_commit(given)}


def _check_companions(given: EffectOptions) -> None:
    """Options that say more of another one are nothing without it."""
    for is_given, option, of, wanted in (
        (given.headers, "--header", given.status and not given.quota, "--status"),
        (given.body is not None, "--body", given.status and not given.quota, "--status"),
        (given.partial, "--partial", given.registry_errors, "--registry-error"),
        (given.reason is not None, "--reason", _with_reason(given), "--soap-fault or --hl7"),
    ):
        if is_given and not of:
            raise click.UsageError(f"{option} goes with {wanted}.")


def _with_reason(given: EffectOptions) -> bool:
    return given.soap_fault is not None or given.hl7 is not None


def _commit(given: EffectOptions) -> Json:
    if given.ack_lost and given.commit not in (None, "before"):
        raise click.UsageError(
            f"--ack-lost and --commit {given.commit} contradict each other: it is stored before."
        )
    commit = "before" if given.ack_lost else given.commit
    return {"commit": commit} if commit else {}


# ---------------------------------------------------------------- the kinds of effect


def _http(given: EffectOptions) -> Json | None:
    if given.status is None or given.quota is not None:
        return None
    told: Json = {"status": given.status}
    if given.headers:
        told["headers"] = dict(given.headers)
    if given.body is not None:
        told["body"] = given.body
    return told


def _registry(given: EffectOptions) -> Json | None:
    if not given.registry_errors:
        return None
    return {
        "status": "PartialSuccess" if given.partial else "Failure",
        "errors": [{"errorCode": code} for code in given.registry_errors],
    }


def _hl7(given: EffectOptions) -> Json | None:
    if given.hl7 is None:
        return None
    return {"ackCode": given.hl7.upper(), **({"text": given.reason} if given.reason else {})}


def _soap_fault(given: EffectOptions) -> Json | None:
    if given.soap_fault is None:
        return None
    return {"code": given.soap_fault, **({"reason": given.reason} if given.reason else {})}


def _connection(given: EffectOptions) -> str | None:
    if given.ack_lost and given.connection is None:
        return CONNECTION_FAULTS["reset"]
    if given.connection is None:
        return None
    name = given.connection
    return CONNECTION_FAULTS.get(name.lower().replace("_", "-"), name.upper().replace("-", "_"))


def _quota(given: EffectOptions) -> Json | None:
    if given.quota is None:
        return None
    match = _QUOTA.fullmatch(given.quota)
    window = admin.duration(match[2]) if match else None
    if match is None or not window:
        raise click.BadParameter(
            f"{given.quota!r} is no quota: 5/1000ms or 100/1m, say.", param_hint="'--quota'"
        )
    told: Json = {"limit": int(match[1]), "windowMs": window}
    return {**told, "status": given.status} if given.status is not None else told


_KINDS: Mapping[str, Callable[[EffectOptions], object]] = {
    "http": _http,
    "registry": _registry,
    "hl7": _hl7,
    "soapFault": _soap_fault,
    "fault": _connection,
    "corrupt": lambda given: given.corrupt,
    "quota": _quota,
}
_OPTION_OF = {
    "http": "--status",
    "registry": "--registry-error",
    "hl7": "--hl7",
    "soapFault": "--soap-fault",
    "fault": "--connection/--ack-lost",
    "corrupt": "--corrupt",
    "quota": "--quota",
}


# ---------------------------------------------------------------- delays


def _delay(given: EffectOptions) -> Json:
    if given.delay is not None and given.dribble is not None:
        raise click.UsageError("--delay and --dribble contradict each other: a plan has one.")
    if given.dribble is not None:
        return {"delay": {"chunkedDribbleDelay": _dribble(given.dribble)}}
    return {"delay": _distribution(given.delay)} if given.delay is not None else {}


def _dribble(text: str) -> Json:
    match = _DRIBBLE.fullmatch(text)
    if match is None:
        raise click.BadParameter(
            f"{text!r} is not CHUNKS:MILLISECONDS: 10:2000, say.", param_hint="'--dribble'"
        )
    return {"numberOfChunks": int(match[1]), "totalDuration": int(match[2])}


def _distribution(text: str) -> Json:
    if match := _UNIFORM.fullmatch(text):
        return {"uniform": {"lower": float(match[1]), "upper": float(match[2])}}
    if match := _LOGNORMAL.fullmatch(text):
        return {"lognormal": {"median": float(match[1]), "sigma": float(match[2])}}
    milliseconds = int(text) if text.isascii() and text.isdigit() else admin.duration(text)
    if milliseconds is None:
        raise click.BadParameter(
            f"{text!r} is no delay: 500 (milliseconds), 2s, uniform:100-300 or "
            "lognormal:80,0.4 (median in milliseconds, sigma), say.",
            param_hint="'--delay'",
        )
    return {"fixed": milliseconds}
