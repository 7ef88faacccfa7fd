"""The conditions of a pattern, each made of one of its keys, the cheap ones first.

How each key looks at an entry is in one table: a new key is a new line there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ihe_mock_async.journal import patients
from ihe_mock_async.journal.content import Content, UnreadableError
from ihe_mock_async.journal.matchers import TextMatcher, unmet_field
from ihe_mock_async.journal.redaction import MASK, gives_access
from ihe_mock_async.journal.subject import Subject
from ihe_mock_async.journal.text_matcher import quoted, told
from ihe_mock_async.state import Attachment

if TYPE_CHECKING:
    from ihe_mock_async.journal.pattern import PartCondition, Pattern

Unmet = Callable[[Subject], str | None]
"""None when the subject fulfils the condition, else in words what it has instead."""
Texts = Callable[[Subject], Sequence[str]]
ANY_FAULT = "*"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A condition that an entry does not fulfil."""

    key: str
    """Of the pattern: `headers.Content-Type`, `xpath[0]`."""
    expected: str
    """In words."""
    received: str
    """What the entry has instead, or why that cannot be told."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a pattern."""

    key: str
    expected: str
    unmet: Unmet
    reads_body: bool = False


def conditions_of(pattern: Pattern) -> tuple[Condition, ...]:
    """All conditions of a pattern, those that look into the body last."""
    return (*_of_request(pattern), *_of_body(pattern))


def _of_request(pattern: Pattern) -> Iterator[Condition]:
    for name, make in _CONDITIONS.items():
        wanted = getattr(pattern, name)
        if wanted is not None:
            yield make(wanted)
    for name, header in pattern.headers.items():
        yield _header_condition(name, header)
    for name, parameter in pattern.query_parameters.items():
        yield _matching(f"queryParameters.{name}", parameter, _parameter(name))


def _some(*texts: str) -> list[str]:
    return [text for text in texts if text]


def _header_condition(name: str, matcher: TextMatcher) -> Condition:
    def texts(subject: Subject) -> Sequence[str]:
        return subject.header(name)

    def unmet(subject: Subject) -> str | None:
        received = matcher.unmet(texts(subject))
        return received and MASK if texts(subject) else received

    condition = _matching(f"headers.{name}", matcher, texts)
    # What gives access is not told, not even to who guesses at it.
    return replace(condition, unmet=unmet) if gives_access(name.encode()) else condition


def _parameter(name: str) -> Texts:
    return lambda subject: subject.query.get(name, ())


def _equal(key: str, wanted: str, texts: Texts) -> Condition:
    def unmet(subject: Subject) -> str | None:
        found = texts(subject)
        return None if wanted in found else told(found)

    return Condition(key, quoted(wanted), unmet)


def _matching(key: str, matcher: TextMatcher, texts: Texts) -> Condition:
    return Condition(key, matcher.expected, lambda subject: matcher.unmet(texts(subject)))


def _outcome(wanted: str) -> Condition:
    def unmet(subject: Subject) -> str | None:
        outcome = subject.entry.decided_outcome
        if outcome is None:
            return "not answered yet"
        return None if outcome.value == wanted else quoted(outcome.value)

    return Condition("outcome", quoted(wanted), unmet)


def _fault(wanted: str) -> Condition:
    def unmet(subject: Subject) -> str | None:
        fault = subject.entry.fault
        if fault is None:
            return told([])
        names = (ANY_FAULT, fault.effect, fault.effect.partition(" ")[0], fault.plan)
        return None if wanted in names else quoted(fault.effect)

    return Condition("fault", "any fault" if wanted == ANY_FAULT else quoted(wanted), unmet)


# ---------------------------------------------------------------- patients and parts


def _patient(wanted: str) -> Condition:
    identifier, authority = _components(wanted)

    def fits(text: str) -> bool:
        its_identifier, its_authority = _components(text)
        return identifier == its_identifier and authority in ("", its_authority)

    def unmet(subject: Subject) -> str | None:
        found = patients.of(subject.entry)
        return None if any(map(fits, found)) else told(found)

    # Of a message that was not understood the patients are read out of its body.
    return Condition("patientId", quoted(wanted), unmet, reads_body=True)


