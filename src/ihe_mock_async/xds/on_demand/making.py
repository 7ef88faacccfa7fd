"""Makes the documents of on-demand entries, keeps them, and registers them as snapshots.

ITI TF-2: 3.43.4.1.3, with the Persistence of Retrieved Documents Option.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ihe_mock_async.identifiers import oid_of_uuid
from ihe_mock_async.state import Attachment, AvailabilityStatus, Documents, RegistryObject
from ihe_mock_async.xds import lifecycle
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.on_demand import contents, snapshot
from ihe_mock_async.xds.on_demand.entry import OnDemandEntry
from ihe_mock_async.xds.on_demand.summary import DocumentList, documents_of, summarise


class DocumentMaker:
    """Makes documents within one exchange, of each on-demand entry one at most."""

    def __init__(
        self,
        documents: Documents,
        repository_unique_id: str,
        now: datetime,
        new_uuid: Callable[[], str],
    ) -> None:
        """`now` is an aware UTC time."""
        self._documents = documents
        self._repository_unique_id = repository_unique_id
        self._now = now
        self._new_uuid = new_uuid
        self._listed: dict[str, DocumentList] = {}
        self._made: dict[str, Attachment] = {}

    def make(self, entry: OnDemandEntry) -> Attachment:
        """The document of an approved entry, of a mimeType that `contents.can_write`.

        Its content id is its uniqueId, a new OID.
        """
        key = entry.registered.id
        if key not in self._made:
            self._made[key] = self._make(entry)
        return self._made[key]

    def _make(self, entry: OnDemandEntry) -> Attachment:
        unique_id = oid_of_uuid(self._new_uuid())
        summary = summarise(
            entry,
            self._list(entry.registered.patient_id or ""),
            unique_id=unique_id,
            source=self._repository_unique_id,
            made=self._now,
        )
        octets = contents.write(summary, entry.mime_type)
        document = self._documents.store_made(unique_id, octets, entry.mime_type, self._now)
        self._register(entry, document)
        return document

    def _list(self, patient_id: str) -> DocumentList:
        if patient_id not in self._listed:
            self._listed[patient_id] = documents_of(patient_id, self._documents)
        return self._listed[patient_id]

    def _register(self, entry: OnDemandEntry, document: Attachment) -> None:
        documents, now = self._documents, self._now
        submission = snapshot.submission_of(
            entry,
            document,
            self._previous(entry),
            repository_unique_id=self._repository_unique_id,
            submission_set_unique_id=oid_of_uuid(self._new_uuid()),
            now=now,
        )
        surroundings = lifecycle.look_up(submission, documents)
        plan = lifecycle.plan(
            submission, surroundings, documents, now=now, new_uuid=self._new_uuid
        )
        lifecycle.carry_out(plan, documents, now)

    def _previous(self, entry: OnDemandEntry) -> RegistryObject | None:
        """The latest snapshot of the entry that was made here, if it is approved."""
        links = self._documents.associations(
            targets=(entry.registered.id,), types=(v.IS_SNAPSHOT_OF,)
        )
        for source in (link.source for link in reversed(links) if link.source):
            snapshot_entry = self._documents.by_id((source,)).get(source)
            if snapshot_entry is not None and self._is_current(snapshot_entry):
                return snapshot_entry
        return None

    def _is_current(self, entry: RegistryObject) -> bool:
        approved = entry.status is AvailabilityStatus.APPROVED
        return approved and entry.repository_unique_id == self._repository_unique_id
