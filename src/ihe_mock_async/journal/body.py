"""The octets of a request or response as the journal keeps them: in memory, or in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ihe_mock_async.errors import IheMockError


class BodyNotKeptError(IheMockError):
    """Octets are asked for that the journal has not kept, or not any more."""


@dataclass(frozen=True, slots=True)
class RecordedBody:
    """A body; small ones are in memory, large ones in a file that goes with the entry."""

    data: bytes = b""
    """The octets, unless they are in `file`."""
    file: Path | None = None
    kept: int = 0
    """How many octets are kept, from the first on; 0 when the file had to go."""
    size: int = 0
    """How many octets there were; more than `kept` when not all could be kept."""

    @classmethod
    def of(cls, data: bytes) -> RecordedBody:
        """A body in memory."""
        return cls(data, None, len(data), len(data))

    @property
    def is_complete(self) -> bool:
        """Whether every octet is kept."""
        return self.kept == self.size

    def whole(self) -> bytes:
        """All octets, or `BodyNotKeptError`; may block on the disk."""
        try:
            if self.is_complete:
                return self.read()
        except OSError:  # the file went between the two lines
            pass
        raise self.not_kept()

    def not_kept(self) -> BodyNotKeptError:
        """The error that says how much is kept."""
        return BodyNotKeptError(
            f"Of the {self.size} octets of the body the journal keeps {self.kept}: "
            "journal_max_bytes bounds what is kept of one, and the room on the disk that of all."
        )

    def lose(self) -> None:
        """Say that nothing is kept any more: the file has been removed."""
        # The only change that a body knows; who holds it must not take it for whole.
        object.__setattr__(self, "kept", 0)

    def read(self) -> bytes:
        """The kept octets; may block on the disk. Raises OSError when the file is gone."""
        return self.data if self.file is None else self.file.read_bytes()


EMPTY = RecordedBody()
