"""What a request to a companion service asks for: carried out, or only tried out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.services import attempt, refusals
from ihe_mock_async.services.answer import Answer
from ihe_mock_async.services.attempt import Attempt
from ihe_mock_async.web import faulting
from ihe_mock_async.web.http import Request, Response

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.services.companion import Mapping
    from ihe_mock_async.services.request import ServiceRequest
    from ihe_mock_async.services.state import ServiceState
    from ihe_mock_async.web.clock import ExchangeIds
    from ihe_mock_async.web.companions import CompanionPlace
    from ihe_mock_async.web.services import Services

_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class CompanionCall:
    """One request to a companion service."""

    request: Request
    entry: Entry
    place: CompanionPlace
    state: ServiceState
    services: Services

    def refused(self, answer: Answer, outcome: Outcome, summary: str) -> Response:
        """An answer that comes from no mapping."""
        self.entry.outcome, self.entry.summary = outcome, summary
        return to_response(answer)


@dataclass(frozen=True, slots=True)
class CompanionTask:
    """A request that was read, and the mapping that answers it; None: none does."""

    call: CompanionCall
    asked: ServiceRequest
    mapping: Mapping | None
    ids: ExchangeIds

    async def carry_out(self) -> Response:
        """Answer it, and remember what there is to remember.

        Raises `ClientGoneError` when the client does not wait as long as the mapping wants.
        """
        return await self._answer(commit=True)

    async def try_out(self) -> Response:
        """What would be answered; nothing is remembered."""
        return await self._answer(commit=False)

    async def _answer(self, *, commit: bool) -> Response:
        if self.mapping is None:
            return self._unmatched()
        begun = attempt.begin(self.mapping, self.asked, self.call.state)
        if isinstance(begun, Answer):
            return self._known(begun)
        delay = self.mapping.declaration.response.fixed_delay_milliseconds
        try:
            await faulting.wait(self.call.request, delay / _MILLISECONDS)
            answer = self._made(begun, commit=commit)
        finally:
            begun.abandon()
        self._note(Outcome.SERVED)
        return to_response(answer)

    def _unmatched(self) -> Response:
        service = self.call.place.service
        nearest = service.near_misses(self.asked)
        closest = f"; the nearest is {nearest[0].mapping}" if nearest else ""
        line = f"{self.asked.method} {self.asked.path}"
        return self.call.refused(
            refusals.unmatched(service.name, line, nearest),
            Outcome.UNMATCHED,
            f"no mapping answers it{closest}",
        )

    def _known(self, answer: Answer) -> Response:
        """What an idempotency key stands for: the first answer again, or a refusal."""
        is_replay = (attempt.REPLAYED, "true") in answer.headers
        self._note(Outcome.SERVED if is_replay else Outcome.REJECTED)
        return to_response(answer)

    def _made(self, begun: Attempt, *, commit: bool) -> Answer:
        """The answer; nothing is awaited, so that numbers are drawn and kept in one step."""
        entry, service = self.call.entry, self.call.place.service.name
        answer = begun.answer(entry.received, self.ids.start(f"service {service}"))
        if commit:
            begun.commit(answer, entry.sequence, entry.received)
            if begun.mapping.declaration.reset:
                self._remove_plans()
        return answer

    def _remove_plans(self) -> None:
        """Disarm the fault plans of this world that are for this service."""
        faults, namespace = self.call.services.faults, self.call.entry.namespace
        for armed in faults.plans(namespace):
            if armed.plan.match.service == self.call.place.service.name:
                faults.remove(namespace, armed.id)

    def _note(self, outcome: Outcome) -> None:
        self.call.entry.outcome, self.call.entry.summary = outcome, self.call.entry.mapping


def to_response(answer: Answer) -> Response:
    """The HTTP response; one that stands for another tells the length of that (RFC 9110: 8.6)."""
    headers = dict(answer.headers)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        headers["Content-Length"] = str(answer.length)
    return Response(answer.status, answer.body, headers)


def without_body(response: Response) -> Response:
    """The response as HEAD gets it: with the header fields of GET."""
    headers = {"Content-Length": str(response.length), **response.headers}
    return replace(response, body=b"", headers=headers)
