"""Every rule on updates is found broken, with the code that the Technical Framework gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Answer, Handler, Outcome
from ihe_mock_async.transactions import iti57_update_document_set as iti57
from ihe_mock_async.transactions import iti92_restricted_update_document_set as iti92
from tests.xds import updates as u
from tests.xds.update_breaches import (
    ABOUT_FOLDERS,
    RESTRICTED_BREACHES,
    UPDATE_BREACHES,
    RestrictedCase,
    UpdateCase,
)


def rule_ids(reply: Answer) -> list[str]:
    return [finding.rule.id for finding in reply.findings]


def check_breach(
    handler: Handler, rule: Rule, breach: Callable[[UpdateCase], None], case: UpdateCase
) -> None:
    breach(case)
    before = dict(case.state.documents.objects)

    reply = case.update(handler)

    assert rule.id in rule_ids(reply)
    (finding, *_) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/")
    assert finding.line
    if any(f.severity is Severity.ERROR for f in reply.findings):
        assert reply.outcome is Outcome.REJECTED
        assert rule.code in u.codes(reply)
        assert case.state.documents.objects == before
    else:
        assert reply.summary == "Success"


@pytest.mark.parametrize("rule", iti57.TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_of_an_update_is_found_broken(rule: Rule) -> None:
    check_breach(iti57.answer, rule, UPDATE_BREACHES[rule.id], UpdateCase())


@pytest.mark.parametrize("rule", iti92.TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_of_a_restricted_update_is_found_broken(rule: Rule) -> None:
    case = UpdateCase() if rule.id in ABOUT_FOLDERS else RestrictedCase()

    check_breach(iti92.answer, rule, RESTRICTED_BREACHES[rule.id], case)


@pytest.mark.parametrize("rule", iti57.TRANSACTION.rules, ids=lambda rule: rule.id)
def test_report_mode_refuses_only_what_cannot_be_acted_on(rule: Rule) -> None:
    case = UpdateCase()
    UPDATE_BREACHES[rule.id](case)
    case.domain = replace(case.domain, validation=Validation.REPORT)

    reply = case.update(iti57.answer)

    assert rule.id in rule_ids(reply)
    essential = any(finding.rule.essential for finding in reply.findings)
    assert (reply.outcome is Outcome.REJECTED) == essential
