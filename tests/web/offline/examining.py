"""What the tests of `validate` share: files made of the messages of other tests."""

from __future__ import annotations

import io
from typing import Any

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.offline.examination import Examination
from ihe_mock_async.web.offline.examiner import examiner
from tests.e2e.messages import BOUNDARY, MTOM, SUBMISSION, pix_add, submission
from tests.xds.submissions import one_document

__all__ = ["BOUNDARY", "MTOM", "SUBMISSION", "examined", "http", "one_document", "submission"]

ADD = pix_add("FILE-1")


def http(body: bytes, content_type: str, path: str = "/anything", end: str = "\r\n") -> bytes:
    """A request as it was on the wire, or with other line ends in its head."""
    head = (f"POST {path} HTTP/1.1", "Host: example.org", f"Content-Type: {content_type}", "", "")
    return end.join(head).encode() + body


async def examined(content: bytes, name: str = "message.xml", **settings: Any) -> Examination:  # noqa: ANN401 - any setting
    """The examination of a file with this content."""
    with examiner(Settings(**settings)) as examining:
        return await examining.examine(name, io.BytesIO(content))


def rules_of(examination: Examination) -> dict[str, str]:
    """The note of each rule that was found broken."""
    return {remark.finding.rule.id: remark.note for remark in examination.remarks}
