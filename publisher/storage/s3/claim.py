"""Conditions, marks, and claims: how two writers of one object keep apart on S3.

A claim is a small object that names the key that somebody is about to finish. It is made with `If-None-Match: *` by
a plain PUT, which the probes have shown to be kept, and held for the moment in which a multipart upload is completed:
that operation is conditional on few stores, and atomic on fewer. Whoever finds a claim waits; a claim whose holder
has died is taken over by compare-and-swap after a while, by the store's own clock.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from publisher.errors import StorageConflict, StorageError
from publisher.storage.s3.client import S3Bucket
from publisher.storage.s3.errors import Failure, is_condition, is_missing, is_transient
from publisher.storage.s3.integrity import sums, tag_in

MARK = "tidegate-write"
"""Metadata by which a writer knows its own write again; random, and says nothing else."""

PRIVATE = ".tidegate/"
"""Where probes and claims live for a moment; hidden from listings and closed to callers."""

CLAIM_DEAD_MINUTES = 10
CLAIM_DEAD = timedelta(minutes=CLAIM_DEAD_MINUTES)
"""A claim this old belongs to a run that is dead; putting together the largest upload takes less."""

_SAYS = b"Somebody is finishing an upload.\n"


@dataclass(frozen=True)
class Condition:
    """What has to be there for a write to happen: no object, or the one with this tag."""

    tag: str | None
    quoted: bool = True

    @property
    def arguments(self) -> dict[str, str]:
        """As boto3 takes it."""
        if self.tag is None:
            return {"IfNoneMatch": "*"}
        return {"IfMatch": f'"{self.tag}"' if self.quoted else self.tag}


def head(bucket: S3Bucket, key: str) -> dict[str, Any] | None:
    """What the store says of an object; None when there is none. Raises StorageError."""
    try:
        return bucket.call("head_object", key, ChecksumMode="ENABLED")
    except StorageError as error:
        if error.__cause__ is not None and is_missing(error.__cause__):
            return None
        raise


def new_mark() -> str:
    """Unlike any other write's."""
    return secrets.token_hex(8)


def mark_of(head: Mapping[str, Any]) -> str | None:
    """Whose write an object is."""
    mark: str | None = head.get("Metadata", {}).get(MARK)
    return mark


@contextmanager
def claimed(bucket: S3Bucket, key: str, *, quoted: bool) -> Iterator[None]:
    """Be the only one who finishes an upload of this key. Raises StorageConflict when another one stays at it."""
    name = f"{PRIVATE}claim-{hashlib.sha256(key.encode()).hexdigest()}"
    mark = new_mark()
    for last in bucket.patience.tries():
        if _take(bucket, name, mark, quoted):
            break
        if last:
            raise StorageConflict(
                f"{key} in {bucket.address.place} is being finished by another publisher; nothing was written",
                fix=f"wait for it; if it has died, run the command again in {CLAIM_DEAD_MINUTES} minutes",
            )
    since = time.monotonic()
    try:
        yield
    finally:
        if time.monotonic() - since < CLAIM_DEAD.total_seconds() / 2:
            with suppress(StorageError):  # it dies by itself
                bucket.call("delete_object", name)


def _take(bucket: S3Bucket, name: str, mark: str, quoted: bool) -> bool:
    """Take a free claim, or one of a dead holder."""
    condition = Condition(None, quoted)
    for _ in range(2):
        try:
            sha256 = hashlib.sha256(_SAYS).hexdigest()
            checks = sums(_SAYS, sha256, md5=False)
            bucket.once("put_object", name, Body=_SAYS, Metadata={MARK: mark}, **checks, **condition.arguments)
            return True
        except Failure as error:
            if not (is_condition(error) or is_transient(error) or is_missing(error)):
                raise bucket.translated(error, "put_object", name) from error
        holder = head(bucket, name)
        if holder is None:
            return False
        if mark_of(holder) == mark:
            return True
        made, now = holder.get("LastModified"), bucket.server_date
        if not isinstance(made, datetime) or now is None or now - made < CLAIM_DEAD:
            return False
        condition = Condition(tag_in(holder), quoted)
    return False
