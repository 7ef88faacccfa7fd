"""`/__admin/services`: the companion services, what they have recorded, and their declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ihe_mock_async.errors import ServicesError
from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.documents import Moment, answer, nothing
from ihe_mock_async.web.admin.problems import PROBLEM, Problem
from ihe_mock_async.web.companions import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quart import Response

    from ihe_mock_async.services.companion import Companion
    from ihe_mock_async.services.companion import Mapping as ServiceMapping
    from ihe_mock_async.services.state import Record
    from ihe_mock_async.web.companions import Companions

_ONE = "/services/<service>"
_RECORDS = f"{_ONE}/records/<record>"
_IN_PATH = {"service": "Name of the service.", "record": "Name under which requests are recorded."}


class MappingDocument(JsonModel):
    """A kind of request that a service answers."""

    name: str
    priority: int
    method: str
    path: str | None
    """`urlPath` or `urlPathPattern`; null: any path."""
    status: int
    record: str | None


class ServiceDocument(JsonModel):
    """A companion service."""

    name: str
    description: str
    listen: str | None
    """The port of its own that it declares."""
    url: str | None
    """Where it listens by itself; null: at its paths on the server's port only."""
    path: str
    """Where it is on the server's port, in any case."""
    mappings: tuple[MappingDocument, ...]
    """In the order in which they are asked."""
    records: tuple[str, ...]
    """Names under which requests are recorded."""


class ServiceList(JsonModel):
    """The companion services that are enabled."""

    services: tuple[ServiceDocument, ...]
    problems: tuple[str, ...]
    """Why the last reload has changed nothing; empty: it has worked."""


class RecordDocument(JsonModel):
    """A request that was answered and recorded."""

    request: int
    """Number of its journal entry."""
    received: Moment
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    """As UTF-8 text; the octets are in the journal. Null: patient data is masked."""
    json_: Any = Field(default=None, alias="json")
    """The body, if it is JSON."""
    form: Mapping[str, tuple[str, ...]]
    """The fields, if it is a form."""
    mapping: str
    status: int


class RecordList(JsonModel):
    """Recorded requests, the oldest first."""

    records: tuple[RecordDocument, ...]
    dropped: int
    """How many older ones were forgotten, because there were too many."""


class ServiceRoutes:
    """The routes of companion services; `redact` keeps what they have received to themselves."""

    def __init__(self, companions: Companions, *, redact: bool) -> None:
        self._companions = companions
        self._redact = redact

    def operations(self) -> Iterator[Operation]:
        """What can be done with services, and with what they remember in a world."""
        yield from self._operations_of_all()
        yield from self._operations_of_one()

    def _operations_of_all(self) -> Iterator[Operation]:
        yield Operation(
            "GET",
            "/services",
            self.listing,
            "List the companion services",
            {200: Reply("Those that are enabled.", ServiceList)},
            scoped=False,
        )
        yield Operation(
            "POST",
            "/services/reload",
            self.reload,
            "Read the declarations of companion services again",
            {
                200: Reply("The services as they are now.", ServiceList),
                409: Reply("Nothing has changed; `errors` says why.", media_type=PROBLEM),
            },
            scoped=False,
            description="All of them, or none: when one is wrong, the old ones stay. What the "
            "services remember stays, and so do their ports: a changed `listen` takes effect at "
            "the next start.",
        )

    def _operations_of_one(self) -> Iterator[Operation]:
        service = {"service": _IN_PATH["service"]}
        unknown = Reply("There is no such service, or record.", media_type=PROBLEM)
        yield Operation(
            "GET",
            _RECORDS,
            self.records,
            "List what a companion service has recorded",
            {200: Reply("The oldest first.", RecordList), 404: unknown},
            path_parameters=_IN_PATH,
        )
        yield Operation(
            "DELETE",
            _RECORDS,
            self.forget_records,
            "Forget what a companion service has recorded under a name",
            {204: Reply("Done.", media_type=""), 404: unknown},
            path_parameters=_IN_PATH,
        )
        yield Operation(
            "POST",
            f"{_ONE}/reset",
            self.reset,
            "Make a companion service forget all: records, numbers and idempotency keys",
            {204: Reply("Done.", media_type=""), 404: unknown},
            path_parameters=service,
        )

    async def listing(self) -> Response:
        """All services."""
        return self._listed()

    async def reload(self) -> Response:
        """Read them again."""
        try:
            await self._companions.reload()
        except ServicesError as error:
            raise Problem(
                HTTPStatus.CONFLICT,
                "The declarations are wrong, so the old ones stay; see errors.",
                members={"errors": [_error(line) for line in str(error).splitlines()]},
            ) from error
        return self._listed()

    async def records(self, service: str, record: str, namespace: str) -> Response:
        """What was recorded under a name."""
        self._check(service, record)
        state = self._companions.state(namespace, service)
        documents = tuple(self._document(each) for each in state.records(record))
        return answer(RecordList(records=documents, dropped=state.dropped_records(record)))

    async def forget_records(self, service: str, record: str, namespace: str) -> Response:
        """Forget it."""
        self._check(service, record)
        self._companions.state(namespace, service).remove_records(record)
        return nothing()

    async def reset(self, service: str, namespace: str) -> Response:
        """Forget all."""
        self._found(service)
        self._companions.state(namespace, service).clear()
        return nothing()

    def _listed(self) -> Response:
        documents = tuple(map(self._service, self._companions))
        return answer(ServiceList(services=documents, problems=tuple(self._companions.problems)))

    def _service(self, service: Companion) -> ServiceDocument:
        listen = service.listen
        return ServiceDocument(
            name=service.name,
            description=service.description,
            listen=f"{listen[0]}:{listen[1]}" if listen else None,
            url=self._companions.url_of(service.name),
            path=f"{PREFIX}/{service.name}",
            mappings=tuple(map(_mapping, service.mappings)),
            records=_record_names(service),
        )

    def _found(self, name: str) -> Companion:
        service = self._companions.find(name)
        if service is None:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                f'There is no companion service "{name}": GET /__admin/services lists those that '
                "are enabled.",
            )
        return service

    def _check(self, name: str, record: str) -> None:
        names = _record_names(self._found(name))
        if record not in names:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                f'The service {name} records nothing as "{record}"; it records '
                f"{', '.join(names) or 'nothing'}.",
            )

    def _document(self, record: Record) -> RecordDocument:
        hidden = self._redact
        return RecordDocument(
            request=record.number,
            received=record.received,
            method=record.method,
            path=record.path,
            query="" if hidden else record.query,
            headers=() if hidden else tuple(record.headers),
            body=None if hidden else record.body.decode("utf-8", "replace"),
            json=None if hidden else record.json,
            form={} if hidden else _form(record.form),
            mapping=record.mapping,
            status=record.status,
        )


def _form(fields: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in fields.items()}


def _record_names(service: Companion) -> tuple[str, ...]:
    names = (each.declaration.record for each in service.mappings)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _mapping(mapping: ServiceMapping) -> MappingDocument:
    declared = mapping.declaration
    return MappingDocument(
        name=mapping.title,
        priority=declared.priority,
        method=declared.request.method,
        path=declared.request.url_path or declared.request.url_path_pattern,
        status=declared.response.status,
        record=declared.record,
    )


def _error(line: str) -> dict[str, str]:
    """`FILE:LINE:COLUMN: KEY: what is wrong`, as place and problem."""
    key, _, problem = line.partition(": ")
    return {"key": key, "problem": problem}
