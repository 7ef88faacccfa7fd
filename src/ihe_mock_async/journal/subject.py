"""An entry while a pattern looks at it: what conditions ask of it, worked out at most once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from ihe_mock_async.journal.content import (
    Content,
    UnreadableError,
    parse_parameters,
)
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.entry_content import content_of, header_values


class Subject:
    """One entry; nothing here raises, whatever the client has sent."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    @cached_property
    def content(self) -> Content:
        """Its body; held here, so that all conditions of a pattern read it once."""
        return content_of(self.entry)

    @property
    def paths(self) -> list[str]:
        """The path as requested, and without the prefix of its namespace."""
        entry = self.entry
        prefix = f"/ns/{entry.namespace}/"
        if entry.namespace and entry.path.startswith(prefix):
            return [entry.path, entry.path[len(prefix) - 1 :]]
        return [entry.path]

    @cached_property
    def query(self) -> Mapping[str, Sequence[str]]:
        """The query parameters of the request target."""
        try:
            return parse_parameters(self.entry.target.partition("?")[2].partition("#")[0])
        except ValueError:  # more parameters than are looked at
            return {}

    def header(self, name: str) -> list[str]:
        """All header fields of a name, in whatever case it is."""
        return header_values(self.entry, name.lower())

    @property
    def body_name(self) -> str:
        """Clark name of the root of the SOAP body, or of any other XML body; or empty."""
        if self.entry.body_name:
            return self.entry.body_name
        try:
            return str(self.content.tree.tag)
        except UnreadableError:
            return ""
