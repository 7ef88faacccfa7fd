"""Summaries in each media type: all say the same, and each can be read as what it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree, html

from ihe_mock_async.xds.on_demand import contents
from ihe_mock_async.xds.on_demand.summary import (
    MAX_LISTED,
    CodedValue,
    DocumentList,
    ListedDocument,
    Summary,
)

SUMMARY = Summary(
    unique_id="2.25.7",
    title="Übersicht <1 & 2>",
    patient_id="LM-1979^^^&2.999.1&ISO",
    made=datetime(2024, 5, 18, 9, 30, 15, tzinfo=UTC),
    source="2.999.7.9",
    type_code=CodedValue("60591-5", "2.16.840.1.113883.6.1", "Patient summary"),
    confidentiality_code=CodedValue("N", "local codes", ""),
    documents=DocumentList(
        3,
        (
            ListedDocument("Röntgen (Thorax) & Befund", "X-ray report", "20240516"),
            ListedDocument("", "", ""),
        ),
    ),
)
EMPTY = replace(SUMMARY, documents=DocumentList(0, ()), type_code=None, patient_id="odd")
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "on-demand.md"
CDA = {"": "urn:hl7-org:v3"}
SENTENCES = [
    "Patient: LM-1979^^^&2.999.1&ISO",
    "Made when it was asked for: 2024-05-18 09:30:15 UTC",
    "Document: 2.25.7",
    "Approved documents in the registry: 3",
    "Röntgen (Thorax) & Befund (X-ray report, created 2024-05-16)",
    "(without a title)",
    "and 1 registered earlier",
]


def plain(octets: bytes) -> list[str]:
    return octets.decode().splitlines()


def of_page(octets: bytes) -> list[str]:
    page = html.document_fromstring(octets)
    return [text.strip() for text in page.itertext() if text.strip()]


def of_pdf(octets: bytes) -> list[str]:
    shown = re.findall(rb"^\((.*)\) Tj T\*$", octets, re.MULTILINE)
    return [re.sub(r"\\(.)", r"\1", line.decode("cp1252")) for line in shown]


def of_cda(octets: bytes) -> list[str]:
    return [text.strip() for text in etree.fromstring(octets).itertext() if text.strip()]


READERS = {
    "text/plain": plain,
    "text/html": of_page,
    "text/xml": of_cda,
    "application/pdf": of_pdf,
}


def test_every_media_type_is_known_here_and_on_the_page_about_it() -> None:
    page = PAGE.read_text("utf-8")

    assert set(contents.MEDIA_TYPES) == set(READERS)
    assert re.findall(r"^\| `(\w+/\w+)` \|", page, re.MULTILINE) == [*contents.MEDIA_TYPES]
    assert f"of the latest {MAX_LISTED} the title" in page


@pytest.mark.parametrize(
    ("mime_type", "possible"),
    [
        ("text/plain", True),
        ("TEXT/Plain", True),
        ('text/plain; format=flowed; Charset="UTF-8"', True),
        ("text/html;charset=utf-8", True),
        ("text/html; charset=iso-8859-1", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_a_mime_type_can_be_made_if_it_is_known_and_in_utf_8(
    mime_type: str, possible: bool
) -> None:
    assert contents.can_write(mime_type) is possible


@pytest.mark.parametrize("media_type", contents.MEDIA_TYPES)
def test_every_media_type_says_the_same(media_type: str) -> None:
    texts = READERS[media_type](contents.write(SUMMARY, media_type))

    said = [text.removeprefix("- ") for text in texts]
    assert "Übersicht <1 & 2>" in said
    # In CDA the heading is the title of the section, in front of everything in it.
    assert sorted(text for text in said if text in SENTENCES) == sorted(SENTENCES)


@pytest.mark.parametrize("media_type", contents.MEDIA_TYPES)
def test_nothing_to_list_is_said_too(media_type: str) -> None:
    texts = READERS[media_type](contents.write(EMPTY, media_type))

    assert "Approved documents in the registry: 0" in texts
    assert not any("earlier" in text for text in texts)


def test_a_page_declares_its_charset_and_language() -> None:
    octets = contents.write(SUMMARY, "text/html")

    assert octets.startswith(b"<!DOCTYPE html>")
    assert octets.count(b'<meta charset="utf-8">') == octets.count(b"<meta") == 1
    assert b'<html lang="en">' in octets


def test_a_long_title_is_wrapped_on_a_page_of_a_pdf() -> None:
    title = " ".join(["Verlaufsbericht"] * 20)

    lines = of_pdf(contents.write(replace(SUMMARY, title=title), "application/pdf"))

    assert " ".join(lines).startswith(title)
    assert max(map(len, lines)) <= 80


def test_a_clinical_document_has_the_header_that_cda_requires() -> None:
    document = etree.fromstring(contents.write(SUMMARY, "text/xml"))

    assert [etree.QName(child).localname for child in document] == [
        "typeId",
        "id",
        "code",
        "title",
        "effectiveTime",
        "confidentialityCode",
        "languageCode",
        "recordTarget",
        "author",
        "custodian",
        "component",
    ]
    assert attributes(document, "id") == {"root": "2.25.7"}
    assert attributes(document, "code") == {
        "code": "60591-5",
        "codeSystem": "2.16.840.1.113883.6.1",
        "displayName": "Patient summary",
    }
    assert attributes(document, "confidentialityCode") == {
        "code": "N",
        "codeSystemName": "local codes",
    }
    assert attributes(document, "effectiveTime") == {"value": "20240518093015+0000"}
    assert attributes(document, "recordTarget/patientRole/id") == {
        "root": "2.999.1",
        "extension": "LM-1979",
    }


def test_a_clinical_document_says_what_it_does_not_know() -> None:
    document = etree.fromstring(contents.write(EMPTY, "text/xml"))

    assert attributes(document, "code") == {"nullFlavor": "UNK"}
    assert attributes(document, "recordTarget/patientRole/id") == {"nullFlavor": "UNK"}
    assert document.find(".//list", CDA) is None


def attributes(document: etree._Element, path: str) -> dict[str, str]:
    element = document.find(path, CDA)
    assert element is not None
    return {str(name): str(value) for name, value in element.attrib.items()}
