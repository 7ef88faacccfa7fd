"""The settings themselves: immutable, each with its default and what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ihe_mock_async import ihe
from ihe_mock_async.findings import Validation
from ihe_mock_async.settings import kinds
from ihe_mock_async.state import AffinityDomain, PixConsumer

ENVIRONMENT_PREFIX = "MOCK_SERVER_"
CONTRADICTION = "contradiction"
"""Type of the error about keys that disagree; `ctx["all"]` holds (keys, text) pairs."""
_MEBIBYTE = 1 << 20
_RESERVED_PATHS = ("/health", "/metrics", "/__admin", "/ns")
_ENDPOINT_ACTORS = {
    "pix_add_endpoint": ihe.Actor.PIX_MANAGER,
    "iti41_endpoint": ihe.Actor.DOCUMENT_REPOSITORY,
}
_WITHOUT_EFFECT_YET = ("schema_dir",)


class Settings(BaseSettings):
    """All settings of one server; made in code, it reads neither environment nor file.

    `settings.load` is what puts command line, environment, file and defaults together.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENVIRONMENT_PREFIX,
        env_ignore_empty=True,  # compose files pass variables that are set to nothing
        hide_input_in_errors=True,  # patient-like data and secrets
        validate_default=True,
    )

    host: kinds.Host = Field(
        default="0.0.0.0",  # noqa: S104 - containers must be reachable; documented
        description="Address to listen on; clients of 0.0.0.0 are told 127.0.0.1.",
    )
    http_port: kinds.Port = Field(default=8080, description="Port of `start --http`.")
    https_port: kinds.Port = Field(default=8443, description="Port of `start --https`.")
    cert_path: kinds.SomePath = Field(
        default=Path("certs/cert.pem"), description="Server certificate with its chain, PEM."
    )
    key_path: kinds.SomePath = Field(
        default=Path("certs/key.pem"), description="Private key of the certificate, PEM."
    )
    client_ca_path: kinds.OptionalPath = Field(
        default=None,
        description="CA certificates that client certificates are checked against, PEM.",
    )
    client_auth: kinds.ClientAuth = Field(
        default="none",
        description="Whether a client certificate is asked for (mutual TLS, ITI-19).",
    )
    log_level: kinds.LogLevel = Field(
        default="INFO", description="Level of the console; the log file is always at DEBUG."
    )
    log_path: kinds.SomePath = Field(
        default=Path("mocks/logs/mock-server.log"),
        description="Log file, rotated at 10 MB, 5 kept.",
    )
    pix_add_endpoint: kinds.EndpointPath = Field(
        default="/pix/add", description="Path of the Patient Identifier Cross-reference Manager."
    )
    iti41_endpoint: kinds.EndpointPath = Field(
        default="/iti41/submit", description="Path of the Document Repository."
    )
    pid_path: kinds.SomePath = Field(
        default=Path("mocks/.mock-server.pid"),
        description="PID file; one server runs per PID file.",
    )
    data_dir: kinds.SomePath = Field(
        default=Path("mocks/data"), description="Directory of the database and of documents."
    )
    services_dir: kinds.SomePath = Field(
        default=Path("mocks/services"), description="Directory of companion service declarations."
    )
    database_url: kinds.DatabaseUrl = Field(
        default=None,
        description="Database of patients and metadata; null: an SQLite file in data_dir.",
    )
    validation: kinds.ValidationMode = Field(
        default=Validation.ENFORCE,
        description="enforce: findings of severity error are refused; strict: warnings, too; "
        "report: whatever can be parsed is accepted. All findings are recorded.",
    )
    ack_codes: kinds.AckCodes = Field(
        default="CA", description="Codes of the ITI-44 acknowledgement: CA/CE/CR, or AA/AE/AR."
    )
    services: kinds.Names = Field(
        default=(), description="Names of the companion services to serve."
    )
    services_listen: kinds.ServiceListeners = Field(
        default_factory=dict,
        description="Where companion services listen instead of where they declare; null: at no "
        "port of their own.",
    )
    schema_dir: kinds.OptionalPath = Field(
        default=None,
        description="Directory of XSDs to validate requests and responses against, too.",
    )
    max_request_bytes: kinds.Octets = Field(
        default=1024 * _MEBIBYTE, description="Largest request body; above it: 413."
    )
    max_envelope_bytes: kinds.Octets = Field(
        default=64 * _MEBIBYTE, description="Largest SOAP envelope, without attachments."
    )
    huge_text: kinds.Flag = Field(
        default=False,
        description="Allow text of more than 10 MB in one XML element (inline base64).",
    )
    read_timeout_seconds: kinds.Seconds = Field(
        default=30, description="How long a client may pause while it sends a request."
    )
    drain_timeout_seconds: kinds.Seconds = Field(
        default=30,
        description="How long requests in flight may take after the server was told to stop.",
    )
    max_connections: kinds.Count = Field(
        default=2000, description="Connections open at the same time."
    )
    journal_max_entries: kinds.CountOrZero = Field(
        default=1000,
        description="Requests that the journal remembers of each namespace, and ITI-41 "
        "submissions that are kept as evidence; 0: none.",
    )
    journal_max_bytes: kinds.OctetsOrZero = Field(
        default=64 * _MEBIBYTE,
        description="Octets that the journal keeps in memory; of a larger body no more are kept.",
    )
    namespace_idle_seconds: kinds.SecondsOrZero = Field(
        default=86_400,
        description="How long a namespace may be unused before it is deleted with all that is in "
        "it; 0: never.",
    )
    unknown_patients: kinds.UnknownPatients = Field(
        default="accept",
        description="reject: XDSUnknownPatientId for a patient that no ITI-44 has fed.",
    )
    assigning_authorities: kinds.Oids = Field(
        default=(), description="OIDs of the domains whose patient ids are registered; empty: all."
    )
    pix_consumers: kinds.PixConsumers = Field(
        default=(),
        description="Who is notified of new patient ids, and of those whose cross-references "
        "change (ITI-46).",
    )
    pdq_no_match: kinds.PdqNoMatch = Field(
        default="NF",
        description="queryResponseCode of ITI-47 when nobody matches.",
    )
    pdq_session_seconds: kinds.Seconds = Field(
        default=300,
        description="How long the next part of an ITI-47 answer can be asked for (QUQI).",
    )
    home_community_id: kinds.UrnOid = Field(
        default="urn:oid:1.3.6.1.4.1.21367.2017.2.6.2",
        description="homeCommunityId of this community.",
    )
    repository_unique_id: kinds.Oid = Field(
        default="1.3.6.1.4.1.21367.2017.2.3.49",
        description="repositoryUniqueId of this Document Repository.",
    )
    codes: kinds.Codes = Field(
        default_factory=dict,
        description="Allowed `code^^scheme` by coded attribute; an absent attribute: any code.",
    )
    delivery_attempts: kinds.Count = Field(
        default=5, description="How often a message to others is posted before it is given up."
    )
    delivery_backoff_seconds: kinds.Seconds = Field(
        default=1.0,
        description="Pause after the first failure of a delivery; each further one is twice as "
        "long.",
    )
    delivery_ca_path: kinds.OptionalPath = Field(
        default=None,
        description="CA certificates that receivers of messages are checked against, PEM, besides "
        "those of the system.",
    )
    admin_token: kinds.Secret = Field(
        default=None, description="Token of the admin API; null: it answers loopback clients only."
    )
    redact: kinds.Flag = Field(
        default=False, description="Mask patient names, ids and documents in logs and evidence."
    )

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the arguments: `settings.load` reads the other sources, and says which it was."""
        return (init_settings,)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        contradictions = list(_contradictions(self))
        if contradictions:
            raise PydanticCustomError(
                CONTRADICTION,
                "{text}",
                {
                    "text": "; ".join(text for _, text in contradictions),
                    "all": contradictions,
                },
            )
        return self

    def affinity_domain(self) -> AffinityDomain:
        """What the members of the affinity domain have agreed on."""
        return AffinityDomain(
            assigning_authorities=frozenset(self.assigning_authorities),
            home_community_id=self.home_community_id,
            repository_unique_id=self.repository_unique_id,
            codes={name: frozenset(codes) for name, codes in self.codes.items()},
            reject_unknown_patients=self.unknown_patients == "reject",
            validation=self.validation,
            ack_codes=self.ack_codes,
            pdq_no_match=self.pdq_no_match,
            pdq_session_seconds=self.pdq_session_seconds,
            pix_consumers=tuple(
                PixConsumer(consumer.url, frozenset(consumer.domains), consumer.device_id)
                for consumer in self.pix_consumers
            ),
        )

    def given_by(self, origins: Mapping[str, str]) -> Self:
        """The same settings, which know who has set them; keys with their default are left out."""
        copy = self.model_copy()
        copy._origins = dict(origins)
        return copy

    @property
    def sources(self) -> dict[str, str]:
        """By key: `command line`, `environment MOCK_SERVER_X`, `file PATH`, `code`, `default`."""
        made = {
            key: "code" if key in self.model_fields_set else "default"
            for key in type(self).model_fields
        }
        return made | dict(self._origins)

    def described(self) -> dict[str, dict[str, object]]:
        """Each key with its value as JSON has it and its source; secrets are asterisks."""
        sources = self.sources
        return {
            key: {"value": value, "source": sources[key]}
            for key, value in self.model_dump(mode="json").items()
        }

    def without_effect(self) -> tuple[str, ...]:
        """Keys that were changed from their default, but do nothing in this version."""
        fields = type(self).model_fields
        return tuple(
            key for key in _WITHOUT_EFFECT_YET if getattr(self, key) != fields[key].default
        )


def _contradictions(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys that do not go together, and why."""
    paths = {key: str(getattr(settings, key)) for key in _ENDPOINT_ACTORS}
    if len(set(paths.values())) < len(paths):
        yield tuple(paths), f"both are {settings.pix_add_endpoint}: each needs its own path"
    for key, own_actor in _ENDPOINT_ACTORS.items():
        taken = (*_RESERVED_PATHS, *(f"/{actor}" for actor in ihe.Actor if actor is not own_actor))
        if any(paths[key] == path or paths[key].startswith(f"{path}/") for path in taken):
            yield (key,), f"{paths[key]} is a path that the server has for something else"
    if settings.client_auth != "none" and settings.client_ca_path is None:
        yield (
            ("client_auth", "client_ca_path"),
            f"client_auth is {settings.client_auth}, but there is no CA to check "
            "client certificates against: set client_ca_path",
        )
