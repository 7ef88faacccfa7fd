"""What only ITI-55 asks of a demographics query (ITI TF-2: 3.55.4.1.2 and 3.55.6.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import query_parameter_check
from ihe_mock_async.hl7v3 import query_parameter_rules as rules
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.query import Query
from ihe_mock_async.hl7v3.query_parameters import (
    BIRTH_TIME,
    GENDER,
    IDENTIFIER,
    NAME,
    Parameter,
    Parameters,
)
from ihe_mock_async.hl7v3.transmission import Transmission
from ihe_mock_async.hl7v3.tree import finding_at

_RESPOND_TO = clark("respondTo")
_TELECOM = clark("telecom")
_VISIBLE = re.compile(r"[!-~]+")
# An address of WS-Addressing itself, `anonymous`, is no place to send to.
_NOT_A_PLACE = "http://www.w3.org/2005/08/addressing"


@dataclass(frozen=True, slots=True)
class Description:
    """What must fit, and what adds to the confidence in a match."""

    required: tuple[Parameter, ...]
    evidence: tuple[Parameter, ...]


def describe(parameters: Parameters, known_ids: list[Parameter]) -> Description:
    """Divide the parameters; `known_ids`: livingSubjectId of an authority that is known here.

    A name and a birth time describe the patient, with the gender if it is given. An identifier
    may be the initiating community's own (3.55.4.1.2.4), so it only decides without them.
    """
    always = [*parameters.named(NAME), *parameters.named(BIRTH_TIME), *parameters.named(GENDER)]
    rest = [p for p in parameters.usable if p.name not in {NAME, BIRTH_TIME, GENDER, IDENTIFIER}]
    if _is_described(parameters):
        return Description(tuple(always), (*known_ids, *rest))
    return Description((*known_ids, *always), tuple(rest))


def _is_described(parameters: Parameters) -> bool:
    return bool(parameters.named(NAME) and parameters.named(BIRTH_TIME))


def respond_to(message: Transmission) -> str:
    """The URL that a deferred answer is sent to, or an empty text."""
    for respond in message.element.iterchildren(_RESPOND_TO):
        for telecom in respond.iterchildren(_TELECOM):
            url = (telecom.get("value") or "").strip()
            if _can_be_sent_to(url):
                return url
    return ""


def _can_be_sent_to(address: str) -> bool:
    if not _VISIBLE.fullmatch(address) or address.startswith(_NOT_A_PLACE):
        return False
    try:
        url = urlsplit(address)
        has_port = url.port is None or url.port > 0
    except ValueError:
        return False
    # Credentials would stand in logs and lists.
    return (
        url.scheme in {"http", "https"}
        and bool(url.hostname)
        and has_port
        and "@" not in url.netloc
    )


# ---------------------------------------------------------------- rules


def check(
    message: Transmission, query: Query, parameters: Parameters, *, deferred: bool
) -> Iterator[Finding]:
    """Every breach of a rule by the query."""
    yield from query_parameter_check.check(query, parameters, query_parameter_check.XCPD)
    if not _is_described(parameters) and not parameters.named(IDENTIFIER):
        yield finding_at(rules.DESCRIPTION, parameters.element)
    for parameter in parameters.described:
        for value in parameter.values:
            if "SRCH" in (value.get("use") or "").split():
                yield finding_at(rules.SEARCH_USE, value, "@use", received=value.get("use"))
    if deferred and not respond_to(message):
        yield finding_at(rules.RESPOND_TO, message.element, "respondTo/telecom/@value")
