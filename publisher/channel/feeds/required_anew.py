"""Published feeds with other requirements or settings, and nothing else: neither words nor files of what they offer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tuf.api.metadata import TargetFile, Targets

from publisher.channel.repository import Read
from publisher.channel.state import read_target
from publisher.errors import InputError, VerificationError
from publisher.model.values import Model
from publisher.signing.digests import digest_bytes
from publisher.wire.errors import ClientError
from publisher.wire.feed_parser import MAX_BYTES, parse_feed
from publisher.wire.json_object import JsonObject, load

FIELDS = ("requirements", "settings")
"""What is announced between releases (`announced_fields`)."""


def with_announced(data: bytes, announced: Mapping[str, Sequence[Model]]) -> bytes:
    """A feed that says all that it said, with these fields; the very same bytes where it has them already.

    Fields that this program does not know are kept. Raises InputError when our client would refuse the result.
    """
    written = {
        name: [item.model_dump(mode="json", exclude_none=True) for item in items] for name, items in announced.items()
    }
    try:
        feed = JsonObject(load(data, MAX_BYTES), "").fields
        if all(feed.get(name, []) == items for name, items in written.items()):
            return data
        changed = json.dumps({**feed, **written}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        parse_feed(changed)
    except ClientError as error:
        raise InputError(f"clients would refuse the feed with what is announced: {error.what}") from error
    return changed


def same_without_announced(first: bytes, other: bytes) -> bool:
    """Whether two feeds differ in what is announced at most. Raises VerificationError for what is no feed."""
    try:
        contents = [JsonObject(load(data, MAX_BYTES), "").fields for data in (first, other)]
    except ClientError as error:
        raise VerificationError(f"what the candidate lists is not a feed: {error.what}") from error
    none = dict.fromkeys(FIELDS)
    return {**contents[0], **none} == {**contents[1], **none}


def feeds_announced_anew(signed: Targets, read: Read, announced: Mapping[str, Sequence[Model]]) -> dict[str, bytes]:
    """The feeds of a channel's metadata in which one of the fields changes, by path. Raises VerificationError."""
    changed: dict[str, bytes] = {}
    for path, target in sorted(signed.targets.items()):
        if path.startswith("feed/"):
            data = read_target(read, path, target.length, target.hashes["sha256"])
            if (anew := with_announced(data, announced)) != data:
                changed[path] = anew
    return changed


def list_instead(signed: Targets, feeds: Mapping[str, bytes]) -> None:
    """Let metadata list these feeds in the place of those that it listed."""
    for path, data in feeds.items():
        signed.targets[path] = TargetFile(len(data), {"sha256": digest_bytes(data).sha256}, path)
