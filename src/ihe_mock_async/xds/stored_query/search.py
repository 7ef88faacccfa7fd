"""What a query asks, as a search of the registry (ITI TF-2: 3.18.4.1.2.3.3 to 3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ihe_mock_async.state import AvailabilityStatus, Condition, ObjectKind, ObjectSearch
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.parameters import Argument, Arguments, Kind, Parameter

_WILDCARDS = ("%", "_")
# 3.18.4.1.2.3.3.1: an entry without the time is not judged by it. An on-demand entry has no
# creationTime to be judged by (3.18.4.1.2.3.7.1, note 6).
_MAY_BE_ABSENT = frozenset(
    {
        searchable.CREATION_TIME,
        searchable.SERVICE_START_TIME,
        searchable.SERVICE_STOP_TIME,
    }
)


def search_of(model: v.ObjectModel, arguments: Arguments, patient: Parameter) -> ObjectSearch:
    """The objects of a kind for which all arguments hold that are meant for this kind."""
    statuses = arguments.values(p.status(model.kind).name)
    return ObjectSearch(
        ObjectKind(model.kind),
        arguments.values(patient.name),
        tuple(map(AvailabilityStatus, statuses)),
        conditions_of(model, arguments),
    )


def conditions_of(model: v.ObjectModel, arguments: Arguments) -> tuple[Condition, ...]:
    """What the arguments ask of the attributes of one kind of objects."""
    return tuple(_conditions(model, arguments))


def _conditions(model: v.ObjectModel, arguments: Arguments) -> Iterator[Condition]:
    prefix = f"$XDS{model.kind}"
    own = (each for name, each in arguments.by_name.items() if name.startswith(prefix))
    narrowing = [each for each in own if each.parameter.attribute]
    # The most selective comes first: without a patient it leads the search.
    narrowing.sort(key=lambda each: each.parameter is not p.REFERENCE_ID_LIST)
    for argument in narrowing:
        yield from _of_argument(argument)
    if model is v.DOCUMENT_ENTRY:
        # 3.18.4.1.2.3.6.2: only stable entries, unless others are asked for.
        types = arguments.values(p.DOCUMENT_ENTRY_TYPE.name) or (v.STABLE,)
        yield Condition(searchable.OBJECT_TYPE, any_of=types)


def _of_argument(argument: Argument) -> Iterable[Condition]:
    make = _CONDITIONS[argument.parameter.kind]
    attribute = argument.parameter.attribute
    groups = (tuple(map(searchable.comparable, group)) for group in argument.groups)
    return (make(attribute, group) for group in groups if group)


def _exact(attribute: str, values: tuple[str, ...]) -> Condition:
    return Condition(attribute, any_of=values)


def _pattern(attribute: str, values: tuple[str, ...]) -> Condition:
    if any(wildcard in value for value in values for wildcard in _WILDCARDS):
        return Condition(attribute, like=values)
    return Condition(attribute, any_of=values)


def _at_least(attribute: str, values: tuple[str, ...]) -> Condition:
    start = searchable.moment(values[0])
    return Condition(attribute, at_least=start, absent_passes=attribute in _MAY_BE_ABSENT)


def _below(attribute: str, values: tuple[str, ...]) -> Condition:
    end = searchable.moment(values[0])
    return Condition(attribute, below=end, absent_passes=attribute in _MAY_BE_ABSENT)


_CONDITIONS: Mapping[Kind, Callable[[str, tuple[str, ...]], Condition]] = {
    Kind.TEXT: _exact,
    Kind.CODE: _exact,
    Kind.PATTERN: _pattern,
    Kind.FROM: _at_least,
    Kind.TO: _below,
}
