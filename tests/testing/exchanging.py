"""Messages that tests send to a server in their own process."""

from __future__ import annotations

import httpx

from ihe_mock_async.testing import MockServer, World
from tests.e2e.messages import SOAP_XML, pix_add


def feed(world: MockServer | World, patient: str = "P-1") -> httpx.Response:
    """Register a patient (ITI-44)."""
    return httpx.post(world.url_for("ITI-44"), content=pix_add(patient), headers=SOAP_XML)
