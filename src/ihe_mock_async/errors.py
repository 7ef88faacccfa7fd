"""Every error of ours, split by who is at fault.

::

    IheMockError
    ├── PeerError              the client sent something wrong: answered as a SOAP fault
    │   ├── MalformedMessageError      not XML, or unsafe to read (elements gives it a finding)
    │   ├── WrongJsonError             a JSON document has keys or values that are not allowed
    │   └── SoapFaultError             the protocol forbids it (soap.fault gives it its shape)
    ├── OperatorError          who started the server must act: one line, exit status 2
    │   ├── SettingsError              a configuration value is unknown or wrong
    │   ├── CertificateError           a certificate or key cannot serve
    │   ├── AddressError               the host or port cannot be listened on
    │   ├── StoreError                 the database or the data folder cannot be used
    │   ├── SchemaError                a folder of XML schemas cannot be used
    │   ├── SendError                  a message cannot be made of this, or not be sent there
    │   └── ServicesError              a declaration of a companion service is wrong or missing
    ├── EvictedError           what the journal is asked about was forgotten for its bounds
    └── DaemonError            the asked thing is not so (already running, not running): exit 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class IheMockError(Exception):
    """The root of all errors that this package raises on purpose."""


class PeerError(IheMockError):
    """The client sent something wrong; the text is meant for the client."""


class MalformedMessageError(PeerError):
    """The octets cannot be read as what they claim to be, or are unsafe to read."""


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """One thing that is wrong with a JSON document."""

    key: str
    """Where: `match.xpath[0].expression`; empty: the document itself."""
    problem: str
    """What was seen: `is the number 5`."""
    allowed: str = ""
    """What may stand there: `a valid string`."""


class WrongJsonError(PeerError):
    """A JSON document that was read has wrong keys or values; `problems` tells each of them."""

    def __init__(self, text: str, problems: Sequence[KeyProblem]) -> None:
        super().__init__(text)
        self.problems = tuple(problems)


class SoapFaultError(PeerError):
    """A message that the protocol answers with a fault; `soap.fault` subclasses it."""


class OperatorError(IheMockError):
    """Whoever started the server must change something; the text says what."""


class SettingsError(OperatorError):
    """A configuration value is unknown, of the wrong type or out of range."""


class CertificateError(OperatorError):
    """A certificate or its key is missing, does not match, or has expired."""


class AddressError(OperatorError):
    """The host and port cannot be listened on."""


class StoreError(OperatorError):
    """The database or the data folder cannot be used; nothing in it was changed."""


class SchemaError(OperatorError):
    """A folder has no XML schemas, or one that is needed cannot be loaded."""


class SendError(OperatorError):
    """A message cannot be made of what was given, or nobody answers at the URL."""


class ServicesError(OperatorError):
    """Declarations of companion services are wrong or missing; the text has a line for each."""


class EvictedError(IheMockError):
    """What is asked of the journal depends on entries that it has forgotten; says what to do."""


class DaemonError(IheMockError):
    """The daemon is not in the state that the command needs."""
