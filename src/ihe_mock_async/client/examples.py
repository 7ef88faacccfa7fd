"""The example messages: one for each action, and what must be sent in front of it.

All people are invented. Every message is new when it is sent: its ids and times are made then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ihe_mock_async.errors import SendError


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a transaction's message."""

    transaction: str
    """`ITI-44`."""
    name: str
    """What tells it from the other examples of the transaction."""
    action: str
    """wsa:Action."""
    template: str = ""
    """Its file, without folder and suffix."""
    query: str = ""
    """Or the stored query that it is."""
    after: tuple[tuple[str, str], ...] = ()
    """Transactions and names of what it builds on."""
    person: str = "patient"
    """Whom the message is about: `patient` or `other`."""

    @property
    def is_deferred(self) -> bool:
        """Whether the message itself says where the answer goes (ITI TF-2: 3.55.6.2)."""
        return ":Deferred:" in self.action

    @property
    def key(self) -> tuple[str, str]:
        """Transaction and name."""
        return self.transaction, self.name


_HL7 = "urn:hl7-org:v3"
_PATIENT = ("ITI-44", "add")
_OTHER = ("ITI-44", "add-other")
_DOCUMENT = ("ITI-41", "provide")
_ENTRY = ("ITI-42", "register")
_PROMISE = ("ITI-61", "register")
_PAGE = ("ITI-47", "first-page")

EXAMPLES: tuple[Example, ...] = (
    Example("ITI-18", "find", "urn:ihe:iti:2007:RegistryStoredQuery",
            query="FindDocuments", after=(_DOCUMENT,)),
    Example("ITI-38", "find", "urn:ihe:iti:2007:CrossGatewayQuery",
            query="FindDocuments", after=(_DOCUMENT,)),
    Example("ITI-39", "retrieve", "urn:ihe:iti:2007:CrossGatewayRetrieve",
            "retrieve_cross_gateway", after=(_DOCUMENT,)),
    # The actions of the first supplement on asynchronous exchange are still in use.
    Example("ITI-38", "find-async", "urn:ihe:iti:2007:CrossGatewayQueryAsync",
            query="FindDocuments", after=(_DOCUMENT,)),
    Example("ITI-39", "retrieve-async", "urn:ihe:iti:2007:CrossGatewayRetrieveAsync",
            "retrieve_cross_gateway", after=(_DOCUMENT,)),
    Example("ITI-41", "provide", "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
            "provide_and_register", after=(_PATIENT,)),
    Example("ITI-42", "register", "urn:ihe:iti:2007:RegisterDocumentSet-b",
            "register", after=(_PATIENT,)),
    Example("ITI-43", "retrieve", "urn:ihe:iti:2007:RetrieveDocumentSet",
            "retrieve", after=(_DOCUMENT,)),
    Example("ITI-43", "retrieve-on-demand", "urn:ihe:iti:2007:RetrieveDocumentSet",
            "retrieve_on_demand", after=(_PROMISE,)),
    Example("ITI-44", "add", f"{_HL7}:PRPA_IN201301UV02", "patient_add"),
    Example("ITI-44", "add-other", f"{_HL7}:PRPA_IN201301UV02", "patient_add", person="other"),
    Example("ITI-44", "revise", f"{_HL7}:PRPA_IN201302UV02", "patient_revise", after=(_PATIENT,)),
    Example("ITI-44", "merge", f"{_HL7}:PRPA_IN201304UV02", "patient_merge",
            after=(_PATIENT, _OTHER)),
    Example("ITI-45", "query", f"{_HL7}:PRPA_IN201309UV02", "identifiers_query",
            after=(_PATIENT,)),
    Example("ITI-47", "query", f"{_HL7}:PRPA_IN201305UV02", "demographics_query",
            after=(_PATIENT,)),
    Example("ITI-47", "first-page", f"{_HL7}:PRPA_IN201305UV02", "demographics_first_page",
            after=(_PATIENT, _OTHER)),
    Example("ITI-47", "continue", f"{_HL7}:QUQI_IN000003UV01_Continue", "query_continue",
            after=(_PAGE,)),
    Example("ITI-47", "cancel", f"{_HL7}:QUQI_IN000003UV01_Cancel", "query_cancel",
            after=(_PAGE,)),
    Example("ITI-51", "find", "urn:ihe:iti:2009:MultiPatientStoredQuery",
            query="FindDocumentsForMultiplePatients", after=(_DOCUMENT,)),
    Example("ITI-55", "discover", f"{_HL7}:PRPA_IN201305UV02:CrossGatewayPatientDiscovery",
            "patient_discovery", after=(_PATIENT,)),
    Example("ITI-55", "discover-deferred",
            f"{_HL7}:PRPA_IN201305UV02:Deferred:CrossGatewayPatientDiscovery",
            "patient_discovery_deferred", after=(_PATIENT,)),
    Example("ITI-57", "update", "urn:ihe:iti:2010:UpdateDocumentSet", "update", after=(_ENTRY,)),
    Example("ITI-61", "register", "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry",
            "register_on_demand", after=(_PATIENT,)),
    Example("ITI-62", "remove", "urn:ihe:iti:2010:DeleteDocumentSet", "remove_objects",
            after=(_ENTRY,)),
    Example("ITI-86", "remove", "urn:ihe:iti:2017:RemoveDocuments", "remove_documents",
            after=(_DOCUMENT,)),
    Example("ITI-92", "update", "urn:ihe:iti:2018:RestrictedUpdateDocumentSet", "update",
            after=(_ENTRY,)),
)  # fmt: skip

_BY_KEY = {example.key: example for example in EXAMPLES}


def of_transaction(number: str) -> list[Example]:
    """The examples of a transaction, the usual one first."""
    return [example for example in EXAMPLES if example.transaction == number]


def find(number: str, name: str = "") -> Example:
    """An example by its name, or the usual one; raises `SendError` naming those that exist."""
    candidates = of_transaction(number)
    chosen = [example for example in candidates if name in ("", example.name)]
    if chosen:
        return chosen[0]
    names = ", ".join(example.name for example in candidates)
    raise SendError(
        f"{number} has no example {name}; it has {names}."
        if candidates
        else f"There is no example of {number}; `ihe-mock-async send --list` shows what there is."
    )


def chain(example: Example) -> list[Example]:
    """What has to be sent for the example, in order; the last one is itself."""
    return list(dict.fromkeys(_with_preparation(example)))


def _with_preparation(example: Example) -> Iterator[Example]:
    for key in example.after:
        yield from _with_preparation(_BY_KEY[key])
    yield example
