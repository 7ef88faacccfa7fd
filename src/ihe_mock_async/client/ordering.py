"""What a user asks to be sent, checked: a file, a stored query, or an example."""

from __future__ import annotations

import mimetypes
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ihe_mock_async import transactions
from ihe_mock_async.client import examples, queries, template
from ihe_mock_async.client.examples import Example
from ihe_mock_async.client.message import DEFAULT_PACKING, Packing
from ihe_mock_async.client.values import (
    EXAMPLE_AUTHORITY,
    EXAMPLE_DOCUMENT,
    EXAMPLE_PATIENT,
    Document,
    Values,
)
from ihe_mock_async.errors import SendError
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.state import AffinityDomain

_PATIENT, _ID, _DOCUMENT = "--patient", "--id", "--document"
_PLACES = {
    _ID: "leave it out, or send a retrieval (ITI-43, ITI-39) or a Get... query",
    _DOCUMENT: "leave it out, or send ITI-41, ITI-42, or what builds on them",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a user wants to be sent: one of file, query and example."""

    transaction: Transaction
    file: Path | None = None
    query: str = ""
    example: Example | None = None
    packing: Packing = DEFAULT_PACKING


def make_order(  # noqa: PLR0913 - what the command line can say, by name
    number: str,
    *,
    file: Path | None = None,
    query: str = "",
    example: str | None = None,
    values: Collection[str] = (),
    packing: Packing = DEFAULT_PACKING,
) -> Order:
    """The order for a transaction, of one file, query or example; raises `SendError`.

    `example` is its name, empty for the usual one. `values` are the options (`--patient`, `--id`,
    `--document`) by which something was given that goes into a query or an example; without
    either of them the usual example is meant.
    """
    transaction = transaction_of(number)
    named = [bool(file), bool(query), example is not None]
    if sum(named) > 1:
        raise SendError("Send a FILE, a --query or an --example, one of them.")
    if file is not None and values:
        raise SendError(
            f"{file.name} is sent as it is: --patient, --id and --document cannot change it."
        )
    if not any(named) and not values:
        raise SendError(_nothing_to_send(transaction))
    if file is None and not query:
        chosen = examples.find(transaction.number, example or "")
        _check_values(f"{number} --example {chosen.name}", values, _taken_by(chosen))
        return Order(transaction, example=chosen, packing=packing)
    if query:
        taken = {_PATIENT, _ID} if queries.takes_ids(transaction.number, query) else {_PATIENT}
        _check_values(f"{number} --query {query}", values, taken)
    return Order(transaction, file, query, packing=packing)


def _taken_by(example: Example) -> set[str]:
    """The options whose values go into an example, or into what it builds on."""
    taken = {_PATIENT}
    if example.template and template.uses(example.template, "each-id"):
        taken.add(_ID)
    if any(
        each.template and template.uses(each.template, "each-document")
        for each in examples.chain(example)
    ):
        taken.add(_DOCUMENT)
    return taken


def _check_values(what: str, given: Collection[str], taken: Collection[str]) -> None:
    for option in sorted(set(given) - set(taken)):
        raise SendError(f"{what} has no place for {option}: {_PLACES[option]}.")


def _nothing_to_send(transaction: Transaction) -> str:
    names = ", ".join(each.name for each in examples.of_transaction(transaction.number))
    found = queries.names(transaction.number)
    asked = f", or a stored query with --query ({', '.join(found)})" if found else ""
    return f"What of {transaction.number}? Name a FILE, say --example ({names}){asked}."


def make_values(
    domain: AffinityDomain,
    *,
    patient: str = "",
    ids: Sequence[str] = (),
    documents: Sequence[str] = (),
) -> Values:
    """What goes into queries and examples; `documents` as `FILE` or `FILE:mime/type`.

    Raises `SendError`.
    """
    return Values(
        datetime.now(UTC),
        uuid.uuid4,
        domain,
        _read_patient(patient) if patient else _example_patient(domain.assigning_authorities),
        [_read_document(each) for each in documents] or (EXAMPLE_DOCUMENT,),
        ids,
    )


def _read_patient(text: str) -> PatientIdentifier:
    patient = PatientIdentifier.from_cx(text)
    if patient is None:
        raise SendError(f"{text} is no patient id like P-1^^^&{EXAMPLE_AUTHORITY}&ISO.")
    return patient


def _example_patient(authorities: Collection[str]) -> PatientIdentifier:
    """The example patient, in the affinity domain."""
    if not authorities or EXAMPLE_PATIENT.root in authorities:
        return EXAMPLE_PATIENT
    return PatientIdentifier(sorted(authorities)[0], EXAMPLE_PATIENT.extension)


def listing() -> list[tuple[str, str]]:
    """Transaction, and the name of an example or a query, for each that can be sent."""
    rows = []
    for transaction in transactions.served():
        number = transaction.number
        rows += [(number, f"--example {e.name}") for e in examples.of_transaction(number)]
        rows += [(number, f"--query {name}") for name in queries.names(number)]
    return rows


def transaction_of(number: str) -> Transaction:
    """The transaction of a number, in any spelling (`ITI-44`, `iti44`, `44`).

    Raises `SendError` naming those that there are.
    """
    digits = re.sub(r"(?i)^iti-?0*", "", number.strip())
    served = transactions.served()
    for transaction in served:
        if transaction.number == f"ITI-{digits}":
            return transaction
    known = ", ".join(transaction.number for transaction in served)
    raise SendError(f"{number} is not known; {known} are.")


def _read_document(argument: str) -> Document:
    """The document of `FILE` or `FILE:mime/type`; raises `SendError`."""
    path, media_type = Path(argument), ""
    if not path.is_file() and ":" in argument:
        name, _, media_type = argument.rpartition(":")
        path = Path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SendError(f"Cannot read {path}: {error.strerror}.") from error
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Document(content, media_type or guessed, path.name)
