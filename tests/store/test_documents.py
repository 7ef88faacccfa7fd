"""The registry and repository of a namespace."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha1, sha256
from pathlib import Path
from sqlite3 import IntegrityError

import pytest

from ihe_mock_async.state import (
    Attachment,
    AvailabilityStatus,
    Condition,
    ObjectKind,
    ObjectSearch,
    RegistryObject,
    State,
)
from ihe_mock_async.store import StagedContent, Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
RPLC = "urn:ihe:iti:2007:AssociationType:RPLC"


def urn(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


ENTRY = RegistryObject(
    ObjectKind.DOCUMENT_ENTRY,
    urn(1),
    urn(1),
    1,
    AvailabilityStatus.APPROVED,
    b"<ExtrinsicObject/>",
    unique_id="2.25.1",
    patient_id="C-17^^^&1.2.276.0.76.3.1&ISO",
    submission_set_id=urn(9),
    hash="da39a3ee5e6b4b0d3255bfef95601890afd80709",
    size=5_000_000_000,
    repository_unique_id="1.3.6.1.4.1.21367.2017.2.3.49",
)


def association(number: int, kind: str, source: int, target: int) -> RegistryObject:
    return RegistryObject(
        ObjectKind.ASSOCIATION,
        urn(number),
        urn(number),
        1,
        AvailabilityStatus.APPROVED,
        b"<Association/>",
        association_type=kind,
        source=urn(source),
        target=urn(target),
    )


async def register(store: Store, *objects: RegistryObject) -> None:
    await store.write("", lambda state: state.documents.register(objects, NOW))


async def test_an_object_is_returned_as_it_was_registered(any_store: Store) -> None:
    member = association(2, HAS_MEMBER, 9, 1)
    await register(any_store, ENTRY, member)
    found = await any_store.read("", lambda s: s.documents.by_id([urn(1), urn(2), urn(3)]))

    assert found == {urn(1): ENTRY, urn(2): member}


async def test_objects_are_found_by_unique_id_whatever_their_kind(any_store: Store) -> None:
    folder = replace(ENTRY, kind=ObjectKind.FOLDER, id=urn(2), unique_id="2.25.2")
    again = replace(ENTRY, id=urn(3), logical_id=urn(3))
    await register(any_store, ENTRY, folder, again)
    found = await any_store.read(
        "", lambda s: s.documents.by_unique_id(["2.25.2", "2.25.1", "2.25.1", "2.25.9"])
    )

    assert found == [folder, ENTRY, again]


async def test_an_id_is_registered_once(any_store: Store) -> None:
    await register(any_store, ENTRY)
    with pytest.raises(IntegrityError):
        await register(any_store, replace(ENTRY, id=urn(4)), replace(ENTRY, unique_id="2.25.7"))

    found = await any_store.read("", lambda s: s.documents.by_id([urn(1), urn(4)]))
    assert found == {urn(1): ENTRY}


async def test_a_changed_object_takes_the_place_of_the_old_one(any_store: Store) -> None:
    await register(any_store, ENTRY)
    deprecated = replace(
        ENTRY, status=AvailabilityStatus.DEPRECATED, xml=b"<ExtrinsicObject a=''/>"
    )
    await any_store.write("", lambda s: s.documents.replace(deprecated))

    found = await any_store.read("", lambda s: s.documents.by_id([urn(1)]))
    assert found == {urn(1): deprecated}


async def test_an_unknown_object_cannot_be_changed(any_store: Store) -> None:
    with pytest.raises(LookupError, match="no registered object"):
        await any_store.write("", lambda s: s.documents.replace(ENTRY))


def coded(code: str) -> ObjectSearch:
    return ObjectSearch(ObjectKind.DOCUMENT_ENTRY, conditions=(Condition("classCode", (code,)),))


async def search(store: Store, code: str, namespace: str = "") -> list[str]:
    found = await store.read(namespace, lambda s: s.documents.search(coded(code)))
    return [each.id for each in found]


async def test_an_object_is_found_by_its_attributes(any_store: Store) -> None:
    await register(any_store, replace(ENTRY, attributes=(("classCode", "A^^1"),) * 2))

    assert await search(any_store, "A^^1") == [urn(1)]
    assert await search(any_store, "B^^1") == []
    assert await search(any_store, "A^^1", namespace="other") == []


async def test_a_changed_object_is_found_by_its_new_attributes(any_store: Store) -> None:
    changed = replace(ENTRY, attributes=(("classCode", "B^^1"),))
    await register(any_store, replace(ENTRY, attributes=(("classCode", "A^^1"),)))
    await any_store.write("", lambda s: s.documents.replace(changed))

    assert await search(any_store, "A^^1") == []
    assert await search(any_store, "B^^1") == [urn(1)]


async def test_attributes_stay_when_an_object_is_changed_without(any_store: Store) -> None:
    await register(any_store, replace(ENTRY, attributes=(("classCode", "A^^1"),)))
    await any_store.write("", lambda s: s.documents.replace(ENTRY))
    kept = await search(any_store, "A^^1")
    await any_store.write("", lambda s: s.documents.replace(replace(ENTRY, attributes=())))

    assert kept == [urn(1)]
    assert await search(any_store, "A^^1") == []


async def test_versions_are_told_the_oldest_first(any_store: Store) -> None:
    second = replace(ENTRY, id=urn(2), version=2)
    third = replace(ENTRY, id=urn(3), version=3)
    other = replace(ENTRY, id=urn(4), logical_id=urn(4))
    await register(any_store, third, ENTRY, other, second)
    found = await any_store.read(
        "", lambda s: s.documents.versions([urn(4), urn(1), urn(1), urn(9)])
    )

    assert found == [other, ENTRY, second, third]


async def test_removed_objects_are_gone_with_their_attributes(any_store: Store) -> None:
    last = replace(ENTRY, id=urn(2), attributes=(("classCode", "A^^1"),))
    await register(any_store, ENTRY, last)
    await any_store.write("", lambda s: s.documents.remove([urn(2), urn(3)]))
    # It gets the number that the removed one had.
    await register(any_store, replace(ENTRY, id=urn(4)))

    found = await any_store.read("", lambda s: s.documents.by_id([urn(1), urn(2), urn(4)]))
    assert list(found) == [urn(1), urn(4)]
    assert await search(any_store, "A^^1") == []


async def test_objects_of_other_namespaces_are_not_removed(any_store: Store) -> None:
    await register(any_store, ENTRY)
    await any_store.write("other", lambda s: s.documents.remove([urn(1)]))

    found = await any_store.read("", lambda s: s.documents.by_id([urn(1)]))
    assert found == {urn(1): ENTRY}


async def test_a_deleted_namespace_is_found_by_nothing(any_store: Store) -> None:
    await register(any_store, replace(ENTRY, attributes=(("classCode", "A^^1"),)))
    await any_store.delete_namespace("")

    assert await search(any_store, "A^^1") == []


@pytest.mark.parametrize(
    ("sources", "targets", "types", "expected"),
    [
        ([9], [], [], [11, 12]),
        ([], [1], [], [11, 13]),
        ([9], [1], [], [11, 12, 13]),
        ([9, 2], [1, 2], [RPLC], [13]),
        ([9], [1], [HAS_MEMBER, RPLC], [11, 12, 13]),
        ([], [], [], []),
        ([7], [8], [], []),
    ],
)
async def test_associations_are_found_by_source_or_target(
    any_store: Store,
    sources: list[int],
    targets: list[int],
    types: list[str],
    expected: list[int],
) -> None:
    await register(
        any_store,
        association(11, HAS_MEMBER, 9, 1),
        association(12, HAS_MEMBER, 9, 2),
        association(13, RPLC, 2, 1),
    )
    found = await any_store.read(
        "",
        lambda s: s.documents.associations(
            sources=[urn(n) for n in sources], targets=[urn(n) for n in targets], types=types
        ),
    )

    assert [each.id for each in found] == [urn(n) for n in expected]


def stage(
    store: Store, octets: bytes, media_type: str = "text/plain"
) -> tuple[Attachment, StagedContent]:
    content = store.content.begin()
    content.write(octets)
    size, sha1, sha256 = content.finish()
    return Attachment("part-1@example.org", media_type, size, sha1, sha256), content


async def submit(store: Store, unique_id: str, octets: bytes, namespace: str = "") -> Attachment:
    document, content = stage(store, octets)
    await store.write(
        namespace,
        lambda state: state.documents.store(unique_id, document, NOW),
        {document.sha256: content},
    )
    content.discard()
    return document


async def test_a_stored_document_is_read_back(any_store: Store) -> None:
    document = await submit(any_store, "2.25.1", b"Arztbrief")
    found = await any_store.read("", lambda s: s.documents.stored(["2.25.1", "2.25.2"]))

    assert found == {"2.25.1": replace(document, content_id="2.25.1")}
    assert b"".join(any_store.content.iterate(document.sha256)) == b"Arztbrief"


async def test_the_same_document_may_be_stored_again(any_store: Store) -> None:
    document = await submit(any_store, "2.25.1", b"Arztbrief")
    await submit(any_store, "2.25.1", b"Arztbrief")

    assert b"".join(any_store.content.iterate(document.sha256)) == b"Arztbrief"


async def test_other_content_under_the_same_unique_id_is_refused(any_store: Store) -> None:
    document = await submit(any_store, "2.25.1", b"Arztbrief")
    with pytest.raises(IntegrityError):
        await submit(any_store, "2.25.1", b"Befund")

    found = await any_store.read("", lambda s: s.documents.stored(["2.25.1"]))
    assert found["2.25.1"].sha256 == document.sha256


async def test_content_that_is_kept_already_needs_no_staging(any_store: Store) -> None:
    document = await submit(any_store, "2.25.1", b"Arztbrief")
    await any_store.write("", lambda s: s.documents.store("2.25.2", document, NOW))

    found = await any_store.read("", lambda s: s.documents.stored(["2.25.2"]))
    assert found["2.25.2"].sha1 == document.sha1


async def test_a_document_without_content_is_not_stored(any_store: Store) -> None:
    document, content = stage(any_store, b"never handed over")
    content.discard()
    with pytest.raises(ValueError, match=r"document 2\.25\.1 was stored, but its content not"):
        await any_store.write("", lambda s: s.documents.store("2.25.1", document, NOW))

    assert await any_store.read("", lambda s: s.documents.stored(["2.25.1"])) == {}


async def test_a_unit_that_fails_keeps_no_content(any_store: Store) -> None:
    document, content = stage(any_store, b"Arztbrief")

    def store_and_fail(state: State) -> None:
        state.documents.store("2.25.1", document, NOW)
        state.documents.replace(ENTRY)

    with pytest.raises(LookupError):
        await any_store.write("", store_and_fail, {document.sha256: content})
    content.discard()

    assert document.sha256 not in any_store.content


async def test_content_goes_with_the_last_document_that_has_it(any_store: Store) -> None:
    shared = await submit(any_store, "2.25.1", b"shared", namespace="a")
    await submit(any_store, "2.25.1", b"shared", namespace="b")
    own = await submit(any_store, "2.25.2", b"own", namespace="a")
    await any_store.delete_namespace("a")

    assert own.sha256 not in any_store.content
    assert shared.sha256 in any_store.content
    await any_store.delete_namespace("b")
    assert shared.sha256 not in any_store.content


async def test_a_discarded_document_takes_its_content_along(any_store: Store) -> None:
    shared = await submit(any_store, "2.25.1", b"shared")
    await submit(any_store, "2.25.2", b"shared", namespace="other")
    own = await submit(any_store, "2.25.3", b"own")
    await any_store.write("", lambda s: s.documents.discard(["2.25.1", "2.25.3", "2.25.9"]))

    assert await any_store.read("", lambda s: s.documents.stored(["2.25.1", "2.25.3"])) == {}
    assert own.sha256 not in any_store.content
    assert shared.sha256 in any_store.content
    await any_store.write("other", lambda s: s.documents.discard(["2.25.2"]))
    assert shared.sha256 not in any_store.content


async def test_a_document_that_is_stored_again_keeps_its_content(any_store: Store) -> None:
    document = await submit(any_store, "2.25.1", b"Arztbrief")

    def discard_and_store(state: State) -> None:
        state.documents.discard(["2.25.1"])
        state.documents.store("2.25.1", document, NOW)

    await any_store.write("", discard_and_store)

    assert b"".join(any_store.content.iterate(document.sha256)) == b"Arztbrief"


async def test_a_unit_that_fails_discards_nothing(any_store: Store) -> None:
    document = await submit(any_store, "2.25.1", b"Arztbrief")

    def discard_and_fail(state: State) -> None:
        state.documents.discard(["2.25.1"])
        state.documents.replace(ENTRY)

    with pytest.raises(LookupError):
        await any_store.write("", discard_and_fail)

    assert document.sha256 in any_store.content
    assert "2.25.1" in await any_store.read("", lambda s: s.documents.stored(["2.25.1"]))


def hash_of(octets: bytes) -> str:
    return sha1(octets).hexdigest()  # noqa: S324 - XDS demands SHA-1


def staged_files(data_dir: Path) -> list[Path]:
    return list(data_dir.glob("content/staging/*"))


async def make(store: Store, unique_id: str, octets: bytes) -> Attachment:
    return await store.write(
        "", lambda s: s.documents.store_made(unique_id, octets, "text/plain", NOW)
    )


@pytest.mark.parametrize("octets", [b"", b"Arztbrief", b"PDF\0" * 50_000])
async def test_a_document_that_is_made_is_stored_with_its_content(
    any_store: Store, octets: bytes
) -> None:
    document = await make(any_store, "2.25.1", octets)
    found = await any_store.read("", lambda s: s.documents.stored(["2.25.1"]))

    assert found == {"2.25.1": document}
    assert (document.content_id, document.media_type) == ("2.25.1", "text/plain")
    assert (document.size, document.sha1) == (len(octets), hash_of(octets))
    assert b"".join(any_store.content.iterate(document.sha256)) == octets


async def test_content_may_be_made_that_is_kept_already(any_store: Store) -> None:
    submitted = await submit(any_store, "2.25.1", b"Arztbrief")
    made = await make(any_store, "2.25.2", b"Arztbrief")
    await any_store.write("", lambda s: s.documents.discard(["2.25.1"]))

    assert made.sha256 == submitted.sha256
    assert b"".join(any_store.content.iterate(made.sha256)) == b"Arztbrief"


async def test_a_unit_that_fails_leaves_nothing_of_what_it_made(
    any_store: Store, data_dir: Path
) -> None:
    def make_and_fail(state: State) -> None:
        state.documents.store_made("2.25.1", b"x" * 200_000, "text/plain", NOW)
        state.documents.store_made("2.25.1", b"other", "text/plain", NOW)

    with pytest.raises(IntegrityError):
        await any_store.write("", make_and_fail)

    assert await any_store.read("", lambda s: s.documents.stored(["2.25.1"])) == {}
    assert sha256(b"x" * 200_000).hexdigest() not in any_store.content
    assert staged_files(data_dir) == []
