"""What a client loads: every `send` of a script pays for it."""

from __future__ import annotations

import subprocess
import sys


def test_a_client_loads_no_server_and_no_database() -> None:
    heavy = "quart hypercorn sqlalchemy psutil"
    script = (
        "import sys; from ihe_mock_async.client import ordering, sending; "
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )

    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
