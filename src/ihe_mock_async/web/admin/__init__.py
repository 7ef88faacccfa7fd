"""The admin API below `/__admin`: JSON, for whoever runs the server and for scripts.

What is about one world is below `/ns/{namespace}/__admin`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.web.admin.guard import Guard
from ihe_mock_async.web.admin.routing import PREFIX, blueprint, is_admin

if TYPE_CHECKING:
    from ihe_mock_async.web.admin.api import Part

__all__ = ["PREFIX", "Guard", "Part", "blueprint", "is_admin"]
