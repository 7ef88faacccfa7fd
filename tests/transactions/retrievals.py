"""Requests for documents, and a repository that has some."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.findings import Finding, Validation
from ihe_mock_async.ihe import Answer, Exchange
from ihe_mock_async.state import (
    AffinityDomain,
    AvailabilityStatus,
    ObjectKind,
    RegistryObject,
)
from ihe_mock_async.store.unit_of_work import NamespaceState
from ihe_mock_async.xds import namespaces as ns
from tests.transactions.xds_fakes import NOW, attachment, numbered_uuids

DOMAIN = AffinityDomain()
HOME = DOMAIN.home_community_id
REPOSITORY = DOMAIN.repository_unique_id
PATIENT = "LM-1979^^^&2.999.1&ISO"
OTHER_PATIENT = "MB-1966^^^&2.999.1&ISO"
ENTRY, MEMO = "2.999.2.1", "2.999.2.2"
_numbers = count(1)
CONTENT = b"--MIMEBoundary\r\n\0\xff\n"

_XDSB = ElementMaker(namespace=ns.XDSB, nsmap={None: ns.XDSB})


def request(root: str, *documents: Mapping[str, str] | etree._Element) -> etree._Element:
    """A message of this root; each document as names and texts of its elements, in order."""
    message = etree.Element(root)
    for document in documents:
        message.append(document if isinstance(document, etree._Element) else asked(document))
    return message


def asked(elements: Mapping[str, str]) -> etree._Element:
    """One DocumentRequest."""
    return _XDSB.DocumentRequest(*(_XDSB(name, text) for name, text in elements.items()))


def document(
    unique_id: str = ENTRY, repository: str = REPOSITORY, home: str = ""
) -> dict[str, str]:
    """What one DocumentRequest holds."""
    homes = {"HomeCommunityId": home} if home else {}
    return {**homes, "RepositoryUniqueId": repository, "DocumentUniqueId": unique_id}


def provide(
    state: NamespaceState,
    *unique_ids: str,
    mime_type: str = "application/pdf",
    patient: str = PATIENT,
    status: AvailabilityStatus = AvailabilityStatus.APPROVED,
) -> None:
    """Store documents with their entries."""
    for unique_id in unique_ids:
        state.documents.store(unique_id, attachment(CONTENT + unique_id.encode()), NOW)
        entry_uuid = f"urn:uuid:00000000-0000-4000-8000-{next(_numbers):012d}"
        xml = f'<rim:ExtrinsicObject xmlns:rim="{ns.RIM}" mimeType="{mime_type}"/>'
        entry = RegistryObject(
            ObjectKind.DOCUMENT_ENTRY,
            entry_uuid,
            entry_uuid,
            1,
            status,
            xml.encode(),
            unique_id=unique_id,
            patient_id=patient,
        )
        state.documents.register([entry], NOW)


def exchange(
    body: etree._Element,
    state: NamespaceState,
    *,
    action: str = "",
    validation: Validation = Validation.ENFORCE,
    findings: Sequence[Finding] = (),
) -> Exchange:
    domain = AffinityDomain(validation=validation)
    return Exchange(body, action, {}, domain, NOW, numbered_uuids(), state, findings)


# ---------------------------------------------------------------- answers


def body_of(answer: Answer) -> etree._Element:
    assert not isinstance(answer.body, bytes)
    return answer.body


def status_of(answer: Answer) -> str:
    """`Success`, `PartialSuccess` or `Failure`."""
    (response,) = body_of(answer).iter(f"{{{ns.RS}}}RegistryResponse")
    return response.get("status", "").rpartition(":")[2]


def errors_of(answer: Answer) -> list[etree._Element]:
    return list(body_of(answer).iter(f"{{{ns.RS}}}RegistryError"))


def codes_of(answer: Answer) -> list[str]:
    return [error.get("errorCode", "") for error in errors_of(answer)]


def severities_of(answer: Answer) -> list[str]:
    return [error.get("severity", "").rpartition(":")[2] for error in errors_of(answer)]


def responses_of(answer: Answer) -> list[dict[str, str]]:
    """Of each DocumentResponse the names and texts of its elements, in order."""
    found = body_of(answer).iterchildren(f"{{{ns.XDSB}}}DocumentResponse")
    return [{str(e.tag).rpartition("}")[2]: e.text or "" for e in each} for each in found]


def hrefs_of(answer: Answer) -> list[str]:
    return [include.get("href", "") for include in body_of(answer).iter(ns.INCLUDE)]


def stored_ids(state: NamespaceState, unique_ids: Collection[str]) -> set[str]:
    return set(state.documents.stored(unique_ids))
