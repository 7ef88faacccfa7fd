"""What real clients get wrong: each mistake is found, named and explained; the page says how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.client.connection import HttpAnswer
from ihe_mock_async.client.message import Message
from ihe_mock_async.findings import Severity
from tests.client.in_process import URL, InProcess, in_process
from tests.web.client_mistakes import (
    EXPLAINED,
    MISTAKES,
    PACKED,
    Mistake,
    feed,
    query,
    submission,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "client-mistakes.md"


@pytest.fixture
def domain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    with in_process(tmp_path, monkeypatch) as made:
        yield made


def send(domain: InProcess, mistake: Mistake) -> HttpAnswer:
    return domain.post(f"{URL}{mistake.path}", Message(mistake.content_type, mistake.body, {}))


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(mistake, id=f"{number}-{mistake.rule}")
        for number, mistakes in MISTAKES.items()
        for mistake in mistakes
    ],
)
def test_a_mistake_is_named_and_an_error_is_answered_with_its_explanation(
    domain: InProcess, mistake: Mistake
) -> None:
    answer = send(domain, mistake)

    found = [each for each in domain.findings if each.rule.id == mistake.rule]
    assert found, [each.rule.id for each in domain.findings]
    assert mistake.says in found[0].describe()
    if found[0].severity is Severity.ERROR:
        assert mistake.rule.encode() in answer.body


def test_the_messages_are_fine_without_the_mistakes(domain: InProcess) -> None:
    answers = [
        send(domain, feed("", "")),
        send(domain, submission("", "")),
        send(domain, query("", "")),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert domain.findings == []


@pytest.mark.parametrize(
    "content_type",
    [
        PACKED.replace('boundary="MIMEBoundary_tour"', "boundary=MIMEBoundary_tour"),
        PACKED.replace(' start="<root@example.org>";', ""),
        PACKED.replace('"application/soap+xml"', '"application/soap+xml;action=\\"urn:x\\""'),
        PACKED.replace("multipart/related", "Multipart/Related"),
    ],
)
def test_all_legal_ways_of_packaging_are_read(domain: InProcess, content_type: str) -> None:
    answer = send(domain, submission("", "", content_type=content_type))

    assert b"ResponseStatusType:Success" in answer.body
    assert domain.findings == []


@pytest.mark.parametrize(("codes", "code"), [("CA", b"CA"), ("AA", b"AA")])
def test_acknowledgement_codes_are_those_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes: str, code: bytes
) -> None:
    with in_process(tmp_path, monkeypatch, ack_codes=codes) as domain:
        answer = send(domain, feed("", ""))

    assert b'<typeCode code="' + code + b'"/>' in answer.body


def test_a_reused_message_id_is_related_to_each_time(domain: InProcess) -> None:
    first, second = (send(domain, query("", "")) for _ in range(2))

    for answer in (first, second):
        assert b"<wsa:RelatesTo>urn:uuid:1</wsa:RelatesTo>" in answer.body
    ids = [re.search(rb"<wsa:MessageID>(.*?)<", answer.body) for answer in (first, second)]
    assert ids[0] is not None
    assert ids[1] is not None
    assert ids[0][1] != ids[1][1]


def test_the_page_has_every_mistake_with_the_rules_that_name_it() -> None:
    sections = re.split(r"^## (?=\d+\. )", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    documented = {
        int(text.partition(".")[0]): set(re.findall(r"\[([a-z0-9-]+)\]\(rules\.md#\1\)", text))
        for text in sections
    }
    tested = {number: {each.rule for each in mistakes} for number, mistakes in MISTAKES.items()}

    assert documented == {**tested, **EXPLAINED}
    assert list(documented) == list(range(1, 21))
