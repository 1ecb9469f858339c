"""`publish announce`: a candidate without artifacts, by which feeds get today's requirements (R55), and
settings that a mitigation may name (R86).

It goes the way of every candidate: people approve it, and promotion rebuilds it before it is live. No gate is asked,
since nothing new ships; that is proven by the bytes (`channel/candidates/announcement.py`), not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from publisher.channel.candidates.announcement import announcement
from publisher.channel.candidates.lift_difference import lift_lines
from publisher.channel.candidates.release_candidate import approval_basis_of, people_digest
from publisher.channel.candidates.requirement_difference import requirement_lines
from publisher.channel.candidates.rollback_metadata import NoRollback, RollbackMetadata, rollback_metadata
from publisher.channel.candidates.setting_difference import setting_lines
from publisher.channel.layout import channel_role, target_key
from publisher.channel.repository import Repository
from publisher.channel.roles import RELEASE_FIELD, role_policy
from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.candidate import ApprovalBasis
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Pending
from publisher.pipeline.candidates.rebuild_check import published_files
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import already_there
from publisher.pipeline.publication.staging_pointer import read_pointer_version
from publisher.pipeline.release.stage import CandidatePlan, NewCandidate, Supersede, new_candidate
from publisher.rules.evaluate import nothing_ships
from publisher.storage.protocol import Body
from publisher.wire.feed_parser import ParsedFeed, parse_feed


@dataclass(frozen=True)
class AnnouncePlan(CandidatePlan):
    """Everything that staging an announcement will write; no candidate when the live feeds say all of it."""

    release: Release
    """What the channel offers, and goes on offering."""
    channel: str
    changes: tuple[str, ...]
    """How requirements change for clients, in lines; empty when nothing does."""
    rollback: RollbackMetadata | NoRollback | None
    """What takes back the live release from then on, signed together with it; None where nothing is staged."""


def plan_announce(
    product: str,
    channel: str,
    catalog: Catalog,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    supersede: Supersede = Supersede.NOTHING,
    lifts: tuple[str, ...] = (),
    *,
    renew_rollback: bool = False,
) -> AnnouncePlan:
    """Lay out a candidate whose feeds differ from what is live in requirements and settings only, without writing.

    `lifts` are the ids of holds and withdrawals that end by it. With `renew_rollback` there is one also where nothing
    changes, since each is signed together with new rollback metadata.

    Raises InputError when nothing is published on the channel or no rollback metadata can be renewed, SigningError,
    VerificationError, StorageConflict.
    """
    role = channel_role(product, channel)
    before = read_pointer_version(bucket.storage, role, replacing=supersede is Supersede.ANY)
    live = bucket.live
    offered = bucket.offered(product, channel)
    if live is None or not offered:
        raise InputError(
            f"nothing is published in {role} yet; what events require travels with its first release",
            fix=f"publish that release, or check the channel's name: publish status shows what is live for {product}",
        )
    current = live.roles[role].signed
    release = _live_release(product, str(current.unrecognized_fields.get(RELEASE_FIELD)), catalog)
    expires = now + role_policy(catalog.signers, role).expires
    made = announcement(catalog, product, channel, current, bucket.read, now, expires, lifts)
    changes = (*lift_lines(made.targets, live, role, bucket.read), *unannounced(offered, made.feeds, now))
    decision = nothing_ships(catalog, release, channel, now)
    objects: tuple[PlannedObject, ...] = ()
    new: NewCandidate | None = None
    if changes or renew_rollback:
        vouched = published_files(release, catalog, bucket, offered)

        def basis(ledger: int) -> ApprovalBasis:
            return approval_basis_of(catalog, release, now, people_digest(vouched.digests), ledger, None)

        new = new_candidate(
            made.targets, basis, release, decision, before, bucket, keys, now, supersede, catalog.signers, lifts
        )
        bodies = [(path, Body.from_bytes(data)) for path, data in made.feeds.items()]
        objects = (
            *(PlannedObject.of(target_key(path, body.sha256), body) for path, body in bodies),
            *(PlannedObject.of(key, Body.from_bytes(data)) for key, data in new.candidate.objects()),
        )
    rollback = None
    if new is not None:
        bodies_by_key = {planned.key: planned.body for planned in objects if planned.body is not None}
        read = bucket.over(Pending(bucket.storage, bodies_by_key)).read
        rollback = rollback_metadata(new.candidate, release, catalog, live, read)
        if renew_rollback and isinstance(rollback, NoRollback):
            raise InputError(
                f"the rollback metadata of {release.id} cannot be renewed: {rollback.because}",
                fix=f"publish a fixed version under a higher number; `publish hold {release.id}` stops this one",
            )
    return AnnouncePlan(
        role=role,
        decision=decision,
        bucket=bucket,
        candidate=new.candidate if new else None,
        objects=objects,
        pointer=new.pointer if new else None,
        already_there=already_there(objects, bucket.storage),
        timestamp_life=role_policy(catalog.signers, "timestamp").expires,
        release=release,
        channel=channel,
        changes=changes,
        rollback=rollback,
    )


@dataclass(frozen=True)
class Unannounced:
    """What the content requires of a channel's users, and its signed feeds do not say yet."""

    product: str
    channel: str
    changes: tuple[str, ...]
    """In lines."""


def find_unannounced(catalog: Catalog, bucket: Bucket, live: Repository, now: datetime) -> tuple[Unannounced, ...]:
    """Channels whose live feeds require something else than the content does. Raises VerificationError, InputError."""
    differing = []
    for role, metadata in sorted(live.roles.items()):
        product, dot, channel = role.partition(".")
        if not dot or product not in catalog.products:
            continue
        offered = bucket.offered(product, channel)
        made = announcement(catalog, product, channel, metadata.signed, bucket.read, now, metadata.signed.expires)
        if changes := unannounced(offered, made.feeds, now):
            differing.append(Unannounced(product, channel, changes))
    return tuple(differing)


def unannounced(offered: Mapping[str, ParsedFeed], changed: Mapping[str, bytes], now: datetime) -> tuple[str, ...]:
    """How requirements change once these feeds, by target path, take the place of those that are live, in lines."""
    anew = {feed.platform: feed for feed in map(parse_feed, changed.values())}
    after = {**offered, **anew}
    return (*requirement_lines(offered, after, now), *setting_lines(offered, after))


def _live_release(product: str, version: str, catalog: Catalog) -> Release:
    release = catalog.find(product, version)
    if release is None:
        raise InputError(
            f"{product} {version} is live, but the content no longer has it",
            fix="bring its YAML back; whoever approves the requirements is shown what they are announced on",
        )
    return release
