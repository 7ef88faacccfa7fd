"""What holds for every pattern and every entry, whatever clients and users write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_mock_async.errors import KeyProblem, WrongJsonError
from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.entry import AppliedFault, Entry
from ihe_mock_async.journal.json_model import JsonModel, read
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.journal.verification import Expectation
from ihe_mock_async.state import Attachment
from tests.journal.entries import plain

# Documents of so many keys take their time to be made.
FEW = settings(max_examples=40, deadline=None)
HL7 = "urn:hl7-org:v3"
NAMES = st.sampled_from(["X-Trace", "Accept", "content-type"])
TEXTS = st.text(max_size=8)
WORDS = st.text("abcdefghij", min_size=1, max_size=6)
TRANSACTIONS = st.integers(1, 99).map("ITI-{}".format)
SHA256 = st.text("0123456789abcdef", min_size=64, max_size=64)
OIDS = st.sampled_from(["1.2.3", "2.999.4"])

# ---------------------------------------------------------------- entries

ATTACHMENTS = st.builds(
    Attachment,
    content_id=WORDS,
    media_type=st.sampled_from(["application/pdf", "text/xml; charset=utf-8"]),
    size=st.just(1),
    sha1=st.just("0" * 40),
    sha256=SHA256,
)
RULES = WORDS.map(lambda name: Rule(name, Severity.ERROR, "A rule", "TF 1", "Mend it."))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
XML = st.builds(
    '<{0}:{1} xmlns:{0}="{2}" id="{1}"><{0}:{1}/>&lt;</{0}:{1}>'.format,
    WORDS,
    WORDS,
    st.sampled_from([HL7, "urn:x"]),
).map(str.encode)
BODIES = (
    st.binary(max_size=40)
    | XML
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds("{}={}".format, WORDS, WORDS).map(str.encode)
)
CONTENT_TYPES = st.sampled_from(
    ["", "text/xml", "application/json; charset=utf-16", "a/b; charset=nonsense"]
)
HEADERS = st.lists(
    st.tuples(NAMES.map(str.encode) | st.binary(max_size=4), st.binary(max_size=6)), max_size=3
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Anything that may have been received."""
    path = "/" + "/".join(draw(st.lists(WORDS, max_size=2)))
    namespace = draw(st.sampled_from(["", "blue"]))
    return plain(
        draw(BODIES),
        draw(CONTENT_TYPES),
        path=f"/ns/blue{path}" if namespace else path,
        namespace=namespace,
        target=path + draw(st.sampled_from(["", "?a=1&b=%ff", "?a", "?&=&", "#?"])),
        method=draw(st.sampled_from(["POST", "get", "PATCH"])),
        headers=draw(HEADERS),
        transaction=draw(TRANSACTIONS | st.just("")),
        action=draw(TEXTS),
        message_id=draw(TEXTS),
        body_name=draw(st.sampled_from(["", f"{{{HL7}}}a", "b"])),
        patient_ids=draw(st.lists(TEXTS | st.builds("{}^^^&{}&ISO".format, WORDS, OIDS))),
        attachments=draw(st.lists(ATTACHMENTS, max_size=2)),
        findings=[rule.found() for rule in draw(st.lists(RULES, max_size=2))],
        outcome=draw(st.sampled_from(Outcome)),
        completed=draw(st.booleans()),
        service=draw(TEXTS),
        fault=draw(st.none() | st.builds(AppliedFault, WORDS, WORDS)),
    )


# ---------------------------------------------------------------- patterns

