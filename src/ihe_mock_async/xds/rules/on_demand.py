"""Rules on the entries of ITI-61 (ITI TF-2: 3.61.4.1.2; TF-3: Table 4.3.1-3)."""

from __future__ import annotations

from lxml import etree

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.on_demand import contents
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning

ON_DEMAND = metadata_error(
    id="xds-on-demand",
    text="Every document entry of ITI-61 is an on-demand one",
    section="ITI TF-2: 3.61.4.1.2",
    fix=f"Write the objectType {v.ON_DEMAND}, or register stable entries with ITI-42.",
    essential=True,
)
ON_DEMAND_PRESENT = metadata_error(
    id="xds-on-demand-present",
    text="A request of ITI-61 holds a document entry",
    section="ITI TF-2: 3.61.4.1.2",
    fix="Add the on-demand document entry; use ITI-42 for a submission without one.",
)
ON_DEMAND_CONTENT = metadata_warning(
    id="xds-on-demand-content",
    text="An on-demand document entry has no hash and size: its document does not exist yet",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Remove the Slot.",
)
ON_DEMAND_REPOSITORY = metadata_warning(
    id="xds-on-demand-repository",
    text="An on-demand document entry has the repositoryUniqueId of its source",
    section="ITI TF-3: Table 4.3.1-3",
    fix="Add the Slot: without it nobody knows where to retrieve the document.",
)
ON_DEMAND_MIME_TYPE = Rule(
    id="xds-on-demand-mime-type",
    severity=Severity.HINT,
    text="The mimeType of an on-demand entry is one in which its source can make the document",
    section="a limit of this server",
    fix="The entry is registered, but ITI-43 will say that its document cannot be made.",
)
RULES = (
    ON_DEMAND, ON_DEMAND_PRESENT, ON_DEMAND_CONTENT, ON_DEMAND_REPOSITORY, ON_DEMAND_MIME_TYPE,
)  # fmt: skip


def check_on_demand(submission: Submission, repository_unique_id: str, report: Report) -> None:
    """Check that the submission is for ITI-61; `repository_unique_id` is the server's own."""
    if not submission.document_entries:
        report.add(ON_DEMAND_PRESENT, submission.element)
    for entry in submission.document_entries:
        element = entry.rim.element
        if not entry.on_demand:
            report.add(ON_DEMAND, element, received=element.get("objectType", ""))
        elif not entry.repository_unique_id:
            report.add(ON_DEMAND_REPOSITORY, element, expected="Slot repositoryUniqueId")
        elif entry.repository_unique_id == repository_unique_id:
            _check_mime_type(element, report)
        for slot in entry.rim.slots:
            if entry.on_demand and slot.name in {"hash", "size"}:
                report.add(ON_DEMAND_CONTENT, slot.element, received=slot.name)


def _check_mime_type(element: etree._Element, report: Report) -> None:
    received = element.get("mimeType", "")
    if not contents.can_write(received):
        expected = " or ".join(contents.MEDIA_TYPES)
        report.add(ON_DEMAND_MIME_TYPE, element, received=received, expected=expected)
