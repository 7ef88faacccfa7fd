"""Example messages for tests, as `ihe-mock-async send TRANSACTION --example` sends them.

::

    feed = examples.message("ITI-44")
    httpx.post(server.url_for("ITI-44"), content=feed.body, headers=feed.headers)

All people are invented. Every call makes new ids; a message that is posted again is a retry. They
are for the affinity domain that a server has unless its settings name another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ihe_mock_async.client import ordering, sending
from ihe_mock_async.client.examples import Example, chain, find
from ihe_mock_async.client.message import DEFAULT_PACKING, wrap
from ihe_mock_async.client.values import NOBODY, Document, Values
from ihe_mock_async.state import AffinityDomain

_ENDPOINT = "http://localhost/"
"""wsa:To, which names whatever the message is posted to."""


@dataclass(frozen=True, slots=True)
class ExampleMessage:
    """A message, ready to be posted."""

    transaction: str
    """`ITI-44`."""
    body: bytes
    """The SOAP envelope, or the whole MIME package (MTOM)."""
    headers: Mapping[str, str]
    """The HTTP header fields that belong to it: Content-Type."""
    message_id: str
    """wsa:MessageID."""


def message(
    transaction: str, name: str = "", *, patient: str = "", document: bytes | None = None
) -> ExampleMessage:
    """An example of a transaction: the usual one, or that of a name (`merge`).

    `patient` is whom it is about, in CX form (`P-1^^^&1.2.3.4&ISO`); `document` is the plain text
    that it submits. Raises `SendError`: for a name that is not known it says which there are.
    """
    return _made(_find(transaction, name), _values(patient, document))


def messages(
    transaction: str, name: str = "", *, patient: str = "", document: bytes | None = None
) -> list[ExampleMessage]:
    """An example behind those that it builds on, in order: for ITI-43 a feed and a submission.

    Arguments and errors are those of `message`.
    """
    values = _values(patient, document)
    return [_made(each, values) for each in chain(_find(transaction, name))]


def _find(transaction: str, name: str) -> Example:
    return find(ordering.transaction_of(transaction).number, name)


def _values(patient: str, document: bytes | None) -> Values:
    values = ordering.make_values(AffinityDomain(), patient=patient)
    values.learn("respond_to", NOBODY)
    if document is None:
        return values
    return replace(values, documents=(Document(document, "text/plain", "Letter"),))


def _made(example: Example, values: Values) -> ExampleMessage:
    content = sending.content_of(example, values)
    transaction = ordering.transaction_of(example.transaction)
    made = wrap(content, transaction, DEFAULT_PACKING, to=_ENDPOINT, new_uuid=values.new_uuid)
    headers = {"Content-Type": made.content_type, **made.headers}
    return ExampleMessage(example.transaction, made.body, headers, made.message_id)
