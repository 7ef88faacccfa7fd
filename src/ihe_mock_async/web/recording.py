"""What is remembered of a request, from its receipt until its answer has gone out.

For every mocked endpoint, SOAP or not; nothing in here breaks an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal import patients
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.web import rules
from ihe_mock_async.web.http import ClientGoneError, Request

if TYPE_CHECKING:
    from ihe_mock_async.web.services import Services

logger = logging.getLogger("ihe_mock_async.pipeline")

CLIENT_GONE = "the client went away"
GONE_IN_ANSWER = "the client went away in the middle of the answer"
BROKEN_OFF = "the answer broke off"


@contextmanager
def exchange(request: Request, services: Services) -> Iterator[Entry]:
    """The entry of a request: in the journal at once, complete when the block is left.

    The block fills it, and raises `ClientGoneError` when the client left before its request was
    answered. The world of the request is in use until then.
    """
    started = perf_counter()
    services.in_flight += 1
    entry = _open(request, services)
    try:
        services.worlds.enter(entry.namespace, entry.received)
        yield entry
    except ClientGoneError:
        stored = f"{entry.summary}; then " if entry.summary else ""
        entry.outcome, entry.summary = Outcome.FAULT, f"{stored}{CLIENT_GONE}"
        raise
    finally:
        services.in_flight -= 1
        services.worlds.leave(entry.namespace)
        entry.duration_ms = (perf_counter() - started) * 1000
        _complete(entry, services)


def understood(entry: Entry, services: Services) -> None:
    """Tell the journal that the message was read and routed, or found wanting."""
    _try("look at", entry, services.journal.understood)


def answered(entry: Entry, services: Services) -> None:
    """Tell the journal that the outcome is decided: who has the answer, finds it there."""
    _try("note the outcome of", entry, services.journal.answered)


def note_incomplete(entry: Entry) -> None:
    """The request ended before its body did."""
    entry.findings = (*entry.findings, rules.INCOMPLETE.found("body"))


def note_unsent(entry: Entry, why: str) -> None:
    """The answer was made, but has not gone out as a whole."""
    entry.summary = f"{entry.summary}; {why}" if entry.summary else why


def _open(request: Request, services: Services) -> Entry:
    entry = Entry(
        sequence=next(services.sequence),
        received=services.clock.now(),
        path=request.path,
        namespace=request.namespace,
        client=request.client,
        tls_subject=request.tls_subject,
        method=request.method,
        scheme=request.scheme,
        target=request.target,
        headers=request.raw_headers,
    )
    _try("begin", entry, services.journal.begin)
    return entry


def _complete(entry: Entry, services: Services) -> None:
    if entry.outcome is Outcome.FAULT:  # no transaction has told whom it was about
        _try("name the patients of", entry, _name_patients)
    _try("complete", entry, services.journal.complete)
    _try("record", entry, services.recorder.record)


def _name_patients(entry: Entry) -> None:
    entry.patient_ids = patients.of(entry)


def _try(do: str, entry: Entry, work: Callable[[Entry], object]) -> None:
    # What was stored is stored: a journal that fails must not turn the answer into a fault.
    try:
        work(entry)
    except Exception:
        logger.exception("could not %s message %d to %s", do, entry.sequence, entry.path)
