"""The small object that says which candidate a role works on; it is swapped only if it is still what was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.channel.candidates.candidate import read_pointer
from publisher.channel.layout import staging_pointer_key
from publisher.errors import StorageConflict, StorageForeign, VerificationError
from publisher.model.records.candidate import StagingPointer
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.objects.planned import CHANGING
from publisher.pipeline.objects.writing import Written
from publisher.signing.digests import digest_bytes
from publisher.storage.protocol import Body, ObjectMeta, Storage
from publisher.wire.version import Version


@dataclass(frozen=True)
class PointerVersion:
    """A pointer as it was read; what replaces it replaces this one and no other."""

    role: str
    pointer: StagingPointer
    tag: str | None
    """None when there is none yet."""
    sha256: str | None
    """Of its bytes; None when there is none yet."""


def read_pointer_version(storage: Readable, role: str, *, replacing: bool = False) -> PointerVersion:
    """What a role works on. Raises VerificationError for a damaged pointer, unless `replacing` it."""
    read, stat = reader(storage), storage.stat(staging_pointer_key(role))
    data: bytes | None = b""
    try:
        data = read(staging_pointer_key(role))
        pointer = read_pointer(read, role)
    except (VerificationError, StorageForeign):
        if not replacing:
            raise
        pointer = StagingPointer(candidate=None)
    sha256 = digest_bytes(data).sha256 if data is not None else None
    return PointerVersion(role, pointer, stat.tag if stat else None, sha256)


def point_to(
    version: PointerVersion,
    storage: Storage,
    digest: str | None,
    at: datetime | None = None,
    release: Version | None = None,
) -> Written:
    """Make a candidate the one that the role works on; None for none. Raises StorageConflict if it has changed."""
    key = staging_pointer_key(version.role)
    pointer = StagingPointer(change=version.pointer.change + 1, candidate=digest, release=release, staged_at=at)
    body = Body.from_bytes(pointer.model_dump_json(indent=2).encode() + b"\n")
    storage.replace(key, body, ObjectMeta("application/json", CHANGING), version.tag)
    return Written((key,), body.size)


def clear_pointer(role: str, digest: str, storage: Storage) -> Written:
    """The role works on this candidate no more; if somebody staged another meanwhile, theirs stays."""
    version = read_pointer_version(storage, role)
    if version.tag is None or version.pointer.candidate != digest:
        return Written()
    try:
        return point_to(version, storage, None)
    except StorageConflict:
        return Written()
