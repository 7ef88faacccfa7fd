"""The messages of the benchmarks: synthetic, valid, each with ids of its own.

They are octet templates that are filled with numbers of fixed width: building a message must
cost the load generator next to nothing, and its length must be known beforehand. OIDs are of
the arc 2.999, which ISO/IEC 9834-1 keeps for examples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from bench import metadata

PIX_ADD_PATH = "/pix/add"
ITI41_PATH = "/iti41/submit"
ACCEPTED = b'code="CA"'
"""What the accept acknowledgement of a PIX Add holds (ITI TF-2: Appendix O)."""
SUCCESS = b"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
"""What the RegistryResponse to an ITI-41 holds (ITI TF-3: 4.2.4)."""

_MAX_NUMBER = 10**12
_SOAP_HEADER = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" \
xmlns:wsa="http://www.w3.org/2005/08/addressing">
  <soap:Header>
    <wsa:Action soap:mustUnderstand="true">%(action)s</wsa:Action>
    <wsa:MessageID>urn:uuid:00000000-0000-4000-8000-%%(number)012d</wsa:MessageID>
    <wsa:ReplyTo soap:mustUnderstand="true">
      <wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address>
    </wsa:ReplyTo>
    <wsa:To>http://localhost%(path)s</wsa:To>
  </soap:Header>
"""

# ---------------------------------------------------------------- ITI-44 PIX Add

_PIX_ADD_ENVELOPE = (
    _SOAP_HEADER % {b"action": b"urn:hl7-org:v3:PRPA_IN201301UV02", b"path": PIX_ADD_PATH.encode()}
    + b"""\
  <soap:Body>
    <PRPA_IN201301UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0">
      <id root="2.999.1.1" extension="%(number)012d"/>
      <creationTime value="20260105120000"/>
      <interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201301UV02"/>
      <processingCode code="P"/>
      <processingModeCode code="T"/>
      <acceptAckCode code="AL"/>
      <receiver typeCode="RCV">
        <device classCode="DEV" determinerCode="INSTANCE">
          <id root="2.999.1.2"/>
          <asAgent classCode="AGNT">
            <representedOrganization classCode="ORG" determinerCode="INSTANCE">
              <id root="2.999.1.3"/>
            </representedOrganization>
          </asAgent>
        </device>
      </receiver>
      <sender typeCode="SND">
        <device classCode="DEV" determinerCode="INSTANCE">
          <id root="2.999.1.4"/>
          <asAgent classCode="AGNT">
            <representedOrganization classCode="ORG" determinerCode="INSTANCE">
              <id root="2.999.1.5"/>
            </representedOrganization>
          </asAgent>
        </device>
      </sender>
      <controlActProcess classCode="CACT" moodCode="EVN">
        <code code="PRPA_TE201301UV02" codeSystem="2.16.840.1.113883.1.6"/>
        <subject typeCode="SUBJ" contextConductionInd="false">
          <registrationEvent classCode="REG" moodCode="EVN">
            <id nullFlavor="NA"/>
            <statusCode code="active"/>
            <subject1 typeCode="SBJ">
              <patient classCode="PAT">
                <id root="2.999.1.6" extension="%(number)012d"/>
                <statusCode code="active"/>
                <patientPerson classCode="PSN" determinerCode="INSTANCE">
                  <name><family>Beispiel-%(number)012d</family><given>Berta</given></name>
                  <telecom value="tel:+49-30-%(number)012d" use="HP"/>
                  <administrativeGenderCode code="F"/>
                  <birthTime value="19680229"/>
                  <addr>
                    <streetAddressLine>Musterweg 1</streetAddressLine>
                    <city>Musterstadt</city>
                    <postalCode>12345</postalCode>
                    <country>DE</country>
                  </addr>
                </patientPerson>
                <providerOrganization classCode="ORG" determinerCode="INSTANCE">
                  <id root="2.999.1.6"/>
                  <name>Musterklinik</name>
                  <contactParty classCode="CON">
                    <telecom value="tel:+49-30-1234567"/>
                  </contactParty>
                </providerOrganization>
              </patient>
            </subject1>
            <custodian typeCode="CST">
              <assignedEntity classCode="ASSIGNED">
                <id root="2.999.1.5"/>
              </assignedEntity>
            </custodian>
          </registrationEvent>
        </subject>
      </controlActProcess>
    </PRPA_IN201301UV02>
  </soap:Body>
</soap:Envelope>
"""
)


