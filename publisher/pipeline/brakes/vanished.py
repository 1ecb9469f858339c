"""Holds that somebody has ended by signing brakes without them, as every timer and every look at the state notices."""

from __future__ import annotations

from datetime import datetime

from publisher.channel.layout import METADATA
from publisher.channel.repository import follow_roots
from publisher.channel.vanished_brakes import VanishedBrake, vanished_brakes
from publisher.pipeline.bucket import Bucket


def find_vanished(bucket: Bucket, now: datetime) -> tuple[VanishedBrake, ...]:
    """What brakes stopped once and stop no more, although nobody has lifted it. Raises VerificationError."""
    if bucket.live is None:
        return ()
    roots = tuple(follow_roots(bucket.read, bucket.trusted_root))
    keys = (stat.key for stat in bucket.storage.list(METADATA))
    return vanished_brakes(bucket.read, bucket.live, keys, roots, now)
