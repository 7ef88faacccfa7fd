"""Which paths are those of the admin API."""

from __future__ import annotations

import re

PREFIX = "/__admin"
_PATH = re.compile(rf"(?:/ns/[^/]*)?{PREFIX}(?:/.*)?", re.DOTALL)


def is_admin(path: str) -> bool:
    """Whether a path belongs to the admin API, be there an operation or not."""
    return _PATH.fullmatch(path) is not None