EXPRESSIONS = st.sampled_from(["a*", "(?s).*", "[a-e]+", "(a|b)*c?"])
MATCHERS: st.SearchStrategy[Any] = (
    TEXTS
    | st.fixed_dictionaries({"equalTo": TEXTS}, optional={"caseInsensitive": st.booleans()})
    | st.fixed_dictionaries({"contains": TEXTS}, optional={"caseInsensitive": st.booleans()})
    | st.fixed_dictionaries({"doesNotContain": TEXTS})
    | st.fixed_dictionaries({"matches": EXPRESSIONS})
    | st.fixed_dictionaries({"doesNotMatch": EXPRESSIONS})
    | st.fixed_dictionaries({"absent": st.booleans()})
)
XPATHS: st.SearchStrategy[Any] = st.sampled_from(
    [
        "//hl7:*",
        "count(//*) > 1",
        {"expression": "//@id", "contains": "a"},
        {"expression": "//x:*", "namespaces": {"x": "urn:x"}, "absent": True},
        {"expression": "//*[. = $a]", "variables": {"a": "<"}},
    ]
)
JSON_PATHS: st.SearchStrategy[Any] = st.sampled_from(
    ["$.a", "$..*", {"expression": "$[*]", "matches": "[0-9]"}, "$[?@.a == 1]"]
)
BODY_PATTERNS = st.one_of(
    st.fixed_dictionaries({"contains": TEXTS}),
    st.fixed_dictionaries({"matchesXPath": XPATHS}),
    st.fixed_dictionaries({"matchesJsonPath": JSON_PATHS}),
    st.fixed_dictionaries(
        {"equalToJson": JSON.filter(lambda value: not isinstance(value, str | None))},
        optional={"ignoreArrayOrder": st.booleans(), "ignoreExtraElements": st.booleans()},
    ),
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "transaction": TRANSACTIONS,
        "method": st.sampled_from(["POST", "GET", "ANY"]),
        "path": MATCHERS,
        "queryParameters": st.dictionaries(WORDS, MATCHERS, max_size=2),
        "headers": st.dictionaries(NAMES, MATCHERS, max_size=2),
        "soapAction": MATCHERS,
        "messageId": MATCHERS,
        "bodyQName": st.sampled_from([f"{{{HL7}}}a", "b"]),
        "xpath": XPATHS | st.lists(XPATHS, max_size=2),
        "body": MATCHERS,
        "bodyPatterns": st.lists(BODY_PATTERNS, max_size=2),
        "formParameters": st.dictionaries(WORDS, MATCHERS, max_size=2),
        "part": st.fixed_dictionaries(
            {"contentId": WORDS}, optional={"sha256": SHA256, "mediaType": TEXTS}
        ),
        "patientId": TEXTS,
        "outcome": st.sampled_from([each.value for each in Outcome]),
        "service": TEXTS,
        "finding": WORDS,
        "fault": st.just("*") | WORDS,
    },
)


@FEW
@given(DOCUMENTS, entries())
def test_a_pattern_matches_exactly_what_it_finds_no_mismatch_in(
    document: dict[str, Any], entry: Entry
) -> None:
    pattern = read(Pattern, document)

    found = pattern.explain(entry)
    assert pattern.matches(entry) == (found == [])
    assert all(each.key and each.expected and each.received for each in found)


@FEW
@given(DOCUMENTS)
def test_a_pattern_is_the_same_after_it_was_written_as_json(document: dict[str, Any]) -> None:
    pattern = read(Pattern, document)

    written = pattern.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    assert read(Pattern, json.loads(json.dumps(written))) == pattern


@FEW
@given(DOCUMENTS, entries())
def test_each_condition_stands_alone(document: dict[str, Any], entry: Entry) -> None:
    together = {each.key for each in read(Pattern, document).explain(entry)}

    alone = [read(Pattern, {key: value}).explain(entry) for key, value in document.items()]

    assert together == {each.key for found in alone for each in found}


@FEW
@given(st.binary(max_size=200), CONTENT_TYPES | TEXTS.map(lambda text: f"a/b; charset={text}"))
def test_no_octets_break_a_condition(body: bytes, content_type: str) -> None:
    entry = plain(body, headers=[(b"content-type", content_type.encode("utf-8"))])
    pattern = read(
        Pattern,
        {
            "bodyQName": "a",
            "xpath": "//a[@b]",
            "body": "a",
            "bodyPatterns": [{"equalToJson": [1]}, {"matchesJsonPath": "$..a"}],
            "formParameters": {"a": "b"},
        },
    )

    keys = [each.key for each in pattern.explain(entry)]
    assert set(keys) <= {condition.key for condition in pattern.conditions}
    assert "xpath[0]" in keys  # so few random octets are no such document


@FEW
@given(JSON | DOCUMENTS | st.dictionaries(st.sampled_from(list(Pattern().model_dump())), JSON))
def test_any_json_is_a_pattern_or_told_to_be_wrong(document: object) -> None:
    for model in (Pattern, Expectation):
        assert all(each.problem for each in problems_of(model, document))


def problems_of(model: type[JsonModel], document: object) -> Sequence[KeyProblem]:
    try:
        read(model, document)
    except WrongJsonError as error:
        return error.problems or [KeyProblem("", "")]  # an error must tell some
    return ()


