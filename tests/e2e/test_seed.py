"""Two servers with the same --seed and --clock answer the same requests with the same octets."""

from __future__ import annotations

import random
import re
import socket
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit

from ihe_mock_async.client.connection import HttpAnswer
from ihe_mock_async.client.message import Message
from ihe_mock_async.client.ordering import make_order
from ihe_mock_async.client.sending import Target, send
from ihe_mock_async.client.values import Values
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import AffinityDomain
from tests.e2e.faulty_server import post
from tests.e2e.messages import DOMAIN
from tests.server_process import ServerProcess, running

TRANSACTIONS = ("ITI-18", "ITI-43", "ITI-45", "ITI-47", "ITI-55")
CLOCK = datetime(2024, 1, 5, 10, 15, tzinfo=UTC)
OPTIONS = ("--seed", "4711", "--clock", CLOCK.isoformat())


def exchange(server: ServerProcess, request: bytes) -> bytes:
    """The octets of the answer on a connection of its own."""
    address = urlsplit(server.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0), 30) as connection:
        connection.sendall(request)
        received = b""
        while not is_whole(received):
            data = connection.recv(65536)
            assert data, received
            received += data
        return received


def is_whole(response: bytes) -> bool:
    head, end, body = response.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return bool(end) and length is not None and len(body) == int(length[1])


@dataclass
class Posted:
    """Posts the messages of one patient, and keeps the octets."""

    server: ServerProcess
    requests: list[bytes] = field(default_factory=list)

    def post(self, url: str, message: Message) -> HttpAnswer:
        path = urlsplit(url).path
        headers = {"Content-Type": message.content_type, **message.headers}
        request = post(path, message.body, headers)
        self.requests.append(request)
        head, _, body = exchange(self.server, request).partition(b"\r\n\r\n")
        content_type = re.search(rb"content-type: ([^\r]+)", head)
        assert content_type is not None
        return HttpAnswer(int(head.split()[1]), content_type[1].decode(), body)


def requests_of(server: ServerProcess, number: str) -> list[bytes]:
    """What is sent for an example of a transaction, about a patient of its own."""
    ids = random.Random(number)  # noqa: S311 - no secret
    values = Values(
        now=CLOCK,
        new_uuid=lambda: uuid.UUID(int=ids.getrandbits(128), version=4),
        domain=AffinityDomain(),
        patient=PatientIdentifier(DOMAIN, f"SEED-{number}"),
    )
    posted = Posted(server)
    sent = list(send(make_order(number, example=""), Target(server.url), posted.post, values))
    assert all(each.answer.accepted for each in sent)
    return posted.requests


def in_turn(sequences: Iterable[Sequence[bytes]]) -> list[bytes]:
    """The first of each, then the second of each ..."""
    return [each for turn in zip_longest(*sequences) for each in turn if each is not None]


def test_the_same_requests_in_another_order_get_the_same_octets(tmp_path: Path) -> None:
    for name in ("source", "first", "second"):
        (tmp_path / name).mkdir()
    with running(tmp_path / "source") as source:
        patients = [requests_of(source, number) for number in TRANSACTIONS]
    with running(tmp_path / "first", *OPTIONS) as server:
        in_a_row = {request: exchange(server, request) for each in patients for request in each}
    with running(tmp_path / "second", *OPTIONS) as server:
        mixed = {request: exchange(server, request) for request in in_turn(reversed(patients))}

    assert mixed.keys() == in_a_row.keys()
    assert len(mixed) == sum(map(len, patients))
    for request, response in in_a_row.items():
        assert mixed[request] == response
        assert b"\r\ndate: Fri, 05 Jan 2024 10:15:00 GMT\r\n" in response
