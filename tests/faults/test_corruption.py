"""Damaged answers: exactly one thing is wrong with each, and all else is as it was."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from copy import deepcopy
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.elements import MalformedXmlError, parse
from ihe_mock_async.faults import corruption
from ihe_mock_async.faults.corruption import Changes
from ihe_mock_async.faults.effects import Corruption
from ihe_mock_async.soap import SoapVersion, content_type, envelope, fault
from ihe_mock_async.soap.mtom import MtomWriter
from ihe_mock_async.soap.namespaces import WSA
from ihe_mock_async.xds import namespaces as ns

HOME = "urn:oid:2.999.5"
NAMES = {"rim": ns.RIM, "rs": ns.RS, "xdsb": ns.XDSB, "wsa": WSA}
MESSAGE_ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
HASHES = ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "a" * 40)
ACTION, RELATES_TO = "*[1]/wsa:Action", "*[1]/wsa:RelatesTo"

ERROR_LIST = f"""<rs:RegistryErrorList xmlns:rs="{ns.RS}"><rs:RegistryError errorCode="X"
codeContext="c" severity="s" location="{HOME}"/></rs:RegistryErrorList>"""


def extrinsic_object(sha1: str) -> str:
    return f"""<rim:ExtrinsicObject xmlns:rim="{ns.RIM}" id="urn:uuid:{sha1[:8]}" home="{HOME}">
