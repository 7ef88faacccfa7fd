"""The log as operators read it: format, levels, rotation, and what is lost is said."""

import io
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.errors import OperatorError
from ihe_mock_async.server import log_reader, logs

LOG = logging.getLogger("ihe_mock_async.tests")


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    before = logging.raiseExceptions
    level = logging.getLogger(logs.LOGGER).level
    yield
    logging.raiseExceptions = before
    logging.getLogger(logs.LOGGER).setLevel(level)
    assert logging.getLogger(logs.LOGGER).handlers == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "mock-server.log"


def test_the_file_holds_debug_and_the_console_its_level(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = io.StringIO()
    monkeypatch.setattr(sys, "stderr", console)
    with logs.configure("WARNING", path, console=True) as log:
        LOG.debug("detail %d", 1)
        LOG.warning("trouble with %s", "ä")
        assert log.flush()

    lines = path.read_text(encoding="utf-8").splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{stamp} - ihe_mock_async\.tests - DEBUG - detail 1", lines[0])
    assert re.fullmatch(rf"{stamp} - ihe_mock_async\.tests - WARNING - trouble with ä", lines[1])
    assert console.getvalue().splitlines() == lines[1:]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert (log.dropped, log.errors) == (0, 0)


def test_an_error_comes_with_its_traceback_and_the_event_loop_is_heard(path: Path) -> None:
    with logs.configure("INFO", path, console=False):
        try:
            int("broken")
        except ValueError:
            LOG.exception("failed")
        logging.getLogger("asyncio").warning("slow callback")

    records = log_reader.tail(path, 10)
    assert len(records) == 2
    assert records[0].endswith("ValueError: invalid literal for int() with base 10: 'broken'")
    assert "Traceback" in records[0]
    assert records[1].endswith("asyncio - WARNING - slow callback")


def test_a_log_that_cannot_be_written_is_counted_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with logs.configure("INFO", tmp_path / "file" / "x.log", console=False) as log:
        LOG.error("lost")
    LOG.error("after the close")

    assert log.errors == 1
    assert "Traceback" not in capfd.readouterr().err


def test_missing_entries_are_said_in_the_log(path: Path) -> None:
    with logs.configure("INFO", path, console=False) as log:
        log.writer._max_entries = 1
        for _ in range(4):
            LOG.info("x")

    assert log.dropped == 3
    assert (
        path.read_text()
        .splitlines()[-1]
        .endswith(
            "WARNING - 3 log entries are missing here: they came faster than the disk took them"
        )
    )


def record(number: int, level: str = "INFO", rest: str = "") -> str:
    return f"2026-01-02 03:04:05,{number:03} - ihe_mock_async.web - {level} - event {number}{rest}"


TRACE = "\nTraceback (most recent call last):\nValueError: broken"


@pytest.fixture
def written(path: Path) -> Path:
    path.parent.mkdir()
    older = [record(1, "DEBUG"), record(2, "ERROR", TRACE)]
    newer = [record(3), record(4, "WARNING", "\n  and more"), record(5)]
    path.with_name(f"{path.name}.1").write_text("\n".join(older) + "\n")
    path.write_text("\n".join(newer) + "\n")
    return path


@pytest.mark.parametrize(
    ("n", "level", "grep", "numbers"),
    [
        (2, None, None, [4, 5]),
        (50, None, None, [1, 2, 3, 4, 5]),
        (0, None, None, []),
        (50, "warning", None, [2, 4]),
        (1, "ERROR", None, [2]),
        (50, None, "ValueError|event 5$", [2, 5]),
        (50, "WARNING", "and more", [4]),
    ],
)
def test_the_tail_reaches_back_into_rotated_files(
    written: Path, n: int, level: str | None, grep: str | None, numbers: list[int]
) -> None:
    records = log_reader.tail(written, n, level, grep)

    assert [int(re.search(r"event (\d)", r)[1]) for r in records] == numbers  # type: ignore[index]


def test_continuation_lines_stay_with_their_record(written: Path) -> None:
    assert log_reader.tail(written, 50, "ERROR") == [record(2, "ERROR", TRACE)]


def test_lines_without_a_head_are_shown_only_unfiltered(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f"rest of something\n{record(1)}\n")

    assert log_reader.tail(path, 9) == ["rest of something", record(1)]
    assert log_reader.tail(path, 9, "DEBUG") == [record(1)]


def test_no_log_file_is_no_records(path: Path) -> None:
    assert log_reader.tail(path, 10) == []


@pytest.mark.parametrize("read", [lambda p, **k: log_reader.tail(p, 1, **k), log_reader.follow])
def test_a_bad_filter_is_the_operator_s_error(path: Path, read: object) -> None:
    with pytest.raises(OperatorError, match=r"'\(' is not a regular expression: "):
        read(path, grep="(")  # type: ignore[operator]
    with pytest.raises(OperatorError, match="Unknown level 'LOUD': give one of DEBUG, INFO"):
        read(path, level="LOUD")  # type: ignore[operator]


class Writing:
    """Does the next thing to the file whenever the reader has nothing to read."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)

    def __call__(self) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)()  # type: ignore[operator]


def followed(path: Path, *steps: object, level: str | None = None) -> list[str]:
    records: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        records.extend(log_reader.follow(path, level, pause=Writing(*steps)))
    return records


def appending(path: Path, text: str) -> object:
    def append() -> None:
        with path.open("a") as file:
            file.write(text)

    return append


def test_following_begins_at_the_end_and_keeps_records_together(written: Path) -> None:
    steps = [
        appending(written, f"{record(6, 'ERROR', TRACE)}\n{record(7)}\n"),
        appending(written, record(8)[:20]),
        appending(written, record(8)[20:] + "\n"),
    ]

    assert followed(written, *steps) == [record(6, "ERROR", TRACE), record(7), record(8)]


def test_following_survives_a_rotation(written: Path) -> None:
    def rotate() -> None:
        with written.open("a") as file:
            file.write(record(6) + "\n")
        written.replace(written.with_name("mock-server.log.1"))

    steps = [rotate, lambda: None, lambda: written.write_text(record(7) + "\n")]

    assert followed(written, *steps) == [record(6), record(7)]


def test_following_survives_a_truncation(written: Path) -> None:
    def truncate() -> None:
        with written.open("r+") as file:
            file.truncate()
            file.write(record(6) + "\n")

    assert followed(written, truncate) == [record(6)]


def test_following_keeps_late_continuation_lines_with_their_record(written: Path) -> None:
    steps = [
        appending(written, f"{record(6, 'ERROR')}\n"),
        appending(written, "  and more\n"),
        appending(written, f"{record(7)}\n"),
        appending(written, "  not wanted\n"),
    ]

    assert followed(written, *steps, level="ERROR") == [record(6, "ERROR"), "  and more"]


def test_following_waits_for_a_file_and_filters(path: Path) -> None:
    path.parent.mkdir()
    steps = [lambda: None, lambda: path.write_text(f"{record(1)}\n{record(2, 'ERROR')}\n")]

    assert followed(path, *steps, level="WARNING") == [record(2, "ERROR")]
