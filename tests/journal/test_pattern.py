"""Which entries a pattern matches, and what it says of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ihe_mock_async.errors import WrongJsonError
from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.entry import AppliedFault, Entry
from ihe_mock_async.journal.json_model import read
from ihe_mock_async.journal.pattern import Mismatch, Pattern
from tests.journal.entries import ENVELOPE, feed, plain

IDS = '"42^^^&1.2.840&ISO", "X-7^^^&2.999&ISO"'
PART = f'"doc@example" (application/pdf, sha256 {"a" * 64})'
MATCHING: list[dict[str, Any]] = [
    {},
    {"transaction": "ITI-44"},
    {"transaction": "iti44"},
    {"transaction": "iti-44"},
    {"method": "post"},
    {"method": "ANY"},
    {"path": "/ns/blue/pix/add"},
    {"path": "/pix/add"},
    {"path": {"matches": "/pix/.*"}},
    {"path": {"doesNotContain": "iti41"}},
    {"urlPath": "/pix/add"},
    {"urlPathPattern": "/pix/[a-z]+"},
    {"queryParameters": {"mode": "again"}},
    {"queryParameters": {"empty": ""}},
    {"queryParameters": {"other": {"absent": True}}},
    {"headers": {"X-TRACE": "two"}},
    {"headers": {"X-Doctor": "Müller"}},
    {"headers": {"X-Nurse": "Müller"}},
    {"headers": {"content-type": {"contains": "SOAP", "caseInsensitive": True}}},
    {"headers": {"Authorization": {"absent": True}, "x-trace": {"absent": False}}},
    {"soapAction": {"contains": "PRPA_IN201301UV02"}},
    {"messageId": "urn:uuid:1"},
    {"messageId": "1.2.3^M-1"},
    {"bodyQName": "{urn:hl7-org:v3}PRPA_IN201301UV02"},
    {"xpath": "//hl7:id[@root='1.2.3']"},
    {"xpath": ["/soap:Envelope/soap:Body", {"expression": "//hl7:name", "equalTo": "Grace"}]},
    {"xpath": {"expression": "//v3:name", "namespaces": {"v3": "urn:hl7-org:v3"}}},
    {"xpath": {"expression": "//hl7:id/@root[. = $oid]", "variables": {"oid": "1.2.3"}}},
    {"body": {"contains": "Ada"}},
    {"body": {"matches": "(?s)<s:Envelope.*"}},
    {"bodyPatterns": [{"matchesXPath": "//hl7:name"}, {"doesNotContain": "Alan"}]},
    {"patientId": "42^^^&1.2.840&ISO"},
    {"patientId": "42^^^NAME&1.2.840&ISO"},
    {"patientId": "42^^^1.2.840"},
    {"patientId": "X-7"},
    {"part": {"contentId": "doc@example"}},
    {"part": {"contentId": "<doc@example>", "mediaType": "APPLICATION/PDF"}},
    {"part": {"sha256": "A" * 64}},
    {"outcome": "rejected"},
    {"service": "ofd"},
    {"finding": "hl7v3-interaction-id"},
    {"fault": "http 503"},
    {"fault": "http"},
    {"fault": "busy"},
    {"fault": "*"},
]


@pytest.mark.parametrize("document", MATCHING, ids=str)
def test_an_entry_fulfils_a_condition(document: dict[str, Any]) -> None:
    pattern = read(Pattern, document)

    assert pattern.matches(feed())
    assert pattern.explain(feed()) == []


@pytest.mark.parametrize(
    ("document", "mismatch"),
    [
        ({"transaction": "ITI-41"}, Mismatch("transaction", '"ITI-41"', '"ITI-44"')),
        ({"method": "GET"}, Mismatch("method", '"GET"', '"POST"')),
        ({"path": "/add"}, Mismatch("path", '"/add"', '"/ns/blue/pix/add", "/pix/add"')),
        (
            {"queryParameters": {"mode": "x"}},
            Mismatch("queryParameters.mode", '"x"', '"test", "again"'),
        ),
        ({"headers": {"X-Trace": "six"}}, Mismatch("headers.X-Trace", '"six"', '"one", "two"')),
        ({"headers": {"Accept": "a"}}, Mismatch("headers.Accept", '"a"', "nothing")),
        ({"headers": {"Cookie": "a=c"}}, Mismatch("headers.Cookie", '"a=c"', "***")),
        ({"headers": {"X-Token": "a"}}, Mismatch("headers.X-Token", '"a"', "nothing")),
        (
            {"headers": {"X-Trace": {"doesNotContain": "tw"}}},
            Mismatch("headers.X-Trace", 'without "tw"', '"one", "two"'),
        ),
        ({"bodyQName": "a"}, Mismatch("bodyQName", '"a"', '"{urn:hl7-org:v3}PRPA_IN201301UV02"')),
        (
            {"xpath": "//hl7:x"},
            Mismatch("xpath[0]", "//hl7:x selects something", "selected nothing"),
        ),
        (
            {"xpath": ["true()", {"expression": "//hl7:name", "equalTo": "Alan"}]},
            Mismatch("xpath[1]", '//hl7:name selects "Alan"', 'selected "Ada", "Grace"'),
        ),
        ({"patientId": "42^^^9.9"}, Mismatch("patientId", '"42^^^9.9"', IDS)),
        ({"patientId": "42^^^&1.2&ISO"}, Mismatch("patientId", '"42^^^&1.2&ISO"', IDS)),
        ({"patientId": "4"}, Mismatch("patientId", '"4"', IDS)),
        ({"part": {"contentId": "doc"}}, Mismatch("part", "a part doc", PART)),
        (
            {"part": {"contentId": "doc@example", "mediaType": "text/xml"}},
            Mismatch("part", "a part doc@example text/xml", PART),
        ),
        ({"outcome": "served"}, Mismatch("outcome", '"served"', '"rejected"')),
        ({"service": "twilio"}, Mismatch("service", '"twilio"', '"ofd"')),
        ({"finding": "other"}, Mismatch("finding", '"other"', '"hl7v3-interaction-id"')),
        ({"fault": "503"}, Mismatch("fault", '"503"', '"http 503"')),
    ],
    ids=str,
)
def test_a_condition_that_is_not_met_says_what_was_received(
    document: dict[str, Any], mismatch: Mismatch
) -> None:
    pattern = read(Pattern, document)

    assert not pattern.matches(feed())
    assert pattern.explain(feed()) == [mismatch]


def test_all_conditions_are_explained() -> None:
    pattern = read(Pattern, {"method": "PUT", "path": "/x", "xpath": "//x", "service": "ofd"})

    assert [each.key for each in pattern.explain(feed())] == ["method", "path", "xpath[0]"]


def test_an_exchange_that_is_not_over_has_no_outcome_yet() -> None:
    entry = plain()  # its outcome is still the default, unmatched

    assert not read(Pattern, {"outcome": "unmatched"}).matches(entry)
    entry.completed = True
    assert read(Pattern, {"outcome": "unmatched"}).matches(entry)


def test_the_prefix_of_another_namespace_is_no_prefix() -> None:
    entry = plain(path="/ns/red/pix/add", namespace="")

    assert not read(Pattern, {"path": "/pix/add"}).matches(entry)


def test_no_fault_is_none_of_any_name() -> None:
    assert not read(Pattern, {"fault": "*"}).matches(feed(fault=None))
    assert read(Pattern, {"fault": "HANG"}).matches(feed(fault=AppliedFault("", "HANG")))


def test_the_envelope_is_looked_at_and_not_the_mime_body_around_it() -> None:
    entry = feed(request_envelope=ENVELOPE)
    entry.request_body = RecordedBody.of(b"--boundary\r\nContent-ID: <doc@example>\r\n")

    assert read(Pattern, {"xpath": "//hl7:name", "body": {"contains": "Ada"}}).matches(entry)
    assert not read(Pattern, {"body": {"contains": "boundary"}}).matches(entry)


def test_the_root_of_any_xml_body_has_a_name() -> None:
    assert read(Pattern, {"bodyQName": "{urn:x}order"}).matches(plain(b"<order xmlns='urn:x'/>"))
    assert not read(Pattern, {"bodyQName": "order"}).matches(plain(b"no XML"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no XML: A message is an XML document; this one is empty"),
        (b"<a>", "no XML: Premature end of data"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "no XML: A SOAP message has no DOCTYPE"),
        (b"\xff\xfe\x00", "no XML: "),
    ],
)
def test_why_a_body_cannot_be_read_is_told(body: bytes, reason: str) -> None:
    (mismatch,) = read(Pattern, {"xpath": "//a"}).explain(plain(body))

    assert mismatch.received.startswith(reason)


@pytest.mark.parametrize("document", [{"body": {"doesNotContain": "x"}}, {"xpath": "not(//x)"}])
def test_what_is_not_kept_proves_nothing(document: dict[str, Any], tmp_path: Path) -> None:
    cut = plain()
    cut.request_body = RecordedBody(b"<a/>", None, 4, 9)
    gone = plain()
    gone.request_body = RecordedBody(b"", tmp_path / "gone", 4, 4)

    (of_cut,) = read(Pattern, document).explain(cut)
    (of_gone,) = read(Pattern, document).explain(gone)
    assert of_cut.received == "only 4 of 9 octets are kept"
    assert of_gone.received == "the body is no longer kept"


def test_a_body_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    entry = plain()
    entry.request_body = RecordedBody(b"", tmp_path / "never opened", 1 << 30, 1 << 30)

    (found,) = read(Pattern, {"body": {"contains": "x"}}).explain(entry)
    assert found.received == "the body has 1073741824 octets, too many to look at"


def test_a_query_of_too_many_parameters_has_none() -> None:
    entry = plain(target="/?" + "a=1&" * 1001)

    (found,) = read(Pattern, {"queryParameters": {"a": "1"}}).explain(entry)
    assert found.received == "nothing"


def test_a_spilled_body_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(b"<a/>")
    entry = plain()
    entry.request_body = RecordedBody(b"", file, 4, 4)

    assert read(Pattern, {"xpath": "/a"}).matches(entry)


def test_a_body_that_has_come_later_is_seen() -> None:
    entry = plain(b"<a/>")
    assert read(Pattern, {"xpath": "/a"}).matches(entry)

    entry.request_body = RecordedBody.of(b"<b/>")

    assert read(Pattern, {"xpath": "/b"}).matches(entry)


def test_what_was_parsed_is_not_kept_by_the_entries() -> None:
    entries = [plain(b"<a/>", sequence=number) for number in range(50)]
    pattern = read(Pattern, {"xpath": "/a"})
    assert all(map(pattern.matches, entries))

    alive = [entry for entry in entries if _parsed(entry) is not None]

    assert len(alive) < 10


def _parsed(entry: Entry) -> object:
    (kept,) = entry.cache.values()
    return kept.content()  # type: ignore[attr-defined]  # a weak reference


@pytest.mark.parametrize(
    ("document", "key", "problem", "allowed"),
    [
        (
            {"transaktion": "x"},
            "transaktion",
            'did you mean "transaction"?',
            "transaction, method",
        ),
        ({"transaction": "44"}, "transaction", "is no transaction", "like ITI-41"),
        ({"transaction": 44}, "transaction", "is the number 44", "a text"),
        ({"method": "GE T"}, "method", "is no HTTP method", "POST"),
        ({"path": 5}, "path", "is the number 5", "an object or a text"),
        ({"path": {}}, "path", "has 0 conditions", "exactly one of equalTo, contains"),
        ({"path": {"equalTo": "a", "absent": True}}, "path", "has 2 conditions", "exactly one"),
        ({"path": {"matches": "(("}}, "path.matches", "missing )", "that compiles"),
        (
            {"path": {"matches": "a", "caseInsensitive": True}},
            "path.caseInsensitive",
            "without a text",
            "equalTo, contains or doesNotContain",
        ),
        ({"urlPathPattern": "(("}, "urlPathPattern", "missing )", "that compiles"),
        ({"urlPath": ["/a"]}, "urlPath", "is a list of 1 item", "a text"),
        ({"path": "/a", "urlPath": "/b"}, "", "path and urlPath", "one of path, urlPath"),
        ({"headers": {"a b": "c"}}, 'headers["a b"]', "no name of a header", "Content-Type"),
        ({"headers": {"A": {"matchs": "c"}}}, "headers.A.matchs", '"matches"?', "equalTo"),
        ({"bodyQName": "hl7:x"}, "bodyQName", "is no Clark name", "{uri}local"),
        ({"xpath": "//v3:a"}, "xpath[0].expression", 'the prefix "v3"', "in `namespaces`"),
        ({"xpath": ["a", "//["]}, "xpath[1].expression", "does not compile", "XPath 1.0"),
        (
            {"xpath": {"expression": "a", "equalTo": "b", "contains": "c"}},
            "xpath[0]",
            "has 2 conditions",
            "at most one of equalTo",
        ),
        ({"xpath": {"equalTo": "b"}}, "xpath[0].expression", "is missing", ""),
        ({"part": {}}, "part", "has no condition", "contentId, sha256, mediaType"),
        ({"part": {"sha256": "abc"}}, "part.sha256", "is no SHA-256", "64 hexadecimal digits"),
        ({"outcome": "good"}, "outcome", 'is the text "good"', "'served'"),
    ],
    ids=str,
)
def test_a_wrong_pattern_is_refused_key_by_key(
    document: dict[str, Any], key: str, problem: str, allowed: str
) -> None:
    with pytest.raises(WrongJsonError) as caught:
        read(Pattern, document)

    (found,) = caught.value.problems
    assert found.key == key
    assert problem in found.problem
    assert allowed in found.allowed


def test_the_words_of_wiremock_for_the_path_become_the_path() -> None:
    assert read(Pattern, {"urlPath": "/a"}) == read(Pattern, {"path": "/a"})
    assert read(Pattern, {"urlPathPattern": "/a"}) == read(Pattern, {"path": {"matches": "/a"}})
    assert Pattern(url_path="/a") == read(Pattern, {"path": "/a"})


def test_every_key_is_described_in_the_schema() -> None:
    schema = Pattern.model_json_schema()
    documents = [schema, *schema["$defs"].values()]
    objects = [each for one in documents for each in (one, *one.get("anyOf", ())) if each]

    keys = [item for each in objects for item in each.get("properties", {}).items()]
    assert len(keys) > 50
    assert [name for name, value in keys if "description" not in value] == []
