"""Candidates that ship nothing: the release that is live, file by file, with other requirements or settings in its
feeds, or with holds and withdrawals lifted, or unchanged, so that its rollback metadata is signed anew.

Such a candidate waits for no freeze. It needs no word that says so: what is live and what it lists show it, byte by
byte, so nothing else can travel with it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Targets

from publisher.channel.brakes import lift, lifted_in
from publisher.channel.candidates.release_candidate import ReleaseCandidate
from publisher.channel.feeds.feed_requirements import announced_fields
from publisher.channel.feeds.required_anew import feeds_announced_anew, list_instead, same_without_announced
from publisher.channel.repository import Read, Repository, taken_back_fields
from publisher.channel.roles import RELEASE_FIELD
from publisher.channel.state import read_target
from publisher.model.catalog import Catalog
from publisher.wire.stopping.withdrawn import BACK_FIELD


@dataclass(frozen=True)
class Announcement:
    """What metadata of a channel says once its feeds have the requirements and settings of today's content."""

    targets: Targets
    feeds: Mapping[str, bytes]
    """The feeds that change, by target path."""


def announcement(
    catalog: Catalog,
    product: str,
    channel: str,
    current: Targets,
    read: Read,
    at: datetime,
    expires: datetime,
    lifts: Sequence[str] = (),
) -> Announcement:
    """The `current` metadata of a channel with the settings, and the requirements that the public may know of at `at`.

    `lifts` are the ids of holds and withdrawals that end by it.

    Raises VerificationError when a feed that is live cannot be read, InputError when clients would refuse the new one.
    """
    targets = copy.deepcopy(current)
    feeds = feeds_announced_anew(targets, read, announced_fields(catalog, product, channel, at))
    list_instead(targets, feeds)
    targets.expires = expires
    # As in a renewal: no rollback metadata itself, but whoever runs what was taken back is told so.
    targets.unrecognized_fields |= taken_back_fields(current)
    targets.unrecognized_fields.pop(BACK_FIELD, None)
    lift(targets, lifts)
    return Announcement(targets, feeds)


def announces(candidate: ReleaseCandidate, live: Repository | None, read: Read) -> bool:
    """Whether a candidate names the live release, its very files, and feeds that differ in what is announced at most.

    A candidate with any other difference ships something, and is asked all that a release is asked. Whether the
    requirements are those of the content is for `rebuild_check`. Raises VerificationError when a feed cannot be read.
    """
    current = live.roles.get(candidate.role) if live else None
    if candidate.approval_basis is None or candidate.approval_basis.evidence is not None:
        return False  # somebody proves something of what it ships
    if current is None or current.signed.unrecognized_fields.get(RELEASE_FIELD) != candidate.release:
        return False
    before, after = current.signed.targets, candidate.signed.targets
    if before.keys() != after.keys():
        return False
    changed = [path for path in sorted(after) if after[path] != before[path]]
    return all(
        path.startswith("feed/")
        and same_without_announced(*(_bytes_of(signed, path, read) for signed in (current.signed, candidate.signed)))
        for path in changed
    )


def new_lifts(signed: Targets, current: Targets | None) -> tuple[str, ...]:
    """The ids that metadata of a channel lifts and what it replaces did not. Raises VerificationError."""
    before = lifted_in(current) if current is not None else ()
    return tuple(ident for ident in lifted_in(signed) if ident not in before)


def _bytes_of(signed: Targets, path: str, read: Read) -> bytes:
    target = signed.targets[path]
    return read_target(read, path, target.length, target.hashes.get("sha256", ""))
