"""Drives the pipeline with the message of a file, and collects what it has found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from ihe_mock_async import elements, transactions
from ihe_mock_async.elements import XmlLimits
from ihe_mock_async.errors import IheMockError
from ihe_mock_async.faults.picker import HEADER, Faults
from ihe_mock_async.findings import Finding, Validation
from ihe_mock_async.ihe import Outcome, Transaction
from ihe_mock_async.journal.ledger import Bounds, Journal
from ihe_mock_async.journal.recorder import Recorder
from ihe_mock_async.soap import SoapFault
from ihe_mock_async.soap import rules as soap_rules
from ihe_mock_async.store import Store
from ihe_mock_async.web import body, pipeline, rules
from ihe_mock_async.web.body import BodyLimits
from ihe_mock_async.web.clock import Clock, IdSource
from ihe_mock_async.web.endpoints import Endpoint, Endpoints
from ihe_mock_async.web.http import Request
from ihe_mock_async.web.offline import answers, message_file
from ihe_mock_async.web.offline.circumstances import remarks
from ihe_mock_async.web.offline.examination import Examination
from ihe_mock_async.web.offline.recognition import Recognised, recognise
from ihe_mock_async.web.offline.repackaging import implied, repackage
from ihe_mock_async.web.pipeline import Services
from ihe_mock_async.web.staging import Staging

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.settings import Settings
    from ihe_mock_async.web.offline.message_file import MessageFile
    from ihe_mock_async.xsd import SchemaFolder

_ANSWER_NOTE = (
    "An answer: packaging, SOAP, WS-Addressing, status, errors and acknowledgement codes were "
    "checked, but not the metadata or patients in it."
)

_JOINED_NOTE = "The body is in chunks: lines and bytes are counted as if it were in one piece."
_CURL_NOTE = (
    "This is what curl -v tells of an exchange, and not its messages: name the file that was "
    "posted, or save the answer with curl -i -o FILE."
)
_OF_CURL = (b"* ", b"> ", b"== Info: ", b"Note: Unnecessary use of -X")


@contextmanager
def examiner(
    settings: Settings,
    *,
    transaction: Transaction | None = None,
    schemas: SchemaFolder | None = None,
) -> Iterator[Examiner]:
    """An examiner, its store in a temporary folder; large documents are not kept in memory.

    `transaction`: every file is taken as a request of it. Findings are judged by the settings'
    `validation`; unknown patients are accepted whatever the settings say.
    """
    with (
        TemporaryDirectory(prefix="ihe-mock-async-validate-") as folder,
        Store.open("", Path(folder)) as store,
    ):
        yield Examiner(settings, store, transaction, schemas)


class Examiner:
    """Examines files one after the other, each in a namespace of its own."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        transaction: Transaction | None = None,
        schemas: SchemaFolder | None = None,
    ) -> None:
        self._validation = settings.validation
        self._transaction = transaction
        self._schemas = schemas
        self._recorder = _LastEntry()
        self._services = _services(settings, store, self._recorder)

    async def examine(self, name: str, stream: BinaryIO) -> Examination:
        """Apply every rule to the message of one file.

        Raises `OSError` when it cannot be read, and `SchemaError` for a schema that cannot be
        loaded.
        """
        file = message_file.read(stream)
        try:
            return await self._examine(name, file)
        finally:
            if file.stream is not stream:
                file.stream.close()

    async def _examine(self, name: str, file: MessageFile) -> Examination:
        services = self._services
        seen = await recognise(file, services.body_limits, services.xml_limits)
        told = Examination(
            name=name,
            form=_form(file, seen),
            kind="answer" if file.status or answers.is_answer(seen.root) else "request",
            validation=self._validation,
            remarks=(),
            action=seen.action,
            root=elements.local_name(seen.payload) if seen.payload is not None else "",
        )
        schema_findings, schema_notes = self._check_schema(seen, file)
        told = replace(told, notes=(*_reading_notes(file, seen), *schema_notes))
        if told.kind == "answer":
            return await self._answer(told, file, seen, schema_findings)
        return await self._request(told, file, seen, schema_findings)

    # ------------------------------------------------ requests

    async def _request(
        self, told: Examination, file: MessageFile, seen: Recognised, more: Sequence[Finding]
    ) -> Examination:
        endpoint = self._endpoint(file, seen)
        transaction, _ = implied(seen, endpoint)
        packaged = await repackage(file, seen, endpoint)
        entry = await self._ask(packaged.request, endpoint)
        findings = [_moved(found, -packaged.lines_added) for found in entry.findings]
        if transaction is None:
            findings = [self._widened(found) for found in findings]
        return replace(
            told,
            kind="request" if transaction is not None else "unknown",
            transaction=transaction,
            remarks=remarks(
                (*findings, *more),
                without_parts=packaged.without_parts,
                line_feeds=file.line_feeds,
            ),
            notes=(*_choice(seen, transaction, endpoint), *packaged.notes, *told.notes),
        )

    def _endpoint(self, file: MessageFile, seen: Recognised) -> Endpoint:
        """Where a message would be sent: to its path, else by wsa:Action, else by body root."""
        endpoints = list(self._services.endpoints)
        if self._transaction is not None:
            serving = [e for e in endpoints if self._transaction in e.transactions]
            return Endpoint(serving[0].path, serving[0].actor, (self._transaction,))
        place = self._services.endpoints.find(file.path)
        if place is not None:
            return place.endpoint
        by_action = (e for e in endpoints if seen.action in e.by_action)
        by_root = (e for e in endpoints if seen.root in e.by_root)
        return next(by_action, None) or next(by_root, None) or endpoints[0]

    async def _ask(self, request: Request, endpoint: Endpoint) -> Entry:
        """The entry of an exchange with the pipeline; its answer is not looked at."""
        # A fault that was asked for when the message was captured is none of the message.
        headers = {name: value for name, value in request.headers.items() if name != HEADER}
        namespace = f"file-{self._services.request_count}"
        response = await pipeline.handle(
            replace(request, namespace=namespace, headers=headers), endpoint, self._services
        )
        response.close()
        entry = self._recorder.entry
        if entry is None or (entry.outcome is Outcome.FAULT and not entry.findings):
            raise IheMockError(
                "The message could not be examined to its end; the trace above says why. "
                "Please report it."
            )
        return entry

    def _widened(self, found: Finding) -> Finding:
        """A finding about an unknown message, with what all endpoints serve in it."""
        served = self._services.endpoints.transactions
        if found.rule is soap_rules.ACTION_SUPPORTED:
            actions = [action for each in served for action in each.handlers]
            close = get_close_matches(found.received, actions, n=1)
            return replace(found, expected=close[0] if close else "the action of a transaction")
        if found.rule is rules.ROOT:
            roots = sorted({root.rpartition("}")[2] for each in served for root in each.roots})
            return replace(found, expected=" or ".join(roots))
        return found

    # ------------------------------------------------ answers

    async def _answer(
        self, told: Examination, file: MessageFile, seen: Recognised, more: Sequence[Finding]
    ) -> Examination:
        checked = answers.check(seen, needs_envelope=file.form != "xml")
        lines = file.lines_before(seen.content)
        findings = [*await self._packaging(file), *(_moved(f, lines) for f in checked), *more]
        return replace(
            told,
            remarks=remarks(findings, line_feeds=file.line_feeds),
            notes=(_ANSWER_NOTE, *told.notes),
        )

    async def _packaging(self, file: MessageFile) -> list[Finding]:
        """What transport and MIME rules say about an answer."""
        if file.form == "xml":
            return []
        limits = self._services.body_limits
        request = Request("POST", "", file.headers, file.body())
        try:
            content_type = body.check_headers(request, limits)
            with Staging(self._services.store.content) as staging:
                return (await body.receive(request, content_type, limits, staging)).findings
        except SoapFault as error:
            return list(error.findings)

    # ------------------------------------------------ schemas

    def _check_schema(
        self, seen: Recognised, file: MessageFile
    ) -> tuple[list[Finding], tuple[str, ...]]:
        if self._schemas is None or seen.payload is None:
            return [], ()
        if not self._schemas.knows(seen.root):
            return [], (f"No schema declares the element {seen.root}.",)
        lines = file.lines_before(seen.content)
        found = self._schemas.check(seen.payload)
        return [_moved(each, lines) for each in found], ()


