"""What a mapping demands of a request, made ready; a condition that is not met says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.journal.matchers import TextMatcher
from ihe_mock_async.services.declaration import RequestPattern
from ihe_mock_async.services.request import ServiceRequest

ANY_METHOD = "ANY"


@dataclass(frozen=True, slots=True)
class Condition:
    """One of them."""

    what: str
    """`method`, `header Accept`, ..."""
    expected: str
    unmet: Callable[[ServiceRequest], str | None]
    """None when a request fulfils it, else what was seen."""

    def difference(self, request: ServiceRequest) -> str | None:
        """Why a request does not fulfil it, or None."""
        seen = self.unmet(request)
        return None if seen is None else f"{self.what} is {seen}, expected {self.expected}"


def path_condition(pattern: RequestPattern) -> Condition | None:
    """The one on the path; None: any path will do."""
    if pattern.url_path is None and pattern.url_path_pattern is None:
        return None
    matcher = TextMatcher(equal_to=pattern.url_path, matches=pattern.url_path_pattern)
    return Condition("path", matcher.expected, lambda request: matcher.unmet([request.path]))


def compile_conditions(pattern: RequestPattern) -> Iterator[Condition]:
    """All conditions of a mapping, the cheap ones first."""
    if pattern.method != ANY_METHOD:
        yield _method(pattern.method)
    path = path_condition(pattern)
    if path is not None:
        yield path
    yield from _named("header", pattern.headers, ServiceRequest.header)
    yield from _named(
        "query parameter", pattern.query_parameters, lambda r, name: r.parameters.get(name, [])
    )
    yield from _named("form field", pattern.form_parameters, lambda r, name: r.form.get(name, []))
    for body in pattern.body_patterns:
        yield Condition("body", body.wanted, lambda r, body=body: body.unmet_in(r.content))  # type: ignore[misc]  # as above


def _method(method: str) -> Condition:
    # HEAD is GET without the body (RFC 9110: 9.3.2).
    fitting = {"GET", "HEAD"} if method == "GET" else {method}
    return Condition(
        "method", method, lambda request: None if request.method in fitting else request.method
    )


def _named(
    kind: str,
    matchers: Mapping[str, TextMatcher],
    read: Callable[[ServiceRequest, str], Sequence[str]],
) -> Iterator[Condition]:
    for name, matcher in matchers.items():
        yield Condition(
            f"{kind} {name}",
            matcher.expected,
            lambda request, name=name, matcher=matcher: matcher.unmet(read(request, name)),  # type: ignore[misc]  # the loop's values of now
        )