def pix_add(number: int) -> bytes:
    """The envelope of a PIX Add; `number` makes its message and patient ids."""
    return _PIX_ADD_ENVELOPE % {b"number": number % _MAX_NUMBER}


def pix_add_request(host: str) -> bytes:
    """A whole HTTP request, to be filled with `% {b"number": n}` of at most twelve digits."""
    head = (
        f"POST {PIX_ADD_PATH} HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        "Content-Type: application/soap+xml; charset=UTF-8; "
        'action="urn:hl7-org:v3:PRPA_IN201301UV02"\r\n'
        f"Content-Length: {len(pix_add(0))}\r\n\r\n"
    )
    return head.encode() + _PIX_ADD_ENVELOPE


CONSTANT_ACKNOWLEDGEMENT = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" \
xmlns:wsa="http://www.w3.org/2005/08/addressing"><soap:Header>\
<wsa:Action soap:mustUnderstand="true">urn:hl7-org:v3:MCCI_IN000002UV01</wsa:Action>\
</soap:Header><soap:Body><MCCI_IN000002UV01 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0">\
<id root="2.999.1.7" extension="1"/><creationTime value="20260105120000"/>\
<interactionId root="2.16.840.1.113883.1.6" extension="MCCI_IN000002UV01"/>\
<processingCode code="P"/><processingModeCode code="T"/><acceptAckCode code="NE"/>\
<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE">\
<id root="2.999.1.4"/></device></receiver><sender typeCode="SND">\
<device classCode="DEV" determinerCode="INSTANCE"><id root="2.999.1.2"/></device></sender>\
<acknowledgement><typeCode code="CA"/><targetMessage><id root="2.999.1.1" extension="1"/>\
</targetMessage></acknowledgement></MCCI_IN000002UV01></soap:Body></soap:Envelope>"""
"""What the yardsticks answer, whatever they are sent: about 1 kB."""

# ---------------------------------------------------------------- ITI-41 with MTOM

_BLOCK = 256 * 1024
_BOUNDARY = b"bench-boundary"
_ROOT_ID = b"root@bench.example"
_DOCUMENT_ID = b"document@bench.example"
_ITI41_ENVELOPE = (
    _SOAP_HEADER
    % {
        b"action": b"urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
        b"path": ITI41_PATH.encode(),
    }
    + b'<soap:Body><xdsb:ProvideAndRegisterDocumentSetRequest xmlns:xdsb="urn:ihe:iti:xds-b:2007">'
    b'<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
    b'<rim:RegistryObjectList xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">'
    + metadata.submission(documents=1)
    + b"</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
    b'<xdsb:Document id="Document01"><xop:Include '
    b'xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:' + _DOCUMENT_ID + b'"/>'
    b"</xdsb:Document></xdsb:ProvideAndRegisterDocumentSetRequest></soap:Body></soap:Envelope>"
)
ITI41_CONTENT_TYPE = (
    b'multipart/related; type="application/xop+xml"; boundary="' + _BOUNDARY + b'"; '
    b'start="<' + _ROOT_ID + b'>"; start-info="application/soap+xml"; '
    b'action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"'
).decode()


@dataclass(frozen=True, slots=True)
class Submission:
    """A Provide and Register of one document, in pieces: the document itself may be huge."""

    head: bytes
    """Everything before the document's first octet."""
    document: Iterator[bytes]
    tail: bytes
    """Everything after its last one."""
    size: int
    """Octets of the document."""

    @property
    def content_length(self) -> int:
        """Octets of the whole HTTP body."""
        return len(self.head) + self.size + len(self.tail)

    def __iter__(self) -> Iterator[bytes]:
        """The HTTP body, once."""
        yield self.head
        yield from self.document
        yield self.tail


