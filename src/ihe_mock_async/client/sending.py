"""Sending: which messages, to which endpoint, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ihe_mock_async.client import answer, examples, message, queries, template
from ihe_mock_async.client.answer import Answer
from ihe_mock_async.client.connection import Post
from ihe_mock_async.client.examples import Example
from ihe_mock_async.client.message import DEFAULT_PACKING, Content, OutgoingPart, Packing
from ihe_mock_async.client.ordering import Order, transaction_of
from ihe_mock_async.client.values import NOBODY, Values
from ihe_mock_async.errors import SendError
from ihe_mock_async.ihe import Actor, Transaction
from ihe_mock_async.web.endpoints import NAMESPACE_NAME

_NAMESPACE_ROOT = re.compile(r"/ns/[^/]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go; raises `SendError` when URL and namespace do not name a place."""

    url: str
    """Of an ihe-mock-async server (`http://host:port`), or of any server's endpoint."""
    namespace: str = ""

    def __post_init__(self) -> None:
        """Refuse a namespace that would be another path, or that no path is made of."""
        if self.namespace and not NAMESPACE_NAME.fullmatch(self.namespace):
            raise SendError(
                f'"{self.namespace}" cannot be a namespace; expected 1 to 100 letters, digits, '
                "dots, underscores and hyphens, a letter or digit first."
            )
        if self.namespace and self.path:
            raise SendError(
                f"{self.url} has a path already: give the URL of a server (http://HOST:PORT) to "
                "go with --namespace."
            )

    @property
    def path(self) -> str:
        """That of the URL, empty for a server's default world."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def is_endpoint(self) -> bool:
        """Whether the URL is that of one endpoint."""
        return bool(self.path) and not _NAMESPACE_ROOT.fullmatch(self.path)

    def endpoint(self, actor: Actor) -> str:
        """The URL of an actor."""
        if self.is_endpoint:
            return self.url
        namespace = f"/ns/{self.namespace}" if self.namespace else ""
        return f"{self.url.rstrip('/')}{namespace}/{actor}"


@dataclass(frozen=True, slots=True)
class Sent:
    """One exchange."""

    transaction: Transaction
    name: str
    """Of the example, the query or the file."""
    url: str
    answer: Answer


def send(order: Order, target: Target, post: Post, values: Values) -> Iterator[Sent]:
    """Send what was ordered, one message after the other; ends with the first that is refused."""
    for sent in _each(order, target, post, values):
        yield sent
        if not sent.answer.accepted:
            return


def _each(order: Order, target: Target, post: Post, values: Values) -> Iterator[Sent]:
    if order.example is None:
        yield _send_one(order, target, post, values)
        return
    for example in _chain(order.example, target, values):
        yield _send_example(
            example,
            order.packing if example is order.example else DEFAULT_PACKING,
            target,
            post,
            values,
        )


def _chain(example: Example, target: Target, values: Values) -> list[Example]:
    """The example behind what it builds on, as far as that can be sent."""
    if values.ids:  # what it builds on is there
        return [example]
    chain = examples.chain(example)
    if target.is_endpoint:  # where only its own transaction is sure to be served
        return [each for each in chain if each.transaction == example.transaction]
    return chain


def _send_one(order: Order, target: Target, post: Post, values: Values) -> Sent:
    """A file, or a query."""
    transaction, packing, new_uuid = order.transaction, order.packing, values.new_uuid
    url = target.endpoint(transaction.actors[0])
    if order.file is not None:
        name = order.file.name
        outgoing = message.read_file(order.file, transaction, packing, to=url, new_uuid=new_uuid)
    else:
        name = order.query
        payload = queries.build(transaction.number, name, values)
        content = Content(next(iter(transaction.handlers)), payload)
        outgoing = message.wrap(content, transaction, packing, to=url, new_uuid=new_uuid)
    return Sent(transaction, name, url, answer.read(post(url, outgoing), outgoing.message_id))


def _send_example(
    example: Example, packing: Packing, target: Target, post: Post, values: Values
) -> Sent:
    transaction = transaction_of(example.transaction)
    url = target.endpoint(transaction.actors[0])
    if example.is_deferred:
        values.learn("respond_to", packing.reply_to or NOBODY)
        packing = replace(packing, reply_to="")
    content = content_of(example, values)
    outgoing = message.wrap(content, transaction, packing, to=url, new_uuid=values.new_uuid)
    got = answer.read(post(url, outgoing), outgoing.message_id)
    values.learn("answer.root", got.message_root)
    return Sent(transaction, example.name, url, got)


def content_of(example: Example, values: Values) -> Content:
    """The payload of an example and its attachments; every call makes a new message."""
    if example.query:
        return Content(example.action, queries.build(example.transaction, example.query, values))
    named = values.as_person(example.person).scoped(**{"message.id": str(values.new_uuid())})
    payload = template.render(example.template, named)
    attachments = [
        OutgoingPart(each["cid:document"], each.document.media_type, each.document.content)
        for each in named.of_each_document()
        if each["document.href"] in payload
    ]
    return Content(example.action, payload.encode(), attachments)
