"""Only one holds the lock at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from publisher.client.state_lock import locked
from publisher.wire.errors import ClientInputError, LocalError


def test_a_second_holder_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    started = threading.Event()

    def second() -> None:
        started.set()
        with locked(tmp_path / "lock"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locked(tmp_path / "lock"):
        thread.start()
        started.wait()
        thread.join(timeout=0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_another_process_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock"),
        pytest.raises(LocalError, match="another tidegate is running"),
        locked(tmp_path / "lock", patience=0.1),
    ):
        pass


def test_a_link_in_place_of_the_lock_is_refused_and_its_file_left_alone(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "lock").symlink_to(victim)
    with pytest.raises(ClientInputError, match="symbolic link"), locked(tmp_path / "lock"):
        pass
    assert victim.read_text() == "precious"
