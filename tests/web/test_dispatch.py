"""Which transaction a message is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ihe_mock_async import elements
from ihe_mock_async.ihe import Actor, Transaction
from ihe_mock_async.settings import Settings
from ihe_mock_async.soap import SoapFault
from ihe_mock_async.soap import envelope as envelopes
from ihe_mock_async.soap.namespaces import WSA
from ihe_mock_async.transactions import served
from ihe_mock_async.web import dispatch
from ihe_mock_async.web.endpoints import Endpoint, Endpoints, Route
from ihe_mock_async.xds import namespaces as ns
from tests.web.fakes import ACTION, FAKE, envelope

RETRIEVE = replace(
    FAKE,
    number="ITI-43",
    actors=(Actor.DOCUMENT_REPOSITORY,),
    handlers={"urn:example:Retrieve": FAKE.handlers[ACTION]},
    roots={},
)
SECOND = "urn:example:GreetAgain"
OLD = "urn:example:GreetAsync"
TWO_ACTIONS = replace(
    FAKE,
    handlers=dict.fromkeys((ACTION, SECOND, OLD), FAKE.handlers[ACTION]),
    roots={"{urn:example}Greet": ACTION, "{urn:example}Again": SECOND},
    needs_addressing=True,
)
ENDPOINTS = Endpoints(Settings(), (TWO_ACTIONS, RETRIEVE))


def routed(message: bytes, path: str = "/pix-manager", namespace: str = "") -> Route:
    place = ENDPOINTS.find(path)
    assert place is not None
    read = envelopes.read(elements.parse(message))
    return dispatch.route(read, place.endpoint, ENDPOINTS, namespace)


def fault_of(message: bytes, namespace: str = "") -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        routed(message, namespace=namespace)
    return caught.value


def test_the_action_chooses_the_transaction() -> None:
    route = routed(envelope())

    assert route.transaction is TWO_ACTIONS
    assert route.action == ACTION
    assert route.handler is FAKE.handlers[ACTION]


def test_without_an_action_the_body_root_chooses() -> None:
    route = routed(envelope('<Again xmlns="urn:example"/>', action=""))

    assert route.action == SECOND


def test_an_action_that_no_root_implies_goes_with_any_body() -> None:
    route = routed(
        envelope('<Anything xmlns="urn:x"/>', action="urn:example:Retrieve"),
        "/document-repository",
    )

    assert route.transaction is RETRIEVE


def test_an_old_action_goes_with_the_roots_of_its_transaction_and_with_no_other() -> None:
    route = routed(envelope(action=OLD))
    fault = fault_of(envelope('<Other xmlns="urn:x"/>', action=OLD))

    assert (route.transaction, route.action) == (TWO_ACTIONS, OLD)
    assert fault.findings[0].rule.id == "wsa-action-matches-body"


def test_an_action_that_contradicts_the_body_is_a_fault() -> None:
    fault = fault_of(envelope(action=SECOND))

    assert fault.findings[0].rule.id == "wsa-action-matches-body"
    assert fault.subcodes == ((WSA, "InvalidAddressingHeader"),)
    assert fault.problem_action == SECOND


def test_an_unknown_body_with_a_known_action_is_a_fault() -> None:
    fault = fault_of(envelope('<Other xmlns="urn:x"/>'))

    assert fault.findings[0].rule.id == "wsa-action-matches-body"
    assert "Other of urn:x" in fault.reason


def test_neither_action_nor_known_body_is_told_what_the_actor_takes() -> None:
    fault = fault_of(envelope("<Other/>", action=""))

    assert fault.findings[0].rule.id == "soap-body-root"
    assert "Other of no namespace" in fault.reason
    assert "Again or Greet" in fault.reason
    assert "Patient Identifier Cross-reference Manager" in fault.reason


def test_an_unknown_action_names_the_closest_one() -> None:
    fault = fault_of(envelope(action="urn:example:Great"))

    assert fault.findings[0].rule.id == "wsa-action-supported"
    assert fault.findings[0].expected == ACTION
    assert fault.subcodes == ((WSA, "ActionNotSupported"),)


def test_the_wrong_door_is_told_the_right_one() -> None:
    fault = fault_of(envelope(action="urn:example:Retrieve"))

    assert fault.findings[0].rule.id == "wsa-action-elsewhere"
    assert fault.findings[0].expected == "/iti41/submit or /document-repository"
    assert fault.subcodes == ((WSA, "ActionNotSupported"),)


def test_the_wrong_door_of_a_namespace_is_told_the_right_one_there() -> None:
    fault = fault_of(envelope(action="urn:example:Retrieve"), namespace="a")

    assert fault.findings[0].expected == "/ns/a/iti41/submit or /ns/a/document-repository"


# ---------------------------------------------------------------- findings


def endpoint_of(*transactions: Transaction) -> Endpoint:
    place = Endpoints(Settings(), transactions).find("/pix-manager")
    assert place is not None
    return place.endpoint


def findings_of(
    message: bytes, transaction: Transaction, *, mtom: bool = False
) -> list[tuple[str, str]]:
    read = envelopes.read(elements.parse(message))
    found = dispatch.findings(read, transaction, endpoint_of(transaction), mtom=mtom)
    return [(f.rule.id, f.severity.value) for f in found]


def test_a_message_as_it_should_be_has_no_findings() -> None:
    assert findings_of(envelope(), TWO_ACTIONS) == []


def test_a_missing_action_is_an_error_for_xds_and_a_warning_for_hl7() -> None:
    message = envelope(action="")

    assert findings_of(message, TWO_ACTIONS) == [("wsa-action-required", "error")]
    assert findings_of(message, FAKE) == [("wsa-action-recommended", "warning")]


def test_no_addressing_at_all_is_an_error_for_xds_and_a_warning_for_hl7() -> None:
    message = envelope(action="", message_id="", reply_to="")

    assert findings_of(message, TWO_ACTIONS) == [("wsa-required", "error")]
    assert findings_of(message, FAKE) == [("wsa-recommended", "warning")]


def test_a_missing_action_names_the_actions_that_go_with_the_body() -> None:
    read = envelopes.read(elements.parse(envelope(action="")))
    welcome = "urn:example:Welcome"
    other = replace(
        FAKE,
        handlers={welcome: FAKE.handlers[ACTION]},
        roots={"{urn:example}Welcome": welcome},
    )

    (found,) = dispatch.findings(read, TWO_ACTIONS, endpoint_of(TWO_ACTIONS, other), mtom=False)

    assert found.expected == f"{ACTION} or {OLD}"


def test_a_missing_action_names_those_of_all_transactions_with_the_same_body() -> None:
    read = envelopes.read(elements.parse(envelope(action="")))
    again = replace(
        TWO_ACTIONS,
        handlers={"urn:example:Other": FAKE.handlers[ACTION]},
        roots={"{urn:example}Greet": "urn:example:Other"},
    )

    (found,) = dispatch.findings(read, TWO_ACTIONS, endpoint_of(TWO_ACTIONS, again), mtom=False)

    assert found.expected == f"{ACTION} or {OLD} or urn:example:Other"


def test_simple_soap_is_an_error_where_mtom_is_due() -> None:
    due = replace(FAKE, mtom=True)

    assert findings_of(envelope(), due) == [("mtom-required", "error")]
    assert findings_of(envelope(), due, mtom=True) == []


def test_mtom_is_a_warning_where_simple_soap_is_due() -> None:
    assert findings_of(envelope(), FAKE, mtom=True) == [("mtom-unexpected", "warning")]


class TestSharedBodyRoot:
    """lcm:SubmitObjectsRequest is the body of four transactions of the Document Registry."""

    SERVED = Endpoints(Settings(), served())
    SUBMIT = f'<SubmitObjectsRequest xmlns="{ns.LCM}"/>'
    REMOVE = f'<RemoveObjectsRequest xmlns="{ns.LCM}"/>'

    def routed(self, body: str, action: str) -> Route:
        place = self.SERVED.find("/document-registry")
        assert place is not None
        read = envelopes.read(elements.parse(envelope(body, action=action)))
        return dispatch.route(read, place.endpoint, self.SERVED, "")

    @pytest.mark.parametrize(
        ("action", "number"),
        [
            ("urn:ihe:iti:2007:RegisterDocumentSet-b", "ITI-42"),
            ("urn:ihe:iti:2010:UpdateDocumentSet", "ITI-57"),
            ("urn:ihe:iti:2010:RegisterOnDemandDocumentEntry", "ITI-61"),
            ("urn:ihe:iti:2018:RestrictedUpdateDocumentSet", "ITI-92"),
            ("", "ITI-42"),
        ],
    )
    def test_is_told_apart_by_the_action_and_is_registration_without_one(
        self, action: str, number: str
    ) -> None:
        assert self.routed(self.SUBMIT, action).transaction.number == number

    @pytest.mark.parametrize(
        "action", ["urn:ihe:iti:2010:UpdateDocumentSet", "urn:ihe:iti:2010:DeleteDocumentSet"]
    )
    def test_that_is_another_one_contradicts_the_action(self, action: str) -> None:
        body = self.SUBMIT if action.endswith("DeleteDocumentSet") else self.REMOVE

        with pytest.raises(SoapFault) as caught:
            self.routed(body, action)

        assert caught.value.findings[0].rule.id == "wsa-action-matches-body"
