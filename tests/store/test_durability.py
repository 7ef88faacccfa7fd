"""What was acknowledged is stored: processes that are killed, and disks that are full."""

import asyncio
import os
import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ihe_mock_async.errors import StoreError
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import Attachment, State
from ihe_mock_async.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = "1.2.276.0.76.3.1"


async def submit_for_ever(store: Store) -> None:
    """Store a patient and a document at a time, and write the number once it is acknowledged."""
    numbers = iter(range(1_000_000))

    async def client() -> None:
        for number in numbers:
            await submit(store, number)
            os.write(1, b"%d\n" % number)

    await asyncio.gather(*(client() for _ in range(16)))


async def submit(store: Store, number: int) -> None:
    content = store.content.begin()
    content.write(octets_of(number))
    size, sha1, sha256 = content.finish()
    document = Attachment("1@example.org", "text/plain", size, sha1, sha256)

    def work(state: State) -> None:
        state.patients.add([PatientIdentifier(ROOT, str(number))], b"<patient/>", NOW)
        state.documents.store(f"2.25.{number}", document, NOW)

    try:
        await store.write("", work, {sha256: content})
    finally:
        content.discard()


def octets_of(number: int) -> bytes:
    # Every eighth one is large enough for a staging file.
    return b"%d " % number * (20_000 if number % 8 == 0 else 10)


async def submit_on_a_full_disk(store: Store) -> None:
    """Let no file grow above 200 kB for a while, as if the disk were full."""
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, unlimited[1]))
    errors = []
    for number in range(400):
        try:
            await store.write("", adding(number))
        except StoreError as error:
            errors.append(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    await submit(store, 1000)
    await store.ready()
    os.write(1, f"{400 - len(errors)} {len(errors)} {errors[0]}".encode())


def adding(number: int) -> Callable[[State], int]:
    identifier = PatientIdentifier(ROOT, str(number))
    return lambda state: state.patients.add([identifier], b"x" * 2000, NOW)


async def start(data_dir: Path, work: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(data_dir), work, stdout=asyncio.subprocess.PIPE
    )


@pytest.mark.parametrize("acknowledgements", [1, 300])
async def test_what_was_acknowledged_survives_kill_9(
    data_dir: Path, acknowledgements: int
) -> None:
    process = await start(data_dir, "for-ever")
    assert process.stdout
    seen = [await process.stdout.readline() for _ in range(acknowledgements)]
    process.kill()
    seen += (await process.communicate())[0].splitlines(keepends=True)
    acknowledged = {int(line) for line in seen if line.endswith(b"\n")}

    with Store.open("", data_dir) as store:
        identifiers = [PatientIdentifier(ROOT, str(number)) for number in acknowledged]
        patients = await store.read("", lambda s: s.patients.find(identifiers))
        documents = await store.read(
            "", lambda s: s.documents.stored([f"2.25.{number}" for number in acknowledged])
        )
        contents = {
            number: b"".join(store.content.iterate(documents[f"2.25.{number}"].sha256))
            for number in acknowledged
        }

    assert len(acknowledged) >= acknowledgements
    assert len(patients) == len(acknowledged)
    assert contents == {number: octets_of(number) for number in acknowledged}
    assert list((data_dir / "content" / "staging").iterdir()) == []


async def test_a_full_disk_refuses_and_recovers(data_dir: Path) -> None:
    process = await start(data_dir, "full-disk")
    output, _ = await process.communicate()
    stored, refused, message = output.decode().split(" ", 2)

    with Store.open("", data_dir) as store:
        identifiers = [PatientIdentifier(ROOT, str(number)) for number in range(1001)]
        found = await store.read("", lambda s: s.patients.find(identifiers))
    assert int(refused) > 0
    assert len(found) == int(stored) + 1
    assert message.startswith("The store cannot be used (")
    assert str(data_dir) not in message


if __name__ == "__main__":
    with Store.open("", Path(sys.argv[1])) as opened:
        work = {"for-ever": submit_for_ever, "full-disk": submit_on_a_full_disk}[sys.argv[2]]
        asyncio.run(work(opened))
