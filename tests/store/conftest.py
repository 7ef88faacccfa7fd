from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.store import Store


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data_dir: Path) -> Iterator[Store]:
    with Store.open("", data_dir) as opened:
        yield opened


@pytest.fixture(params=["file", "memory"])
def any_store(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Store]:
    """A store on a file, then one in memory: what holds for one holds for the other."""
    with Store.open("sqlite://" if request.param == "memory" else "", data_dir) as opened:
        yield opened
