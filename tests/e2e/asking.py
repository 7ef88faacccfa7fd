"""What a server knows of a patient, asked as clients ask: ITI-45 and ITI-18."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from ihe_mock_async.client import examples, message
from ihe_mock_async.client.message import Packing
from ihe_mock_async.client.ordering import transaction_of
from ihe_mock_async.client.sending import content_of
from ihe_mock_async.client.values import Values
from ihe_mock_async.identifiers import PatientIdentifier
from tests.e2e.faulty_server import FaultyServer, post
from tests.e2e.messages import DOMAIN, envelope_of, find, text_of


def example(  # noqa: PLR0913 - all that tests vary
    number: str,
    patient: str,
    *,
    name: str = "",
    namespace: str = "",
    reply_to: str = "",
    respond_to: str = "",
) -> bytes:
    """The octets of a request: an example of a transaction, the usual one, about a patient.

    `respond_to` is where the answer to a deferred one goes.
    """
    chosen, transaction = examples.find(number, name), transaction_of(number)
    values = Values(datetime.now(UTC), uuid.uuid4, patient=PatientIdentifier(DOMAIN, patient))
    values.learn("respond_to", respond_to)
    path = f"/{transaction.actors[0]}"
    made = message.wrap(
        content_of(chosen, values),
        transaction,
        Packing(reply_to=reply_to),
        to=f"http://localhost{path}",
        new_uuid=uuid.uuid4,
    )
    prefix = f"/ns/{namespace}" if namespace else ""
    headers = {"Content-Type": made.content_type, **made.headers}
    return post(f"{prefix}{path}", made.body, headers)


async def is_known(server: FaultyServer, patient: str) -> bool:
    """Whether the PIX Manager knows the patient (ITI-45)."""
    async with server.client() as client:
        await client.send(example("ITI-45", patient))
        _, headers, body = await client.response()
    codes = envelope_of(headers["content-type"], body)
    return text_of(codes, "//hl7:queryAck/hl7:queryResponseCode/@code") in {"OK", "NF"}


async def documents_of(server: FaultyServer, patient: str) -> int:
    """How many documents the registry has for the patient (ITI-18)."""
    async with server.client() as client:
        await client.send(example("ITI-18", patient))
        _, headers, body = await client.response()
    return len(find(envelope_of(headers["content-type"], body), "//rim:ExtrinsicObject"))
