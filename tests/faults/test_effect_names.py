"""Effects by name, for X-Mock-Fault and the command line."""

from __future__ import annotations

import pytest

from ihe_mock_async.faults.effect_names import NAMES, UnknownEffectError, by_name
from ihe_mock_async.faults.effects import ConnectionFault, Corruption, Effect

SPELLED_OUT = {
    "http STATUS": "http 503",
    "soapFault CODE": "soapFault Receiver",
    "hl7 ACKCODE": "hl7 AE",
    "registry ERRORCODE ...": "registry XDSRegistryBusy XDSRegistryOutOfResources",
    "delay uniform LOWER UPPER": "delay uniform 100 300",
    "delay lognormal MEDIAN SIGMA": "delay lognormal 90 0.4",
    "delay dribble NUMBER_OF_CHUNKS TOTAL_DURATION": "delay dribble 5 1000",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_that_is_listed_is_read_and_told_again(name: str) -> None:
    name = SPELLED_OUT.get(name, name)

    assert by_name(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "soapFault Sender ActionNotSupported",
        "soapFault Sender {urn:example}Busy",
        "hl7 CR 204",
        "registry PartialSuccess XDSUnknownCommunity",
    ],
)
def test_names_that_say_more_are_read_and_told_again(name: str) -> None:
    assert by_name(name).name == name


def test_every_fault_and_every_corruption_is_listed() -> None:
    wanted = {*ConnectionFault, *(f"corrupt {each}" for each in Corruption)}

    assert wanted <= set(NAMES)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("  http   503 ", "http 503"),
        ("soapFault", "soapFault Receiver"),
        ("hl7", "hl7 AE"),
        ("registry Failure X", "registry X"),
        ("delay 200.0", "delay 200"),
    ],
)
def test_a_name_may_be_written_otherwise(name: str, same: str) -> None:
    assert by_name(name).name == same


def test_what_a_name_does_not_say_is_as_in_its_json() -> None:
    assert by_name("http 503") == Effect.model_validate({"http": {"status": 503}})
    assert by_name("delay 200") == Effect.model_validate({"pass": True, "delay": 200})


def test_an_effect_of_several_details_has_one_name() -> None:
    quota = Effect.model_validate({"quota": {"limit": 2, "windowMs": 1000, "status": 503}})

    assert quota.name == "quota 503"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "An effect is named: EMPTY_RESPONSE, "),
        ("explode", '"explode" is no effect. Those by name are: EMPTY_RESPONSE, '),
        ("hang", "Those by name are"),
        ("HANG now", "Those by name are"),
        ("quota 429", "Those by name are"),
        ("http", "http is followed by a status from 200 to 599"),
        ("http 503 504", "http is followed by a status from 200 to 599"),
        ("http 99", 'http.status: is the text "99"'),
        ("soapFault Client", 'soapFault.code: is the text "Client"'),
        ("soapFault Sender A B", "soapFault is followed by code, then subcode at most"),
        ("hl7 AA", 'hl7.ackCode: is the text "AA"'),
        ("registry", "registry is followed by error codes"),
        ("registry PartialSuccess", "registry is followed by error codes"),
        ("registry <x>", 'registry.errors[0].errorCode: is the text "<x>"'),
        ("corrupt", "corrupt is followed by one of malformedXml, "),
        ("corrupt everything", "corrupt is followed by one of malformedXml, "),
        ("delay", "delay is followed by one of 200, uniform LOWER UPPER"),
        ("delay 1 2", "delay is followed by one of 200, uniform LOWER UPPER"),
        ("delay -1", 'delay.fixed: is the text "-1"'),
        ("delay dribble 0 5", 'delay.chunkedDribbleDelay.numberOfChunks: is the text "0"'),
        ("delay dribble 1", "dribble is followed by numberOfChunks and totalDuration"),
        ("h" * 3000, f'"{"h" * 100}..." is no effect'),
        ("delay uniform 1", "uniform is followed by lower and upper"),
        ("pass 1", "pass stands alone"),
    ],
)
def test_other_names_are_refused_with_those_that_there_are(name: str, says: str) -> None:
    with pytest.raises(UnknownEffectError) as refused:
        by_name(name)

    assert says in str(refused.value)
