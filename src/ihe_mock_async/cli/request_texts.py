"""Requests, and what is wrong with those that nearly match, as text for people.

Whatever a client has put into a path or an id: no control character gets to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ihe_mock_async.cli.table import aligned
from ihe_mock_async.findings import one_line

Told = Mapping[str, Any]
"""A request as the admin API tells it."""

_HEADS = ("ID", "TIME", "TRANSACTION", "OUTCOME", "PATIENT", "FAULT", "MS")


def table(requests: Sequence[Told]) -> str:
    """One line for each request."""
    return aligned([_HEADS, *(tuple(map(one_line, _row(told))) for told in requests)])


def _row(told: Told) -> tuple[str, ...]:
    fault = told["fault"]
    return (
        str(told["id"]),
        told["receivedAt"],
        _what(told),
        told["outcome"] or "(running)",
        _patients(told["patientIds"]),
        fault["effect"] if fault else "-",
        "-" if told["durationMs"] is None else f"{told['durationMs']:.1f}",
    )


def _patients(ids: Sequence[str]) -> str:
    """The first one, and how many more."""
    more = f" +{len(ids) - 1}" if ids[1:] else ""
    return f"{ids[0]}{more}" if ids else "-"


def _what(told: Told) -> str:
    request = told["request"]
    return told["transaction"] or told["service"] or f"{request['method']} {request['path']}"


def whole(told: Told) -> str:
    """All of a request but its octets."""
    return "\n".join(_lines(told))


def _lines(told: Told) -> Iterator[str]:
    yield aligned([(f"{name}:", _cell(value)) for name, value in _facts(told)])
    yield from _section("Request headers", _headers(told["request"]["headers"]))
    if told["response"]:
        yield from _section("Response headers", _headers(told["response"]["headers"]))
    yield from _section("Parts", map(_part, told["parts"]))
    yield from _section("Findings", map(_finding, told["findings"]))


def _facts(told: Told) -> Iterator[tuple[str, object]]:
    request, response, fault = told["request"], told["response"], told["fault"]
    yield "ID", told["id"]
    yield "Received", f"{told['receivedAt']} from {told['client'] or 'unknown'}"
    yield "TLS subject", told["tlsSubject"]
    yield "Request", f"{request['method']} {request['url']}, {request['bodySize']} octets"
    yield "Transaction", f"{told['transaction']} {told['transactionName']}".strip()
    yield "Service", " ".join(filter(None, (told["service"], told["mapping"])))
    yield "Action", request["soapAction"]
    yield "MessageID", request["messageId"]
    yield "HL7 message id", told["applicationMessageId"]
    yield "Body", request["bodyQName"]
    yield "Patients", ", ".join(told["patientIds"])
    yield "Outcome", f"{told['outcome'] or '(running)'} {told['summary']}".strip()
    yield "Fault", f"{fault['effect']} ({fault['plan'] or 'X-Mock-Fault'})" if fault else ""
    yield "Response", _response(response)
    yield "Duration", "" if told["durationMs"] is None else f"{told['durationMs']:.1f} ms"


def _response(response: Told | None) -> str:
    return f"HTTP {response['status']}, {response['bodySize']} octets" if response else ""


def _section(title: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    indented = [f"  {one_line(line)}" for line in lines]
    if indented:
        yield from ("", f"{title}:", *indented)


def _headers(headers: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            yield f"{name}: {value}"


def _part(part: Told) -> str:
    return f"{part['index']}  {part['contentId']}  {part['mediaType']}  {part['size']} octets"


def _finding(finding: Told) -> str:
    where = f" at {finding['location']}" if finding["location"] else ""
    return f"{finding['severity']} {finding['rule']}{where}: {finding['text']}. {finding['fix']}"


def near_misses(document: Mapping[str, Any]) -> Iterator[str]:
    """What came near, and why it does not match: for stderr."""
    for near in document.get("nearMisses", ()):
        told = near["request"]
        what = f"{_what(told)}, {told['receivedAt']}"
        yield one_line(f"Request {told['id']} ({what}) does not match:")
        yield from (f"  {one_line(_mismatch(each))}" for each in near["mismatches"])


def _mismatch(told: Told) -> str:
    return f"{told['key']}: expected {told['expected']}, received {told['received']}"


def unmatched(document: Mapping[str, Any]) -> Iterator[str]:
    """Requests that nobody was there for, what is wrong with them, and what would have matched."""
    for each in document["unmatched"]:
        told = each["request"]
        request = told["request"]
        what = f"{request['method']} {request['path']}, {told['receivedAt']}"
        yield one_line(f"Request {told['id']} ({what}): {told['summary']}")
        yield from (f"  {one_line(_finding(finding))}" for finding in told["findings"])
        for near in each["nearest"]:
            yield one_line(f"  {near['name']}: {'; '.join(near['differences'])}")


def _cell(value: object) -> str:
    return "-" if value in (None, "") else one_line(str(value))
