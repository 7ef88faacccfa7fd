"""A summary as an HL7 Clinical Document Architecture document, Release 2."""

from __future__ import annotations

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.identifiers import PatientIdentifier, is_oid
from ihe_mock_async.xds.on_demand.summary import CodedValue, Summary
from ihe_mock_async.xds.on_demand.wording import LANGUAGE, facts, heading, items

NAMESPACE = "urn:hl7-org:v3"
_CDA = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})


def write(summary: Summary) -> bytes:
    """A ClinicalDocument whose one section is narrative; who wrote it is a device."""
    made = f"{summary.made:%Y%m%d%H%M%S}+0000"
    document = _CDA.ClinicalDocument(
        _CDA.typeId(root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        _CDA.id(root=summary.unique_id),
        _CDA.code(_coded(summary.type_code)),
        _CDA.title(summary.title),
        _CDA.effectiveTime(value=made),
        _CDA.confidentialityCode(_coded(summary.confidentiality_code)),
        _CDA.languageCode(code=LANGUAGE),
        _CDA.recordTarget(_CDA.patientRole(_CDA.id(_patient_id(summary)))),
        _author(summary, made),
        _CDA.custodian(
            _CDA.assignedCustodian(
                _CDA.representedCustodianOrganization(_CDA.id(root=summary.source))
            )
        ),
        _CDA.component(_CDA.structuredBody(_CDA.component(_section(summary)))),
    )
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _author(summary: Summary, made: str) -> etree._Element:
    return _CDA.author(
        _CDA.time(value=made),
        _CDA.assignedAuthor(
            _CDA.id(root=summary.source),
            _CDA.assignedAuthoringDevice(_CDA.softwareName("ihe-mock-async")),
        ),
    )


def _section(summary: Summary) -> etree._Element:
    listed = [_CDA.item(item) for item in items(summary)]
    return _CDA.section(
        _CDA.title(heading(summary)),
        _CDA.text(
            *map(_CDA.paragraph, facts(summary)),
            *([_CDA.list(*listed)] if listed else []),  # a list without items is not valid
        ),
    )


def _coded(value: CodedValue | None) -> dict[str, str]:
    """The attributes of a code; a scheme that is no OID is known by its name."""
    if value is None:
        return {"nullFlavor": "UNK"}
    system = "codeSystem" if is_oid(value.scheme) else "codeSystemName"
    display = {"displayName": value.display_name} if value.display_name else {}
    return {"code": value.code, system: value.scheme, **display}


def _patient_id(summary: Summary) -> dict[str, str]:
    identifier = PatientIdentifier.from_cx(summary.patient_id)
    if identifier is None:
        return {"nullFlavor": "UNK"}
    return {"root": identifier.root, "extension": identifier.extension}
