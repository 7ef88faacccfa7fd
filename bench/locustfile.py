"""A mixed load for Locust: eight PIX Adds, two submissions, one look at /health.

    locust -f bench/locustfile.py --headless -u 50 -r 50 --run-time 30s --host http://127.0.0.1:8080

`nox -s load` does that with a server of its own. A request fails when its answer is not what a
right server gives; Locust then ends with status 1.
"""

# Locust is installed in its session only, so to mypy its names are Any.
# mypy: disable-error-code="misc, untyped-decorator"

from __future__ import annotations

import itertools
import os
import time

from locust import FastHttpUser, between, events, task
from locust.env import Environment

from bench import messages

_DOCUMENT_OCTETS = 20_000
# Numbers that no earlier run against the same server has used: microseconds, below 10**12.
_numbers = itertools.count(time.time_ns() // 1000 % 10**11 + os.getpid() % 1000)


class Client(FastHttpUser):
    """One client with a keep-alive connection that hardly thinks between its messages."""

    wait_time = between(0.0, 0.01)

    @task(8)
    def pix_add(self) -> None:
        """ITI-44: the accept acknowledgement must be CA and name the message."""
        number = next(_numbers)
        with self.client.post(
            messages.PIX_ADD_PATH,
            data=messages.pix_add(number),
            headers={"Content-Type": "application/soap+xml; charset=UTF-8"},
            name="ITI-44 PIX Add",
            catch_response=True,
        ) as response:
            content = response.content or b""
            echoed = b'extension="%012d"' % number in content
            if response.status_code != 200 or messages.ACCEPTED not in content or not echoed:
                response.failure(f"{response.status_code}, not a CA for this message")

    @task(2)
    def provide_and_register(self) -> None:
        """ITI-41 with MTOM: the RegistryResponse must be Success."""
        number = next(_numbers)
        submission = messages.iti41(
            number, messages.document(_DOCUMENT_OCTETS, number), _DOCUMENT_OCTETS
        )
        with self.client.post(
            messages.ITI41_PATH,
            data=b"".join(submission),
            headers={"Content-Type": messages.ITI41_CONTENT_TYPE},
            name="ITI-41 Provide and Register",
            catch_response=True,
        ) as response:
            if response.status_code != 200 or messages.SUCCESS not in (response.content or b""):
                response.failure(f"{response.status_code}, not Success")

    @task(1)
    def health(self) -> None:
        """The health document must say healthy."""
        with self.client.get("/health", name="GET /health", catch_response=True) as response:
            if response.status_code != 200 or b'"healthy"' not in (response.content or b""):
                response.failure(f"{response.status_code}, not healthy")


@events.quitting.add_listener
def fail_without_traffic(environment: Environment, **_: object) -> None:
    """A run in which nothing was sent proves nothing."""
    if environment.stats.total.num_requests == 0:
        environment.process_exit_code = 1
