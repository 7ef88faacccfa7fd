"""The sentences of a summary, which are the same in every media type."""

from __future__ import annotations

from collections.abc import Iterator

from ihe_mock_async.xds.on_demand.summary import ListedDocument, Summary

LANGUAGE = "en"
"""Of the sentences; titles are in whichever language they were submitted."""


def facts(summary: Summary) -> tuple[str, ...]:
    """Whom it is about, and when and as what it was made."""
    return (
        f"Patient: {summary.patient_id}",
        f"Made when it was asked for: {summary.made:%Y-%m-%d %H:%M:%S} UTC",
        f"Document: {summary.unique_id}",
    )


def heading(summary: Summary) -> str:
    """What `items` are."""
    return f"Approved documents in the registry: {summary.documents.count}"


def items(summary: Summary) -> Iterator[str]:
    """A phrase for each document of the patient, the newest first."""
    yield from map(_item, summary.documents.newest)
    older = summary.documents.count - len(summary.documents.newest)
    if older:
        yield f"and {older} registered earlier"


def _item(document: ListedDocument) -> str:
    created = f"created {_date(document.creation_time)}" if document.creation_time else ""
    details = ", ".join(filter(None, (document.type, created)))
    title = document.title or "(without a title)"
    return f"{title} ({details})" if details else title


def _date(dtm: str) -> str:
    return "-".join(filter(None, (dtm[:4], dtm[4:6], dtm[6:8])))
