"""`/__admin/deliveries`: messages that this server posts to others, and how far they have come."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import Blueprint, Response, jsonify

from ihe_mock_async.journal.redaction import redact_envelope
from ihe_mock_async.store import Delivery, DeliveryState
from ihe_mock_async.web.admin import query
from ihe_mock_async.web.admin.problems import Problem

if TYPE_CHECKING:
    from ihe_mock_async.store import Store
    from ihe_mock_async.web.deliveries import Deliveries

USUAL = 100
MOST = 1000
"""How many are listed at most."""
_ONE = "/deliveries/<int(max=9223372036854775807):number>"


class DeliveryRoutes:
    """The routes of deliveries; `redact` masks patient data in envelopes."""

    def __init__(self, store: Store, deliveries: Deliveries, *, redact: bool) -> None:
        self._store = store
        self._deliveries = deliveries
        self._redact = redact

    def add_to(self, blueprint: Blueprint) -> None:
        """Make them part of the admin API."""
        for path, method, view in (
            ("/deliveries", "GET", self.listing),
            (_ONE, "GET", self.one),
            (f"{_ONE}/envelope", "GET", self.envelope),
            (f"{_ONE}/redeliver", "POST", self.redeliver),
            (_ONE, "DELETE", self.delete),
        ):
            blueprint.add_url_rule(path, f"delivery_{view.__name__}", view, methods=[method])

    async def listing(self) -> Response:
        """The newest ones first, narrowed by state and namespace."""
        given = query.arguments("state", "namespace", "limit")
        limit = query.number("limit", given.get("limit", str(USUAL)), 1, MOST)
        namespace = given.get("namespace")
        state = None
        if "state" in given:
            state = query.one_of("state", given["state"], tuple(DeliveryState))
        listed, total = await self._store.read_outbox(
            lambda outbox: (
                outbox.listed(state=state, namespace=namespace, limit=limit),
                outbox.count(state=state, namespace=namespace),
            )
        )
        return jsonify({"deliveries": list(map(document, listed)), "meta": {"total": total}})

    async def one(self, number: int) -> Response:
        """One of them, on demand with its envelope as text."""
        given = query.arguments("envelope")
        told = document(await self._found(number))
        if query.flag("envelope", given.get("envelope", "false")):
            told["envelope"] = (await self._envelope_of(number)).decode("utf-8", "replace")
        return jsonify(told)

    async def envelope(self, number: int) -> Response:
        """The envelope of one of them, as it is posted."""
        query.arguments()
        delivery = await self._found(number)
        octets = await self._envelope_of(number)
        return Response(octets, content_type=delivery.version.content_type)

    async def redeliver(self, number: int) -> Response:
        """Send a finished one again."""
        query.arguments()
        delivery = await self._found(number)
        if not await self._deliveries.redeliver(number):
            raise Problem(
                HTTPStatus.CONFLICT,
                f"Delivery {number} is {delivery.state} already: wait until it is dead or "
                "delivered, or delete it.",
            )
        return jsonify(document(await self._found(number)))

    async def delete(self, number: int) -> Response:
        """Forget one of them, whatever its state."""
        query.arguments()
        if not await self._store.write_outbox(lambda outbox: outbox.remove(number)):
            raise _unknown(number)
        return Response(status=HTTPStatus.NO_CONTENT)

    async def _found(self, number: int) -> Delivery:
        delivery = await self._store.read_outbox(lambda outbox: outbox.find(number))
        if delivery is None:
            raise _unknown(number)
        return delivery

    async def _envelope_of(self, number: int) -> bytes:
        octets = await self._store.read_outbox(lambda outbox: outbox.envelope(number))
        return redact_envelope(octets) if self._redact else octets


def document(delivery: Delivery) -> dict[str, object]:
    """A delivery as JSON; times are ISO 8601, UTC."""
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "state": delivery.state,
        "namespace": delivery.namespace,
        "transaction": delivery.transaction,
        "to": delivery.to,
        "action": delivery.action,
        "messageId": delivery.message_id,
        "relatesTo": delivery.relates_to,
        "mtom": delivery.mtom,
        "attachments": len(delivery.attachments),
        "size": delivery.size,
        "created": _time(delivery.created),
        "attempts": delivery.attempts,
        "nextAttempt": _time(delivery.next_attempt),
        "lastError": delivery.last_error or None,
        "lastStatus": delivery.last_status,
        "finished": _time(delivery.finished),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


def _unknown(number: int) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND,
        f"There is no delivery {number}: GET /__admin/deliveries lists them; of finished ones "
        "only the newest are remembered.",
    )
