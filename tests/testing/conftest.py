"""For the tests that run pytest inside of pytest."""

from __future__ import annotations

import pytest

from ihe_mock_async.testing import MockServer


@pytest.fixture(scope="session")
def imported() -> None:
    """Import everything here: modules that an inner run imports are forgotten at its end.

    Those of cryptography cannot be imported a second time.
    """
    with MockServer(tls=True) as server:
        server.assert_not_called()
