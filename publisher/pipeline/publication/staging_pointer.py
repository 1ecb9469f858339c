"""The small object that says which candidate a role works on; it is swapped only if it is still what was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.channel.candidates.candidate import read_pointer
from publisher.channel.layout import staging_pointer_key
from publisher.errors import StorageConflict, StorageForeign, VerificationError
from publisher.model.records.candidate import StagingPointer
from publisher.pipeline.objects.planned import CHANGING
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.reading import Readable, reader
from publisher.signing.digests import digest_bytes
from publisher.storage.protocol import Body, ObjectMeta, Storage
from publisher.wire.version import Version


@dataclass(frozen=True)
class Held:
    """A pointer as it was read; what replaces it replaces this one and no other."""

    role: str
    pointer: StagingPointer
    tag: str | None
    """None when there is none yet."""
    sha256: str | None
    """Of its bytes; None when there is none yet."""


def hold(storage: Readable, role: str, *, anew: bool = False) -> Held:
    """What a role works on. Raises VerificationError for a damaged pointer, unless it is to be replaced `anew`."""
    read, stat = reader(storage), storage.stat(staging_pointer_key(role))
    data: bytes | None = b""
    try:
        data = read(staging_pointer_key(role))
        pointer = read_pointer(read, role)
    except (VerificationError, StorageForeign):
        if not anew:
            raise
        pointer = StagingPointer(candidate=None)
    sha256 = digest_bytes(data).sha256 if data is not None else None
    return Held(role, pointer, stat.tag if stat else None, sha256)


def point_to(
    held: Held, storage: Storage, digest: str | None, at: datetime | None = None, release: Version | None = None
) -> Written:
    """Make a candidate the one that the role works on; None for none. Raises StorageConflict if it has changed."""
    key = staging_pointer_key(held.role)
    pointer = StagingPointer(change=held.pointer.change + 1, candidate=digest, release=release, staged_at=at)
    body = Body.from_bytes(pointer.model_dump_json(indent=2).encode() + b"\n")
    storage.replace(key, body, ObjectMeta("application/json", CHANGING), held.tag)
    return Written((key,), body.size)


def let_go(role: str, digest: str, storage: Storage) -> Written:
    """The role works on this candidate no more; if somebody staged another meanwhile, theirs stays."""
    held = hold(storage, role)
    if held.tag is None or held.pointer.candidate != digest:
        return Written()
    try:
        return point_to(held, storage, None)
    except StorageConflict:
        return Written()
