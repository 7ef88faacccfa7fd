"""Entries for tests of what looks at them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.entry import AppliedFault, Entry
from ihe_mock_async.state import Attachment

NOW = datetime(2024, 1, 5, tzinfo=UTC)
RULE = Rule("hl7v3-interaction-id", Severity.ERROR, "A rule", "TF 1", "Mend it.")
ENVELOPE = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action>urn:x</a:Action></s:Header>
<s:Body><p:PRPA_IN201301UV02 xmlns:p="urn:hl7-org:v3"><p:id root="1.2.3" extension="M-1"/>
<p:name>Ada</p:name><p:name>Grace</p:name></p:PRPA_IN201301UV02></s:Body></s:Envelope>"""

# A name as UTF-8 and as ISO 8859-1, and a secret.
MORE_HEADERS = [(b"X-Doctor", b"M\xc3\xbcller"), (b"X-Nurse", b"M\xfcller"), (b"Cookie", b"a=b")]


def plain(body: bytes = b"", content_type: str = "", **fields: Any) -> Entry:  # noqa: ANN401
    """A request of which nothing is known but what is given."""
    headers = fields.pop("headers", [])
    if content_type:
        headers = [(b"Content-Type", content_type.encode()), *headers]
    fields = {"sequence": 1, "received": NOW, "path": "/", **fields}
    return Entry(headers=headers, request_body=RecordedBody.of(body), **fields)


def feed(**fields: Any) -> Entry:  # noqa: ANN401
    """A patient identity feed of which everything is known, over and done with."""
    whole: dict[str, Any] = {
        "path": "/ns/blue/pix/add",
        "namespace": "blue",
        "target": "/ns/blue/pix/add?mode=test&empty=&mode=again",
        "headers": [(b"X-Trace", b"one"), (b"x-trace", b"two"), *MORE_HEADERS],
        "transaction": "ITI-44",
        "action": "urn:hl7-org:v3:PRPA_IN201301UV02",
        "message_id": "urn:uuid:1",
        "application_message_id": "1.2.3^M-1",
        "body_name": "{urn:hl7-org:v3}PRPA_IN201301UV02",
        "patient_ids": ("42^^^&1.2.840&ISO", "X-7^^^&2.999&ISO"),
        "attachments": (Attachment("doc@example", "application/pdf", 3, "0" * 40, "a" * 64),),
        "findings": (RULE.found(),),
        "outcome": Outcome.REJECTED,
        "service": "ofd",
        "fault": AppliedFault("busy", "http 503"),
        "completed": True,
        "request_envelope": ENVELOPE,
    }
    return plain(ENVELOPE, "application/soap+xml; charset=utf-8", **{**whole, **fields})
