"""Edits of a demographics query, each of which breaks one rule that ITI-47 and ITI-55 share."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from tests.transactions.demographics_queries import (
    ACT,
    ASKED,
    BIRTH_TIME,
    GENDER,
    NAME,
    PARAMETERS,
    parameter,
)
from tests.transactions.identity_feed import (
    Edit,
    adding,
    setting,
    twice,
    without,
)
from tests.transactions.wrapper_breaches import WRAPPER


def renamed(message: etree._Element) -> None:
    message.tag = "{urn:hl7-org:v3}PRPA_IN201309UV02"


SHARED: Mapping[str, Edit] = {
    **WRAPPER,
    "hl7v3-interaction": renamed,
    "hl7v3-element-repeated": twice(f"{ASKED}/h:statusCode"),
    "hl7v3-interaction-id-extension": setting("h:interactionId", extension="PRPA_IN201305UV"),
    "hl7v3-control-act-mood": setting(ACT, moodCode="INT"),
    "hl7v3-trigger-event": setting(f"{ACT}/h:code", code="PRPA_TE201301UV02"),
    "hl7v3-trigger-event-sibling": setting(f"{ACT}/h:code", code="PRPA_TE201306UV02"),
    "hl7v3-query": without(ASKED),
    "hl7v3-query-single": twice(ASKED),
    "hl7v3-query-id": without(f"{ASKED}/h:queryId"),
    "hl7v3-query-status": setting(f"{ASKED}/h:statusCode", code="aborted"),
    "hl7v3-query-response-priority": setting(f"{ASKED}/h:responsePriorityCode", code="X"),
    "hl7v3-query-parameter-list": without(PARAMETERS),
    "demographics-response-modality": without(f"{ASKED}/h:responseModalityCode"),
    "demographics-omitted-element": adding(
        f"{ASKED}/h:matchCriterionList", '<matchWeight xmlns="urn:hl7-org:v3"/>'
    ),
    "demographics-unknown-parameter": adding(
        PARAMETERS, parameter("patientStatusCode", '<value code="active"/>')
    ),
    "demographics-minimum-degree-match": setting(
        f"{ASKED}/h:matchCriterionList/h:minimumDegreeMatch/h:value", value="101"
    ),
    "demographics-parameter-single": twice(GENDER),
    "demographics-value-single": twice(f"{NAME}/h:value"),
    "demographics-value": setting(f"{BIRTH_TIME}/h:value", value="14.2.1958"),
    "demographics-gender": setting(f"{GENDER}/h:value", code="f"),
    "demographics-semantics-text": without(f"{GENDER}/h:semanticsText"),
}