<rim:Slot name="size"><rim:ValueList><rim:Value>3</rim:Value></rim:ValueList></rim:Slot>
<rim:Slot name="hash"><rim:ValueList><rim:Value>{sha1}</rim:Value></rim:ValueList></rim:Slot>
</rim:ExtrinsicObject>"""


QUERY_ANSWER = f"""<query:AdhocQueryResponse xmlns:query="{ns.QUERY}" status="Success">
{ERROR_LIST}<rim:RegistryObjectList xmlns:rim="{ns.RIM}">{extrinsic_object(HASHES[0])}
{extrinsic_object(HASHES[1])}<rim:ObjectRef id="urn:uuid:3" home="{HOME}"/>
</rim:RegistryObjectList></query:AdhocQueryResponse>"""
DOCUMENTS = f"""<xdsb:RetrieveDocumentSetResponse xmlns:xdsb="{ns.XDSB}">
<rs:RegistryResponse xmlns:rs="{ns.RS}" status="PartialSuccess">{ERROR_LIST}</rs:RegistryResponse>
<xdsb:DocumentResponse><xdsb:HomeCommunityId>{HOME}</xdsb:HomeCommunityId>
<xdsb:RepositoryUniqueId>2.999.1</xdsb:RepositoryUniqueId>
<xdsb:DocumentUniqueId>2.999.2</xdsb:DocumentUniqueId><xdsb:mimeType>text/plain</xdsb:mimeType>
<xdsb:Document><xop:Include xmlns:xop="{ns.XOP}" href="cid:1@x"/></xdsb:Document>
</xdsb:DocumentResponse></xdsb:RetrieveDocumentSetResponse>"""
ACKNOWLEDGEMENT = '<MCCI_IN000002UV01 xmlns="urn:hl7-org:v3"><id root="1"/></MCCI_IN000002UV01>'
BODIES = (QUERY_ANSWER, DOCUMENTS, ACKNOWLEDGEMENT)

IN_THE_ENVELOPE = (
    Corruption.MALFORMED_XML,
    Corruption.WRONG_RELATES_TO,
    Corruption.MISSING_ACTION,
    Corruption.WRONG_NAMESPACE,
    Corruption.WRONG_HASH,
    Corruption.MISSING_HOME,
)
PARSABLE = IN_THE_ENVELOPE[1:]


def answer(body: str = QUERY_ANSWER, relates_to: str = MESSAGE_ID) -> bytes:
    return envelope.write(
        body.encode(),
        version=SoapVersion.V1_2,
        action="urn:ihe:iti:2007:RegistryStoredQueryResponse",
        relates_to=relates_to,
        message_id="urn:uuid:00000000-0000-4000-8000-000000000002",
    )


def damaged(kind: Corruption, octets: bytes) -> etree._Element:
    return parse(corruption.envelope(kind, octets))


def find(root: etree._Element, path: str) -> list[etree._Element]:
    return root.findall(path, NAMES)


def texts(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in find(root, path)]


def canonical(root: etree._Element) -> bytes:
    return etree.tostring(root, method="c14n")


def same_when(
    kind: Corruption, mend: Callable[[etree._Element], None], body: str = QUERY_ANSWER
) -> bool:
    """Whether the damage is all there is: the answer is as it was when that is mended."""
    octets = answer(body)
    root = deepcopy(damaged(kind, octets))
    assert canonical(root) != canonical(parse(octets))
    mend(root)
    return canonical(root) == canonical(parse(octets))


@pytest.mark.parametrize("body", BODIES)
def test_malformed_xml_is_no_xml(body: str) -> None:
    octets = corruption.envelope(Corruption.MALFORMED_XML, answer(body))

    with pytest.raises(MalformedXmlError):
        parse(octets)
    assert answer(body).startswith(octets)
    assert parse(octets + b"</soap:Envelope>").tag == parse(answer(body)).tag


def test_wrong_relates_to_names_another_message() -> None:
    (relates_to,) = texts(damaged(Corruption.WRONG_RELATES_TO, answer()), RELATES_TO)

    assert relates_to != MESSAGE_ID
    assert UUID(relates_to.removeprefix("urn:uuid:")).version == 4

    def mend(root: etree._Element) -> None:
        find(root, RELATES_TO)[0].text = MESSAGE_ID

    assert same_when(Corruption.WRONG_RELATES_TO, mend)


def test_an_answer_to_a_message_without_id_relates_to_one_all_the_same() -> None:
    octets = answer(relates_to="")
    assert texts(parse(octets), RELATES_TO) == []

    assert len(texts(damaged(Corruption.WRONG_RELATES_TO, octets), RELATES_TO)) == 1


def test_missing_action_has_no_action() -> None:
    assert find(parse(answer()), ACTION)
    assert find(damaged(Corruption.MISSING_ACTION, answer()), ACTION) == []

    def mend(root: etree._Element) -> None:
        root[0].insert(0, deepcopy(find(parse(answer()), ACTION)[0]))

    assert same_when(Corruption.MISSING_ACTION, mend)


@pytest.mark.parametrize("body", BODIES)
def test_wrong_namespace_is_that_of_the_root_of_the_body_only(body: str) -> None:
    right = parse(answer(body))
    wrong = damaged(Corruption.WRONG_NAMESPACE, answer(body))

    tags = [(str(a.tag), str(b.tag)) for a, b in zip(right.iter(), wrong.iter(), strict=True)]
    different = [(etree.QName(a), etree.QName(b)) for a, b in tags if a != b]
    assert len(different) == 1
    (before, after) = different[0]
    assert before == etree.QName(right[-1][0])
    assert after.localname == before.localname
    assert after.namespace == f"{before.namespace}:wrong"


def test_wrong_hashes_are_hashes_of_something_else() -> None:
    path = ".//rim:Slot[@name='hash']/rim:ValueList/rim:Value"
    found = texts(damaged(Corruption.WRONG_HASH, answer()), path)

    assert len(found) == 2
    assert not set(found) & set(HASHES)
    assert all(re.fullmatch(r"[0-9a-f]{40}", sha1) for sha1 in found)

    def mend(root: etree._Element) -> None:
        for value, sha1 in zip(find(root, path), HASHES, strict=True):
            value.text = sha1

    assert same_when(Corruption.WRONG_HASH, mend)


def test_missing_home_of_a_query_leaves_out_the_attributes() -> None:
    root = damaged(Corruption.MISSING_HOME, answer())

    assert HOME.encode() not in etree.tostring(root)

    def mend(root: etree._Element) -> None:
        for element in [*find(root, ".//rim:ExtrinsicObject"), *find(root, ".//rim:ObjectRef")]:
            element.set("home", HOME)
        find(root, ".//rs:RegistryError")[0].set("location", HOME)

    assert same_when(Corruption.MISSING_HOME, mend)


def test_missing_home_of_a_retrieval_leaves_out_the_elements() -> None:
    octets = answer(DOCUMENTS)
    root = damaged(Corruption.MISSING_HOME, octets)

    assert HOME.encode() not in etree.tostring(root)
    left_out = {"HomeCommunityId"}
    names = [etree.QName(element).localname for element in parse(octets).iter()]
    assert [etree.QName(element).localname for element in root.iter()] == [
        name for name in names if name not in left_out
    ]


@pytest.mark.parametrize("kind", [Corruption.WRONG_HASH, Corruption.MISSING_HOME])
def test_what_an_answer_does_not_have_is_not_damaged(kind: Corruption) -> None:
    octets = answer(ACKNOWLEDGEMENT)

    assert canonical(damaged(kind, octets)) == canonical(parse(octets))


@pytest.mark.parametrize("kind", [kind for kind in Corruption if kind not in IN_THE_ENVELOPE])
def test_damage_that_is_done_while_packing_leaves_the_envelope_alone(kind: Corruption) -> None:
    assert corruption.envelope(kind, answer()) == answer()


def test_without_damage_all_stays() -> None:
    assert corruption.envelope(None, answer()) == answer()
    assert corruption.framing(None) == Changes()


@pytest.mark.parametrize("kind", list(Corruption))
def test_the_same_answer_is_damaged_in_the_same_way(kind: Corruption) -> None:
    assert corruption.envelope(kind, answer()) == corruption.envelope(kind, answer())


def test_different_answers_relate_to_different_messages() -> None:
    found = {
        texts(damaged(Corruption.WRONG_RELATES_TO, answer(body)), RELATES_TO)[0] for body in BODIES
    }

    assert len(found) == len(BODIES)


@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("kind", PARSABLE)
def test_a_fault_can_be_damaged_too(kind: Corruption, version: SoapVersion) -> None:
    octets = fault.write(fault.receiver("No."), version, relates_to=MESSAGE_ID)

    root = damaged(kind, octets)

    assert [etree.QName(child).localname for child in root] == ["Header", "Body"]
    assert etree.QName(root[-1][0]).localname == "Fault"


def test_what_was_large_can_be_damaged() -> None:
    many = "".join(extrinsic_object(f"{number:040x}") for number in range(20_000))
    body = f'<rim:RegistryObjectList xmlns:rim="{ns.RIM}">{many}</rim:RegistryObjectList>'

    octets = corruption.envelope(Corruption.WRONG_HASH, answer(body))

    assert octets.count(b"ExtrinsicObject") == 40_000
    assert f"{7:040x}".encode() not in octets


# ---------------------------------------------------------------- while it is packed


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Corruption.WRONG_CONTENT_TYPE, Changes(content_type="text/html; charset=utf-8")),
        (Corruption.NOT_MTOM, Changes(simple=True)),
        (Corruption.MISSING_ACTION, Changes(has_action=False)),
        (Corruption.MISSING_START, Changes(has_start=False)),
        (Corruption.DROP_MTOM_PART, Changes(has_first_part=False)),
        (Corruption.WRONG_CONTENT_ID, Changes(renames_first_part=True)),
        (Corruption.WRONG_HASH, Changes(damages_documents=True)),
    ],
)
def test_each_damage_to_the_packing_changes_one_thing(kind: Corruption, changes: Changes) -> None:
    assert corruption.framing(kind) == changes


def test_every_corruption_does_something() -> None:
    for kind in Corruption:
        octets = answer(QUERY_ANSWER)
        changed = corruption.envelope(kind, octets) != octets
        assert changed or corruption.framing(kind) != Changes()


@given(st.binary(min_size=1, max_size=200))
def test_a_damaged_document_has_another_hash_and_the_same_size(octets: bytes) -> None:
    found = corruption.damaged(octets)

    assert len(found) == len(octets)
    assert hashlib.sha256(found).digest() != hashlib.sha256(octets).digest()
    assert found[1:] == octets[1:]


def test_an_empty_document_cannot_be_damaged() -> None:
    assert corruption.damaged(b"") == b""


def test_another_content_id_is_one_that_a_part_can_have() -> None:
    writer = MtomWriter("b", b"<a/>", action="", root_id="root@x")
    other = corruption.other_content_id("1@x")

    assert other != "1@x"
    assert f"Content-ID: <{other}>".encode() in writer.part_head(other, "text/plain")


def test_a_writer_without_start_leaves_out_only_that_parameter() -> None:
    usual = MtomWriter("b", b"<a/>", action="urn:a", root_id="root@x")
    without = MtomWriter("b", b"<a/>", action="urn:a", root_id="root@x", has_start=False)

    parameters = dict(content_type.parse(usual.content_type).parameters)
    assert parameters.pop("start") == "<root@x>"
    assert content_type.parse(without.content_type).parameters == parameters
    assert without.single() == usual.single()
