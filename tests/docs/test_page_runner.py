"""The runner of pages notices what a page has wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ihe_mock_async.errors import ServicesError
from tests.docs.page_runner import PageError, PageRunner, masked

SERVICE = """\
# mocks/services/lab.yaml
name: lab
mappings:
  - response: {status: 200}
"""


def fenced(kind: str, text: str) -> str:
    return f"Words.\n\n```{kind}\n{text}```\n\n"


def run(page: str, folder: Path) -> None:
    PageRunner(page, folder).run()


def test_what_a_shell_block_prints_is_compared(tmp_path: Path) -> None:
    run(fenced("sh", "echo one; echo two >&2\n") + fenced("text", "one\ntwo\n"), tmp_path / "all")
    run(fenced("sh", "seq 9\n") + fenced("text", "1\n...\n9\n"), tmp_path / "elision")

    with pytest.raises(PageError, match="line 9 shows"):
        run(fenced("sh", "echo one\n") + fenced("text", "two\n"), tmp_path / "otherwise")


def test_a_shell_block_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="line 3: exit status 3"):
        run(fenced("sh", "(exit 3) | cat\necho never\n"), tmp_path)


def test_a_python_block_is_run_by_pytest(tmp_path: Path) -> None:
    passing = fenced("python", "# test_it.py\ndef test_it():\n    print('2 apples')\n")
    failing = fenced("python", "# test_other.py\ndef test_it():\n    assert 'pear' == 'plum'\n")
    folders = [tmp_path / name for name in ("passing", "failing", "otherwise")]
    for folder in folders:
        folder.mkdir()

    run(passing + fenced("text", "2 apples\n"), folders[0])

    with pytest.raises(PageError, match="assert 'pear' == 'plum'"):
        run(passing + failing, folders[1])
    with pytest.raises(PageError, match="3 apples"):
        run(passing + fenced("text", "3 apples\n"), folders[2])


def test_a_yaml_block_is_loaded_as_a_service(tmp_path: Path) -> None:
    run(fenced("yaml", SERVICE), tmp_path)

    with pytest.raises(ServicesError, match="mapings"):
        run(fenced("yaml", SERVICE.replace("mappings", "mapings")), tmp_path / "wrong")


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (fenced("java", "class A {}\n"), "line 3: a block java is run by nobody"),
        (fenced("", "what?\n"), "a block without a language is run by nobody"),
        (fenced("sh later", "true\n"), "a block sh later is run by nobody"),
        (fenced("python", "print(1)\n"), "no comment with a file's name"),
        (fenced("python", "# a.py\nprint(1)\n"), "a.py has no test"),
        (fenced("text", "one\n"), "no block before prints this"),
        (fenced("sh", "curl http://localhost:8080/health\n"), "has started a server"),
    ],
)
def test_a_block_that_nobody_runs_is_an_error(page: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(PageError, match=complaint):
        run(page, tmp_path)


def test_what_differs_from_run_to_run_is_masked() -> None:
    one = "2  2026-11-21T19:48:35.07Z  served urn:uuid:0f93f1b7-4266-4437-8bb9-f6e37acf6e2e  40.6"
    other = "2 2026-11-22T07:00:00Z served urn:uuid:5e7825e7-8ad2-4402-b916-9f749a0545ed  6.6"

    assert masked(one) == masked(other)
    assert masked(one) != masked(one.replace("served", "rejected"))
