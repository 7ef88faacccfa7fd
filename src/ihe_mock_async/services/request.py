"""A request to a companion service, and what conditions and templates read from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ihe_mock_async.journal.content import Content, Parameters, parse_parameters

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class ServiceRequest:
    """One request; what is worked out of its body, is worked out once."""

    method: str
    path: str
    """Within the service, percent-decoded."""
    query: str = ""
    """As sent, without the question mark."""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    def header(self, name: str) -> list[str]:
        """The values of a header, in any case."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @cached_property
    def content_type(self) -> str:
        """The header, or an empty text."""
        return next(iter(self.header("content-type")), "")

    @cached_property
    def content(self) -> Content:
        """The body as text, XML or JSON."""
        return Content(self.body, self.content_type)

    @cached_property
    def form(self) -> Parameters:
        """The fields of the form in the body; none when it says that it is something else."""
        media_type = self.content_type.partition(";")[0].strip().lower()
        if media_type != _FORM:
            return {}
        try:
            return self.content.form
        except ValueError:
            return {}

    @cached_property
    def parameters(self) -> Parameters:
        """The query parameters; none when there are too many."""
        try:
            return parse_parameters(self.query)
        except ValueError:
            return {}
