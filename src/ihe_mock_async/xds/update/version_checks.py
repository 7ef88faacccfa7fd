"""Checks of new versions against the versions that they succeed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ihe_mock_async.elements import parse
from ihe_mock_async.state import AvailabilityStatus, Patients, RegistryObject
from ihe_mock_async.xds import ebxml
from ihe_mock_async.xds.ebxml import RimObject, is_uuid_urn
from ihe_mock_async.xds.metadata import DocumentEntry
from ihe_mock_async.xds.rules.patients import surviving
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.rules.structure import UUID_LOWER_CASE
from ihe_mock_async.xds.update.operations import ASSOCIATION_PROPAGATION, NewVersion
from ihe_mock_async.xds.update.stock import Stock
from ihe_mock_async.xds.update.version_rules import VersionRules

_ONLINE = "urn:ihe:iti:2010:DocumentAvailability:Online"
_PROPAGATION_VALUES = frozenset({("yes",), ("no",)})


def _slot(name: str) -> Callable[[RimObject], str]:
    return lambda rim: rim.value(name) or ""


# An attribute that the new version leaves out is for the rules on metadata, so is its form.
_READERS: Mapping[str, Callable[[RimObject], str]] = {
    "availabilityStatus": lambda rim: rim.element.get("status", "").strip(),
    "objectType": lambda rim: rim.element.get("objectType", "").strip(),
    "hash": lambda rim: (rim.value("hash") or "").lower(),
    "size": lambda rim: (rim.value("size") or "").lstrip("0") or rim.value("size") or "",
    "repositoryUniqueId": _slot("repositoryUniqueId"),
    "sourcePatientId": _slot("sourcePatientId"),
    # ITI TF-3: 4.2.3.2.30: the default is Online.
    "documentAvailability": lambda rim: rim.value("documentAvailability") or _ONLINE,
}
# Delayed Document Assembly registers an empty document and tells hash and size when there is one.
_ASSEMBLED_LATER = frozenset({"hash", "size"})


def check_versions(
    versions: Iterable[NewVersion],
    stock: Stock,
    patients: Patients,
    rules: VersionRules,
    report: Report,
) -> None:
    """Check all new versions of a request."""
    seen: set[str] = set()
    for version in versions:
        _check_slots(version, rules, report)
        previous = _previous(version, stock, seen, rules, report)
        if previous is not None:
            _check_succession(version, previous, rules, report)
            _check_identity(version, previous, patients, rules, report)
            if isinstance(version.obj, DocumentEntry):
                _check_kept(version.obj, previous, rules, report)


def _previous(
    version: NewVersion, stock: Stock, seen: set[str], rules: VersionRules, report: Report
) -> RegistryObject | None:
    """The version that this one succeeds, or None when there is something wrong with its lid."""
    element, logical_id = version.obj.rim.element, version.logical_id
    received = element.get("lid", "").strip()
    if not logical_id or logical_id == version.obj.id.lower():
        report.add(rules.logical_id, element, received=received)
    elif not is_uuid_urn(logical_id):
        report.add(rules.logical_id_form, element, received=received)
    elif logical_id in seen:
        report.add(rules.logical_id_unique, element, received=received)
    else:
        seen.add(logical_id)
        if received != logical_id:
            report.add(UUID_LOWER_CASE, element, received=received, expected=logical_id)
        previous = stock.previous(version)
        if previous is None:
            other = stock.latest.get(logical_id)
            found = f"{other.kind} {logical_id}" if other is not None else logical_id
            report.add(rules.logical_id_known, element, received=found, expected=version.obj.kind)
        return previous
    return None


def _check_slots(version: NewVersion, rules: VersionRules, report: Report) -> None:
    """Check the two slots of the link; that there is one is a rule on any submission."""
    link = version.link
    element = version.obj.rim.element if link is None else link.rim.element
    received = version.previous_version
    if received is None or not (received.isascii() and received.isdecimal()):
        report.add(rules.previous_version, element, received=received or "")
    slot = link.rim.slot(ASSOCIATION_PROPAGATION) if link is not None else None
    if slot is not None and slot.values not in _PROPAGATION_VALUES:
        report.add(rules.propagation, slot.element, received=", ".join(slot.values))


def _check_succession(
    version: NewVersion, previous: RegistryObject, rules: VersionRules, report: Report
) -> None:
    element, received = version.obj.rim.element, version.previous_version
    if received and received.isdecimal() and received.lstrip("0") != str(previous.version):
        report.add(rules.version, element, received=received, expected=str(previous.version))
    if rules.approved is not None and previous.status is not AvailabilityStatus.APPROVED:
        report.add(rules.approved, element, received=f"{previous.id} is {previous.status}")


def _check_identity(
    version: NewVersion,
    previous: RegistryObject,
    patients: Patients,
    rules: VersionRules,
    report: Report,
) -> None:
    obj = version.obj
    if obj.unique_id and obj.unique_id != previous.unique_id:
        expected = previous.unique_id or ""
        report.add(rules.unique_id, obj.rim.element, received=obj.unique_id, expected=expected)
    received, expected = obj.patient_id or "", previous.patient_id or ""
    # After a merge the versions of one document may have ids of one patient.
    if received not in {"", expected, surviving(expected, patients)}:
        report.add(rules.patient, obj.rim.element, received=received, expected=expected)


def _check_kept(
    entry: DocumentEntry, previous: RegistryObject, rules: VersionRules, report: Report
) -> None:
    element = parse(previous.xml)
    element.set("status", previous.status)
    before = ebxml.read_object(element)
    free = _ASSEMBLED_LATER if previous.size == 0 else frozenset[str]()
    for name, rule in rules.kept.items():
        received, expected = _READERS[name](entry.rim), _READERS[name](before)
        if received and received != expected and name not in free:
            report.add(
                rule,
                entry.rim.element,
                received=f"{name} {received}",
                expected=expected or "no value",
            )
