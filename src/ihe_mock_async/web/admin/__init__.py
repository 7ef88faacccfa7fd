"""The admin API below `/__admin`: JSON, for whoever runs the server and for scripts.

What is about one world is below `/ns/{namespace}/__admin`, too.
"""

from __future__ import annotations

from ihe_mock_async.web.admin.paths import PREFIX, is_admin

__all__ = ["PREFIX", "is_admin"]
