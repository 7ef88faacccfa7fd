"""ITI-41 Provide and Register Document Set-b (ITI TF-2: 3.41)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ihe_mock_async import registry_answer
from ihe_mock_async.findings import Finding, refused
from ihe_mock_async.ihe import Actor, Answer, Exchange, Transaction
from ihe_mock_async.state import Attachment
from ihe_mock_async.xds import error_codes, lifecycle, rules
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.provision import ProvidedDocument, completed, read_documents
from ihe_mock_async.xds.registry import Surroundings
from ihe_mock_async.xds.rules.provision import check_provision
from ihe_mock_async.xds.rules.request import read_request
from ihe_mock_async.xds.rules.unique_ids import (
    DUPLICATE_IN_PROVISION,
    check_unique_in_message,
    unique_ids_of,
)

REQUEST = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RESPONSE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse"


@dataclass(frozen=True, slots=True)
class _Provision:
    """A submission whose hash, size and repositoryUniqueId are complete, and its documents."""

    submission: Submission
    documents: tuple[ProvidedDocument, ...]

    def contents(self) -> tuple[tuple[str, Attachment], ...]:
        """The uniqueId and content of each document that has both."""
        contents = {document.entry_id: document.content for document in self.documents}
        pairs = ((e.unique_id, contents.get(e.id)) for e in self.submission.document_entries)
        return tuple((name, content) for name, content in pairs if name and content)


def answer(exchange: Exchange) -> Answer:
    """Store the documents and register their metadata, or refuse the submission as a whole."""
    report = rules.Report(exchange.body)
    submission = read_request(exchange.body, report)
    provision = surroundings = None
    if submission is not None:
        provision = _complete(submission, exchange, report)
        surroundings = _check(provision.submission, exchange, report)
    findings = (*exchange.findings, *report.findings)
    refusal = refused(findings, exchange.domain.validation)
    if provision is None or surroundings is None or refusal:
        return _failure(provision, findings, refusal)
    plan = lifecycle.plan(
        provision.submission,
        surroundings,
        exchange.state.documents,
        now=exchange.now,
        new_uuid=exchange.new_uuid,
    )
    _write(provision, plan, exchange)
    patient_ids = provision.submission.patient_ids()
    return _with_documents(registry_answer.success(RESPONSE, findings, patient_ids), provision)


def _complete(submission: Submission, exchange: Exchange, report: rules.Report) -> _Provision:
    """The repository's duties before it registers (ITI TF-2: 3.41.4.1.3)."""
    documents = read_documents(exchange.body, exchange.attachments)
    rules.check_metadata(submission, exchange.domain, report)
    check_provision(submission, documents, report)
    check_unique_in_message(submission, DUPLICATE_IN_PROVISION, report)
    repository_unique_id = exchange.domain.repository_unique_id
    return _Provision(completed(submission, documents, repository_unique_id), documents)


def _check(submission: Submission, exchange: Exchange, report: rules.Report) -> Surroundings:
    """What the registry would refuse."""
    state = exchange.state
    stored = state.documents.stored(unique_ids_of(submission))
    surroundings = lifecycle.look_up(submission, state.documents, stored)
    rules.check_surroundings(submission, surroundings, state.patients, exchange.domain, report)
    return surroundings


def _failure(
    provision: _Provision | None, findings: Sequence[Finding], refusal: Iterable[Finding]
) -> Answer:
    code = error_codes.REPOSITORY_ERROR
    if provision is None:
        return registry_answer.failure(RESPONSE, findings, refusal, (), default_code=code)
    patient_ids = provision.submission.patient_ids()
    failure = registry_answer.failure(RESPONSE, findings, refusal, patient_ids, default_code=code)
    return _with_documents(failure, provision)


def _with_documents(answer: Answer, provision: _Provision) -> Answer:
    return replace(answer, documents=provision.contents())


def _write(provision: _Provision, plan: lifecycle.Plan, exchange: Exchange) -> None:
    documents = exchange.state.documents
    for unique_id, content in provision.contents():
        documents.store(unique_id, content, exchange.now)
    lifecycle.carry_out(plan, documents, exchange.now)


TRANSACTION = Transaction(
    number="ITI-41",
    name="Provide and Register Document Set-b",
    section="ITI TF-2: 3.41",
    actors=(Actor.DOCUMENT_REPOSITORY,),
    handlers={REQUEST: answer},
    roots={ns.PROVIDE_AND_REGISTER_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=True,
    rules=rules.PROVISION_RULES,
    mtom=True,
    binary_elements=frozenset({ns.DOCUMENT}),
)