def iti41(
    number: int, document: Iterator[bytes], size: int, patient: int | None = None
) -> Submission:
    """The HTTP body of a submission; `number` makes its message and unique ids.

    And the patient id, unless there is a number for it.
    """
    numbers = {b"number": number % _MAX_NUMBER, b"patient": patient or number % _MAX_NUMBER}
    envelope = _ITI41_ENVELOPE % {**numbers, b"registered": b""}
    head = (
        b"--" + _BOUNDARY + b"\r\n"
        b'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        b"Content-Transfer-Encoding: binary\r\n"
        b"Content-ID: <" + _ROOT_ID + b">\r\n\r\n" + envelope + b"\r\n--" + _BOUNDARY + b"\r\n"
        b"Content-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: binary\r\n"
        b"Content-ID: <" + _DOCUMENT_ID + b">\r\n\r\n"
    )
    return Submission(head, document, b"\r\n--" + _BOUNDARY + b"--\r\n", size)


def document(size: int, seed: int) -> Iterator[bytes]:
    """The octets of a document in blocks: the same for each seed, and no two blocks alike."""
    block = bytearray(hashlib.shake_256(b"%d" % seed).digest(_BLOCK))
    for index, start in enumerate(range(0, size, _BLOCK)):
        block[:8] = index.to_bytes(8)
        yield bytes(block[: size - start])


# ---------------------------------------------------------------- ITI-42 and ITI-18

REGISTRY_PATH = "/document-registry"
SOAP_CONTENT_TYPE = "application/soap+xml; charset=UTF-8"
_REGISTER_ENVELOPE = (
    _SOAP_HEADER
    % {b"action": b"urn:ihe:iti:2007:RegisterDocumentSet-b", b"path": REGISTRY_PATH.encode()}
    + b"<soap:Body>"
    b'<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
    b'<rim:RegistryObjectList xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">'
    b"%(objects)s"
    b"</rim:RegistryObjectList></lcm:SubmitObjectsRequest></soap:Body></soap:Envelope>"
)
_FIND_DOCUMENTS_ENVELOPE = (
    _SOAP_HEADER
    % {b"action": b"urn:ihe:iti:2007:RegistryStoredQuery", b"path": REGISTRY_PATH.encode()}
    + b"<soap:Body>"
    b'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" '
    b'xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">'
    b'<query:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
    b'<rim:AdhocQuery id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">'
    + metadata.slot(b"$XDSDocumentEntryPatientId", b"'" + metadata.PATIENT_ID + b"'")
    + metadata.slot(
        b"$XDSDocumentEntryStatus",
        b"('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')",
    )
    + b"%(filters)s"
    b"</rim:AdhocQuery></query:AdhocQueryRequest></soap:Body></soap:Envelope>"
)
BY_CLASS_AND_TIME = (
    metadata.slot(
        b"$XDSDocumentEntryClassCode",
        b"('" + metadata.CLASS_CODES[0] + b"^^" + metadata.CODING_SCHEME + b"')",
    )
    + metadata.slot(b"$XDSDocumentEntryCreationTimeFrom", b"20260103000000")
    + metadata.slot(b"$XDSDocumentEntryCreationTimeTo", b"20260131000000")
)
"""Further parameters of FindDocuments: some of a patient's documents pass."""


def iti42(number: int, documents: int, patient: int) -> bytes:
    """The envelope of a registration of so many documents for one patient."""
    values = {b"number": number, b"patient": patient, b"registered": metadata.REGISTERED}
    objects = metadata.submission(documents=documents) % values
    return _REGISTER_ENVELOPE % {b"number": number, b"objects": objects}


def find_documents(number: int, patient: int, filters: bytes = b"") -> bytes:
    """The envelope of a FindDocuments for all approved documents of a patient."""
    values = {b"number": number, b"patient": patient, b"filters": filters}
    return _FIND_DOCUMENTS_ENVELOPE % values
