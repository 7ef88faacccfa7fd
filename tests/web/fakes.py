"""A transaction, a store and a recorder of our own: the pipeline without the other layers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar, cast

from lxml import etree

from ihe_mock_async.elements import XmlLimits
from ihe_mock_async.faults.picker import Faults
from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.ledger import Bounds, Journal
from ihe_mock_async.journal.recorder import Recorder
from ihe_mock_async.settings import Settings
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12, WSA
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.store import NamespaceState, OutgoingMessage, Store
from ihe_mock_async.store.content import StagedContent
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.web import pipeline
from ihe_mock_async.web.body import BodyLimits
from ihe_mock_async.web.clock import Clock, IdSource
from ihe_mock_async.web.endpoints import Endpoints
from ihe_mock_async.web.http import Request, Response
from ihe_mock_async.web.pipeline import Services

T = TypeVar("T")
ACTION = "urn:example:Greet"
RESPONSE_ACTION = "urn:example:GreetResponse"
ROOT = "{urn:example}Greet"
DOCUMENT = "{urn:example}Document"
NOW = datetime(2024, 1, 5, 10, 15, tzinfo=UTC)
SOAP_XML = {"content-type": "application/soap+xml; charset=utf-8"}
BOUNDARY = "MIMEBoundary_fake"
MTOM = {
    "content-type": f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"; '
    'start="<root@x>"; start-info="application/soap+xml"'
}
NAMESPACES = {"soap": SOAP12, "soap11": SOAP11, "wsa": WSA, "ex": "urn:example"}


def greet(exchange: Exchange) -> Answer:
    """Answers with the ids and times it was given, as real transactions do."""
    body = f'<Greeting xmlns="urn:example" id="{exchange.new_uuid()}"/>'
    return Answer(RESPONSE_ACTION, body.encode(), Outcome.SERVED, "OK", findings=exchange.findings)


FAKE = Transaction(
    number="ITI-99",
    name="Greet",
    section="ITI TF-2: 3.99",
    actors=(Actor.PIX_MANAGER,),
    handlers={ACTION: greet},
    roots={ROOT: ACTION},
    response_actions={ACTION: RESPONSE_ACTION},
    writes=True,
    rules=(),
    needs_addressing=False,
)
FAKE_MTOM = replace(FAKE, mtom=True, binary_elements=frozenset({DOCUMENT}), needs_addressing=True)


def answering(handler: Callable[[Exchange], Answer], like: Transaction = FAKE) -> Transaction:
    """The fake transaction with another function."""
    return replace(like, handlers={ACTION: handler})


# ---------------------------------------------------------------- messages

GREETING = '<ex:Greet xmlns:ex="urn:example"/>'


def envelope(  # noqa: PLR0913 - the headers that a message may have
    body: str = GREETING,
    *,
    action: str = ACTION,
    message_id: str = "urn:uuid:00000000-0000-4000-8000-000000000001",
    reply_to: str = f"{WSA}/anonymous",
    namespace: str = SOAP12,
    understand: str = ' s:mustUnderstand="1"',
    headers: str = "",
) -> bytes:
    """A SOAP message; an empty value leaves its header out. `headers` are more of them, as XML."""
    known = {
        f"a:Action{understand}": action,
        "a:MessageID": message_id,
        "a:ReplyTo": f"<a:Address>{reply_to}</a:Address>" if reply_to else "",
    }
    blocks = "".join(f"<{k}>{v}</{k.split()[0]}>" for k, v in known.items() if v)
    return (
        f'<s:Envelope xmlns:s="{namespace}" xmlns:a="{WSA}"><s:Header>{blocks}{headers}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def document(content: str) -> str:
    """The body of a message with one binary element."""
    return f'<ex:Greet xmlns:ex="urn:example"><ex:Document>{content}</ex:Document></ex:Greet>'


def include(content_id: str) -> str:
    """The body of a message whose document is an attachment."""
    xop = "http://www.w3.org/2004/08/xop/include"
    return document(f'<x:Include xmlns:x="{xop}" href="cid:{content_id}"/>')


ROOT_HEAD = (
    b'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
    b"Content-ID: <root@x>\r\n"
)


def part(head: bytes, content: bytes) -> bytes:
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n" + content + b"\r\n"


def attachment(content_id: str, content: bytes) -> bytes:
    head = f"Content-Type: text/plain\r\nContent-ID: <{content_id}>\r\n"
    return part(head.encode(), content)


def mime(*parts: bytes) -> bytes:
    """An MTOM body of these parts."""
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--\r\n"


def root(message: bytes) -> bytes:
    return part(ROOT_HEAD, message)


# ---------------------------------------------------------------- the server's parts


class FakeOutbox:
    """Keeps what one unit of work puts in."""

    def __init__(self) -> None:
        self.messages: list[OutgoingMessage] = []

    def put(self, message: OutgoingMessage, now: datetime) -> int:
        assert now == NOW
        self.messages.append(message)
        return len(self.messages)


@dataclass
class FakeState:
    """All of a state that the pipeline itself uses."""

    outbox: FakeOutbox = field(default_factory=FakeOutbox)


class FakeStore:
    """Runs units of work at once; `fails` is raised instead."""

    def __init__(self) -> None:
        self.content = MemoryContentStore()
        self.namespaces: list[str] = []
        self.reads = 0
        self.fails: Exception | None = None
        self.runs = 1
        self.outbox: list[OutgoingMessage] = []

    async def write(
        self,
        namespace: str,
        work: Callable[[NamespaceState], T],
        staged: Mapping[str, StagedContent] = MappingProxyType({}),
    ) -> T:
        self.namespaces.append(namespace)
        if self.fails is not None:
            raise self.fails
        for _ in range(self.runs - 1):
            work(cast("NamespaceState", FakeState()))
        state = FakeState()
        result = work(cast("NamespaceState", state))
        self.content.keep(staged.values())
        self.outbox += state.outbox.messages
        return result

    async def read(self, namespace: str, work: Callable[[NamespaceState], T]) -> T:
        self.reads += 1
        return work(cast("NamespaceState", None))


@dataclass
class EntryList:
    """A recorder that only collects; `fails` is raised instead."""

    entries: list[Entry] = field(default_factory=list)
    fails: Exception | None = None

    def record(self, entry: Entry) -> None:
        if self.fails is not None:
            raise self.fails
        self.entries.append(entry)


def make_services(
    *transactions: Transaction,
    validation: Validation = Validation.ENFORCE,
    limits: BodyLimits | None = None,
    seed: int | None = None,
) -> Services:
    limits = limits or BodyLimits(10_000_000, 1_000_000)
    return Services(
        domain=AffinityDomain(validation=validation),
        endpoints=Endpoints(Settings(), transactions or (FAKE,)),
        store=cast("Store", FakeStore()),
        recorder=cast("Recorder", EntryList()),
        journal=Journal(Bounds()),
        faults=Faults(seed),
        clock=Clock(NOW),
        ids=IdSource(seed),
        body_limits=limits,
        xml_limits=XmlLimits(limits.max_envelope_bytes),
    )


def store_of(services: Services) -> FakeStore:
    return cast("FakeStore", services.store)


def recorder_of(services: Services) -> EntryList:
    return cast("EntryList", services.recorder)


def entry_of(services: Services) -> Entry:
    """The one exchange that was recorded."""
    (entry,) = recorder_of(services).entries
    return entry


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def request(
    body: bytes | Iterable[bytes] | AsyncIterator[bytes] = b"",
    headers: Mapping[str, str] = SOAP_XML,
    *,
    method: str = "POST",
    path: str = "/pix-manager",
    client: str = "",
) -> Request:
    if isinstance(body, bytes):
        body = chunks(body)
    elif not isinstance(body, AsyncIterator):
        body = chunks(*body)
    return Request(method, path, headers, body, client)


async def send(services: Services, message: Request) -> Response:
    """Answer a request at the endpoint of its path."""
    place = services.endpoints.find(message.path)
    assert place is not None
    namespaced = replace(message, namespace=place.namespace)
    return await pipeline.handle(namespaced, place.endpoint, services)


def envelope_of(response: Response) -> etree._Element:
    """The envelope of an answer, MTOM or simple."""
    content = response.body
    if response.headers["Content-Type"].startswith("multipart/related"):
        start = content.index(b"\r\n\r\n") + 4
        content = content[start : content.rindex(b"\r\n--")]
    return etree.fromstring(content)


def text_of(response: Response, path: str) -> str:
    """The string value of the first match, or an empty text."""
    return str(envelope_of(response).xpath(f"string({path})", namespaces=NAMESPACES))


def reason_of(response: Response) -> str:
    return text_of(response, "//soap:Fault/soap:Reason/soap:Text")


def rules_of(response: Response) -> list[str]:
    """Ids of the rules in a fault's details."""
    found = envelope_of(response).xpath("//error/finding/@rule")
    assert isinstance(found, list)
    return [str(rule) for rule in found]
