"""Which of the requested documents are here, and what is to be said of the others.

For each DocumentRequest there is its document or one RegistryError (ITI TF-2: 3.43.5). Documents
of several patients may be asked for at once: 3.43.4.2.3 has the repository return the documents
that the request names, and nothing in 3.43 or 3.39 makes XDSResultNotSinglePatient of them; a
repository need not even know patients. It does not ask for registry entries either: documents
of deprecated and of removed ones are returned. An on-demand entry is needed, and approved: without
it there is nothing that a document could be made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.elements import path_of
from ihe_mock_async.findings import Finding, Rule, refused
from ihe_mock_async.identifiers import is_oid
from ihe_mock_async.state import AffinityDomain, Attachment, Documents
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds.on_demand import contents
from ihe_mock_async.xds.on_demand.entry import OnDemandEntry, on_demand_entries
from ihe_mock_async.xds.registry_response import RegistryError
from ihe_mock_async.xds.retrieve import rules
from ihe_mock_async.xds.retrieve.request import DocumentRequest, read_requests
from ihe_mock_async.xds.rules.report import Report

_OID_URN = "urn:oid:"
_LONGEST = 256
"""Characters of a uniqueId that are shown: more than any has (rim:LongName)."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document that was asked for and is here."""

    request: DocumentRequest
    content: Attachment
    new_unique_id: str = ""
    """Of one that was made on demand: its own uniqueId."""


@dataclass(frozen=True, slots=True)
class PromisedDocument:
    """A document that was asked for, and that is to be made."""

    request: DocumentRequest
    entry: OnDemandEntry


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer's substance."""

    found: tuple[StoredDocument | PromisedDocument, ...]
    """In the order of the request; none when the message was refused."""
    errors: tuple[RegistryError, ...]
    """Located by DocumentUniqueId where they are about one document."""
    findings: tuple[Finding, ...]
    """All of them: the exchange's, the message's, those of each document."""

    @property
    def status(self) -> str:
        """Success, PartialSuccess or Failure, whole URN (ITI TF-3: 4.2.4.2)."""
        failed = any(error.severity == rr.ERROR for error in self.errors)
        if not self.found:
            return rr.FAILURE
        return rr.PARTIAL_SUCCESS if failed else rr.SUCCESS

    @property
    def is_complete(self) -> bool:
        """Whether nothing has to be made."""
        return not any(isinstance(each, PromisedDocument) for each in self.found)

    @property
    def summary(self) -> str:
        """The status and the distinct codes of errors."""
        return rr.summary(self.errors, self.status)


@dataclass(frozen=True, slots=True)
class Asker:
    """What a transaction adds to the common rules."""

    default_code: str
    """The error code of rules that have none."""
    home_required: bool = False
    on_demand: bool = False
    """Whether documents that are not there can be made."""


def select(
    payload: etree._Element,
    documents: Documents,
    domain: AffinityDomain,
    asker: Asker,
    before: Sequence[Finding] = (),
) -> Selection:
    """Judge a message and each of its DocumentRequests; `before` are findings of the exchange."""
    report = Report(payload)
    requests = read_requests(payload, report)
    of_message = (*before, *report.findings)
    refusal = refused(of_message, domain.validation)
    unique_ids = {request.document_unique_id for request in requests}
    stored = documents.stored(unique_ids)
    promised: Mapping[str, OnDemandEntry] = {}
    if asker.on_demand:
        missing = unique_ids - stored.keys()
        promised = on_demand_entries(missing, documents, domain.repository_unique_id)
    judge = _Judge(payload, domain, asker, stored.keys(), promised)
    judged = [(request, judge.findings(request)) for request in requests]
    findings = (*of_message, *(found for _, of_document in judged for found in of_document))
    errors = _errors_of_message(of_message, report.findings, refusal, asker)
    found: list[StoredDocument | PromisedDocument] = []
    for request, of_document in judged:
        decisive = refused(of_document, domain.validation)
        if of_document:
            errors.append(_error_of_document(request, of_document, decisive, asker))
        if not decisive and not refusal:
            unique_id = request.document_unique_id
            found.append(
                StoredDocument(request, stored[unique_id])
                if unique_id in stored
                else PromisedDocument(request, promised[unique_id])
            )
    return Selection(tuple(found), tuple(errors), findings)


