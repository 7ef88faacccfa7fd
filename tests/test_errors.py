"""Who is at fault can be told from the class."""

from __future__ import annotations

import inspect
import re

import pytest

from ihe_mock_async import errors
from ihe_mock_async.elements import MalformedXmlError
from ihe_mock_async.errors import (
    AddressError,
    CertificateError,
    DaemonError,
    IheMockError,
    MalformedMessageError,
    OperatorError,
    PeerError,
    SettingsError,
    SoapFaultError,
    StoreError,
    WrongJsonError,
)
from ihe_mock_async.soap import SoapFault

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, Exception)
]


@pytest.mark.parametrize(
    ("kind", "party"),
    [
        (MalformedMessageError, PeerError),
        (MalformedXmlError, MalformedMessageError),
        (SoapFaultError, PeerError),
        (SoapFault, SoapFaultError),
        (WrongJsonError, PeerError),
        (SettingsError, OperatorError),
        (CertificateError, OperatorError),
        (AddressError, OperatorError),
        (StoreError, OperatorError),
        (PeerError, IheMockError),
        (OperatorError, IheMockError),
        (DaemonError, IheMockError),
    ],
)
def test_an_error_belongs_to_a_party(kind: type[Exception], party: type[Exception]) -> None:
    assert kind.__bases__ == (party,)


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([\s│├└─]*)(\w+Error)\b", line)
        if match:
            drawn.append((len(match[1]), match[2]))
    parents: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for depth, name in drawn:
        while path and path[-1][0] >= depth:
            path.pop()
        parents[name] = path[-1][1] if path else "Exception"
        path.append((depth, name))

    assert parents == {each.__name__: each.__bases__[0].__name__ for each in CLASSES}