class _LastEntry(Recorder):
    """Keeps the entry of an exchange; there are no logs and no evidence files."""

    def __init__(self) -> None:
        self.entry: Entry | None = None

    def record(self, entry: Entry) -> None:
        self.entry = entry


def _services(settings: Settings, store: Store, recorder: Recorder) -> Services:
    domain = settings.affinity_domain()
    return Services(
        domain=replace(domain, validation=Validation.REPORT, reject_unknown_patients=False),
        endpoints=Endpoints(settings, transactions.served()),
        store=store,
        recorder=recorder,
        journal=Journal(Bounds(entries=0)),
        faults=Faults(),
        clock=Clock(),
        ids=IdSource(),
        body_limits=BodyLimits(settings.max_request_bytes, settings.max_envelope_bytes),
        xml_limits=XmlLimits(settings.max_envelope_bytes, huge_text=settings.huge_text),
    )


def _form(file: MessageFile, seen: Recognised) -> str:
    if file.form != "xml" or seen.document is None:
        return file.form
    return "envelope" if seen.enveloped else "payload"


def _reading_notes(file: MessageFile, seen: Recognised) -> Iterator[str]:
    """How the file was read, or why it cannot be."""
    if file.joined:
        yield _JOINED_NOTE
    if file.form == "xml" and seen.document is None and file.starts_with(_OF_CURL):
        yield _CURL_NOTE


def _moved(found: Finding, lines: int) -> Finding:
    """The finding with its line in the file, so many lines further down."""
    if found.line is None or lines == 0:
        return found
    return replace(found, line=max(1, found.line + lines))


def _choice(
    seen: Recognised, transaction: Transaction | None, endpoint: Endpoint
) -> Iterator[str]:
    """Say so when the body root left a choice."""
    if transaction is None or seen.action in endpoint.by_action:
        return
    others = [
        each.number
        for each in transactions.served()
        if seen.root in each.roots and each is not transaction
    ]
    if others and len(endpoint.transactions) > 1:
        yield (
            f"Taken as {transaction.number} by its root element; --transaction says that it is "
            f"{' or '.join(others)}."
        )
