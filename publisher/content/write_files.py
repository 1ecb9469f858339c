"""Several text files, written together: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from publisher.errors import InputError


@dataclass(frozen=True)
class FileText:
    """What a file is to say."""

    file: Path
    before: str | None
    """What it said when it was read; None: it was not there."""
    after: str


def write_files(texts: Sequence[FileText]) -> None:
    """Put every text in its place.

    Raises InputError when a file has changed since it was read, or cannot be written; then all files are as before.
    """
    for text in texts:
        _refuse_changed(text)
    done: list[FileText] = []
    try:
        for text in texts:
            text.file.parent.mkdir(parents=True, exist_ok=True)
            _prepare(text.file, text.after, text.file if text.before is not None else None)
        for text in texts:
            _prepared(text.file).replace(text.file)
            done.append(text)
    except OSError as error:
        _undo(done)
        raise InputError(f"cannot write {error.filename}: {error.strerror}", fix="make room or rights") from None
    except BaseException:
        _undo(done)
        raise
    finally:
        for text in texts:
            with suppress(OSError):
                _prepared(text.file).unlink(missing_ok=True)


def _refuse_changed(text: FileText) -> None:
    try:
        there = text.file.read_bytes()
    except FileNotFoundError:
        there = None
    except OSError as error:
        raise InputError(f"{text.file} cannot be read: {error.strerror}") from None
    if there != (None if text.before is None else text.before.encode()):
        raise InputError(f"{text.file} has just been changed by somebody else", fix="run it again")


def _prepared(file: Path) -> Path:
    # Readers of content leave names of this form alone.
    return file.with_name(f".{file.name}.tmp")


def _prepare(file: Path, text: str, like: Path | None) -> None:
    with _prepared(file).open("wb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    if like is not None:
        _prepared(file).chmod(like.stat().st_mode & 0o777)


def _undo(done: Sequence[FileText]) -> None:
    for text in done:
        if text.before is None:
            text.file.unlink(missing_ok=True)
        else:
            _prepare(text.file, text.before, text.file)
            _prepared(text.file).replace(text.file)
