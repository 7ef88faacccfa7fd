"""`/__admin/deliveries`: messages that this server posts to others, and how far they have come."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import Response

from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.journal.redaction import redact_envelope
from ihe_mock_async.store import Delivery, DeliveryKind, DeliveryState
from ihe_mock_async.web.admin import query
from ihe_mock_async.web.admin.api import Operation, Parameter, Reply
from ihe_mock_async.web.admin.documents import Moment, answer, nothing
from ihe_mock_async.web.admin.problems import PROBLEM, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.store import Store
    from ihe_mock_async.web.deliveries import Deliveries

_ONE = "/deliveries/<int(min=1, max=9223372036854775807):number>"
_STATE = Parameter("state", "Only those in this state.", {"enum": list(DeliveryState)})
_NAMESPACE = Parameter("namespace", "Only those of this world; empty: of the default one.")
_LIMIT = Parameter(
    "limit",
    "How many are listed at most.",
    {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
)
_ENVELOPE = Parameter(
    "envelope", "Whether to add the SOAP envelope.", {"type": "boolean", "default": False}
)


class DeliveryDocument(JsonModel):
    """A message that this server posts, and how far it has come."""

    id: int
    kind: DeliveryKind
    state: DeliveryState
    namespace: str
    transaction: str
    to: str
    action: str
    message_id: str
    relates_to: str
    mtom: bool
    attachments: int
    size: int
    created: Moment
    attempts: int
    next_attempt: Moment | None
    last_error: str | None
    last_status: int | None
    finished: Moment | None


class DeliveryWithEnvelope(DeliveryDocument):
    """A delivery with its SOAP envelope."""

    envelope: str


class DeliveryTotal(JsonModel):
    """How many there are of what was asked for, listed or not."""

    total: int


class DeliveryList(JsonModel):
    """Deliveries, the newest first."""

    deliveries: list[DeliveryDocument]
    meta: DeliveryTotal


class DeliveryRoutes:
    """The routes of deliveries; `redact` masks patient data in envelopes."""

    def __init__(self, store: Store, deliveries: Deliveries, *, redact: bool) -> None:
        self._store = store
        self._deliveries = deliveries
        self._redact = redact

    def operations(self) -> Iterator[Operation]:
        """What can be done with deliveries, with those of all worlds."""
        in_path = {"number": "Id of the delivery."}
        unknown = Reply("There is no such delivery.", media_type=PROBLEM)
        yield Operation(
            "GET",
            "/deliveries",
            self.listing,
            "List messages that the server posts to others, the newest first",
            {200: Reply("The newest ones, and how many there are.", DeliveryList)},
            parameters=(_STATE, _NAMESPACE, _LIMIT),
            scoped=False,
        )
        yield Operation(
            "GET",
            _ONE,
            self.one,
            "Show a delivery",
            {200: Reply("The delivery.", DeliveryWithEnvelope | DeliveryDocument), 404: unknown},
            parameters=(_ENVELOPE,),
            path_parameters=in_path,
            scoped=False,
        )
        yield Operation(
            "GET",
            f"{_ONE}/envelope",
            self.envelope,
            "Show the SOAP envelope of a delivery",
            {200: Reply("The envelope as it is posted.", media_type="*/*"), 404: unknown},
            path_parameters=in_path,
            scoped=False,
        )
        yield Operation(
            "POST",
            f"{_ONE}/redeliver",
            self.redeliver,
            "Send a finished delivery again",
            {
                200: Reply("The delivery, which is pending again.", DeliveryDocument),
                404: unknown,
                409: Reply("It is pending already.", media_type=PROBLEM),
            },
            path_parameters=in_path,
            scoped=False,
        )
        yield Operation(
            "DELETE",
            _ONE,
            self.delete,
            "Forget a delivery, whatever its state",
            {204: Reply("It is gone.", media_type=""), 404: unknown},
            path_parameters=in_path,
            scoped=False,
        )

    async def listing(self) -> Response:
        """The newest ones first, narrowed by state and namespace."""
        state, namespace, limit = map(query.value, (_STATE, _NAMESPACE, _LIMIT))
        listed, total = await self._store.read_outbox(
            lambda outbox: (
                outbox.listed(state=state, namespace=namespace, limit=limit),
                outbox.count(state=state, namespace=namespace),
            )
        )
        return answer(
            DeliveryList(deliveries=list(map(document, listed)), meta=DeliveryTotal(total=total))
        )

    async def one(self, number: int) -> Response:
        """One of them, on demand with its envelope as text."""
        told = document(await self._found(number))
        if query.value(_ENVELOPE):
            envelope = (await self._envelope_of(number)).decode("utf-8", "replace")
            told = DeliveryWithEnvelope(**dict(told), envelope=envelope)
        return answer(told)

    async def envelope(self, number: int) -> Response:
        """The envelope of one of them, as it is posted."""
        delivery = await self._found(number)
        octets = await self._envelope_of(number)
        return Response(octets, content_type=delivery.version.content_type)

    async def redeliver(self, number: int) -> Response:
        """Send a finished one again."""
        delivery = await self._found(number)
        if not await self._deliveries.redeliver(number):
            raise Problem(
                HTTPStatus.CONFLICT,
                f"Delivery {number} is {delivery.state} already: wait until it is dead or "
                "delivered, or delete it.",
            )
        return answer(document(await self._found(number)))

    async def delete(self, number: int) -> Response:
        """Forget one of them, whatever its state."""
        if not await self._store.write_outbox(lambda outbox: outbox.remove(number)):
            raise _unknown(number)
        return nothing()

    async def _found(self, number: int) -> Delivery:
        delivery = await self._store.read_outbox(lambda outbox: outbox.find(number))
        if delivery is None:
            raise _unknown(number)
        return delivery

    async def _envelope_of(self, number: int) -> bytes:
        octets = await self._store.read_outbox(lambda outbox: outbox.envelope(number))
        return redact_envelope(octets) if self._redact else octets


def document(delivery: Delivery) -> DeliveryDocument:
    """A delivery as JSON has it."""
    return DeliveryDocument(
        id=delivery.id,
        kind=delivery.kind,
        state=delivery.state,
        namespace=delivery.namespace,
        transaction=delivery.transaction,
        to=delivery.to,
        action=delivery.action,
        message_id=delivery.message_id,
        relates_to=delivery.relates_to,
        mtom=delivery.mtom,
        attachments=len(delivery.attachments),
        size=delivery.size,
        created=delivery.created,
        attempts=delivery.attempts,
        next_attempt=delivery.next_attempt,
        last_error=delivery.last_error or None,
        last_status=delivery.last_status,
        finished=delivery.finished,
    )


def _unknown(number: int) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND,
        f"There is no delivery {number}: GET /__admin/deliveries lists them; of finished ones "
        "only the newest are remembered.",
    )
