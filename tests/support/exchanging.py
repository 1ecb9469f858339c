"""A thief with one key and write access to the bucket, who wants honest people to approve a build that nobody made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.candidates.candidate import read_pointer
from publisher.channel.candidates.release_candidate import PEOPLE, people_digest
from publisher.channel.layout import artifact_target, candidate_key, feed_target, staging_pointer_key, target_key
from publisher.channel.manifests import MANIFEST_FILE, SUMS_FILE
from publisher.channel.repository import read_top
from publisher.channel.roles import BASIS_FIELD
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.ledger_append import Draft, append, read_ledger
from publisher.signing.key_files import OpenSigner
from publisher.storage.protocol import Body, ObjectMeta, Storage
from tests.support.approving import ROLE
from tests.support.project import Project

THIEVES = (
    "timestamp-ben",
    "snapshot-ben",
    "channels-ana",
    "channels-ben",
    "channels-eva",
    "brakes-ben",
    "rollout-ben",
    "notes-coco",
    "targets-ana",
    "root-ana",
)
"""One key of each role that signs metadata, by name."""

PEOPLE_OF_THE_CHANNEL = ("channels-ana", "channels-ben", "channels-eva")

EVIL = b"#!/bin/sh\necho owned\n" * 50


def exchange(project: Project, storage: Storage, key: str, *, sums: bool = False) -> str:
    """The staged 1.1.0 with another binary for Linux; with `sums`, in SHA256SUMS and release.json too; its digest."""
    honest = project.staged(storage=storage).candidate
    files = people_files(storage, ROLE, honest.digest)
    [old] = [
        target.hashes["sha256"]
        for path, target in honest.signed.targets.items()
        if path.startswith("artifacts/node/stable/1.1.0/") and "linux" in path
    ]
    payload = exchange_build(storage, ROLE, honest.with_signatures(()), "1.1.0", "linux-amd64", EVIL)
    if sums:
        files = rewrite_sums(files, old, hashlib.sha256(EVIL).hexdigest())
        payload = with_people_files(payload, files)
    return stage_as_thief(storage, ROLE, payload, files, project.key(key), project.root, project.now)


def why_refused(key: str, *, sums: bool) -> str:
    """What `approve` and `promote` say of it."""
    if key not in PEOPLE_OF_THE_CHANNEL:
        return "the ledger has no entry"
    return "does not match what the minisign key has signed" if sums else "does not match the content for linux-amd64"


def overwrite(storage: Storage, key: str, data: bytes) -> None:
    """What whoever can write to the bucket can do to any object."""
    stat = storage.stat(key)
    storage.replace(key, Body.from_bytes(data), ObjectMeta(), stat.tag if stat else None)


def people_files(storage: Storage, role: str, digest: str) -> dict[str, bytes]:
    """Files for people of a candidate, by name."""
    prefix = candidate_key(role, digest, PEOPLE)
    read = reader(storage)
    return {stat.key.removeprefix(prefix): read(stat.key) or b"" for stat in storage.list(prefix)}


def exchange_build(
    storage: Storage, role: str, honest: Metadata[Targets], version: str, platform: str, data: bytes
) -> Metadata[Targets]:
    """The payload of an honest candidate with another binary for one platform, which is uploaded, feed and all."""
    product, _, channel = role.partition(".")
    signed = honest.signed
    feed_path = feed_target(product, channel, platform)
    feed = json.loads(
        reader(storage)(target_key(feed_path, signed.targets[feed_path].hashes["sha256"])) or b"",
    )
    artifact = feed["release"]["artifact"]
    old, new = artifact["sha256"], hashlib.sha256(data).hexdigest()
    path = artifact_target(product, channel, version, artifact["file"])
    overwrite(storage, target_key(path, new), data)
    artifact |= {"sha256": new, "size": len(data), "urls": [url.replace(old, new) for url in artifact["urls"]]}
    feed_bytes = json.dumps(feed, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    for name, content in ((path, data), (feed_path, feed_bytes)):
        sha256 = hashlib.sha256(content).hexdigest()
        signed.targets[name].length, signed.targets[name].hashes = len(content), {"sha256": sha256}
        overwrite(storage, target_key(name, sha256), content)
    return honest


def with_people_files(metadata: Metadata[Targets], files: Mapping[str, bytes]) -> Metadata[Targets]:
    """The payload with the digest of other files for people in its signed basis."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    metadata.signed.unrecognized_fields[BASIS_FIELD]["people"] = people_digest(digests)
    return metadata


def rewrite_sums(files: Mapping[str, bytes], old: str, new: str) -> dict[str, bytes]:
    """SHA256SUMS and release.json with another digest; the signature over SHA256SUMS stays what it was."""
    changed = dict(files)
    manifest = files[MANIFEST_FILE].replace(old.encode(), new.encode())
    before, after = (hashlib.sha256(data).hexdigest().encode() for data in (files[MANIFEST_FILE], manifest))
    changed[MANIFEST_FILE] = manifest
    changed[SUMS_FILE] = files[SUMS_FILE].replace(old.encode(), new.encode()).replace(before, after)
    return changed


def stage_as_thief(
    storage: Storage,
    role: str,
    payload: Metadata[Targets],
    files: Mapping[str, bytes],
    key: OpenSigner,
    root: bytes,
    now: datetime,
) -> str:
    """Lay the candidate out, tell the ledger of it with the stolen key, and make it the channel's; its digest."""
    data, honest = to_bytes(payload), read_pointer(reader(storage), role).candidate
    record = reader(storage)(candidate_key(role, str(honest), "decision.json")) or b""
    digest = hashlib.sha256(data).hexdigest()
    for name, content in {
        "payload.json": data,
        "decision.json": record,
        **{PEOPLE + name: content for name, content in files.items()},
    }.items():
        overwrite(storage, candidate_key(role, digest, name), content)
    pointer = reader(storage)(staging_pointer_key(role)) or b""
    append(Draft(_entry(storage, role, payload, pointer, digest, root), now, key), storage)
    changed = {**json.loads(pointer), "candidate": digest, "change": json.loads(pointer)["change"] + 1}
    overwrite(storage, staging_pointer_key(role), json.dumps(changed).encode())
    return digest


def _entry(
    storage: Storage, role: str, payload: Metadata[Targets], pointer: bytes, digest: str, root: bytes
) -> LedgerEntryBody:
    """The newest honest entry of a staging, retold for another candidate."""
    entries = [logged.entry for logged in read_ledger(storage).logged]
    honest: Entry = next(
        entry
        for entry in reversed(entries)
        if entry is not None and entry.action is LedgerAction.STAGE and f"{entry.product}.{entry.channel}" == role
    )
    live = read_top(reader(storage), root)
    entry_body = LedgerEntryBody.model_validate({name: getattr(honest, name) for name in LedgerEntryBody.model_fields})
    return entry_body.planned_on(live.stamp if live else None).model_copy(
        update={
            "candidate": digest,
            "staged_over": hashlib.sha256(pointer).hexdigest(),
            "roles": {role: payload.signed.version} if honest.roles else {},
        }
    )
