"""What a candidate changes for clients against what is live, in lines that a person reads before signing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime

from publisher.channel.candidates.evidence import read_evidence
from publisher.channel.candidates.lift_difference import lift_lines
from publisher.channel.candidates.release_candidate import ReleaseCandidate, feeds_of
from publisher.channel.candidates.requirement_difference import requirement_lines
from publisher.channel.candidates.setting_difference import setting_lines
from publisher.channel.layout import target_key
from publisher.channel.repository import Read, Repository, withdrawn_by
from publisher.channel.state import feeds
from publisher.model.values import format_time
from publisher.rules import english
from publisher.wire.feed_parser import Artifact, OfferedRelease, ParsedFeed
from publisher.wire.web_path import web_path

_NAMES = {
    "sentence": "in one sentence",
    "action": "asked of users",
    "restart": "restart",
    "symptoms": "symptoms",
    "required_by": "required by",
    "old_peers_ok_until": "old peers work until",
}
"""Fields of a feed's release that people read; the others follow from the version."""


def release_difference(candidate: ReleaseCandidate, live: Repository | None, read: Read) -> tuple[str, ...]:
    """Lines: what each platform is offered now and then, what it is told, and what stays. Raises VerificationError."""
    before = feeds(read, live, candidate.product, candidate.channel) if live else {}
    after = feeds_of(candidate.signed, read)
    lines = [] if before else [f"a new channel: nothing has been offered in {candidate.role} so far"]
    lines += [line for platform in sorted(after) for line in _platform(platform, before.get(platform), after[platform])]
    lines += [f"{platform}: no longer served" for platform in sorted(set(before) - set(after))]
    signed = candidate.signed
    if (basis := candidate.approval_basis) is not None:
        lines += requirement_lines(before, after, basis.at)
    lines += setting_lines(before, after)
    lines += lift_lines(signed, live, candidate.role, read)
    current = live.roles.get(candidate.role) if live else None
    replaced = f", replacing version {current.signed.version}" if current else ", the first of its role"
    until = english.day(signed.expires)
    if (changed := candidate.changed_classes) is not None:
        classes = english.listed(list(map(str, changed))) or "nothing that has a class"
        lines.append(f"changes found in the build: {classes}")
    for item in read_evidence(candidate, read).items:
        lines += [f"decided on {item.entry.file} ({item.entry.kind})", f"  sha256 {item.entry.sha256}"]
    if withdrawn := withdrawn_by(signed):
        lines.append(
            f"clients that run {english.listed(list(map(str, withdrawn)), 'or')} are told that it was taken back"
        )
    if basis is not None:
        lines.append(f"clients see the state at {english.moment(basis.at)}")
    lines.append(f"signed metadata: {candidate.role} version {signed.version}{replaced}, until {until}")
    return tuple(lines)


def _platform(platform: str, before: ParsedFeed | None, after: ParsedFeed) -> Iterator[str]:
    if before is not None and replace(before, requirements=after.requirements, settings=after.settings) == after:
        yield f"{platform}: stays at {_version(after)}"
        return
    yield f"{platform}: {_version(before)} -> {_version(after)}" if before else f"{platform}: {_version(after)}, new"
    if after.release is None:
        return
    old = before.release if before else None
    if old is None or old.artifact != after.release.artifact:
        yield from _file(after.release.artifact)
    for name, label in _NAMES.items():
        was, becomes = getattr(old, name, None), getattr(after.release, name)
        if was != becomes:
            yield f"  {label}: {_shown(was)} -> {_shown(becomes)}" if old else f"  {label}: {_shown(becomes)}"
    if (was_previous := _previous(before)) != (previous := _previous(after)):
        change = f"{was_previous} -> {previous}" if before else previous
        yield f"  if it is held or withdrawn: {change}"
    if (floor := before.min_secure if before else None) != after.min_secure:
        yield f"  security floor: {_shown(floor)} -> {_shown(after.min_secure)}"
    was_ending = {deprecation.id: deprecation.state for deprecation in before.deprecations} if before else {}
    for deprecation in after.deprecations:
        if was_ending.get(deprecation.id) != deprecation.state:
            yield f"  {deprecation.subject}: {_shown(was_ending.get(deprecation.id))} -> {deprecation.state}"
    for gone in sorted(set(was_ending) - {deprecation.id for deprecation in after.deprecations}):
        yield f"  {gone}: no longer announced"


def _file(artifact: Artifact) -> Iterator[str]:
    yield f"  {artifact.file}, {artifact.size:,} bytes"
    yield f"  sha256 {artifact.sha256}"
    yield from (
        f"  from {url.removesuffix(web_path(target_key(artifact.target, artifact.sha256)))}" for url in artifact.urls
    )


def _version(feed: ParsedFeed | None) -> str:
    return str(feed.release.version) if feed and feed.release else "nothing"


def _previous(feed: ParsedFeed | None) -> str:
    return str(feed.previous.version) if feed and feed.previous else "nothing"


def _shown(value: object) -> str:
    if value is None or value == ():
        return "nothing"
    if isinstance(value, datetime):
        return format_time(value)
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


assert set(_NAMES) <= {field.name for field in fields(OfferedRelease)}
