"""Rules of rim.xsd beside those on ids and the order of children (ebRIM 3.0).

The registry returns objects as they were submitted: what the schema forbids in them would make
the answers to queries invalid, too.
"""

from __future__ import annotations

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rim_forms import FORMS, Form, is_in_form
from ihe_mock_async.xds.rules.report import Report, metadata_error
from ihe_mock_async.xds.rules.structure import ELEMENT_UNKNOWN

_SCHEMA = "ebRIM 3.0: rim.xsd"

ATTRIBUTE_UNKNOWN = metadata_error(
    id="xds-attribute-unknown",
    text="An element has only the XML attributes that rim.xsd names",
    section=_SCHEMA,
    fix="Remove the attribute; extra metadata is a Slot whose name is a URN.",
)
ATTRIBUTE_LENGTH = metadata_error(
    id="xds-attribute-length",
    text="An XML attribute is not longer than rim.xsd allows",
    section=_SCHEMA,
    fix="Shorten the text.",
)
LOCALIZED_STRING = metadata_error(
    id="xds-localized-string",
    text="A LocalizedString has its text in the attribute value",
    section=_SCHEMA,
    fix="Add the attribute, or remove the LocalizedString.",
)
STRAY_TEXT = metadata_error(
    id="xds-stray-text",
    text="Text stands in Value and in attributes only",
    section=_SCHEMA,
    fix="Remove the text; it may be what a character too many after a tag has left.",
)
RULES = (ATTRIBUTE_UNKNOWN, ATTRIBUTE_LENGTH, LOCALIZED_STRING, STRAY_TEXT)

# Legal everywhere: xsi:type and the like belong to the schema language.
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def check_schema(submission: Submission, report: Report) -> None:
    """Check attributes, text and the parts of slots and names in the whole submission."""
    if is_in_form(submission.element):
        return
    for element in submission.element.iter():
        form = FORMS.get(str(element.tag))
        if form is not None:
            _check_attributes(element, form, report)
            _check_text(element, report)
            if not form.is_object:
                _check_children(element, form, report)


def _check_attributes(element: etree._Element, form: Form, report: Report) -> None:
    for name, value in element.items():
        most = form.attributes.get(name)
        if most is not None and len(value) > most:
            received = f"{name} of {len(value)} characters"
            report.add(ATTRIBUTE_LENGTH, element, received=received, expected=f"at most {most}")
        elif most is None and not name.startswith(_SCHEMA_INSTANCE):
            report.add(ATTRIBUTE_UNKNOWN, element, received=name)
    if element.tag == ns.LOCALIZED_STRING and "value" not in element.attrib:
        report.add(LOCALIZED_STRING, element)


def _check_text(element: etree._Element, report: Report) -> None:
    own = "" if element.tag == ns.VALUE else element.text
    for text in (own, *(child.tail for child in element)):
        if text and not text.isspace():
            report.add(STRAY_TEXT, element, received=text.strip())


def _check_children(element: etree._Element, form: Form, report: Report) -> None:
    for number, child in enumerate(element):
        if child.tag not in form.children or (form.once and number):
            received = f"{local_name(child)} in {local_name(element)}"
            report.add(ELEMENT_UNKNOWN, child, received=received)
