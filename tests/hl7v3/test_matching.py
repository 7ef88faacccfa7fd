"""A patient is compared with what a query says, value by value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3 import patient, query_parameters
from ihe_mock_async.hl7v3.demographics import traits_of
from ihe_mock_async.hl7v3.matching import Candidate
from ihe_mock_async.hl7v3.matching_text import Closeness
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import FoundPatient, PatientSearch

V3 = ElementMaker(namespace="urn:hl7-org:v3", nsmap={None: "urn:hl7-org:v3"})
PATIENT = """
<patient xmlns="urn:hl7-org:v3" classCode="PAT">
  <id root="1.2.3" extension="P-1"/>
  <addr><city>Nebenstadt</city></addr>
  <patientPerson classCode="PSN" determinerCode="INSTANCE">
    <name use="L">
      <prefix>Dr.</prefix><given>Ada</given><given>Grete</given>
      <family>Müster-Beispiel</family><suffix>III</suffix>
    </name>
    <name use="A"><given>Dee</given><family>von  Berg</family></name>
    <name>Ada Lang</name>
    <telecom value="tel:+49 (30) 555-0100" use="HP"/>
    <telecom value="mailto:Ada@Example.org"/>
    <administrativeGenderCode code="F"/>
    <birthTime value="195802141030+0100"/>
    <addr>
      <streetAddressLine>Lindenweg 7</streetAddressLine>
      <streetAddressLine>Hinterhaus</streetAddressLine>
      <city>Musterstadt</city><postalCode>12345</postalCode><country>DE</country>
    </addr>
    <asPatientOfOtherProvider classCode="PAT">
      <subjectOf typeCode="SBJ"><careProvision classCode="PCPR" moodCode="EVN">
        <id root="9.9" extension="not this one"/>
        <performer typeCode="PRF">
          <assignedProvider><id root="1.2.9" extension="GP"/></assignedProvider>
        </performer>
      </careProvision></subjectOf>
    </asPatientOfOtherProvider>
    <personalRelationship classCode="PRS">
      <code code="MTH" codeSystem="2.16.840.1.113883.5.111"/>
      <relationshipHolder1><name><family>Früher</family></name></relationshipHolder1>
    </personalRelationship>
    <personalRelationship classCode="PRS">
      <code code="FTH"/>
      <relationshipHolder1><name><family>Vater</family></name></relationshipHolder1>
    </personalRelationship>
    <birthPlace classCode="BIRTHPL">
      <addr><city>Geburtsort</city></addr>
      <birthplace classCode="PLC"><name>St. Example</name></birthplace>
    </birthPlace>
  </patientPerson>
