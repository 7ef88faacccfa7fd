"""Where settings come from, and what is said when one is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ihe_mock_async import settings
from ihe_mock_async.errors import SettingsError

Write = Callable[[object], Path]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No `mocks/config.json` but the one that a test writes."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Write:
    """Write a configuration file, and return its path."""

    def write(content: object) -> Path:
        path = tmp_path / "config.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def load(
    config_file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> settings.LoadedSettings:
    return settings.load(config_file, overrides or {}, environ or {})


def problems(
    config_file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(config_file, overrides, environ)
    return str(caught.value).splitlines()


def test_without_anything_the_defaults_hold() -> None:
    loaded = load()

    assert loaded.settings == settings.Settings()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.config_file is None


def test_the_command_line_wins_over_environment_over_file_over_default(file: Write) -> None:
    path = file({"http_port": 1, "https_port": 1, "host": "127.0.0.1"})

    loaded = load(
        path,
        {"http_port": 3, "log_level": None},
        {"MOCK_SERVER_HTTP_PORT": "2", "MOCK_SERVER_HTTPS_PORT": "2", "OTHER_VARIABLE": "x"},
    )

    assert loaded.settings.http_port == 3
    assert loaded.sources["http_port"] == "command line"
    assert loaded.settings.https_port == 2
    assert loaded.sources["https_port"] == "environment MOCK_SERVER_HTTPS_PORT"
    assert loaded.settings.host == "127.0.0.1"
    assert loaded.sources["host"] == f"file {path}"
    assert loaded.settings.log_level == "INFO"
    assert loaded.sources["log_level"] == "default"


def test_the_default_file_is_read_when_it_is_there(empty_folder: Path) -> None:
    (empty_folder / "mocks").mkdir()
    (empty_folder / "mocks" / "config.json").write_text('{"ack_codes": "AA"}')

    loaded = load()

    assert loaded.settings.ack_codes == "AA"
    assert loaded.sources["ack_codes"] == "file mocks/config.json"


def test_a_file_saved_with_a_byte_order_mark_is_read(empty_folder: Path) -> None:
    path = empty_folder / "config.json"
    path.write_bytes(b'\xef\xbb\xbf{"redact": true}')

    assert load(path).settings.redact


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("HTTP_PORT", "9090", 9090),
        ("READ_TIMEOUT_SECONDS", "1.5", 1.5),
        ("REDACT", "Yes", True),
        ("HUGE_TEXT", "0", False),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("REPOSITORY_UNIQUE_ID", "1.2", "1.2"),
        ("SERVICES", "ofd", ("ofd",)),
        ("ASSIGNING_AUTHORITIES", "1.2.3, 1.2.4", ("1.2.3", "1.2.4")),
        ("ASSIGNING_AUTHORITIES", '["1.2.3"]', ("1.2.3",)),
        ("CODES", '{"typeCode": ["a^^b"]}', {"typeCode": ("a^^b",)}),
        ("HOST", "", settings.Settings().host),
    ],
)
def test_variables_are_plain_text_or_json(variable: str, text: str, value: object) -> None:
    loaded = load(environ={f"MOCK_SERVER_{variable}": text})

    assert getattr(loaded.settings, variable.lower()) == value


def test_a_variable_may_be_written_in_lower_case() -> None:
    loaded = load(environ={"mock_server_http_port": "9090"})

    assert loaded.sources["http_port"] == "environment mock_server_http_port"


@pytest.mark.parametrize(
    ("key", "value", "seen", "expected"),
    [
        ("http_port", 65536, "65536", "from 1 to 65535"),
        ("https_port", True, "true", "from 1 to 65535"),
        ("http_port", "8080", '"8080"', "from 1 to 65535"),
        ("host", "http://x", '"http://x"', "without port"),
        ("cert_path", "", '""', "path of a file"),
        ("client_ca_path", 5, "5", "or null"),
        ("client_auth", "maybe", '"maybe"', "none, optional or required"),
        ("log_level", "LOUD", '"LOUD"', "DEBUG, INFO, WARNING or ERROR"),
        ("validation", "lax", '"lax"', "enforce, strict or report"),
        ("pix_add_endpoint", "pix/add", '"pix/add"', "starts with /"),
        ("pix_add_endpoint", "/pix?add", '"/pix?add"', "starts with /"),
        ("database_url", "mysql://x", '"mysql://x"', "sqlite:///PATH"),
        ("redact", 1, "1", "true or false"),
        ("max_request_bytes", 0, "0", "1 or more"),
        ("journal_max_entries", -1, "-1", "0 or more"),
        ("read_timeout_seconds", 0, "0", "greater than 0"),
        ("services", ["a/b"], '["a/b"]', "a list of names"),
        ("assigning_authorities", ["1.02"], '["1.02"]', "a list of OIDs"),
        ("repository_unique_id", "urn:oid:1.2", '"urn:oid:1.2"', "an OID"),
        ("home_community_id", "1.2.3", '"1.2.3"', "urn:oid:"),
        ("pix_consumers", [{"url": "ftp://x/"}], '[{"url": "ftp://x/"}]', "a list of objects"),
        ("pix_consumers", [{"uri": "http://x/"}], '[{"uri": "http://x/"}]', "a list of objects"),
        ("codes", {"clasCode": ["a^^b"]}, '{"clasCode": ["a^^b"]}', "classCode"),
        ("codes", {"classCode": ["a"]}, '{"classCode": ["a"]}', "classCode"),
    ],
)
def test_a_wrong_value_is_shown_with_its_place_and_what_is_allowed(
    file: Write, key: str, value: object, seen: str, expected: str
) -> None:
    path = file({key: value})

    (problem,) = problems(path)

    assert problem.startswith(f"{path}: {key} is {seen}; allowed: ")
    assert expected in problem


def test_a_wrong_variable_is_named() -> None:
    (problem,) = problems(environ={"MOCK_SERVER_HTTP_PORT": "http"})

    assert problem.startswith('environment MOCK_SERVER_HTTP_PORT: http_port is "http"; allowed: ')


def test_a_wrong_object_in_a_variable_is_named() -> None:
    (problem,) = problems(environ={"MOCK_SERVER_CODES": "{classCode"})

    assert problem.startswith('environment MOCK_SERVER_CODES: codes is "{classCode"; allowed: ')


def test_a_wrong_secret_is_not_shown(file: Write) -> None:
    (problem,) = problems(file({"admin_token": ["hunter2"]}))

    assert "hunter2" not in problem
    assert "admin_token is (hidden)" in problem


def test_a_long_value_is_cut(file: Write) -> None:
    (problem,) = problems(file({"services": ["x/" * 500]}))

    assert len(problem) < 300


def test_an_unknown_key_is_named_with_the_closest_known_one(file: Write) -> None:
    path = file({"htp_port": 1})

    lines = problems(path, environ={"MOCK_SERVER_ACK_CODE": "AA"})

    assert lines == [
        f'{path}: unknown key "htp_port"; did you mean "http_port"?',
        'environment MOCK_SERVER_ACK_CODE: unknown key "ack_code"; did you mean "ack_codes"?',
    ]


def test_an_unknown_key_that_is_close_to_nothing_gets_the_way_to_the_list(file: Write) -> None:
    (problem,) = problems(file({"zzz": 1}))

    assert "`ihe-mock-async config` lists the known keys" in problem


def test_all_problems_are_listed_one_per_line(file: Write) -> None:
    path = file({"htp_port": 1, "redact": "x", "codes": {"a": 1, "b": 2}})

    lines = problems(path, {"http_port": 70000}, {"MOCK_SERVER_HUGE_TEXT": "x"})

    assert len(lines) == 5
    assert any(line.startswith("command line: http_port is 70000") for line in lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n  "http_port": ,\n}', "not valid JSON at line 2, column 16"),
        ("[1]", "must hold one JSON object"),
        ('{"http_port": 1, "http_port": 2}', '"http_port" is there twice'),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_not_one_json_object_is_refused(
    file: Write, content: str, said: str
) -> None:
    path = file(content)

    (problem,) = problems(path)

    assert problem.startswith(f"{path}: ")
    assert said in problem


def test_a_file_that_is_not_there_is_refused(empty_folder: Path) -> None:
    path = empty_folder / "absent.json"

    assert problems(path) == [f"{path}: cannot be read: No such file or directory"]


def test_a_file_in_another_encoding_is_refused(empty_folder: Path) -> None:
    path = empty_folder / "config.json"
    path.write_bytes(b'{"host": "\xe9"}')

    assert problems(path) == [f"{path}: not UTF-8 at octet 10; save it as UTF-8"]


def test_two_endpoints_at_one_path_are_refused(file: Write) -> None:
    path = file({"iti41_endpoint": "/pix/add"})

    (problem,) = problems(path)

    assert problem == (
        f"{path}: pix_add_endpoint and iti41_endpoint: both are /pix/add: each needs its own path"
    )


@pytest.mark.parametrize("taken", ["/health", "/health/live", "/__admin/x", "/document-registry"])
def test_an_endpoint_at_a_path_of_the_server_is_refused(taken: str) -> None:
    (problem,) = problems(overrides={"pix_add_endpoint": taken})

    assert problem == (
        f"command line: pix_add_endpoint: {taken} is a path that the server has for something else"
    )


def test_the_actors_own_path_may_be_chosen() -> None:
    assert load(overrides={"pix_add_endpoint": "/pix-manager"})


def test_client_certificates_need_a_ca_to_check_them_against() -> None:
    (problem,) = problems(environ={"MOCK_SERVER_CLIENT_AUTH": "required"})

    assert problem.startswith(
        "environment MOCK_SERVER_CLIENT_AUTH: client_auth and client_ca_path"
    )
    assert problem.endswith("set client_ca_path")


def test_the_effective_settings_are_shown_without_secrets() -> None:
    loaded = load(environ={"MOCK_SERVER_ADMIN_TOKEN": "hunter2"})

    described = loaded.settings.described()
    assert "hunter2" not in json.dumps(described)
    assert set(str(described["admin_token"]["value"])) == {"*"}
    assert list(described) == list(settings.Settings.model_fields)