# ---------------------------------------------------------------- patterns made of entries


@st.composite
def known(draw: st.DrawFn) -> Entry:
    """A message of which everything is known."""
    name = draw(WORDS)
    identifier = f'<p:id root="{draw(OIDS)}" extension="{draw(WORDS)}"/>'
    return plain(
        f'<p:{name} xmlns:p="{HL7}">{identifier}</p:{name}>'.encode(),
        path=f"/{draw(WORDS)}",
        target=f"/?mode={draw(WORDS)}",
        method=draw(st.sampled_from(["POST", "PUT"])),
        headers=[(b"X-Trace", draw(WORDS).encode())],
        transaction=draw(TRANSACTIONS),
        action=draw(WORDS),
        message_id=draw(WORDS),
        body_name=f"{{{HL7}}}{name}",
        patient_ids=[f"{draw(WORDS)}^^^&{draw(OIDS)}&ISO"],
        attachments=[draw(ATTACHMENTS)],
        findings=[draw(RULES).found()],
        outcome=draw(st.sampled_from(Outcome)),
        completed=True,
        service=draw(WORDS),
        fault=AppliedFault(draw(WORDS), draw(WORDS)),
    )


def own_values(entry: Entry) -> dict[str, Any]:
    """A pattern of what the entry is; each condition has one key, and one value in it."""
    assert entry.fault is not None
    body = entry.request_body.data.decode()
    return {
        "transaction": entry.transaction,
        "method": entry.method,
        "path": entry.path,
        "queryParameters": {"mode": entry.target.partition("=")[2]},
        "headers": {"x-trace": entry.headers[0][1].decode()},
        "soapAction": entry.action,
        "messageId": entry.message_id,
        "bodyQName": entry.body_name,
        "xpath": {"expression": "//hl7:id/@extension", "equalTo": body.split('"')[5]},
        "body": body,
        "part": {"sha256": entry.attachments[0].sha256},
        "patientId": entry.patient_ids[0],
        "outcome": entry.outcome.value,
        "service": entry.service,
        "finding": entry.findings[0].rule.id,
        "fault": entry.fault.effect,
    }


OTHERS: dict[str, Any] = {
    "transaction": "ITI-100",
    "method": "GET",
    "path": "/",
    "queryParameters": {"mode": ""},
    "headers": {"x-trace": ""},
    "soapAction": "",
    "messageId": {"absent": True},
    "bodyQName": "other-local",
    "xpath": {"expression": "//hl7:id/@extension", "equalTo": ""},
    "body": "",
    "part": {"contentId": "<no such part>"},
    "patientId": "other^^^&1.2.4&ISO",
    "service": "no such service",
    "finding": "no-such-rule",
    "fault": "HANG",
}


@FEW
@given(known())
def test_a_pattern_of_its_own_values_matches_an_entry(entry: Entry) -> None:
    assert read(Pattern, own_values(entry)).explain(entry) == []


@FEW
@given(known(), st.sampled_from(sorted(OTHERS)))
def test_another_value_breaks_its_condition_and_no_other(entry: Entry, key: str) -> None:
    document = {**own_values(entry), key: OTHERS[key]}

    (found,) = read(Pattern, document).explain(entry)
    assert found.key.startswith(key)


@FEW
@given(known(), st.sampled_from(Outcome))
def test_another_outcome_breaks_its_condition(entry: Entry, outcome: Outcome) -> None:
    found = read(Pattern, {**own_values(entry), "outcome": outcome.value}).explain(entry)

    assert [each.key for each in found] == ([] if outcome is entry.outcome else ["outcome"])


@FEW
@given(WORDS, WORDS, WORDS, st.booleans())
def test_prefixes_of_a_document_mean_nothing(
    prefix: str, name: str, value: str, is_default: bool
) -> None:
    start = f"{name} xmlns" if is_default else f"{prefix}:{name} xmlns:{prefix}"
    end = name if is_default else f"{prefix}:{name}"
    entry = plain(f'<{start}="{HL7}" a="{value}"></{end}>'.encode())

    of_its_namespace = {"expression": f"/hl7:{name}/@a", "equalTo": value}
    assert read(Pattern, {"xpath": of_its_namespace}).matches(entry)
    assert read(Pattern, {"bodyQName": f"{{{HL7}}}{name}"}).matches(entry)
    assert not read(Pattern, {"xpath": f"/rim:{name} | /{name}"}).matches(entry)
