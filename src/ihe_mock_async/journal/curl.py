"""A recorded request as a curl command line for a POSIX shell: sent again, it is the same.

Header fields that belong to one connection (RFC 9110, 7.6.1) are left to curl, what gives access
is masked, and a body that no terminal should see is piped from the admin API.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ihe_mock_async.journal.entry import Entry, text_of
from ihe_mock_async.journal.redaction import redact_facts, without_secrets
from ihe_mock_async.journal.telling import absolute_url

MAX_INLINE = 16 * 1024
"""Octets of a body that stand in the command line itself."""
_OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OF_CURL = {"accept": "Accept", "content-type": "Content-Type", "user-agent": "User-Agent"}
"""What curl adds unless it is told not to."""


_AUTHORIZED = ' -H "Authorization: Bearer $MOCK_SERVER_ADMIN_TOKEN"'


def command(
    entry: Entry, body_url: str, *, redact: bool = False, needs_token: bool = False
) -> str:
    """The command; `body_url` is where the admin API has the request's body.

    Raises `BodyNotKeptError` when the body is not kept as a whole. With `redact` no body stands
    in the command, and no value of a query. `needs_token`: the admin API wants its token, which
    the command takes out of the environment.
    """
    body = entry.request_body
    if not body.is_complete:
        raise body.not_kept()
    text = None if redact else _printable(body.data)
    entry = redact_facts(entry) if redact else entry
    arguments = ["curl", *_method(entry), *_headers(entry), *_url(entry)]
    if not body.size:
        return shlex.join(arguments)
    if text is not None:
        return shlex.join([*arguments, "--data-raw", text])
    piped = shlex.join([*arguments, "--data-binary", "@-"])
    # Without -f the problem that tells of a body gone meanwhile would be sent instead of it.
    fetched = shlex.join(["curl", "-sSf", body_url]) + (_AUTHORIZED if needs_token else "")
    return f"{fetched} | {piped}"


def _printable(body: bytes) -> str | None:
    """A short body that is plain text; None for others."""
    if not body or len(body) > MAX_INLINE:
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.replace("\n", "").replace("\t", "").isprintable() else None


def _method(entry: Entry) -> Iterator[str]:
    if entry.method == "HEAD":
        yield "--head"
    elif entry.method != ("POST" if entry.request_body.size else "GET"):
        yield from ("-X", entry.method)


def _url(entry: Entry) -> Iterator[str]:
    # Otherwise curl takes /../ out of paths, and braces for a list of URLs.
    yield from ("--path-as-is", "--globoff", absolute_url(entry))


def _headers(entry: Entry) -> Iterator[str]:
    left_out = dict(_OF_CURL)
    if not entry.request_body.size:
        del left_out["content-type"]
    for name, value in without_secrets(entry.headers):
        field, text = text_of(name), text_of(value)
        left_out.pop(field.lower(), None)
        if field.lower() not in _OF_THE_CONNECTION:
            # An empty value is written with a semicolon; with a colon the field is left out.
            yield from ("-H", f"{field}: {text}" if text else f"{field};")
    for field in left_out.values():
        yield from ("-H", f"{field}:")
