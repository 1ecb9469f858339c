"""`publish release`: decide -> hash -> sign -> manifests -> feed -> TUF metadata -> store -> flip -> verify.

Immutable objects first, `timestamp.json` last. Until it is replaced, clients see the old state, whole; running the
command again finishes what a killed run began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.channel.advance import Advance
from publisher.channel.layout import TIMESTAMP_KEY, channel_role, metadata_key, release_key
from publisher.channel.manifests import MANIFEST_FILE, manifest_bytes
from publisher.channel.repository import follow_roots, read_repository
from publisher.channel.roles import listed_targets, role_policy, targets_role
from publisher.channel.state import feeds
from publisher.client.feed import Feed
from publisher.errors import InputError, RefusedByPolicy, StorageConflict
from publisher.model.catalog import Catalog
from publisher.model.decision import Decision
from publisher.model.evidence import ArtifactFact, Evidence
from publisher.model.published import Manifest, PublishedArtifact
from publisher.model.release import Release
from publisher.pipeline.artifacts import HashedArtifact, collect, hash_files, total_size
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects import (
    CHANGING,
    PlannedObject,
    channel_targets,
    objects_for_people,
    pinned_key_object,
    published_artifact,
)
from publisher.pipeline.progress import Track, silent
from publisher.pipeline.reading import reader
from publisher.pipeline.self_check import verify_as_client
from publisher.rules.evaluate import evaluate
from publisher.storage.protocol import Body, ObjectMeta, Storage

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class ReleaseRequest:
    """What is to be published, and where its files are."""

    release: Release
    channel: str
    artifacts: Path
    """Directory of the built files."""
    trusted_root: bytes
    """The first root; everything in the bucket must lead back to it."""
    decide_at: datetime | None = None
    """The moment to decide for, where that is not the wall clock: in a dry run, and for the demo's sample content."""


@dataclass(frozen=True)
class Plan:
    """Everything that will happen, in order. `--dry-run` prints it; applying it does nothing else."""

    request: ReleaseRequest
    decision: Decision
    artifacts: tuple[PublishedArtifact, ...]
    objects: tuple[PlannedObject, ...]
    """What will be in the store, in the order of writing."""
    timestamp: bytes | None
    """New bytes of timestamp.json; None when clients see no difference."""
    timestamp_tag: str | None
    """The live timestamp that this plan builds on; None when there is none."""
    changed_roles: tuple[tuple[str, int], ...]
    """Roles that get a new version, with the version."""
    already_there: frozenset[str]
    """Keys of the plan that the store has already."""
    ignored: tuple[str, ...]
    """Files of the artifacts directory that do not belong to the release."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether the store already says all of this."""
        return self.timestamp is None and all(one.key in self.already_there for one in self.objects)


@dataclass(frozen=True)
class Applied:
    """What a plan did."""

    written: tuple[str, ...]
    """Keys, in the order of writing."""
    bytes_written: int
    verified_platforms: tuple[str, ...]
    """Platforms whose feed and artifact a fresh client has downloaded and verified afterwards."""


def plan_release(
    request: ReleaseRequest, catalog: Catalog, storage: Storage, keys: KeyRing, now: datetime, track: Track = silent
) -> Plan:
    """Decide, hash, sign and lay out everything, without writing.

    Raises RefusedByPolicy, InputError, SigningError, VerificationError, StorageConflict.
    """
    release, channel = request.release, request.channel
    decide(request, catalog, now)
    read = reader(storage)
    tag_before = _timestamp_tag(storage)
    live = read_repository(read, request.trusted_root)
    offered = feeds(read, live, release.product, channel) if live else {}

    collected = collect(release, request.artifacts)
    with track("Hashing", total_size(collected)) as advance:
        hashed = hash_files(collected, advance)
    decision = decide(request, catalog, now, _evidence(hashed, offered))

    published = tuple(published_artifact(one) for one in hashed)
    manifest = Manifest(product=release.product, version=release.version, artifacts=published)
    _refuse_other_bytes(release, manifest, storage)
    minisign = keys.minisign()
    public = minisign.public_file()
    targets = channel_targets(catalog, release, channel, published, live, offered, decision.at)

    role = channel_role(release.product, channel)
    root = tuple(follow_roots(read, request.trusted_root))[-1]
    metadata = Advance(live, root, catalog.signers, keys.of, read, now).to(
        targets_role(catalog, public, now),
        {role: listed_targets(targets.listed, now + role_policy(catalog.signers, role).expires)},
    )
    objects = (
        *objects_for_people(release, hashed, manifest, minisign),
        *targets.objects,
        pinned_key_object(public),
        PlannedObject.of(metadata_key("root", 1), Body.from_bytes(request.trusted_root)),
        *(PlannedObject.of(key, Body.from_bytes(data)) for key, data in metadata.objects),
    )
    return Plan(
        request=request,
        decision=decision,
        artifacts=published,
        objects=objects,
        timestamp=metadata.timestamp,
        timestamp_tag=tag_before,
        changed_roles=metadata.changed,
        already_there=frozenset(one.key for one in objects if storage.stat(one.key) is not None),
        ignored=collected.ignored,
    )


