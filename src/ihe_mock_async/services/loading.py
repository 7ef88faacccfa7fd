"""Declarations of companion services, from the operator's folder or shipped with the package.

All or nothing: what is wrong in any of the enabled files is told in one error, a line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from ihe_mock_async.errors import ServicesError
from ihe_mock_async.journal.json_problems import describe, problems
from ihe_mock_async.services import companion as ready
from ihe_mock_async.services import source
from ihe_mock_async.services.companion import Companion
from ihe_mock_async.services.conditions import compile_conditions, path_condition
from ihe_mock_async.services.declaration import (
    MappingDeclaration,
    ServiceDeclaration,
    listen_address,
)
from ihe_mock_async.services.responses import ResponseError, compile_response
from ihe_mock_async.services.source import Source

SHIPPED = Path(__file__).with_name("shipped")
"""The declarations that come with the package."""
_SUFFIX = ".yaml"

Listeners = Mapping[str, str | None]
"""Name of a service to `host:port` in place of its own `listen`; None: no listener of its own."""
_AS_DECLARED: Listeners = {}


def available(folder: Path) -> dict[str, Path]:
    """The file of each service that can be enabled; the operator's folder goes before."""
    found: dict[str, Path] = {}
    for place in (SHIPPED, folder):
        if place.is_dir():
            found.update({path.stem: path for path in sorted(place.glob(f"*{_SUFFIX}"))})
    return dict(sorted(found.items()))


def load(
    names: Iterable[str], folder: Path, listeners: Listeners = _AS_DECLARED
) -> tuple[Companion, ...]:
    """The services of these names, in their order, or raise `ServicesError`."""
    enabled = list(dict.fromkeys(names))
    files = available(folder)
    found = [*_unknown("services", enabled, files, folder)]
    found += _unknown("services_listen", [n for n in listeners if n not in enabled], enabled)
    loaded: list[Companion] = []
    for name in enabled:
        if name in files:
            try:
                loaded.append(_listening(load_file(files[name]), listeners))
            except ServicesError as error:
                found.append(str(error))
    found += _shared_ports(loaded)
    if found:
        raise ServicesError("\n".join(found))
    return tuple(loaded)


def complaints(files: Iterable[Path]) -> list[str]:
    """All that is wrong in these files, a line each."""
    found: list[str] = []
    for path in files:
        try:
            load_file(path)
        except ServicesError as error:
            found += str(error).splitlines()
    return found


def _unknown(
    setting: str, names: Iterable[str], known: Iterable[str], folder: Path | None = None
) -> Iterator[str]:
    known = list(known)
    where = f" (looked into {folder} and those that are shipped)" if folder else ""
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            known_ones = f"there are {', '.join(known)}" if known else "none is enabled"
            hint = f'did you mean "{close[0]}"?' if close else f"{known_ones}."
            yield f'{setting}: there is no companion service "{name}"{where}; {hint}'


def _listening(service: Companion, listeners: Listeners) -> Companion:
    if service.name not in listeners:
        return service
    text = listeners[service.name]
    try:
        listen = None if text is None else listen_address(text)
    except ValueError as error:
        raise ServicesError(f"services_listen: {service.name} {error}") from error
    return Companion(service.name, service.description, listen, service.mappings)


def _shared_ports(services: Iterable[Companion]) -> Iterator[str]:
    takers: dict[int, str] = {}
    for service in services:
        if service.listen is not None and service.listen[1]:
            port = service.listen[1]
            first = takers.setdefault(port, service.name)
            if first != service.name:
                yield (
                    f"{first} and {service.name} both listen on port {port}: change `listen` of "
                    "one, or the setting services_listen"
                )


# ---------------------------------------------------------------- one file


def load_file(path: Path) -> Companion:
    """The service that a file declares, or raise `ServicesError` with a line per problem."""
    text = _text(path)
    origin = source.read(str(path), text)
    declaration = _declaration(origin)
    reader = _Reader(origin, path.parent)
    service = reader.companion(declaration, path.stem)
    if reader.complaints:
        raise ServicesError("\n".join(reader.complaints))
    return service


def _text(path: Path) -> str:
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise ServicesError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        column = error.start - octets.rfind(b"\n", 0, error.start)
        raise ServicesError(f"{path}:{line}:{column}: is not UTF-8 text") from error


def _declaration(origin: Source) -> ServiceDeclaration:
    if not isinstance(origin.data, dict):
        raise ServicesError(origin.complaint((), "is no service: name and mappings are missing"))
    try:
        return ServiceDeclaration.model_validate(origin.data, by_alias=True, by_name=False)
    except ValidationError as error:
        found = zip(
            error.errors(include_url=False), problems(error, ServiceDeclaration), strict=True
        )
        lines = [origin.complaint(at["loc"], describe(told)) for at, told in found]
        raise ServicesError("\n".join(lines)) from error


@dataclass
class _Reader:
    """Makes a declaration ready, and collects what stands in the way."""

    origin: Source
    folder: Path

    def __post_init__(self) -> None:
        self.complaints: list[str] = []

    def companion(self, declaration: ServiceDeclaration, name: str) -> Companion:
        if declaration.name != name:
            self._complain(("name",), f'is "{declaration.name}"; the file is named "{name}"')
        self._check_titles(declaration.mappings)
        mappings = [self._mapping(i, each) for i, each in enumerate(declaration.mappings)]
        listen = listen_address(declaration.listen) if declaration.listen else None
        return Companion(
            declaration.name, declaration.description, listen, [m for m in mappings if m]
        )

    def _check_titles(self, mappings: Sequence[MappingDeclaration]) -> None:
        first: dict[str, int] = {}
        for index, mapping in enumerate(mappings):
            if mapping.name and first.setdefault(mapping.name, index) != index:
                self._complain(
                    ("mappings", index, "name"),
                    f'"{mapping.name}" is taken by mapping {first[mapping.name]}: name it '
                    "otherwise",
                )

    def _mapping(self, index: int, declared: MappingDeclaration) -> ready.Mapping | None:
        try:
            respond = compile_response(declared.response, self.folder)
        except ResponseError as error:
            self._complain(("mappings", index, "response", *error.path), str(error))
            return None
        conditions = tuple(compile_conditions(declared.request))
        return ready.Mapping(declared, conditions, path_condition(declared.request), respond)

    def _complain(self, path: source.Path, text: str) -> None:
        self.complaints.append(self.origin.complaint_of_key(path, text))
