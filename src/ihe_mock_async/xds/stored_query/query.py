"""What a stored query is: its parameters, and how it finds what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.parameters import Arguments, Kind, Parameter

Find = Callable[[Arguments, Documents], Sequence[RegistryObject]]


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """One query."""

    name: str
    find: Find
    """An object may be found twice."""
    one_of: tuple[Parameter, ...] = ()
    """Exactly one of them is required."""
    at_least_one_of: tuple[Parameter, ...] = ()
    """They are optional, but not all of them may be absent."""
    required: tuple[Parameter, ...] = ()
    optional: tuple[Parameter, ...] = ()
    single_patient: bool = True
    """Whether whole objects are returned of one patient only."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """All parameters by name, those that every query takes included."""
        own = (*self.one_of, *self.required, *self.at_least_one_of, *self.optional)
        return {each.name: each for each in (*own, p.METADATA_LEVEL, p.HOME_COMMUNITY_ID)}

    @property
    def names_a_patient(self) -> bool:
        """Whether a patient id is among the required parameters."""
        return any(each.kind is Kind.PATIENT_ID for each in self.required)


def distinct(objects: Iterable[RegistryObject]) -> list[RegistryObject]:
    """Each object once, in the order in which it was found first."""
    return list({obj.id: obj for obj in objects}.values())
