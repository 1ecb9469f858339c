"""Published feeds with other requirements, and nothing else changed: neither words nor files of what they offer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tuf.api.metadata import TargetFile, Targets

from publisher.channel.repository import Read
from publisher.channel.state import read_target
from publisher.errors import InputError, VerificationError
from publisher.model.records.feed_format import FeedRequirement
from publisher.signing.digests import digest_bytes
from publisher.wire.errors import ClientError
from publisher.wire.feed_parser import MAX_BYTES, parse_feed
from publisher.wire.json_object import JsonObject, load

FIELD = "requirements"


def with_requirements(data: bytes, requirements: Sequence[FeedRequirement]) -> bytes:
    """A feed that says all that it said, with these requirements; the very same bytes where it has them already.

    Fields that this program does not know are kept. Raises InputError when our client would refuse the result.
    """
    written = [requirement.model_dump(mode="json", exclude_none=True) for requirement in requirements]
    try:
        feed = JsonObject(load(data, MAX_BYTES), "").fields
        if feed.get(FIELD, []) == written:
            return data
        changed = json.dumps({**feed, FIELD: written}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        parse_feed(changed)
    except ClientError as error:
        raise InputError(f"clients would refuse the feed with its new requirements: {error.what}") from error
    return changed


def same_without_requirements(first: bytes, other: bytes) -> bool:
    """Whether two feeds differ in their requirements at most. Raises VerificationError for what is no feed."""
    try:
        contents = [JsonObject(load(data, MAX_BYTES), "").fields for data in (first, other)]
    except ClientError as error:
        raise VerificationError(f"what the candidate lists is not a feed: {error.what}") from error
    return {**contents[0], FIELD: None} == {**contents[1], FIELD: None}


def feeds_required_anew(signed: Targets, read: Read, requirements: Sequence[FeedRequirement]) -> dict[str, bytes]:
    """The feeds of a channel's metadata whose requirements change, by target path. Raises VerificationError."""
    changed: dict[str, bytes] = {}
    for path, target in sorted(signed.targets.items()):
        if path.startswith("feed/"):
            data = read_target(read, path, target.length, target.hashes["sha256"])
            if (anew := with_requirements(data, requirements)) != data:
                changed[path] = anew
    return changed


def list_instead(signed: Targets, feeds: Mapping[str, bytes]) -> None:
    """Let metadata list these feeds in the place of those that it listed."""
    for path, data in feeds.items():
        signed.targets[path] = TargetFile(len(data), {"sha256": digest_bytes(data).sha256}, path)
