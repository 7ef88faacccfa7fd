"""A message that was understood, and what it asks for: one unit of work, stored or tried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from ihe_mock_async.ihe import Exchange, WriteNeeded

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Answer
    from ihe_mock_async.soap import SoapMessage
    from ihe_mock_async.store import NamespaceState, OutgoingMessage
    from ihe_mock_async.web.endpoints import Route
    from ihe_mock_async.web.replies import Conversation
    from ihe_mock_async.web.responding import Call
    from ihe_mock_async.web.staging import Staging


T = TypeVar("T")
Revise = Callable[["Answer", Exchange], "Answer"]
"""Makes another answer of that of the transaction."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided."""

    answer: Answer
    posted: Sequence[OutgoingMessage]
    """The messages that carry the answer when it does not go back at once."""


class _Work(Protocol):
    """A unit of work that may be run to read first."""

    def __call__(self, state: NamespaceState, *, may_write: bool = True) -> Done: ...


class _RolledBackError(Exception):
    """Raised out of a unit of work so that nothing of it is stored."""

    def __init__(self, done: Done) -> None:
        super().__init__()
        self.done = done


@dataclass(frozen=True, slots=True)
class Task:
    """What a message asks for."""

    message: SoapMessage
    route: Route
    staging: Staging
    call: Call
    conversation: Conversation

    @property
    def transaction(self) -> str:
        """Its number."""
        return self.route.transaction.number

    async def carry_out(self, *, revise: Revise | None = None, posting: bool = True) -> Done:
        """Carry it out, and put into the outbox what is sent because of it.

        Both are stored together, or not at all. `revise` makes another answer of that of the
        transaction; without `posting` it is not put into the outbox. Raises what the transaction
        raises.
        """
        writing = self.route.transaction.writes or self.conversation.reply_to.is_remote
        work = partial(self._work, revise=revise, posting=posting)
        done = await self._run(work, writing=writing)
        if done.posted or done.answer.notifications:
            self.call.services.start_deliveries()
        return done

    async def try_out(self, *, revise: Revise | None = None) -> Done:
        """What would be answered; of what the transaction would change nothing is stored.

        Only documents that were made on demand are: they could not be sent otherwise. Raises what
        the transaction raises.
        """
        if not self.route.transaction.writes:
            with suppress(WriteNeeded):
                return await self._read(partial(self._work, revise=revise, posting=False))
        try:
            store = self.call.services.store
            return await store.write(
                self.call.request.namespace,
                partial(self._tried_out, revise=revise),
                self.staging.by_sha256,
            )
        except _RolledBackError as tried:
            return tried.done

    async def inspect(self, work: Callable[[Exchange], T]) -> T:
        """Run `work` on the exchange that the transaction would get; it changes nothing."""
        return await self.call.services.store.read(
            self.call.request.namespace,
            lambda state: work(self._exchange(state, may_write=False)),
        )

    async def post(self, messages: Sequence[OutgoingMessage]) -> None:
        """Put other messages into the outbox than the transaction would."""
        now = self.call.entry.received
        if not messages:
            return

        def put(state: NamespaceState) -> None:
            for message in messages:
                state.outbox.put(message, now)

        await self.call.services.store.write(self.call.request.namespace, put)
        self.call.services.start_deliveries()

    async def _run(self, work: _Work, *, writing: bool) -> Done:
        """Run the unit beside the writer if it is to read only, unless it has to write."""
        if not writing:
            with suppress(WriteNeeded):
                return await self._read(work)
        return await self.call.services.store.write(
            self.call.request.namespace, work, self.staging.by_sha256
        )

    async def _read(self, work: _Work) -> Done:
        """Run the unit beside the writer; raises `WriteNeeded` when it has to write."""
        store = self.call.services.store
        return await store.read(self.call.request.namespace, partial(work, may_write=False))

    def _tried_out(self, state: NamespaceState, *, revise: Revise | None) -> Done:
        done = self._work(state, revise=revise, posting=False)
        if not done.answer.attachments:
            raise _RolledBackError(done)
        return done

    def _exchange(self, state: NamespaceState, *, may_write: bool) -> Exchange:
        return Exchange(
            body=self.message.payload,
            action=self.route.action,
            attachments=self.staging.attachments,
            domain=self.call.services.domain,
            now=self.call.entry.received,
            new_uuid=self.conversation.ids.start("transaction"),
            state=state,
            findings=self.call.entry.findings,
            may_write=may_write,
        )

    def _work(
        self,
        state: NamespaceState,
        *,
        revise: Revise | None,
        posting: bool,
        may_write: bool = True,
    ) -> Done:
        entry, conversation = self.call.entry, self.conversation
        exchange = self._exchange(state, may_write=may_write)
        answer = self.route.handler(exchange)
        if revise is not None:
            answer = revise(answer, exchange)
        posted = conversation.outgoing_answer(answer, self.transaction)
        for outgoing in (
            *(posted if posting else ()),
            *conversation.notifications(answer.notifications),
        ):
            state.outbox.put(outgoing, entry.received)
        return Done(answer, posted)