def apply_plan(plan: Plan, catalog: Catalog, storage: Storage, clock: Clock, track: Track = silent) -> Applied:
    """Write the plan's objects, decide once more at the moment of the flip, replace the timestamp, verify as a client.

    Raises StorageConflict when somebody published in between, RefusedByPolicy when the answer has changed meanwhile.
    """
    storage.prepare()
    written: list[str] = []
    size = 0
    with track("Storing", sum(one.size for one in plan.objects if one.body is not None)) as advance:
        for one in plan.objects:
            if _store(one, storage, advance):
                written.append(one.key)
                size += one.size
    if plan.timestamp is not None:
        decide(plan.request, catalog, clock())
        body = Body.from_bytes(plan.timestamp)
        storage.replace(TIMESTAMP_KEY, body, ObjectMeta("application/json", CHANGING), plan.timestamp_tag)
        written.append(TIMESTAMP_KEY)
        size += body.size
    platforms = tuple(one.platform for one in plan.artifacts)
    verify_as_client(
        storage.url, plan.request.trusted_root, plan.request.release, plan.request.channel, platforms, clock()
    )
    return Applied(tuple(written), size, platforms)


def decide(request: ReleaseRequest, catalog: Catalog, now: datetime, evidence: Evidence | None = None) -> Decision:
    """The decision, if it lets the release through. Raises RefusedByPolicy with every reason that stops it."""
    moment = request.decide_at or now
    decision = evaluate(catalog, request.release, request.channel, moment, evidence or Evidence())
    if decision.go:
        return decision
    stopping = [verdict for verdict in decision.verdicts if verdict.outcome.stops]
    reasons = "\n".join(f"  {verdict.rule} ({verdict.outcome}): {verdict.reason}" for verdict in stopping)
    raise RefusedByPolicy(
        f"{request.release.id} may not ship to {request.channel} now; clients see nothing of it.\n{reasons}",
        fix=next((verdict.fix for verdict in stopping if verdict.fix), ""),
    )


def _evidence(hashed: tuple[HashedArtifact, ...], offered: Mapping[str, Feed]) -> Evidence:
    """Facts about the files and about what the channel offers now."""
    versions = [feed.release.version for feed in offered.values() if feed.release is not None]
    return Evidence(
        artifacts=tuple(
            ArtifactFact(
                file=one.file.path.name,
                platform=one.platform,
                size=one.file.digests.size,
                sha256=one.file.digests.sha256,
            )
            for one in hashed
        ),
        live=max(versions, default=None),
    )


def _store(one: PlannedObject, storage: Storage, advance: Callable[[int], None]) -> bool:
    if one.copy_of is not None:
        return storage.copy(one.copy_of, one.key, one.meta)
    assert one.body is not None
    return storage.create(one.key, one.body, one.meta, advance)


def _timestamp_tag(storage: Storage) -> str | None:
    stat = storage.stat(TIMESTAMP_KEY)
    return stat.tag if stat else None


def _refuse_other_bytes(release: Release, manifest: Manifest, storage: Storage) -> None:
    """A version is published once; the same version with other bytes needs a new number."""
    data = reader(storage)(release_key(release.product, str(release.version), MANIFEST_FILE))
    if data is None or data == manifest_bytes(manifest):
        return
    try:
        before = {(one.file, one.sha256) for one in Manifest.model_validate_json(data).artifacts}
    except ValueError as error:
        raise InputError(f"{MANIFEST_FILE} of {release.id} in the bucket cannot be read") from error
    differing = [one.file for one in manifest.artifacts if (one.file, one.sha256) not in before]
    raise StorageConflict(
        f"{release.id} is already published with other bytes ({', '.join(differing) or 'another list of files'})",
        fix="give the new build a new version; what is published never changes",
    )
