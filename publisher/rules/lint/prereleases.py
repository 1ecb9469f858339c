"""Pre-releases that are counted in words: rc10 compares as older than rc9 (Semantic Versioning 2.0.0, section 11.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.rules.lint.lint import Lint
from publisher.wire.version import Version

_COUNTED = re.compile(r"([0-9A-Za-z-]*[A-Za-z-])([0-9]+)")


def counted_in_words(catalog: Catalog) -> Iterator[Lint]:
    """Advice while it can still be followed: on releases that are not out."""
    for release in catalog.releases:
        counted = _counted(release.version)
        if counted is None or release.shipped_at is not None:
            continue
        word, number = counted
        out = [other for other in catalog.releases if other.shipped_at is not None and _same_count(other, release)]
        if newest := max((other.version for other in out if other.version > release.version), default=None):
            yield Lint(
                release.id,
                f"it counts as older than {newest}, which has shipped, since {word}{number} is compared as text",
                f"choose a version that counts as newer, such as {newest}.1",
            )
        elif not out:
            better = f"{str(release.version).removesuffix(f'{word}{number}')}{word}.{number}"
            yield Lint(
                release.id,
                f"{word}{number} is compared as text, so {word}10 would count as older than {word}9",
                f"write {better}; numbers after a dot are compared as numbers",
            )


def _counted(version: Version) -> tuple[str, int] | None:
    """The word and the number of a last part like rc9."""
    match = _COUNTED.fullmatch(version.prerelease[-1]) if version.prerelease else None
    return (match[1], int(match[2])) if match else None


def _same_count(other: Release, release: Release) -> bool:
    """Whether both are of one count: rc8 and rc9 of one version, the other with the smaller number."""
    mine, theirs = _counted(release.version), _counted(other.version)
    if mine is None or theirs is None or other.product != release.product:
        return False
    same_version = (other.version.release, other.version.prerelease[:-1]) == (
        release.version.release,
        release.version.prerelease[:-1],
    )
    return same_version and theirs[0] == mine[0] and theirs[1] < mine[1]