class _Judge:
    """Finds what is wrong with one DocumentRequest after the other."""

    def __init__(
        self,
        payload: etree._Element,
        domain: AffinityDomain,
        asker: Asker,
        stored: Iterable[str],
        promised: Mapping[str, OnDemandEntry],
    ) -> None:
        self._payload = payload
        self._domain = domain
        self._asker = asker
        self._stored = frozenset(stored)
        self._promised = promised
        self._named: set[tuple[str, str, str]] = set()

    def findings(self, request: DocumentRequest) -> tuple[Finding, ...]:
        """What is wrong, the decisive first; a document elsewhere is not looked for here."""
        elsewhere = (*self._home(request), *self._repository(request))
        if any(found.rule.essential for found in elsewhere):
            return elsewhere
        return (*elsewhere, *self._document(request))

    def _home(self, request: DocumentRequest) -> Iterator[Finding]:
        home, ours = request.home_community_id, self._domain.home_community_id
        if not home:
            if self._asker.home_required:
                yield self._found(rules.HOME_REQUIRED, request, expected=ours)
            return
        urn = home
        if not (home.startswith(_OID_URN) and is_oid(home.removeprefix(_OID_URN))):
            yield self._found(rules.HOME_FORMAT, request, home, _OID_URN + "1.2.3")
            urn = _OID_URN + home
        if urn != ours:
            yield self._found(rules.HOME_KNOWN, request, home, ours)

    def _repository(self, request: DocumentRequest) -> Iterator[Finding]:
        repository, ours = request.repository_unique_id, self._domain.repository_unique_id
        if not repository:
            yield self._found(rules.REPOSITORY_REQUIRED, request, expected=ours)
        elif repository != ours:
            yield self._found(rules.REPOSITORY_KNOWN, request, repository, ours)

    def _document(self, request: DocumentRequest) -> Iterator[Finding]:
        unique_id = request.document_unique_id
        if not unique_id:
            yield self._found(rules.DOCUMENT_REQUIRED, request)
            return
        if unique_id not in self._stored:
            yield from self._on_demand(request)
        key = (request.home_community_id, request.repository_unique_id, unique_id)
        if key in self._named:
            yield self._found(rules.DUPLICATE, request, unique_id)
        self._named.add(key)

    def _on_demand(self, request: DocumentRequest) -> Iterator[Finding]:
        entry = self._promised.get(request.document_unique_id)
        if entry is None:
            yield self._found(rules.DOCUMENT_KNOWN, request, request.document_unique_id)
            return
        if not entry.is_approved:
            yield self._found(rules.ON_DEMAND_APPROVED, request, entry.registered.status)
        if not contents.can_write(entry.mime_type):
            possible = " or ".join(contents.MEDIA_TYPES)
            yield self._found(rules.ON_DEMAND_MIME_TYPE, request, entry.mime_type, possible)

    def _found(
        self, rule: Rule, request: DocumentRequest, received: str = "", expected: str = ""
    ) -> Finding:
        element = request.element
        place = path_of(element, below=self._payload)
        return rule.found(place, received=received, expected=expected, line=element.sourceline)


def _errors_of_message(
    findings: Sequence[Finding],
    own: Sequence[Finding],
    refusal: Sequence[Finding],
    asker: Asker,
) -> list[RegistryError]:
    """When the message is refused, all that is known of it; else what it should mend."""
    if refusal:
        return rr.errors_of(findings, refusal, default_code=asker.default_code)
    return rr.as_warnings(rr.errors_of(own, (), default_code=asker.default_code))


def _error_of_document(
    request: DocumentRequest,
    findings: Sequence[Finding],
    decisive: Sequence[Finding],
    asker: Asker,
) -> RegistryError:
    """One RegistryError with all that is wrong, located by the document (3.43.5)."""
    first = (*decisive, *findings)[0]
    unique_id = request.document_unique_id[:_LONGEST]
    described = " ".join(found.describe() for found in findings)
    return RegistryError(
        first.rule.code or asker.default_code,
        f"Document {unique_id}: {described}" if unique_id else described,
        rr.ERROR if decisive else rr.WARNING,
        unique_id or first.location,
    )