def _components(cx: str) -> tuple[str, str]:
    """Id and OID of the assigning authority (ITI TF-3: 4.2.3.1.7, CX); the OID may be missing."""
    identifier, _, rest = cx.strip().partition("^")
    authority = rest.rpartition("^")[2]  # as it should be, `name&oid&ISO`, or the OID alone
    return identifier, authority.split("&")[1] if "&" in authority else authority


def _part(wanted: PartCondition) -> Condition:
    def unmet(subject: Subject) -> str | None:
        parts = subject.entry.attachments
        if any(_is_part(wanted, part) for part in parts):
            return None
        return ", ".join(map(_part_in_words, parts[:3])) or "no part"

    keys = (wanted.content_id, wanted.media_type, wanted.sha256)
    return Condition("part", f"a part {' '.join(key for key in keys if key)}", unmet)


def _is_part(wanted: PartCondition, part: Attachment) -> bool:
    return (
        _fits(wanted.content_id, part.content_id, _bare_id)
        and _fits(wanted.media_type, part.media_type, _bare_type)
        and _fits(wanted.sha256, part.sha256, str.lower)
    )


def _fits(wanted: str | None, received: str, bare: Callable[[str], str]) -> bool:
    return wanted is None or bare(wanted) == bare(received)


def _bare_id(content_id: str) -> str:
    return content_id.strip().removeprefix("cid:").removeprefix("<").removesuffix(">")


def _bare_type(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _part_in_words(part: Attachment) -> str:
    return f"{quoted(part.content_id)} ({part.media_type}, sha256 {part.sha256})"


Make = Callable[[Any], Condition]


def _equal_to(key: str, texts: Texts) -> Make:
    return lambda wanted: _equal(key, wanted, texts)


def _fulfilling(key: str, texts: Texts) -> Make:
    return lambda matcher: _matching(key, matcher, texts)


_CONDITIONS: Mapping[str, Make] = {
    "transaction": _equal_to("transaction", lambda s: _some(s.entry.transaction)),
    "method": _equal_to("method", lambda s: _some(s.entry.method.upper())),
    "service": _equal_to("service", lambda s: _some(s.entry.service)),
    "path": _fulfilling("path", lambda s: s.paths),
    "soap_action": _fulfilling("soapAction", lambda s: _some(s.entry.action)),
    "message_id": _fulfilling(
        "messageId", lambda s: _some(s.entry.message_id, s.entry.application_message_id)
    ),
    "part": _part,
    "outcome": _outcome,
    "fault": _fault,
    "finding": _equal_to("finding", lambda s: [each.rule.id for each in s.entry.findings]),
}
"""By the field of a pattern: what makes its condition out of its value."""


# ---------------------------------------------------------------- bodies


def _of_body(pattern: Pattern) -> Iterator[Condition]:
    if pattern.patient_id is not None:
        yield _patient(pattern.patient_id)
    if pattern.body_q_name is not None:
        yield _body_name(pattern.body_q_name)
    for number, xpath in enumerate(pattern.xpath):
        yield _content(f"xpath[{number}]", xpath.wanted, xpath.unmet_in)
    if pattern.body is not None:
        yield _text(pattern.body)
    for number, each in enumerate(pattern.body_patterns):
        yield _content(f"bodyPatterns[{number}]", each.wanted, each.unmet_in)
    for name, field in pattern.form_parameters.items():
        yield _form_field(name, field)


def _body_name(wanted: str) -> Condition:
    def unmet(subject: Subject) -> str | None:
        name = subject.body_name
        return None if name == wanted else told(_some(name))

    return Condition("bodyQName", quoted(wanted), unmet, reads_body=True)


def _content(key: str, wanted: str, unmet_in: Callable[[Content], str | None]) -> Condition:
    return Condition(key, wanted, lambda subject: unmet_in(subject.content), reads_body=True)


def _text(matcher: TextMatcher) -> Condition:
    def unmet_in(content: Content) -> str | None:
        try:
            return matcher.unmet(_some(content.text))
        except UnreadableError as error:
            return str(error)

    return _content("body", matcher.expected, unmet_in)


def _form_field(name: str, matcher: TextMatcher) -> Condition:
    return _content(
        f"formParameters.{name}",
        matcher.expected,
        lambda content: unmet_field(name, matcher, content),
    )
