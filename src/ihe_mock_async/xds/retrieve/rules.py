"""The rules on requests for documents (ITI TF-2: 3.43.4.1, 3.43.5, 3.39.5; ITI TF-3: 4.2.4.1).

A rule without a code takes the general one of its transaction.
"""

from __future__ import annotations

from functools import partial

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds.rules.report import PROBLEM_COUNT

UNKNOWN_COMMUNITY = "XDSUnknownCommunity"
MISSING_HOME_COMMUNITY_ID = "XDSMissingHomeCommunityId"
UNKNOWN_REPOSITORY_ID = "XDSUnknownRepositoryId"
DOCUMENT_UNIQUE_ID_ERROR = "XDSDocumentUniqueIdError"
OUT_OF_RESOURCES = "XDSRepositoryOutOfResources"

MAX_DOCUMENTS = 500
"""DocumentRequests in one message."""

_PROTOCOL = "ITI TF-2: 3.43.5"
_SEMANTICS = "ITI TF-2: 3.43.4.1.2"

_error = partial(Rule, severity=Severity.ERROR)
_warning = partial(Rule, severity=Severity.WARNING)

# ---------------------------------------------------------------- on the message

DOCUMENT_REQUEST = _error(
    id="xds-retrieve-document-request",
    text="The request names at least one document",
    section=_PROTOCOL,
    fix="Send a DocumentRequest of urn:ihe:iti:xds-b:2007 for each document.",
    essential=True,
)
DOCUMENT_COUNT = _error(
    id="xds-retrieve-document-count",
    text="A request names a moderate number of documents",
    section="a limit of this server",
    fix="Ask for the documents in several requests.",
    code=OUT_OF_RESOURCES,
    essential=True,
)
ELEMENT = _warning(
    id="xds-retrieve-element",
    text="Names of elements are exactly those of the schema; others are ignored",
    section=_PROTOCOL,
    fix="Mind upper and lower case, and put all into urn:ihe:iti:xds-b:2007; mimeType and "
    "Document stand in answers only.",
)
ELEMENT_SINGLE = _error(
    id="xds-retrieve-element-single",
    text="A DocumentRequest is about one document",
    section=_PROTOCOL,
    fix="Send a DocumentRequest of its own for each document.",
)
ELEMENT_ORDER = _error(
    id="xds-retrieve-element-order",
    text="The schema orders the elements of a DocumentRequest",
    section=_PROTOCOL,
    fix="Send HomeCommunityId if there is one, then RepositoryUniqueId, then DocumentUniqueId.",
)

# ---------------------------------------------------------------- on one document

DUPLICATE = _warning(
    id="xds-retrieve-duplicate",
    text="A request names each document once",
    section=_SEMANTICS,
    fix="Leave the second DocumentRequest out; each is answered.",
)
HOME_REQUIRED = _error(
    id="xds-retrieve-home-required",
    text="Between communities every DocumentRequest has a HomeCommunityId",
    section="ITI TF-2: 3.39.5",
    fix="Send the home attribute of the DocumentEntry as the query has returned it.",
    code=MISSING_HOME_COMMUNITY_ID,
    essential=True,
)
HOME_FORMAT = _error(
    id="xds-retrieve-home-format",
    text="A HomeCommunityId is an OID written as URN",
    section="ITI TF-2: 3.38.4.1.2.1",
    fix="Write urn:oid: in front of the OID.",
    code=UNKNOWN_COMMUNITY,
)
HOME_KNOWN = _error(
    id="xds-retrieve-home-known",
    text="A HomeCommunityId names the community that this server belongs to",
    section="ITI TF-3: Table 4.2.4.1-2",
    fix="Send the home attribute of the DocumentEntry as the query has returned it; documents of "
    "other communities are not fetched from here.",
    code=UNKNOWN_COMMUNITY,
    essential=True,
)
REPOSITORY_REQUIRED = _error(
    id="xds-retrieve-repository-required",
    text="Every DocumentRequest has a RepositoryUniqueId",
    section=_SEMANTICS,
    fix="Send the repositoryUniqueId of the DocumentEntry.",
    code=UNKNOWN_REPOSITORY_ID,
    essential=True,
)
REPOSITORY_KNOWN = _error(
    id="xds-retrieve-repository-known",
    text="A RepositoryUniqueId names this repository",
    section="ITI TF-3: Table 4.2.4.1-2",
    fix="Send the repositoryUniqueId of the DocumentEntry, an OID without urn:oid:, and send it "
    "to the repository of this id.",
    code=UNKNOWN_REPOSITORY_ID,
    essential=True,
)
DOCUMENT_REQUIRED = _error(
    id="xds-retrieve-document-required",
    text="Every DocumentRequest has a DocumentUniqueId",
    section=_SEMANTICS,
    fix="Send the uniqueId of the DocumentEntry.",
    code=DOCUMENT_UNIQUE_ID_ERROR,
    essential=True,
)
DOCUMENT_KNOWN = _error(
    id="xds-retrieve-document-known",
    text="A DocumentUniqueId names a document that is stored here",
    section="ITI TF-3: Table 4.2.4.1-2",
    fix="Send the uniqueId of the DocumentEntry, not its entryUUID. An entry that was registered "
    "without its document (ITI-42), or on demand for another repository (ITI-61), has none here.",
    code=DOCUMENT_UNIQUE_ID_ERROR,
    essential=True,
)

# ---------------------------------------------------------------- on one on-demand document

ON_DEMAND_APPROVED = _error(
    id="xds-retrieve-on-demand-approved",
    text="An on-demand document is made as long as its entry is approved",
    section="ITI TF-3: 4.2.2.2",  # a snapshot cannot be registered of what is deprecated
    fix="Query for the entry that replaced it, and send the uniqueId of that one.",
    code=DOCUMENT_UNIQUE_ID_ERROR,
    essential=True,
)
ON_DEMAND_MIME_TYPE = _error(
    id="xds-retrieve-on-demand-mime-type",
    text="An on-demand document has a mimeType in which this server can make it",
    section="a limit of this server",
    fix="Register an on-demand entry with one of these.",
    code=DOCUMENT_UNIQUE_ID_ERROR,
    essential=True,
)

_OF_MESSAGES_AND_DOCUMENTS = (
    DOCUMENT_REQUEST,
    DOCUMENT_COUNT,
    ELEMENT,
    ELEMENT_SINGLE,
    ELEMENT_ORDER,
    DUPLICATE,
    HOME_FORMAT,
    HOME_KNOWN,
    REPOSITORY_REQUIRED,
    REPOSITORY_KNOWN,
    DOCUMENT_REQUIRED,
    DOCUMENT_KNOWN,
)
REMOVAL_RULES: tuple[Rule, ...] = (*_OF_MESSAGES_AND_DOCUMENTS, PROBLEM_COUNT)
"""Those of ITI-86."""
RULES: tuple[Rule, ...] = (
    *_OF_MESSAGES_AND_DOCUMENTS,
    ON_DEMAND_APPROVED,
    ON_DEMAND_MIME_TYPE,
    PROBLEM_COUNT,
)
"""Those of ITI-43."""
CROSS_GATEWAY_RULES = (*RULES, HOME_REQUIRED)
"""Those of ITI-39."""
