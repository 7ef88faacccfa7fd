"""Patients of a namespace: identifiers, cross-references, merge chains."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from sqlite3 import IntegrityError

import pytest

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import RegisteredPatient, State
from ihe_mock_async.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLINIC = PatientIdentifier("1.2.276.0.76.3.1", "C-17")
HOSPITAL = PatientIdentifier("1.2.276.0.76.3.2", "H-42")
PRACTICE = PatientIdentifier("1.2.276.0.76.3.3", "P-5")
WARD = PatientIdentifier("1.2.276.0.76.3.1", "C-18")
JOHANNA = b'<patient xmlns="urn:hl7-org:v3"><name>Johanna Muster</name></patient>'


async def add(store: Store, *identifiers: PatientIdentifier) -> int:
    return await store.write("", lambda state: state.patients.add(identifiers, JOHANNA, NOW))


async def find(
    store: Store, *identifiers: PatientIdentifier
) -> Mapping[PatientIdentifier, RegisteredPatient]:
    return await store.read("", lambda state: state.patients.find(identifiers))


async def subsume(store: Store, subsumed: PatientIdentifier, surviving: PatientIdentifier) -> None:
    await store.write("", lambda state: state.patients.subsume(subsumed, surviving, NOW))


def survivors(
    found: Mapping[PatientIdentifier, RegisteredPatient],
    identifiers: Collection[PatientIdentifier],
) -> list[PatientIdentifier | None]:
    return [found[identifier].subsumed_by for identifier in identifiers]


async def test_a_patient_is_found_by_each_of_its_identifiers(any_store: Store) -> None:
    key = await add(any_store, CLINIC, HOSPITAL)
    found = await find(any_store, HOSPITAL, PRACTICE, CLINIC)

    assert found == {
        CLINIC: RegisteredPatient(CLINIC, key),
        HOSPITAL: RegisteredPatient(HOSPITAL, key),
    }


async def test_patients_get_keys_of_their_own(any_store: Store) -> None:
    def add_two(state: State) -> tuple[int, int]:
        return (
            state.patients.add([CLINIC], JOHANNA, NOW),
            state.patients.add([HOSPITAL], JOHANNA, NOW),
        )

    first, second = await any_store.write("", add_two)
    third = await add(any_store, PRACTICE)

    assert len({first, second, third}) == 3


async def test_an_identifier_belongs_to_one_patient(any_store: Store) -> None:
    key = await add(any_store, CLINIC)
    with pytest.raises(IntegrityError):
        await add(any_store, HOSPITAL, CLINIC)

    assert await find(any_store, CLINIC, HOSPITAL) == {CLINIC: RegisteredPatient(CLINIC, key)}


async def test_the_same_extension_in_another_domain_is_another_patient(any_store: Store) -> None:
    elsewhere = PatientIdentifier(HOSPITAL.root, CLINIC.extension)
    first, second = await add(any_store, CLINIC), await add(any_store, elsewhere)

    found = await find(any_store, CLINIC, elsewhere)
    assert [found[CLINIC].patient_key, found[elsewhere].patient_key] == [first, second]


async def test_a_revision_adds_identifiers(any_store: Store) -> None:
    key = await add(any_store, CLINIC)
    await any_store.write("", lambda s: s.patients.revise(key, [HOSPITAL], b"<patient/>", NOW))

    found = await find(any_store, CLINIC, HOSPITAL)
    assert {registered.patient_key for registered in found.values()} == {key}


async def test_a_revision_of_nobody_is_refused(any_store: Store) -> None:
    with pytest.raises(LookupError, match="no patient has the key 99"):
        await any_store.write("", lambda s: s.patients.revise(99, [CLINIC], b"<patient/>", NOW))

    assert await find(any_store, CLINIC) == {}


async def test_linked_patients_share_a_key(any_store: Store) -> None:
    key, other = await add(any_store, CLINIC), await add(any_store, HOSPITAL, PRACTICE)
    await any_store.write("", lambda s: s.patients.link(key, other, NOW))
    await any_store.write("", lambda s: s.patients.link(key, key, NOW))

    found = await find(any_store, CLINIC, HOSPITAL, PRACTICE)
    assert {registered.patient_key for registered in found.values()} == {key}
    with pytest.raises(LookupError):
        await any_store.write("", lambda s: s.patients.revise(other, [], b"<patient/>", NOW))


async def test_a_merge_names_the_survivor(any_store: Store) -> None:
    key, other = await add(any_store, CLINIC), await add(any_store, WARD)
    await subsume(any_store, WARD, CLINIC)

    assert await find(any_store, CLINIC, WARD) == {
        CLINIC: RegisteredPatient(CLINIC, key),
        WARD: RegisteredPatient(WARD, other, subsumed_by=CLINIC),
    }


async def test_a_chain_of_merges_ends_at_the_last_survivor(any_store: Store) -> None:
    everyone = (CLINIC, WARD, HOSPITAL, PRACTICE)
    for identifier in everyone:
        await add(any_store, identifier)
    await subsume(any_store, CLINIC, WARD)
    await subsume(any_store, HOSPITAL, WARD)
    await subsume(any_store, WARD, PRACTICE)

    found = await find(any_store, *everyone)
    assert survivors(found, everyone) == [PRACTICE, PRACTICE, PRACTICE, None]


async def test_a_merge_into_a_subsumed_identifier_reaches_its_survivor(any_store: Store) -> None:
    everyone = (CLINIC, WARD, HOSPITAL)
    for identifier in everyone:
        await add(any_store, identifier)
    await subsume(any_store, WARD, CLINIC)
    await subsume(any_store, HOSPITAL, WARD)

    found = await find(any_store, *everyone)
    assert survivors(found, everyone) == [None, CLINIC, CLINIC]


async def test_a_merge_is_not_undone_by_its_reverse(any_store: Store) -> None:
    await add(any_store, CLINIC)
    await add(any_store, WARD)
    await subsume(any_store, WARD, CLINIC)
    with pytest.raises(ValueError, match="has been subsumed by"):
        await subsume(any_store, CLINIC, WARD)

    assert survivors(await find(any_store, CLINIC, WARD), (CLINIC, WARD)) == [None, CLINIC]


@pytest.mark.parametrize(("subsumed", "surviving"), [(CLINIC, WARD), (WARD, CLINIC)])
async def test_a_merge_with_an_unknown_identifier_is_refused(
    any_store: Store, subsumed: PatientIdentifier, surviving: PatientIdentifier
) -> None:
    await add(any_store, CLINIC)
    with pytest.raises(LookupError, match="must both be registered"):
        await subsume(any_store, subsumed, surviving)

    assert (await find(any_store, CLINIC))[CLINIC].subsumed_by is None
