"""A SOAP message that meets a fault on demand, and what becomes of the state it would change.

`commit` of the effect decides: with `delivered` the change is stored if its real answer is sent;
with `before` it is stored, and then the fault happens; with `never` it is not. Where the real
answer is needed, but not the change, the transaction is run and rolled back.

An answer that is posted (wsa:ReplyTo) is refused or damaged where it is posted; HTTP and the
connection concern the 202, and damage to MIME the answers on the connection.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ihe_mock_async.faults import answers
from ihe_mock_async.faults.effects import Commit, ConnectionFault
from ihe_mock_async.soap import fault
from ihe_mock_async.soap.namespaces import WSA
from ihe_mock_async.web import faulting, refusals, responding
from ihe_mock_async.web.carrying_out import Done, Task
from ihe_mock_async.web.http import ClientGoneError

if TYPE_CHECKING:
    from ihe_mock_async.faults import effects
    from ihe_mock_async.faults.picker import Picked
    from ihe_mock_async.ihe import Answer, Exchange
    from ihe_mock_async.web.http import Response
    from ihe_mock_async.web.replies import Conversation
    from ihe_mock_async.web.responding import Call

_OWN_ANSWERS = frozenset({"soap_fault", "hl7", "registry"})
"""Kinds of effects that answer in the place of the application, wherever its answers go."""
_SENT = frozenset({"corrupt", "pass_", "registry"})
"""Kinds of effects with which the real answer, or what was made of it, is sent."""


class Strike:
    """One fault and the message that meets it; `task` may be why the message is refused."""

    def __init__(
        self,
        picked: Picked,
        task: Task | fault.SoapFault,
        call: Call,
        conversation: Conversation,
    ) -> None:
        self._picked = picked
        self._task = task
        self._call = call
        self._conversation = conversation
        self._settled: Done | fault.SoapFault | None = None

    async def answer(self) -> Response:
        """Let the fault happen; raises `ClientGoneError`, and what the store raises."""
        effect = self._picked.effect
        self._conversation.damage(effect.corrupt)
        if effect.commit is Commit.BEFORE:
            self._settled = await self._carried_out()
        await self._hold_back()
        answered = await _ANSWERS.get(effect.kind, Strike._replaced)(self)
        return faulting.in_manner(answered, self._picked)

    async def _hold_back(self) -> None:
        try:
            await faulting.hold_back(self._call.request, self._picked)
        except ClientGoneError:
            if stored := self._stored():
                self._call.entry.summary = f"{stored}, stored"
            raise

    # ------------------------------------------------ the real transaction

    async def _carried_out(self) -> Done | fault.SoapFault:
        """Carry it out, and store it."""
        kind = self._picked.effect.kind
        posting = kind not in _OWN_ANSWERS or self._revision() is not None
        return await self._attempt(
            lambda task: task.carry_out(revise=self._revision(), posting=posting)
        )

    async def _real(self) -> Done | fault.SoapFault:
        """What the transaction answers; stored if this is what `commit` wants."""
        effect = self._picked.effect
        if self._settled is not None:
            return self._settled
        if effect.pass_ and effect.commit is Commit.DELIVERED:
            return await self._carried_out()
        done = await self._attempt(lambda task: task.try_out(revise=self._revision()))
        if isinstance(self._task, Task) and isinstance(done, Done) and effect.kind in _SENT:
            await self._task.post(done.posted)
        return done

    async def _attempt(self, work: Callable[[Task], Awaitable[Done]]) -> Done | fault.SoapFault:
        if isinstance(self._task, fault.SoapFault):
            return self._task
        try:
            return await work(self._task)
        except fault.SoapFault as error:
            return refusals.detached(error)

    def _revision(self) -> Callable[[Answer, Exchange], Answer] | None:
        """What makes a partial success of the real answer, if one is wanted."""
        effect, task = self._picked.effect, self._task
        if not effect.needs_real_answer or not effect.registry or not isinstance(task, Task):
            return None
        transaction = task.route.transaction
        return lambda answer, exchange: answers.partial(effect, answer, exchange, transaction)

    # ------------------------------------------------ what is answered

    async def _really(self) -> Response:
        real = await self._real()
        if isinstance(real, fault.SoapFault):
            return await responding.send_fault(real, self._call, self._conversation)
        return await responding.send_answer(
            real.answer, real.posted, self._call, self._conversation
        )

    async def _broken(self) -> Response:
        """A connection fault."""
        if self._picked.effect.fault is not ConnectionFault.TRUNCATE:
            return await self._replaced()
        response = await self._really()
        self._note()
        return response

    async def _replaced(self) -> Response:
        """Another response than that of any application."""
        response = faulting.replacement(self._picked, self._nonsense)
        if response is None:
            raise AssertionError(f"{self._picked.effect.name} replaces no response")
        self._note()
        return response

    def _nonsense(self, count: int) -> bytes:
        entry, ids = self._call.entry, self._conversation.ids
        if not ids.origin:  # not even its envelope was read
            origin = f"{entry.method} {entry.target}".encode()
            ids = self._call.services.ids.for_exchange(entry.namespace, origin)
        return ids.octets("garbage", count)

    async def _soap_fault(self) -> Response:
        wanted = self._picked.effect.soap_fault
        assert wanted is not None  # noqa: S101 - it is the kind of the effect
        response = await responding.send_fault(_made(wanted), self._call, self._conversation)
        self._note()
        return response

    async def _refused(self) -> Response:
        """The application's refusal; a message that it never gets is answered as it would be."""
        task, effect = self._task, self._picked.effect
        if isinstance(task, fault.SoapFault):
            self._call.entry.fault = None  # what happens is not on demand
            return await self._really()
        if self._revision() is not None:
            return await self._really()
        answer = await task.inspect(
            partial(answers.refusal, effect, transaction=task.route.transaction)
        )
        posted = self._conversation.outgoing_answer(answer, task.transaction)
        await task.post(posted)
        response = await responding.send_answer(answer, posted, self._call, self._conversation)
        if stored := self._stored():
            entry = self._call.entry
            entry.outcome, entry.summary = (
                answer.outcome,
                f"{stored}, stored; then {answer.summary}",
            )
        return response

    def _note(self) -> None:
        stored = self._stored()
        faulting.note(self._picked.effect, self._call.entry, stored=stored)

    def _stored(self) -> str:
        """Sums up what was stored although it is not answered, and notes it."""
        settled = self._settled
        if not isinstance(settled, Done):
            return ""
        responding.note_answer(settled.answer, self._call.entry)
        return settled.answer.summary


_ANSWERS: Mapping[str, Callable[[Strike], Awaitable[Response]]] = {
    "fault": Strike._broken,
    "soap_fault": Strike._soap_fault,
    "hl7": Strike._refused,
    "registry": Strike._refused,
    "corrupt": Strike._really,
    "pass_": Strike._really,
}


def _made(wanted: effects.SoapFault) -> fault.SoapFault:
    return fault.SoapFault(
        fault.FaultCode(wanted.code),
        wanted.reason,
        subcodes=_subcodes(wanted.subcode),
        detail=wanted.detail or "",
    )


def _subcodes(name: str | None) -> tuple[fault.QualifiedName, ...]:
    """A Clark name, or a bare name of WS-Addressing."""
    if not name:
        return ()
    namespace, _, local = name.removeprefix("{").rpartition("}")
    return ((namespace or WSA, local),)
