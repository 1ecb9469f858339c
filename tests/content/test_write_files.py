"""Several files at once: all of them are written, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.content.write_files import FileText, write_files
from publisher.errors import InputError


def contents(directory: Path) -> dict[str, str]:
    return {path.relative_to(directory).as_posix(): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_old_and_new_files_are_written_and_keep_their_rights(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "a.yaml").chmod(0o640)
    write_files(
        [FileText(tmp_path / "a.yaml", "a: 1\n", "a: 2\n"), FileText(tmp_path / "sub/b.yaml", None, "b: 1\r\n")]
    )
    assert contents(tmp_path) == {"a.yaml": "a: 2\n", "sub/b.yaml": "b: 1\n"}
    assert (tmp_path / "sub/b.yaml").read_bytes() == b"b: 1\r\n"
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("there", ["a: 3\n", None])
def test_what_was_changed_meanwhile_is_not_overwritten(tmp_path: Path, there: str | None) -> None:
    if there is not None:
        (tmp_path / "a.yaml").write_text(there)
    before = contents(tmp_path)
    texts = [FileText(tmp_path / "b.yaml", None, "b: 1\n"), FileText(tmp_path / "a.yaml", "a: 1\n", "a: 2\n")]
    with pytest.raises(InputError, match=r"a\.yaml has just been changed by somebody else"):
        write_files(texts)
    assert contents(tmp_path) == before


def test_a_new_file_takes_the_place_of_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: theirs\n")
    with pytest.raises(InputError, match="somebody else"):
        write_files([FileText(tmp_path / "a.yaml", None, "a: ours\n")])
    assert contents(tmp_path) == {"a.yaml": "a: theirs\n"}


def test_when_the_last_one_cannot_be_written_the_first_are_as_before(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / ".c.yaml.tmp").mkdir()
    texts = [
        FileText(tmp_path / "a.yaml", "a: 1\n", "a: 2\n"),
        FileText(tmp_path / "b.yaml", None, "b: 1\n"),
        FileText(tmp_path / "c.yaml", None, "c: 1\n"),
    ]
    with pytest.raises(InputError, match="cannot write"):
        write_files(texts)
    assert contents(tmp_path) == {"a.yaml": "a: 1\n"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "c.yaml"), KeyboardInterrupt()])
def test_what_is_broken_off_halfway_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    replace = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target.name == "c.yaml":
            raise error
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    texts = [
        FileText(tmp_path / "a.yaml", "a: 1\n", "a: 2\n"),
        FileText(tmp_path / "b.yaml", None, "b: 1\n"),
        FileText(tmp_path / "c.yaml", None, "c: 1\n"),
    ]
    with pytest.raises(InputError if isinstance(error, OSError) else KeyboardInterrupt):
        write_files(texts)
    assert contents(tmp_path) == {"a.yaml": "a: 1\n"}
