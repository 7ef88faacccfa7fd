"""The Quart app: SOAP endpoints, health, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from quart import Quart, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ihe_mock_async import transactions
from ihe_mock_async.elements import XmlLimits
from ihe_mock_async.errors import AddressError
from ihe_mock_async.faults.picker import Faults
from ihe_mock_async.journal.batch_writer import BatchWriter
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.evidence import Evidence
from ihe_mock_async.journal.ledger import Bounds, Journal
from ihe_mock_async.journal.recorder import Recorder
from ihe_mock_async.soap import fault
from ihe_mock_async.store import Store
from ihe_mock_async.web import (
    admin,
    companions,
    health,
    posting,
    soap_endpoints,
    unmatched,
    wsdl,
)
from ihe_mock_async.web.admin import problems
from ihe_mock_async.web.body import BodyLimits
from ihe_mock_async.web.clock import Clock, IdSource
from ihe_mock_async.web.companions import CompanionPlace, Companions, Listener
from ihe_mock_async.web.deliveries import Deliveries, Patience
from ihe_mock_async.web.endpoints import Endpoints
from ihe_mock_async.web.http import Request
from ihe_mock_async.web.pipeline import Services

if TYPE_CHECKING:
    import ssl

    from ihe_mock_async.settings import Settings
    from ihe_mock_async.web.asgi import Receive, Scope, Send


_IN_MEMORY = "sqlite://"
"""The database that leaves nothing behind; neither do the bodies of requests then."""


class MockServerApp(Quart):
    """One affinity domain (and its namespaces) as an ASGI app.

    SOAP endpoints are answered by the pipeline before Quart's routing sees the request: their
    bodies are streamed, and a Quart request costs half the requests per second.
    """

    services: Services
    companions: Companions
    deliveries: Deliveries
    protocol: str
    port: int
    log_counters: Callable[[], Mapping[str, int]]
    make_admin_app: Callable[[], Quart]
    own_writer: BatchWriter | None
    """Made by `create_app` when it was given none."""

    def close(self) -> None:
        """Carry out what is queued, and let go of the store; may be called again."""
        self.services.store.close()
        self.services.journal.close()
        if self.own_writer is not None:
            self.own_writer.close()

    @cached_property
    def admin_app(self) -> Quart:
        """What answers below `/__admin`; an app of its own, because its routes take 30 ms to make.

        Most servers of tests are never asked for it.
        """
        return self.make_admin_app()

    @property
    def endpoints(self) -> list[tuple[str, str]]:
        """Path and description of each SOAP endpoint and companion service."""
        soap = [(e.path, e.description) for e in self.services.endpoints]
        return [*soap, *self.companions.described()]

    @property
    def listeners(self) -> list[Listener]:
        """The ports that companion services want to themselves."""
        return self.companions.listeners

    def listening(self, service: str, port: int, url: str) -> None:
        """A companion service has got its port; raises `AddressError` when it is the server's."""
        if port == self.port:  # at another address of this machine
            raise AddressError(
                f"The server listens on port {port} itself, and {service} at another address: "
                f"give {service} another port in the setting services_listen."
            )
        self.companions.listening(service, port, url)

    async def asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]  # plain mappings instead of Hypercorn's typed dicts
        """Answer SOAP endpoints through the pipeline, everything else through Quart."""
        if scope["type"] == "http":
            companion = self.companions.find_listener(scope)
            if companion is not None:
                await self._serve_companion(scope, receive, send, companion)
                return
            place = self.services.endpoints.find(scope["path"])
            if place is not None and wsdl.is_asked_for(scope):
                await wsdl.serve(scope, send, place)
                return
            if place is not None:
                await soap_endpoints.serve(scope, receive, send, place, self.services)
                return
            if admin.is_admin(scope["path"]):
                await self.admin_app(scope, receive, send)  # type: ignore[arg-type]  # as above
                return
            if not self.url_map.bind("").allowed_methods(scope["path"]):
                await self._serve_others(scope, receive, send)
                return
        await super().asgi_app(scope, receive, send)  # type: ignore[arg-type]

    async def _serve_others(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is neither SOAP nor a page of ours."""
        companion = self.companions.find_path(scope["path"])
        if companion is not None:
            await self._serve_companion(scope, receive, send, companion)
        else:
            await unmatched.serve(scope, receive, send, self.services)

    async def _serve_companion(
        self, scope: Scope, receive: Receive, send: Send, place: CompanionPlace
    ) -> None:
        # Most servers have no companion services, and do not wait for what serves them.
        from ihe_mock_async.web import companions_answering  # noqa: PLC0415

        await companions_answering.serve(
            scope, receive, send, place, companions=self.companions, services=self.services
        )


def create_app(  # noqa: PLR0913 - what the command line can say, by name
    settings: Settings,
    *,
    protocol: str = "http",
    port: int = 0,
    clock: datetime | None = None,
    seed: int | None = None,
    writer: BatchWriter | None = None,
    evidence: bool = True,
) -> MockServerApp:
    """Wire an app from its settings: the one place where the parts meet.

    Opens the store (raises `StoreError`), reads the CAs of receivers (raises `CertificateError`)
    and the declarations of companion services (raises `ServicesError`); the app closes the store
    when it is shut down. `writer` is the batch writer of the log files; without one the app makes
    its own. Without `evidence` no
    evidence files are written beside the log.
    """
    trust = posting.receiver_trust(settings, protocol)
    declared = Companions(partial(companions.load, settings))
    app = MockServerApp(__name__, static_folder=None)
    app.protocol, app.port = protocol, port
    app.own_writer = None
    if writer is None:
        writer = app.own_writer = BatchWriter()
    endpoints = Endpoints(settings, transactions.served())
    store = Store.open(settings.database_url or "", settings.data_dir)
    app.services = Services(
        domain=settings.affinity_domain(),
        endpoints=endpoints,
        store=store,
        recorder=Recorder(
            _evidence(settings, writer) if evidence else None, redact=settings.redact
        ),
        journal=_journal(settings),
        faults=Faults(seed),
        clock=Clock(clock),
        ids=IdSource(seed),
        body_limits=BodyLimits(settings.max_request_bytes, settings.max_envelope_bytes),
        xml_limits=XmlLimits(settings.max_envelope_bytes, huge_text=settings.huge_text),
        namespace_idle_seconds=settings.namespace_idle_seconds,
    )
    app.companions = declared
    app.services.worlds.forgetting.append(declared.forget)
    app.deliveries = _deliveries(settings, app.services, trust)
    app.services.start_deliveries = app.deliveries.start
    app.log_counters = lambda: {"dropped": writer.dropped, "errors": writer.errors}
    app.register_blueprint(health.blueprint(app))
    app.make_admin_app = lambda: _admin_app(settings, app)
    app.register_error_handler(HTTPException, _http_error)

    @app.before_serving
    async def resume() -> None:
        app.deliveries.start()
        await app.services.worlds.start()

    @app.after_serving
    async def close() -> None:
        await app.services.worlds.stop()
        await app.deliveries.stop()
        app.close()

    return app


def _journal(settings: Settings) -> Journal:
    bounds = Bounds(settings.journal_max_entries, settings.journal_max_bytes)
    in_memory = settings.database_url == _IN_MEMORY
    return Journal(bounds, None if in_memory else settings.data_dir / "journal")


def _evidence(settings: Settings, writer: BatchWriter) -> Evidence:
    folder, most = settings.log_path.parent, settings.journal_max_entries
    return Evidence(folder, writer, max_submissions=most)


def _deliveries(
    settings: Settings, services: Services, trust: ssl.SSLContext | None
) -> Deliveries:
    poster = posting.Poster(services.outgoing, trust, redact=settings.redact)
    patience = Patience(settings.delivery_attempts, settings.delivery_backoff_seconds)
    return Deliveries(services.store, services.clock, poster.post, patience)


def _admin_app(settings: Settings, app: MockServerApp) -> Quart:
    # Needed only when it is asked.
    from ihe_mock_async.web.admin import control, exchanges, routing  # noqa: PLC0415
    from ihe_mock_async.web.admin.guard import Guard  # noqa: PLC0415
    from ihe_mock_async.web.admin.services import ServiceRoutes  # noqa: PLC0415

    token = settings.admin_token
    guard = Guard(token.get_secret_value() if token else None, settings.host)
    made = Quart(f"{__name__}.admin", static_folder=None)
    made.register_error_handler(HTTPException, _http_error)
    parts = [
        *exchanges.parts(app.services, app.companions, redact=settings.redact),
        ServiceRoutes(app.companions, redact=settings.redact),
        *control.parts(settings, app.services, app.deliveries),
    ]
    made.register_blueprint(routing.blueprint(guard, parts, app.services.worlds.touch))
    return made


async def _http_error(error: HTTPException) -> Response:
    """A SOAP fault for whoever posted a message, problem+json (RFC 9457) for everybody else."""
    status = error.code or 500
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    if status == HTTPStatus.METHOD_NOT_ALLOWED and not admin.is_admin(request.path):
        message = _message()
        if unmatched.is_message(message.method, message.headers):
            return _soap_fault(message, status, headers)
    detail = f"{request.method} {request.path}: {error.description}"
    return problems.response(status, error.name, detail, headers)


def _message() -> Request:
    return Request(
        method=request.method,
        path=request.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=aiter(request.body),
        client=request.remote_addr or "",
    )


def _soap_fault(message: Request, status: int, headers: Mapping[str, str]) -> Response:
    services = cast("MockServerApp", current_app).services
    found = services.endpoints.explain(message.path)
    error = fault.sender(found.describe(), found, http_status=status, http_headers=headers.items())
    # Pages for people are not mocked: what comes to them is not remembered.
    response = unmatched.refusal(error, message, Entry(0, services.clock.now(), message.path))
    return Response(response.body, response.status, headers=dict(response.headers))
