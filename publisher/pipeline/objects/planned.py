"""The objects of one release: plain names for people, targets for clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.channel.feeds.build_feed import build_feed, feed_bytes
from publisher.channel.feeds.feed_requirements import announced_fields
from publisher.channel.feeds.previous import previous_releases
from publisher.channel.feeds.required_anew import with_announced
from publisher.channel.layout import (
    BYTES,
    MINISIGN_TARGET,
    artifact_target,
    channel_role,
    content_type,
    feed_target,
    plain_name,
    target_key,
)
from publisher.channel.manifests import (
    MANIFEST_FILE,
    SIGNATURE_SUFFIX,
    SUMS_FILE,
    manifest_bytes,
    sums,
    trusted_comment,
)
from publisher.channel.state import read_target
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import Companion, Manifest, PublishedArtifact
from publisher.pipeline.artifacts.built_files import HashedArtifact, HashedFile
from publisher.pipeline.bucket import Bucket
from publisher.signing.digests import digest_bytes
from publisher.signing.minisign import MinisignKey
from publisher.storage.protocol import Body, ObjectMeta
from publisher.wire.feed_parser import ParsedFeed

IMMUTABLE = "public, max-age=31536000, immutable"
CHANGING = "no-cache"


@dataclass(frozen=True)
class PlannedObject:
    """One object to write once: from a body, or as a copy of an object that comes earlier in the plan."""

    key: str
    size: int
    sha256: str
    body: Body | None = None
    copy_of: str | None = None
    private: bool = False

    @classmethod
    def of(cls, key: str, body: Body, *, private: bool = False) -> PlannedObject:
        """An object that is uploaded."""
        return cls(key, body.size, body.sha256, body=body, private=private)

    @property
    def meta(self) -> ObjectMeta:
        """How a web server hands it out: to be saved under its plain name, unless it is for reading in the browser."""
        kind = content_type(self.key)
        saved = f'attachment; filename="{plain_name(self.key)}"' if kind == BYTES else None
        return ObjectMeta(kind, IMMUTABLE, saved, private=self.private)


@dataclass(frozen=True)
class ChannelTargets:
    """What a channel role is to vouch for, and the objects that this release adds for it."""

    listed: Mapping[str, tuple[int, str]]
    """Target path -> (size, SHA-256)."""
    objects: tuple[PlannedObject, ...]


def published_artifact(artifact: HashedArtifact) -> PublishedArtifact:
    """The public facts of a hashed file."""
    return PublishedArtifact(
        file=artifact.file.path.name,
        platform=artifact.platform,
        size=artifact.file.digests.size,
        sha256=artifact.file.digests.sha256,
        companions=tuple(
            Companion(file=companion.path.name, kind=kind, size=companion.digests.size, sha256=companion.digests.sha256)
            for companion, kind in artifact.companions
        ),
    )


def files_for_people(
    release: Release, hashed: Sequence[HashedArtifact], manifest: Manifest, key: MinisignKey
) -> tuple[tuple[str, Body], ...]:
    """What lies beside the binaries under releases/PRODUCT/VERSION/, as (name, body).

    Bills of materials, minisign signatures, release.json and SHA256SUMS, which also covers the binaries.
    """
    product, version = release.product, str(release.version)
    files = [file for artifact in hashed for file in (artifact.file, *(file for file, _ in artifact.companions))]
    facts = Body.from_bytes(manifest_bytes(manifest))
    checksums = sums([*((file.path.name, file.digests.sha256) for file in files), (MANIFEST_FILE, facts.sha256)])
    to_sign = [
        *((artifact.file.path.name, artifact.file.digests.blake2b512) for artifact in hashed),
        (SUMS_FILE, digest_bytes(checksums).blake2b512),
    ]

    companions = [file for artifact in hashed for file, _ in artifact.companions]
    return (
        *((file.path.name, _file_body(file)) for file in companions),
        *(
            (
                name + SIGNATURE_SUFFIX,
                Body.from_bytes(key.sign(digest, trusted_comment=trusted_comment(product, version, name))),
            )
            for name, digest in to_sign
        ),
        (MANIFEST_FILE, facts),
        (SUMS_FILE, Body.from_bytes(checksums)),
    )


def _file_body(file: HashedFile) -> Body:
    return Body.from_file(file.path, file.digests.size, file.digests.sha256)


def channel_targets(
    catalog: Catalog,
    release: Release,
    channel: str,
    hashed: Sequence[HashedArtifact],
    bucket: Bucket,
    offered: Mapping[str, ParsedFeed],
    now: datetime,
) -> ChannelTargets:
    """What the channel role lists from now on, as `channel_listing`, with the objects that are new."""
    product, version = release.product, str(release.version)
    artifacts = [published_artifact(artifact) for artifact in hashed]
    listed, new_feeds = channel_listing(catalog, release, channel, artifacts, bucket, offered, now)
    files = [
        (artifact_target(product, channel, version, artifact.file.path.name), _file_body(artifact.file))
        for artifact in hashed
    ]
    bodies = (*files, *((path, Body.from_bytes(data)) for path, data in new_feeds.items()))
    return ChannelTargets(listed, tuple(PlannedObject.of(target_key(path, body.sha256), body) for path, body in bodies))


def channel_listing(
    catalog: Catalog,
    release: Release,
    channel: str,
    artifacts: Sequence[PublishedFile],
    bucket: Bucket,
    offered: Mapping[str, ParsedFeed],
    at: datetime,
) -> tuple[dict[str, tuple[int, str]], dict[str, bytes]]:
    """What a channel role lists once it ships a release: target path -> (size, SHA-256), and the new feeds by path.

    That is what a current feed names, the file of the previous release among it, and no more. Platforms that the
    product has and this release does not carry keep the feed that they have, but for its requirements, which are the
    channel's. `at` is the moment that feeds are made for.
    """
    product, version = release.product, str(release.version)
    replaced = {artifact.platform for artifact in artifacts}
    listed, new_feeds = _kept(catalog, release, channel, replaced, bucket, offered, at)
    previous = previous_releases(catalog, release, channel, bucket.live, offered)
    for artifact in artifacts:
        listed[artifact_target(product, channel, version, artifact.file)] = (artifact.size, artifact.sha256)
        before = previous.get(artifact.platform)
        if before is not None:
            listed[before.artifact.target] = (before.artifact.size, before.artifact.sha256)
        feed = build_feed(catalog, release, channel, artifact, before, at)
        new_feeds[feed_target(product, channel, artifact.platform)] = feed_bytes(feed)
    listed |= {path: (len(data), digest_bytes(data).sha256) for path, data in new_feeds.items()}
    return listed, new_feeds


def pinned_key_object(public: bytes) -> PlannedObject:
    """The public minisign key as the target that `targets` pins."""
    body = Body.from_bytes(public)
    return PlannedObject.of(target_key(MINISIGN_TARGET, body.sha256), body)


def _kept(
    catalog: Catalog,
    release: Release,
    channel: str,
    replaced: set[str],
    bucket: Bucket,
    offered: Mapping[str, ParsedFeed],
    at: datetime,
) -> tuple[dict[str, tuple[int, str]], dict[str, bytes]]:
    """What stays listed, and the feeds among it whose requirements change."""
    live = bucket.live
    metadata = live.roles.get(channel_role(release.product, channel)) if live else None
    if metadata is None:
        return {}, {}
    announced = announced_fields(catalog, release.product, channel, at)
    kept: dict[str, tuple[int, str]] = {}
    changed: dict[str, bytes] = {}
    for platform in sorted(set(catalog.products[release.product].platforms) & set(offered) - replaced):
        feed, path = offered[platform], feed_target(release.product, channel, platform)
        files = [named.artifact.target for named in (feed.release, feed.previous) if named is not None]
        for listed in (path, *files):
            target = metadata.signed.targets[listed]
            kept[listed] = (target.length, target.hashes["sha256"])
        data = read_target(bucket.read, path, *kept[path])
        if (anew := with_announced(data, announced)) != data:
            changed[path] = anew
    return kept, changed
