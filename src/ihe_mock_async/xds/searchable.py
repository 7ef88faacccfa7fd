"""What stored queries can ask of a registered object (ITI TF-2: 3.18.4.1.2.3.7).

Attributes have the names of the Technical Framework, codes the form in which a query sends them
(`code^^scheme`, 3.18.4.1.2.3.4), and times 14 digits, so that texts compare as times do. All of
them are `comparable`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from ihe_mock_async.elements import parse
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import Classification, RimObject, read_object

Attributes = tuple[tuple[str, str], ...]

CREATION_TIME = "creationTime"
SERVICE_START_TIME = "serviceStartTime"
SERVICE_STOP_TIME = "serviceStopTime"
SUBMISSION_TIME = "submissionTime"
AUTHOR_PERSON = "authorPerson"
AUTHOR_INSTITUTION = "authorInstitution"
REFERENCE_ID_LIST = "referenceIdList"
DOCUMENT_AVAILABILITY = "documentAvailability"
SOURCE_ID = "sourceId"
OBJECT_TYPE = "objectType"
TITLE = "title"

_TIMES = frozenset(
    {CREATION_TIME, SERVICE_START_TIME, SERVICE_STOP_TIME, SUBMISSION_TIME, v.LAST_UPDATE_TIME}
)
_SLOTS = {
    **{name: name for name in _TIMES},
    "urn:ihe:iti:xds:2013:referenceIdList": REFERENCE_ID_LIST,
    DOCUMENT_AVAILABILITY: DOCUMENT_AVAILABILITY,
}
_AUTHOR_SLOTS = (AUTHOR_PERSON, AUTHOR_INSTITUTION)
_SOURCE_ID_SCHEME = next(
    scheme
    for scheme, attribute in v.SUBMISSION_SET.identifiers.items()
    if attribute.name == SOURCE_ID
)
_EARLIEST = "00000101000000"
_MODELS = {model.kind: model for model in (v.DOCUMENT_ENTRY, v.SUBMISSION_SET, v.FOLDER)}
_NOTHING: Mapping[str, str | None] = {}


def moment(dtm: str) -> str:
    """The first second of the period that a DTM names, in 14 digits."""
    return dtm + _EARLIEST[len(dtm) :]


def comparable(text: str) -> str:
    """A text in the form in which equal characters are equal (ITI TF-2: Appendix F)."""
    return unicodedata.normalize("NFC", text)


def attributes_of(
    rim: RimObject, model: v.ObjectModel, written: Mapping[str, str | None] = _NOTHING
) -> Attributes:
    """The attributes of an object that is submitted.

    `written` are the slots that the registry writes itself; None leaves one as submitted.
    """
    return tuple(
        (name, comparable(value)) for name, value in _attributes(rim, model, written) if value
    )


def attributes_of_text(kind: str, xml: bytes) -> Attributes:
    """The attributes of a registered document entry, submission set or folder."""
    return attributes_of(read_object(parse(xml)), _MODELS[kind])


def _attributes(
    rim: RimObject, model: v.ObjectModel, written: Mapping[str, str | None]
) -> Iterator[tuple[str, str]]:
    if model is v.DOCUMENT_ENTRY:
        yield OBJECT_TYPE, _object_type(rim)
        yield TITLE, rim.name or ""
    yield from _slots(rim, written)
    for classification in rim.classifications:
        attribute = model.codes.get(classification.scheme)
        if attribute is not None and attribute.author:
            yield from _author(classification)
        elif attribute is not None:
            scheme = classification.value(v.CODING_SCHEME) or ""
            yield attribute.name, f"{classification.code}^^{scheme}"
    if model is v.SUBMISSION_SET:
        for identifier in rim.identifiers:
            if identifier.scheme == _SOURCE_ID_SCHEME:
                yield SOURCE_ID, identifier.text


def _object_type(rim: RimObject) -> str:
    return rim.element.get("objectType", "").strip() or v.STABLE


def _slots(rim: RimObject, written: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    on_demand = _object_type(rim) == v.ON_DEMAND
    for name, value in written.items():
        if value is not None and name in _SLOTS:
            yield _slot(name, value)
    for slot in rim.slots:
        # ITI TF-2: 3.18.4.1.2.3.7.1, note 6: a document that is not made yet has no such time.
        skipped = on_demand and slot.name == CREATION_TIME
        if slot.name in _SLOTS and written.get(slot.name) is None and not skipped:
            for value in slot.values:
                yield _slot(slot.name, value)


def _slot(name: str, value: str) -> tuple[str, str]:
    return _SLOTS[name], moment(value) if name in _TIMES and value else value


def _author(classification: Classification) -> Iterator[tuple[str, str]]:
    for name in _AUTHOR_SLOTS:
        slot = classification.slot(name)
        if slot is not None:
            for value in slot.values:
                yield name, value
