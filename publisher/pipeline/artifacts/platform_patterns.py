"""Which built file is for which platform: the patterns that a release declares, matched to the names in a directory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from publisher.channel.manifests import BOM_SUFFIXES
from publisher.errors import InputError
from publisher.model.content.release import ArtifactSpec, Release
from publisher.rules import english
from publisher.wire.version import Version


def platforms(release: Release, directory: Path, names: list[str], known: Iterable[Version]) -> dict[str, str]:
    """File name -> platform: every pattern of the release with the one file that it matches.

    `names` are all names in the directory, `known` the versions of the product's releases. Raises InputError when a
    pattern matches no file or several, when a file matches two platforms, and for files of another version.
    """
    patterns = [(spec.file.replace("{version}", str(release.version)), spec) for spec in release.artifacts]
    fitting = {
        pattern: [name for name in names if fits_pattern(spec, release, name) and not _is_companion(name, names)]
        for pattern, spec in patterns
    }
    if missing := [f"{pattern} ({spec.platform})" for pattern, spec in patterns if not fitting[pattern]]:
        raise _missing(missing, directory, sorted(set(names).difference(*fitting.values())))
    platform_of: dict[str, str] = {}
    for pattern, spec in patterns:
        matches = fitting[pattern]
        if len(matches) > 1:
            raise InputError(
                f"{pattern} ({spec.platform}) matches {len(matches)} files: {', '.join(map(shown, matches))}",
                fix="make the pattern narrower, or remove the files that do not belong to this release",
            )
        name = matches[0]
        if name in platform_of:
            raise InputError(
                f"{shown(name)} matches two platforms, {platform_of[name]} and {spec.platform}",
                fix="make the patterns narrower",
            )
        if spec.platform in platform_of.values():
            raise InputError(f"two patterns are for {spec.platform}", fix="remove one of them: one file a platform")
        platform_of[name] = spec.platform
    for name in platform_of:
        _refuse_other_version(name, release.version, known)
    return platform_of


def fits_pattern(spec: ArtifactSpec, release: Release, name: str) -> bool:
    """Whether a file name is what a pattern of the release means."""
    return fnmatchcase(name, spec.file.replace("{version}", str(release.version)))


def shown(name: str) -> str:
    """A file name for a message; one that would not print as it is, quoted."""
    return name if name.isprintable() else repr(name)


def _missing(missing: list[str], directory: Path, others: list[str]) -> InputError:
    """All that is missing, and found instead: a name that is nearly right, or what no pattern wants."""
    lines = []
    for asked in missing:
        pattern = asked.rpartition(" (")[0]
        near = get_close_matches(pattern, others, n=1, cutoff=0.85)
        lines.append(f"  {asked}" + (f"; did you mean {shown(near[0])}?" if near else ""))
    there = f"found instead: {_few(others)}" if others else "nothing else was found"
    return InputError(
        f"{english.counted(len(missing), 'file')} {'is' if len(missing) == 1 else 'are'} missing in {directory}:\n"
        + "\n".join([*lines, there]),
        fix="build what is missing, or correct the patterns in the release's `artifacts:`",
    )


def _few(names: list[str]) -> str:
    return ", ".join(map(shown, names[:5])) + (f", and {len(names) - 5} more" if len(names) > 5 else "")


def _is_companion(name: str, names: list[str]) -> bool:
    return any(name.endswith(suffix) and name.removesuffix(suffix) in names for suffix in BOM_SUFFIXES)


def _refuse_other_version(name: str, version: Version, known: Iterable[Version]) -> None:
    """A wide pattern also matches what an earlier build left behind. A number without a dot may mean anything."""
    own = str(version)
    # Longest first, so that 1.1.0-rc.1 is not taken for 1.1.0.
    texts = sorted({own, *(text for text in map(str, known) if "." in text)}, key=lambda text: (-len(text), text))
    alternatives = "|".join(map(re.escape, texts))
    matches = re.findall(rf"(?<![0-9])(?<![0-9]\.)({alternatives})(?!\.?[0-9]|[A-Za-z])", name)
    if matches and own not in matches:
        raise InputError(
            f"{shown(name)} looks like {matches[0]}, not like {own}",
            fix="build this version into its own directory, and write {version} in the pattern",
        )
