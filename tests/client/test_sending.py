"""Which messages are sent, where, in which order; and what is told of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ihe_mock_async.client import report
from ihe_mock_async.client.message import Packing
from ihe_mock_async.client.ordering import make_order, make_values
from ihe_mock_async.client.sending import Sent, Target, send
from ihe_mock_async.errors import SendError
from ihe_mock_async.ihe import Actor
from ihe_mock_async.state import AffinityDomain
from tests.client.in_process import URL, InProcess
from tests.e2e.messages import pix_add

DOMAIN = AffinityDomain()


@pytest.mark.parametrize(
    ("url", "namespace", "expected"),
    [
        ("http://a:8080", "", "http://a:8080/pix-manager"),
        ("http://a:8080/", "x", "http://a:8080/ns/x/pix-manager"),
        ("http://a/ns/x/", "", "http://a/ns/x/pix-manager"),
        ("https://b/services/pix", "", "https://b/services/pix"),
    ],
)
def test_a_url_is_a_server_or_an_endpoint(url: str, namespace: str, expected: str) -> None:
    assert Target(url, namespace).endpoint(Actor.PIX_MANAGER) == expected


@pytest.mark.parametrize(
    ("url", "namespace", "told"),
    [
        ("http://a", "b/c", '"b/c" cannot be a namespace; expected 1 to 100 letters'),
        ("http://a", "n" * 101, "cannot be a namespace"),
        ("http://a/ns/b", "c", "http://a/ns/b has a path already"),
    ],
)
def test_a_namespace_that_leads_nowhere_is_refused(url: str, namespace: str, told: str) -> None:
    with pytest.raises(SendError, match=re.escape(told)):
        Target(url, namespace)


def test_an_example_comes_behind_what_it_builds_on(strict: InProcess) -> None:
    list(send(make_order("43", example=""), Target(URL), strict.post, make_values(DOMAIN)))

    assert [url.removeprefix(URL) for url, _ in strict.messages] == [
        "/pix-manager",
        "/document-repository",
        "/document-repository",
    ]


def test_the_endpoint_of_another_server_gets_messages_of_one_transaction(
    strict: InProcess,
) -> None:
    target = Target(f"{URL}/pix/add")

    exchanges = list(
        send(make_order("44", example="merge"), target, strict.post, make_values(DOMAIN))
    )
    query = list(send(make_order("45", example=""), target, strict.post, make_values(DOMAIN)))

    assert [(each.name, each.answer.outcome) for each in exchanges] == [
        ("add", "CA"),
        ("add-other", "CA"),
        ("merge", "CA"),
    ]
    assert [each.name for each in query] == ["query"]


def test_sending_ends_with_the_first_message_that_is_refused(strict: InProcess) -> None:
    twice = make_values(DOMAIN)
    order = make_order("42", example="")
    list(send(order, Target(URL), strict.post, twice))

    exchanges = list(send(make_order("57", example=""), Target(URL), strict.post, twice))

    assert [(each.name, each.answer.accepted) for each in exchanges] == [
        ("add", True),
        ("register", False),
    ]
    assert exchanges[-1].answer.problems


def test_a_query_by_id_and_a_retrieval_by_id_need_no_preparation(
    strict: InProcess, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"for you")
    values = make_values(DOMAIN, documents=[str(letter)])
    list(send(make_order("41", values=["--document"]), Target(URL), strict.post, values))
    by_id = make_values(DOMAIN, ids=[values["oid:document"]])

    (found,) = send(make_order("18", query="GetDocuments"), Target(URL), strict.post, by_id)
    (got,) = send(make_order("43", values=["--id"]), Target(URL), strict.post, by_id)

    assert found.answer.found[0] == "1 ExtrinsicObject"
    assert '"letter.txt"' in found.answer.found[1]
    assert [document.content for document in got.answer.documents] == [b"for you"]


def test_several_documents_go_in_one_submission(strict: InProcess, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.txt", "b.xml")]
    for path in paths:
        path.write_text(path.name)
    values = make_values(DOMAIN, documents=[str(path) for path in paths])

    exchanges = list(
        send(make_order("41", values=["--document"]), Target(URL), strict.post, values)
    )
    ids = [each["oid:document"] for each in values.of_each_document()]
    (got,) = send(
        make_order("43", values=["--id"]), Target(URL), strict.post,
        make_values(DOMAIN, ids=ids),
    )  # fmt: skip

    assert exchanges[-1].answer.outcome == "Success"
    assert [d.content for d in got.answer.documents] == [b"a.txt", b"b.xml"]
    assert got.answer.documents[0].media_type == "text/plain"
    assert got.answer.documents[1].media_type.endswith("/xml")
    assert strict.findings == []


def test_a_deferred_answer_goes_where_the_message_says(strict: InProcess) -> None:
    order = make_order(
        "55", example="discover-deferred", packing=Packing(reply_to="http://me.test/")
    )

    *_, accepted = send(order, Target(URL), strict.post, make_values(DOMAIN))

    body = strict.messages[-1][1].body
    assert accepted.answer.outcome == "CA"
    assert b'<telecom value="http://me.test/"/>' in body
    assert b"<wsa:Address>http://www.w3.org/2005/08/addressing/anonymous<" in body


def test_in_simple_soap_a_retrieval_is_refused_with_every_finding(strict: InProcess) -> None:
    order = make_order("43", example="", packing=Packing(as_mtom=False))

    *_, refused = send(order, Target(URL), strict.post, make_values(DOMAIN))

    assert refused.answer.outcome.startswith("Fault Sender")
    assert any("multipart/related" in problem.text for problem in refused.answer.problems)


def test_a_file_is_sent_to_its_transaction(strict: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "add.xml"
    path.write_bytes(pix_add("SENT-1"))

    (sent,) = send(make_order("44", file=path), Target(URL), strict.post, make_values(DOMAIN))

    assert sent.name == "add.xml"
    assert strict.messages[0][1].body == path.read_bytes()


# ---------------------------------------------------------------- telling


@pytest.fixture
def retrieval(strict: InProcess) -> Sent:
    *_, sent = send(make_order("43", example=""), Target(URL), strict.post, make_values(DOMAIN))
    return sent


def test_an_exchange_is_told_in_lines(retrieval: Sent) -> None:
    head, status, document = report.text(retrieval).splitlines()

    assert head == f"ITI-43 retrieve  {URL}/document-repository"
    assert status == "  HTTP 200  Success"
    assert document.startswith("  document 2.25.")
    assert "text/plain  88 octets  sha1 4d22361d823bc7010dd169c425abe085800ff89e" in document


def test_a_document_that_was_made_on_demand_is_known_by_its_own_id(
    strict: InProcess, tmp_path: Path
) -> None:
    order = make_order("43", example="retrieve-on-demand")
    *_, sent = send(order, Target(URL), strict.post, make_values(DOMAIN))

    (document,) = sent.answer.documents
    (told,) = report.as_json(sent)["documents"]
    (path,) = report.save(sent.answer, tmp_path)
    assert document.new_unique_id not in {"", document.unique_id}
    assert f"Document: {document.new_unique_id}\n".encode() in document.content
    assert f"{document.unique_id} made as {document.new_unique_id}  " in report.text(sent)
    assert told["new_unique_id"] == document.new_unique_id
    assert path.name == f"{document.new_unique_id}.txt"


def test_each_problem_is_one_line_with_its_place(strict: InProcess) -> None:
    values = make_values(DOMAIN, ids=["1.2.3"])
    (sent,) = send(make_order("43", values=["--id"]), Target(URL), strict.post, values)

    _, status, problem = report.text(sent).splitlines()

    assert status == "  HTTP 200  Failure"
    assert problem.startswith("  error XDSDocumentUniqueIdError")
    assert "1.2.3" in problem


def test_an_exchange_is_told_to_scripts(retrieval: Sent) -> None:
    told = report.as_json(retrieval)

    assert (told["transaction"], told["outcome"], told["accepted"]) == ("ITI-43", "Success", True)
    assert told["documents"][0]["size"] == 88
    assert told["problems"] == []


def test_problems_are_told_to_scripts(strict: InProcess) -> None:
    values = make_values(DOMAIN, ids=["1.2.3"])
    (sent,) = send(make_order("43", values=["--id"]), Target(URL), strict.post, values)

    (problem,) = report.as_json(sent)["problems"]

    assert (problem["severity"], problem["code"]) == ("error", "XDSDocumentUniqueIdError")


def test_the_envelope_and_textual_documents_are_shown(retrieval: Sent) -> None:
    envelope, letter = report.contents(retrieval.answer)

    assert "RetrieveDocumentSetResponse" in envelope
    assert letter.startswith("Lena Muster left the hospital")


def test_documents_are_saved_below_the_folder_whatever_their_names(
    retrieval: Sent, tmp_path: Path
) -> None:
    (document,) = retrieval.answer.documents
    evil = replace(document, unique_id="../../etc/passwd", media_type="text/plain; charset=utf-8")
    nameless = replace(document, unique_id="..", media_type="no/such-type")
    answer = replace(retrieval.answer, documents=(evil, nameless))

    paths = report.save(answer, tmp_path / "received")

    assert [path.parent for path in paths] == [tmp_path / "received"] * 2
    assert [path.name for path in paths] == ["_.._etc_passwd.txt", "document"]
    assert all(path.read_bytes() == document.content for path in paths)


def test_a_folder_that_cannot_be_written_is_told(retrieval: Sent, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")

    with pytest.raises(SendError, match="Cannot write"):
        report.save(retrieval.answer, file)
