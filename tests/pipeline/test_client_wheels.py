"""The client is packed from files that the lock names by their SHA-256, wherever they come from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.errors import InputError
from publisher.pipeline.client_wheels import Wheel, cached_wheels, wheels_in
from tests.support.project import tree
from tests.support.wheels import a_wheel, lock_of, write_wheels

WHEELS = (a_wheel("tuf", "7.0.1", {"tuf/__init__.py": b"1"}), a_wheel("urllib3", "2.8.0", {"urllib3/__init__.py": b""}))
LOCK = lock_of(WHEELS)
FORGED = a_wheel("tuf", "7.0.1", {"tuf/__init__.py": b"steal()"})


def bringing(*wheels: Wheel) -> Callable[[Path], None]:
    return lambda directory: void(write_wheels(directory, wheels))


def void(_value: object) -> None: ...


def no_network(_directory: Path) -> None:
    raise InputError("there is no network")


def test_the_files_that_the_lock_names_are_taken(tmp_path: Path) -> None:
    write_wheels(tmp_path, (*WHEELS, a_wheel("tuf", "7.0.2", {}), a_wheel("requests", "2.0", {})))
    assert wheels_in(tmp_path, LOCK) == WHEELS


def test_a_wheel_with_other_bytes_under_a_known_name_is_refused(tmp_path: Path) -> None:
    write_wheels(tmp_path, (*WHEELS, FORGED))
    with pytest.raises(InputError, match=f"is not the wheel that the lock lists: its SHA-256 is {FORGED.digest}"):
        wheels_in(tmp_path, LOCK)


def test_a_missing_wheel_is_named_with_the_command_that_brings_it(tmp_path: Path) -> None:
    write_wheels(tmp_path, WHEELS[:1])
    with pytest.raises(InputError, match=r"lacks the wheels of urllib3 2\.8\.0") as caught:
        wheels_in(tmp_path, LOCK)
    assert "-m pip download --no-deps --require-hashes" in caught.value.fix


def test_once_downloaded_no_network_is_needed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert cached_wheels(cache, LOCK, bringing(*WHEELS)) == WHEELS
    assert len(list(cache.iterdir())) == len(WHEELS)
    assert cached_wheels(cache, LOCK, no_network) == WHEELS


def test_a_cache_that_somebody_wrote_to_is_mended(tmp_path: Path) -> None:
    write_wheels(tmp_path, (FORGED,))
    assert cached_wheels(tmp_path, LOCK, bringing(*WHEELS)) == WHEELS
    assert wheels_in(tmp_path, LOCK) == WHEELS


def test_a_download_with_other_bytes_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not the wheel that the lock lists"):
        cached_wheels(tmp_path / "cache", LOCK, bringing(FORGED, *WHEELS[1:]))
    assert tree(tmp_path / "cache") == {}


def test_a_download_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no network"):
        cached_wheels(tmp_path / "cache", LOCK, no_network)
    assert tree(tmp_path / "cache") == {}


def test_a_cache_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be kept in"):
        cached_wheels(tmp_path / "file" / "cache", LOCK, bringing(*WHEELS))


def test_a_directory_in_the_place_of_a_wheel_is_an_error_in_words(tmp_path: Path) -> None:
    shutil.rmtree(write_wheels(tmp_path / "wheels", WHEELS))
    (tmp_path / "wheels" / "tuf-7.0.1-py3-none-any.whl").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be read"):
        wheels_in(tmp_path / "wheels", LOCK)
