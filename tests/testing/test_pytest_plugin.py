"""The plugin as the users of the package have it: found by its entry point."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = "pytester"
pytestmark = pytest.mark.usefixtures("imported")

STRICT = """
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
HEAVY = ("anyio", "cryptography", "httpx", "hypercorn", "lxml", "pydantic", "quart", "sqlalchemy")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder whose runs treat every warning as an error."""
    pytester.makefile(".ini", pytest=STRICT)
    return pytester


def test_each_test_has_a_server_of_its_own(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx, pytest

        @pytest.mark.parametrize("number", range(3))
        def test_one(ihe_mock, number):
            httpx.post(ihe_mock.url_for("ITI-44"), content=b"<x/>")
            ihe_mock.assert_called(times=1)
        """
    )

    suite.runpytest("-n0").assert_outcomes(passed=3)


def test_each_test_has_a_world_of_its_own_on_a_shared_server(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx, pytest

        ports, worlds = set(), set()

        @pytest.mark.parametrize("number", range(3))
        def test_one(ihe_mock_server, number):
            httpx.post(ihe_mock_server.url_for("ITI-44"), content=b"<x/>")
            ihe_mock_server.assert_called(times=1)
            ports.add(httpx.URL(ihe_mock_server.url).port)
            worlds.add(ihe_mock_server.name)

        def test_they_were_on_one_server():
            assert (len(ports), len(worlds)) == (1, 3)
        """
    )

    suite.runpytest("-n0").assert_outcomes(passed=4)


def test_settings_come_from_a_fixture_and_the_marker(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx, pytest

        @pytest.fixture
        def ihe_mock_settings():
            return {"home_community_id": "urn:oid:1.2.3", "services": ["ofd"]}

        def test_the_fixture(ihe_mock):
            assert ihe_mock.service("ofd").get_call_count() == 0

        @pytest.mark.ihe_mock(services=["twilio"])
        class TestMarked:
            def test_the_marker_of_the_class(self, ihe_mock):
                assert ihe_mock.service("twilio").get_call_count() == 0

            @pytest.mark.ihe_mock(services=["hello"])
            def test_the_nearest_marker_counts(self, ihe_mock):
                assert httpx.get(ihe_mock.url_for("hello")).text == "Hello, World!\\n"
        """
    )

    suite.runpytest("-n0").assert_outcomes(passed=3)


def test_a_server_with_tls(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx

        def test_it(ihe_mock_tls):
            url = ihe_mock_tls.url + "/health"
            assert httpx.get(url, verify=ihe_mock_tls.ssl_context()).status_code == 200
        """
    )

    suite.runpytest("-n0").assert_outcomes(passed=1)


def test_asynchronous_tests_use_it_and_may_serve_in_their_own_loop(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import httpx, pytest
        from ihe_mock_async.testing import MockServer

        @pytest.fixture
        async def served_here():
            async with MockServer() as server:
                yield server

        async def test_in_a_thread(ihe_mock):
            async with httpx.AsyncClient() as client:
                await client.post(ihe_mock.url_for("ITI-44"), content=b"<x/>")
            ihe_mock.assert_called(times=1)

        async def test_in_the_loop(served_here):
            async with httpx.AsyncClient() as client:
                await client.post(served_here.url_for("ITI-44"), content=b"<x/>")
            await served_here.wait_for(method="POST")
        """
    )

    suite.runpytest("-n0").assert_outcomes(passed=2)


def test_a_failure_tells_what_the_server_saw(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx

        def test_it(ihe_mock):
            ihe_mock.fail_next(on="ITI-41")
            httpx.post(ihe_mock.url_for("ITI-44"), content=b"<x/>")
            ihe_mock.assert_called("ITI-44")
        """
    )

    result = suite.runpytest("-n0")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            'E * Expected at least 1 request with transaction "ITI-44", but none came (1 in all).',
            "*- ihe_mock exchanges -*",
            "[#]1 POST /pix/add -> fault 415",
            "*error: The Content-Type is not one of a SOAP message*",
            'Fault plan-1 has met no request with transaction "ITI-41".',
            '*transaction: expected "ITI-41", received nothing',
        ]
    )


def test_a_failure_of_a_world_tells_of_that_world_only(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import httpx

        def test_it(ihe_mock_server):
            for _ in range(30):
                httpx.post(ihe_mock_server.url_for("ITI-44"), content=b"<x/>")
            assert False
        """
    )

    result = suite.runpytest("-n0")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- ihe_mock_server exchanges -*", "(10 earlier exchanges)"])
    result.stdout.no_fnmatch_line("*ihe_mock_session_server exchanges*")


def test_a_failure_without_a_server_tells_nothing(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_it(): assert False")

    suite.runpytest("-n0").stdout.no_fnmatch_line("*exchanges*")


def test_it_can_be_switched_off(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_without(): pass\ndef test_with(ihe_mock): pass")

    result = suite.runpytest("-n0", "-p", "no:ihe_mock_async")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'ihe_mock' not found"])


def test_it_imports_nothing_heavy_before_a_fixture_is_used() -> None:
    script = (
        "import pytest, sys\n"
        "before = set(sys.modules)\n"
        "import ihe_mock_async.testing.pytest_plugin\n"
        "print(*(set(sys.modules) - before))"
    )

    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], capture_output=True, check=True, text=True, timeout=60
    )

    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert "ihe_mock_async" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.integration
@pytest.mark.timeout(300)  # eight processes start, mostly on fewer cores
def test_two_hundred_tests_run_side_by_side_in_eight_workers(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others take longer than the tests
    suite.makefile(".ini", pytest="[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    suite.makepyfile(
        """
        import httpx, pytest

        client = httpx.Client(verify=False)

        @pytest.mark.parametrize("number", range(100))
        def test_with_a_server(ihe_mock, number):
            client.post(ihe_mock.url_for("ITI-44"), content=b"<x/>")
            ihe_mock.assert_called(times=1)

        @pytest.mark.parametrize("number", range(100))
        def test_with_a_world(ihe_mock_server, number):
            client.post(ihe_mock_server.url_for("ITI-44"), content=b"<x/>")
            ihe_mock_server.assert_called(times=1)
        """
    )

    result = suite.runpytest_subprocess("-p", "xdist", "-p", "ihe_mock_async", "-n8")

    result.assert_outcomes(passed=200)
