"""The settings themselves: documented, immutable, and of one mind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from ihe_mock_async.findings import Validation
from ihe_mock_async.settings import Settings
from ihe_mock_async.settings.loading import allowed
from ihe_mock_async.state import PixConsumer

ROOT = Path(__file__).parents[2]
KEYS = tuple(Settings.model_fields)


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_says_what_it_does_and_what_it_allows(key: str) -> None:
    assert Settings.model_fields[key].description
    assert allowed(key)


def test_the_shipped_configuration_holds_every_setting_with_its_default() -> None:
    shipped = json.loads((ROOT / "mocks" / "config.json").read_text())

    assert shipped == Settings().model_dump(mode="json")


@pytest.mark.parametrize("key", KEYS)
def test_the_table_beside_the_configuration_tells_default_and_purpose(key: str) -> None:
    table = (ROOT / "mocks" / "README.md").read_text()
    default = json.dumps(Settings().model_dump(mode="json")[key])
    purpose = Settings.model_fields[key].description

    assert f"| `{key}` | `{default}` | {allowed(key)} | {purpose} |" in table


def test_settings_made_in_code_do_not_listen_to_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOCK_SERVER_HTTP_PORT", "9999")

    assert Settings().http_port == 8080


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().http_port = 1


def test_the_affinity_domain_is_what_the_settings_say() -> None:
    settings = Settings(
        assigning_authorities=("1.2.3",),
        home_community_id="urn:oid:1.2.4",
        repository_unique_id="1.2.5",
        codes={"classCode": ("34133-9^^2.16.840.1.113883.6.1",)},
        unknown_patients="reject",
        validation=Validation.STRICT,
        ack_codes="AA",
    )

    domain = settings.affinity_domain()

    assert domain.assigning_authorities == {"1.2.3"}
    assert domain.home_community_id == "urn:oid:1.2.4"
    assert domain.repository_unique_id == "1.2.5"
    assert domain.codes == {"classCode": {"34133-9^^2.16.840.1.113883.6.1"}}
    assert domain.reject_unknown_patients
    assert domain.validation is Validation.STRICT
    assert domain.ack_codes == "AA"


def test_pix_consumers_get_all_domains_unless_they_are_named() -> None:
    settings = Settings.model_validate(
        {
            "pix_consumers": [
                {"url": "http://localhost:9090/pix"},
                {"url": "https://x.example", "domains": ["1.2.3"], "device_id": "1.2.4"},
            ]
        }
    )

    everything, one = settings.affinity_domain().pix_consumers

    assert everything == PixConsumer("http://localhost:9090/pix", frozenset())
    assert one == PixConsumer("https://x.example", frozenset({"1.2.3"}), "1.2.4")


def test_settings_that_do_nothing_yet_are_named_when_somebody_sets_them() -> None:
    assert Settings().without_effect() == ()
    changed = Settings.model_validate({"services": ["ofd"], "schema_dir": "schemas"})
    assert changed.without_effect() == ("schema_dir",)


def test_a_secret_shows_nowhere() -> None:
    settings = Settings.model_validate({"admin_token": "hunter2"})

    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"
