"""The evidence files that other test tools pick up: `pix-add.log` and `iti41-submissions/`.

`pix-add.log` has one JSON object per line for each ITI-44 exchange. `iti41-submissions/` has two
files per ITI-41 exchange, named by time and sequence: the SOAP envelope as it was received, and
a JSON summary; the oldest are removed beyond the bound.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ihe_mock_async.journal.batch_writer import BatchWriter, FilePolicy
from ihe_mock_async.journal.documents import FindingDocument, SubmittedDocument
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.telling import timestamp

PIX_ADD_LOG = "pix-add.log"
SUBMISSIONS = "iti41-submissions"


_SUFFIXES = (".xml", ".json")


class Evidence:
    """Writes evidence of exchanges below a folder, through the batch writer.

    At most `max_submissions` submissions are kept, those of earlier runs included; 0: none.
    """

    def __init__(self, folder: Path, writer: BatchWriter, *, max_submissions: int) -> None:
        self._pix_add_log = folder / PIX_ADD_LOG
        self._submissions = folder / SUBMISSIONS
        self._writer = writer
        self._max = max_submissions
        writer.keep(self._pix_add_log, FilePolicy(max_bytes=10 << 20))
        self._kept = dict.fromkeys(_names_in(self._submissions))
        self._writers: dict[str, Callable[[Entry], None]] = {
            "ITI-44": self._patient_identity_feed,
            "ITI-41": self._submission,
        }

    def write(self, entry: Entry) -> None:
        """Leave evidence of an exchange whose transaction has an evidence file."""
        write = self._writers.get(entry.transaction)
        if write is not None:
            write(entry)

    def _patient_identity_feed(self, entry: Entry) -> None:
        self._writer.append(self._pix_add_log, lambda: _summary(entry).encode() + b"\n")

    def _submission(self, entry: Entry) -> None:
        if self._max == 0:
            return
        name = f"{entry.received:%Y%m%dT%H%M%S.%fZ}-{entry.sequence:06d}"
        self._writer.write_file(self._submissions / f"{name}.xml", entry.request_envelope)
        self._writer.write_file(
            self._submissions / f"{name}.json", lambda: _summary(entry).encode() + b"\n"
        )
        # With a clock that stands still a later run has the same names again.
        self._kept.pop(name, None)
        self._kept[name] = None
        while len(self._kept) > self._max:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            for suffix in _SUFFIXES:
                self._writer.remove(self._submissions / f"{oldest}{suffix}")


def _names_in(folder: Path) -> list[str]:
    """The submissions of earlier runs, the oldest first; none when the folder is not there."""
    return sorted({path.stem for suffix in _SUFFIXES for path in folder.glob(f"*{suffix}")})


def _summary(entry: Entry) -> str:
    return json.dumps(
        {
            "sequence": entry.sequence,
            "time": timestamp(entry.received),
            "namespace": entry.namespace,
            "client": entry.client,
            "transaction": entry.transaction,
            "action": entry.action,
            "messageId": entry.message_id,
            "applicationMessageId": entry.application_message_id,
            "patientIds": list(entry.patient_ids),
            "outcome": entry.outcome.value,
            "summary": entry.summary,
            "durationMs": round(entry.duration_ms, 3),
            "documents": [
                SubmittedDocument.of(*document).json_ready() for document in entry.documents
            ],
            "findings": [FindingDocument.of(finding).json_ready() for finding in entry.findings],
        },
        ensure_ascii=False,
    )
