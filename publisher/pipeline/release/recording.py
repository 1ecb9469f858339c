"""When a release has become live, its YAML says so: `shipped_at`, written into the file that people keep.

The release is live by then, so nothing here may fail it: whatever is in the way becomes a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.content.load import load_catalog
from publisher.content.text_encoding import MAX_BYTES
from publisher.content.yaml_edit import read_exactly, replace_file, with_key
from publisher.content.yaml_reader import parse
from publisher.errors import InputError, TidegateError
from publisher.model.content.release import Release
from publisher.model.values import format_time

KEY = "shipped_at"


@dataclass(frozen=True)
class Recorded:
    """What became of the record."""

    file: Path | None
    """The file that says it now; None when it was not written."""
    why_not: str = ""
    """What was in the way; empty when it is recorded, also by an earlier run or by hand."""


NOT_RECORDED = Recorded(None)
"""There was nothing to record."""


def record_shipped(release: Release, shipped: datetime, content: Sequence[Path], config: Path) -> Recorded:
    """Write `shipped_at` into the release's file, unless it says so already. Never raises."""
    if release.shipped_at is not None:
        return NOT_RECORDED
    try:
        file = _file_of(release, content)
        text = with_key(read_exactly(file), KEY, format_time(shipped))
        _refuse_another_meaning(release, shipped, file, text, content, config)
        replace_file(file, text)
    except TidegateError as error:
        return Recorded(None, error.what.splitlines()[0])
    except OSError as error:
        return Recorded(None, str(error.strerror))
    return Recorded(file)


def _file_of(release: Release, content: Sequence[Path]) -> Path:
    """The file that holds the release; it may have been moved, or edited, while the release was under way."""
    for file in _candidates(release, content):
        with file.open("rb") as stream:
            document, _ = parse(stream.read(MAX_BYTES + 1), str(file))
        held = document.data if document is not None else None
        if isinstance(held, dict) and (held.get("product"), held.get("version")) == (
            release.product,
            str(release.version),
        ):
            return file
    raise InputError(f"no file in {content[0] / 'releases'} has it any more")


def _candidates(release: Release, content: Sequence[Path]) -> Iterator[Path]:
    """The file of the usual name first, then all others."""
    for directory in content:
        usual = directory / "releases" / release.product / f"{release.version}.yaml"
        if usual.is_file():
            yield usual
        yield from (file for file in sorted((directory / "releases").rglob("*.yaml")) if file != usual)


def _refuse_another_meaning(
    release: Release, shipped: datetime, file: Path, text: str, content: Sequence[Path], config: Path
) -> None:
    """Read the new file with everything else: it must be the same release, with the time. Raises TidegateError."""
    catalog = load_catalog(content, config, instead={file: text.encode()})
    known = catalog.find(release.product, str(release.version))
    if known is None or known.shipped_at != shipped or known.digest() != release.digest():
        raise InputError(f"{file} has changed since it was read, or is written in a way that cannot be edited")