</patient>
"""
NOBODY = '<patient xmlns="urn:hl7-org:v3" classCode="PAT"><patientPerson/></patient>'
BORN_IN_1958 = '<patientPerson><birthTime value="1958"/></patientPerson>'
NO_PERSON = '<patient xmlns="urn:hl7-org:v3" classCode="PAT"/>'

EXACT, PARTIAL, NONE = Closeness.EXACT, Closeness.PARTIAL, Closeness.NONE


def candidate(xml: str = PATIENT) -> Candidate:
    return candidate_of(parse(xml.encode()), PatientIdentifier("1.2.3", "P-1"))


def candidate_of(element: etree._Element, *identifiers: PatientIdentifier) -> Candidate:
    """Somebody who was fed with this hl7:patient."""
    traits = traits_of(patient.read(element))
    found = FoundPatient(1, traits.birth_time, traits.gender, traits.description)
    return Candidate(found, identifiers)


def parameters(content: str) -> query_parameters.Parameters:
    text = f'<parameterList xmlns="urn:hl7-org:v3">{content}</parameterList>'
    return query_parameters.read(parse(text.encode()))


def fits(name: str, value: str, xml: str = PATIENT) -> Closeness:
    (parameter,) = parameters(f"<{name}>{value}</{name}>").described
    return parameter.match(candidate(xml))


NAME, BIRTH, ADDRESS = "livingSubjectName", "livingSubjectBirthTime", "patientAddress"
GENDER = "livingSubjectAdministrativeGender"


def between(low: str, high: str, attributes: str = "") -> str:
    return f'<value><low value="{low}"/><high value="{high}" {attributes}/></value>'


# ---------------------------------------------------------------- one value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (GENDER, '<value code="F"/>', EXACT),
        (GENDER, '<value code="M"/>', NONE),
        (GENDER, '<value code="M"/><value code="F"/>', EXACT),
        (BIRTH, '<value value="19580214"/>', EXACT),
        (BIRTH, '<value value="1958"/>', EXACT),
        (BIRTH, '<value value="195802141030"/>', EXACT),
        (BIRTH, '<value value="19580214103000"/>', PARTIAL),
        (BIRTH, '<value value="19580215"/>', NONE),
        (BIRTH, between("1957", "1958"), PARTIAL),
        (BIRTH, between("19580214", "19580214"), PARTIAL),
        (BIRTH, between("19580215", "1960"), NONE),
        (BIRTH, between("1950", "19580213"), NONE),
        (BIRTH, between("1950", "1958", 'inclusive="false"'), NONE),
        (BIRTH, '<value><low value="1958" inclusive="false"/></value>', NONE),
        (BIRTH, '<value><low value="195802141030" inclusive="false"/></value>', NONE),
        (BIRTH, '<value><low value="19580214103000" inclusive="false"/></value>', PARTIAL),
        (BIRTH, between("1950", "19580214103059", 'inclusive="false"'), PARTIAL),
        (BIRTH, '<value><low value="1958"/></value>', PARTIAL),
        (BIRTH, '<value><high value="1957"/></value>', NONE),
        ("livingSubjectId", '<value root="1.2.3" extension="P-1"/>', EXACT),
        ("livingSubjectId", '<value root="1.2.3" extension="P-2"/>', NONE),
        (NAME, "<value><family>MUSTER-beispiel</family></value>", EXACT),
        (NAME, "<value><family>Muster*</family><given>ada</given></value>", PARTIAL),
        (NAME, "<value><family>Muster</family></value>", NONE),
        (NAME, '<value use="L SRCH"><family>Muster</family></value>', PARTIAL),
        (NAME, "<value><given>Grete</given><given>Ada</given></value>", EXACT),
        (NAME, "<value><given>Ada Grete</given></value>", EXACT),
        (NAME, "<value><family>von</family><family>Berg</family></value>", EXACT),
        (NAME, "<value><family>von</family><family>Be*</family></value>", NONE),
        (NAME, "<value><given>Ada</given><family>von Berg</family></value>", NONE),
        (NAME, "<value><given>*</given></value>", PARTIAL),
        (NAME, "<value><prefix>dr.</prefix><suffix>iii</suffix></value>", EXACT),
        (NAME, "<value>Ada Lang</value>", EXACT),
        (NAME, "<value>von Berg, Dee</value>", NONE),
        (NAME, "<value>von Berg Dee</value>", EXACT),
        (NAME, "<value>Dee v*</value>", PARTIAL),
        (ADDRESS, "<value><city>musterstadt</city><country>DE</country></value>", EXACT),
        (ADDRESS, "<value><city>Nebenstadt</city></value>", EXACT),
        (ADDRESS, "<value><city>Nebenstadt</city><country>DE</country></value>", NONE),
        (ADDRESS, "<value><streetAddressLine>Lindenweg*</streetAddressLine></value>", PARTIAL),
        (ADDRESS, "<value><state>BE</state></value>", NONE),
        ("patientTelecom", '<value value="+49-30-5550100"/>', EXACT),
        ("patientTelecom", '<value value="tel:+49305550100"/>', EXACT),
        ("patientTelecom", '<value value="tel:+4930*"/>', PARTIAL),
        ("patientTelecom", '<value value="mailto:ada@example.org"/>', EXACT),
        ("patientTelecom", '<value value="ada@example.org"/>', EXACT),
        ("patientTelecom", '<value value="http://ada.example.org"/>', NONE),
        ("mothersMaidenName", "<value><family>Fruher</family></value>", EXACT),
        ("mothersMaidenName", "<value><family>Vater</family></value>", NONE),
        ("principalCareProviderId", '<value root="1.2.9" extension="GP"/>', EXACT),
        ("principalCareProviderId", '<value root="1.2.9"/>', EXACT),
        ("principalCareProviderId", '<value root="1.2.9" extension="X"/>', NONE),
        ("principalCareProviderId", '<value root="9.9"/>', NONE),
        ("livingSubjectBirthPlaceName", "<value>St. Example</value>", EXACT),
        ("livingSubjectBirthPlaceName", "<value>St.*</value>", PARTIAL),
        ("livingSubjectBirthPlaceAddress", "<value><city>Geburtsort</city></value>", EXACT),
        ("livingSubjectBirthPlaceAddress", "<value><city>Musterstadt</city></value>", NONE),
    ],
)
def test_a_value_fits_exactly_partly_or_not(name: str, value: str, expected: Closeness) -> None:
    assert fits(name, value) is expected


@pytest.mark.parametrize("xml", [NOBODY, NO_PERSON])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        (GENDER, '<value code="F"/>'),
        (BIRTH, '<value value="1958"/>'),
        (BIRTH, between("1957", "1959")),
        ("livingSubjectId", '<value root="1.2.3" extension="P-9"/>'),
        (NAME, "<value><family>*</family></value>"),
        (ADDRESS, "<value><city>*</city></value>"),
        ("patientTelecom", '<value value="*"/>'),
        ("mothersMaidenName", "<value><family>*</family></value>"),
        ("principalCareProviderId", '<value root="1.2.9"/>'),
        ("livingSubjectBirthPlaceName", "<value>*</value>"),
        ("livingSubjectBirthPlaceAddress", "<value><city>*</city></value>"),
    ],
)
def test_who_lacks_what_is_asked_for_does_not_fit(name: str, value: str, xml: str) -> None:
    assert fits(name, value, xml) is NONE


def test_who_has_one_name_is_not_found_by_it_twice() -> None:
    named = NOBODY.replace(
        "<patientPerson/>", "<patientPerson><name><given>Ada</given></name></patientPerson>"
    )

    assert fits(NAME, "<value>Ada</value>", named) is EXACT
    assert fits(NAME, "<value>Ada Ada</value>", named) is NONE


def test_a_less_precise_birth_time_fits_partly() -> None:
    born = NOBODY.replace("<patientPerson/>", BORN_IN_1958)

    assert fits(BIRTH, '<value value="19580214"/>', born) is PARTIAL
    assert fits(BIRTH, between("19580214", "1960"), born) is PARTIAL
    assert fits(BIRTH, between("19590101", "1960"), born) is NONE


def test_the_centre_of_an_interval_is_a_time() -> None:
    born = NOBODY.replace("<patientPerson/>", BORN_IN_1958)

    assert fits(BIRTH, '<value><center value="1958"/></value>', born) is EXACT
    assert fits(BIRTH, '<value><center value="1959"/></value>', born) is NONE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (GENDER, '<value nullFlavor="UNK"/>'),
        (BIRTH, '<value value="14.2.1958"/>'),
        (BIRTH, '<value><low value="1958"/><width value="1" unit="a"/></value>'),
        (BIRTH, '<value><low value="1958"/><high value="31.12.1958"/></value>'),
        ("livingSubjectId", '<value root="1.2.3"/>'),
        (NAME, "<value><given> </given></value>"),
        (ADDRESS, "<value/>"),
        ("patientTelecom", '<value nullFlavor="NI"/>'),
        ("principalCareProviderId", '<value extension="GP"/>'),
        ("livingSubjectBirthPlaceName", "<value> </value>"),
    ],
)
def test_a_value_that_says_nothing_is_no_criterion(name: str, value: str) -> None:
    read = parameters(f"<{name}>{value}</{name}>")

    assert read.described[0].criteria == ()
    assert read.usable == ()


# ---------------------------------------------------------------- the search of the state


@pytest.mark.parametrize(
    ("content", "search"),
    [
        (
            f'<{GENDER}><value code="F"/></{GENDER}><{BIRTH}><value value="19580214"/></{BIRTH}>',
            PatientSearch(gender="F", birth_prefix="19580214"),
        ),
        (
            f"<{BIRTH}>{between('19580101', '19591231')}</{BIRTH}>",
            PatientSearch(birth_years=("1958", "1959")),
        ),
        (
            f"<{BIRTH}>{between('19580101', '19580228')}</{BIRTH}>",
            PatientSearch(birth_prefix="19580"),
        ),
        (
            f'<{BIRTH}><value><low value="1958"/></value></{BIRTH}>',
            PatientSearch(birth_years=("1958", "")),
        ),
        (
            f"<{NAME}><value><family>Von Bé*</family><given>Dee</given></value></{NAME}>",
            PatientSearch(family_prefixes=("von",)),
        ),
        (
            f"<{NAME}><value><family>*</family></value></{NAME}>",
            PatientSearch(fragments=('"',)),
        ),
        (
            f"<{NAME}><value><given>Ada</given><given>Grete</given></value></{NAME}>",
            PatientSearch(fragments=('"ada',)),
        ),
        (f"<{NAME}><value>Ada von Berg</value></{NAME}>", PatientSearch(fragments=("berg",))),
        (
            '<livingSubjectId><value root="1.2" extension="a"/></livingSubjectId>'
            '<livingSubjectId><value root="1.2" extension="b"/></livingSubjectId>',
            PatientSearch(
                identifiers=(PatientIdentifier("1.2", "a"), PatientIdentifier("1.2", "b"))
            ),
        ),
        (
            f"<{ADDRESS}><value><city>Xdorf</city><country>D*</country></value></{ADDRESS}>",
            PatientSearch(fragments=('"xdorf"',)),
        ),
        (
            '<patientTelecom><value value="mailto:A&quot;@example.org"/></patientTelecom>'
            '<patientTelecom><value value="tel:+49*"/></patientTelecom>',
            PatientSearch(fragments=('"a\\"@example.org"', '"+49')),
        ),
        (
            '<principalCareProviderId><value root="1.2.9" extension="GP"/>'
            "</principalCareProviderId>"
            '<principalCareProviderId><value root="1.2.9"/></principalCareProviderId>',
            PatientSearch(fragments=('["1.2.9","GP"]', '["1.2.9",')),
        ),
        (
            f'<{GENDER}><value code="F"/><value code="M"/></{GENDER}>',
            PatientSearch(),
        ),
    ],
)
def test_the_state_is_asked_for_what_it_can_know(content: str, search: PatientSearch) -> None:
    assert query_parameters.narrow(parameters(content).usable) == search


def test_other_children_of_the_list_are_no_parameters() -> None:
    read = parameters(
        '<id root="1"/><patientStatusCode/><livingSubjectName xmlns="urn:other"/>'
        '<otherIDsScopingOrganization><value root="1.2"/></otherIDsScopingOrganization>'
    )

    assert [element.tag for element in read.others] == [
        "{urn:hl7-org:v3}id",
        "{urn:hl7-org:v3}patientStatusCode",
        "{urn:other}livingSubjectName",
    ]
    assert (read.described, read.roots) == ((), ("1.2",))


# ---------------------------------------------------------------- any patient

words = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="*"), min_size=1, max_size=12
)
texts = st.lists(words, min_size=1, max_size=3).map(" ".join)
births = st.dates().map(lambda day: f"{day:%Y%m%d}".zfill(8))


def patient_with(given: list[str], family: str, birth_time: str, city: str) -> etree._Element:
    return V3.patient(
        V3.patientPerson(
            V3.name(*[V3.given(name) for name in given], V3.family(family)),
            V3.administrativeGenderCode(code="F"),
            V3.birthTime(value=birth_time),
            V3.addr(V3.city(city)),
        )
    )


def matches(parameter_list: etree._Element, patient_element: etree._Element) -> list[Closeness]:
    asked = query_parameters.read(parameter_list).usable
    someone = candidate_of(patient_element)
    return [parameter.match(someone) for parameter in asked]


@given(st.lists(texts, max_size=3), texts, births, texts)
def test_a_patient_fits_the_query_that_its_own_demographics_make(
    given_names: list[str], family: str, birth_time: str, city: str
) -> None:
    asked = V3.parameterList(
        V3.livingSubjectName(
            V3.value(*[V3.given(name) for name in given_names], V3.family(family))
        ),
        V3.livingSubjectBirthTime(V3.value(value=birth_time)),
        V3.livingSubjectAdministrativeGender(V3.value(code="F")),
        V3.patientAddress(V3.value(V3.city(city))),
    )

    fit = matches(asked, patient_with(given_names, family, birth_time, city))

    assert fit == [EXACT] * 4


@given(texts, st.integers(0, 20), births, st.integers(4, 8))
def test_a_patient_fits_any_beginning_of_its_own_names_and_birth_time(
    family: str, length: int, birth_time: str, digits: int
) -> None:
    asked = V3.parameterList(
        V3.livingSubjectName(V3.value(V3.family(f"{family[:length]}*"))),
        V3.livingSubjectBirthTime(V3.value(value=birth_time[: digits // 2 * 2])),
    )

    fit = matches(asked, patient_with([], family, birth_time, "X"))

    assert fit == [PARTIAL, EXACT]
