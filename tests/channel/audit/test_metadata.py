"""What an auditor says of metadata that its people signed and should not have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from tuf.api.metadata import TargetFile, Targets

from publisher.channel.audit.channel import audit, audit_change
from publisher.channel.layout import feed_target, metadata_key, target_key
from publisher.channel.size_limits import FILE_LIMIT
from publisher.signing.digests import FileDigests, digest_bytes
from publisher.wire.stopping.withdrawn import WITHDRAWN_FIELD
from tests.support.channel import STABLE, MemoryChannel
from tests.support.tuf_repository import a_feed

BINARY = "artifacts/node/stable/1.0.0/node.bin"
FEED = feed_target("node", "stable", "linux-amd64")
ORIGIN = "https://dl.btfs.test"


@dataclass
class Source:
    """The objects of a channel, as an auditor reads them."""

    channel: MemoryChannel
    listed: bool = True

    def read(self, key: str) -> bytes | None:
        return self.channel.objects.get(key)

    def digest(self, key: str, limit: int) -> FileDigests | None:
        data = self.channel.objects.get(key)
        return None if data is None else digest_bytes(data)

    def keys(self) -> Iterable[str] | None:
        return list(self.channel.objects) if self.listed else None


def listed(channel: MemoryChannel, targets: Targets, path: str, data: bytes) -> None:
    """Store a target and list it."""
    target = TargetFile.from_data(path, data, ["sha256"])
    channel.objects[target_key(path, target.hashes["sha256"])] = data
    targets.targets[path] = target


def feed(targets: Targets, **artifact: object) -> bytes:
    """A feed for the binary that is listed, with fields of its artifact exchanged."""
    target = targets.targets[BINARY]
    fields = a_feed(version="1.0.0", product="node")
    fields["release"]["artifact"] = {
        "file": "node.bin",
        "size": target.length,
        "sha256": target.hashes["sha256"],
        "target": BINARY,
        "urls": [f"{ORIGIN}/{target_key(BINARY, target.hashes['sha256'])}"],
        **artifact,
    }
    return json.dumps(fields).encode()


def published(change: Callable[[MemoryChannel, Targets], None]) -> MemoryChannel:
    """1.0.0 with its feed is live, as `change` has it."""
    channel = MemoryChannel()
    content = channel.release()
    listed(channel, content, FEED, feed(content))
    change(channel, content)
    channel.store(channel.plan(stable=channel.signed(STABLE, content)))
    return channel


def errors(channel: MemoryChannel) -> set[str]:
    """All but that releases/ is empty, which is another matter."""
    findings = audit(Source(channel), channel.trusted_root, channel.now).findings
    said = {finding.what for finding in findings if finding.level == "error"}
    return {what for what in said if "has no SHA256SUMS" not in what}


def nothing(channel: MemoryChannel, content: Targets) -> None:
    """As it should be."""


def without_digest(channel: MemoryChannel, content: Targets) -> None:
    content.targets[BINARY].hashes = {"sha512": "00" * 64}
    del content.targets[FEED]


def of_another_channel(channel: MemoryChannel, content: Targets) -> None:
    listed(channel, content, "artifacts/node/beta/1.0.0/node.bin", b"beta")


def too_long(channel: MemoryChannel, content: Targets) -> None:
    content.targets[BINARY].length += 1
    del content.targets[FEED]


def too_short(channel: MemoryChannel, content: Targets) -> None:
    content.targets[BINARY].length -= 1
    del content.targets[FEED]


def beyond_all_limits(channel: MemoryChannel, content: Targets) -> None:
    content.targets[BINARY].length = FILE_LIMIT + 1
    del content.targets[FEED]


def of_what_is_not_listed(channel: MemoryChannel, content: Targets) -> None:
    listed(channel, content, FEED, feed(content, target="artifacts/node/stable/1.0.0/other.bin", file="other.bin"))


def of_another_size(channel: MemoryChannel, content: Targets) -> None:
    listed(channel, content, FEED, feed(content, size=1))


def to_another_address(channel: MemoryChannel, content: Targets) -> None:
    listed(channel, content, FEED, feed(content, urls=["https://evil.test/node.bin"]))


def of_a_previous_release(
    channel: MemoryChannel, content: Targets, *, listing: bool = True, **artifact: object
) -> None:
    """1.0.0 is offered, and 0.9.0 is named beside it."""
    del channel.objects[target_key(FEED, content.targets[FEED].hashes["sha256"])]
    path, data = BINARY.replace("1.0.0", "0.9.0"), b"node 0.9.0\n"
    target = TargetFile.from_data(path, data, ["sha256"])
    channel.objects[target_key(path, target.hashes["sha256"])] = data
    if listing:
        content.targets[path] = target
    fields = json.loads(feed(content))
    fields["previous"] = {**fields["release"], "version": "0.9.0"}
    fields["previous"]["artifact"] = {
        **fields["release"]["artifact"],
        "size": target.length,
        "sha256": target.hashes["sha256"],
        "target": path,
        "urls": [f"{ORIGIN}/{target_key(path, target.hashes['sha256'])}"],
        **artifact,
    }
    listed(channel, content, FEED, json.dumps(fields).encode())


def of_a_previous_one_that_is_not_listed(channel: MemoryChannel, content: Targets) -> None:
    of_a_previous_release(channel, content, listing=False)


def of_a_previous_one_of_another_size(channel: MemoryChannel, content: Targets) -> None:
    of_a_previous_release(channel, content, size=1)


def of_a_previous_one_at_another_address(channel: MemoryChannel, content: Targets) -> None:
    of_a_previous_release(channel, content, urls=["https://evil.test/node.bin"])


def of_a_previous_one_that_was_taken_back(channel: MemoryChannel, content: Targets) -> None:
    of_a_previous_release(channel, content)
    content.unrecognized_fields[WITHDRAWN_FIELD] = ["0.9.0"]


def that_is_none(channel: MemoryChannel, content: Targets) -> None:
    listed(channel, content, FEED, b"{}")


def of_what_was_taken_back(channel: MemoryChannel, content: Targets) -> None:
    content.unrecognized_fields[WITHDRAWN_FIELD] = ["1.0.0"]


NAMED = "feed node/stable/linux-amd64"
AS_PREVIOUS = "taken back, but names it as the previous one"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (without_digest, f"node.stable lists {BINARY} without a SHA-256 digest"),
        (
            of_another_channel,
            "node.stable lists artifacts/node/beta/1.0.0/node.bin, which it may not vouch for; clients ignore it",
        ),
        (too_long, "has 11 bytes instead of 12"),
        (too_short, "has more than the 10 bytes that were signed"),
        (beyond_all_limits, f"is listed with {FILE_LIMIT + 1} bytes, more than the {FILE_LIMIT} allowed"),
        (
            of_what_is_not_listed,
            f"{NAMED} names artifacts/node/stable/1.0.0/other.bin, which node.stable does not list",
        ),
        (of_another_size, f"{NAMED} and the signed metadata disagree about node.bin"),
        (
            of_a_previous_one_that_is_not_listed,
            f"{NAMED} names artifacts/node/stable/0.9.0/node.bin, which node.stable does not list",
        ),
        (of_a_previous_one_of_another_size, f"{NAMED} and the signed metadata disagree about node.bin"),
        (
            of_a_previous_one_at_another_address,
            f"{NAMED} sends clients to https://evil.test/node.bin, which is not a pinned address",
        ),
        (
            of_a_previous_one_that_was_taken_back,
            f"node.stable says that 0.9.0 was {AS_PREVIOUS} for linux-amd64; clients offer nothing there",
        ),
        (to_another_address, f"{NAMED} sends clients to https://evil.test/node.bin, which is not a pinned address"),
        (
            of_what_was_taken_back,
            "node.stable says that 1.0.0 was taken back, but offers it for linux-amd64; clients offer nothing there",
        ),
    ],
)
def test_what_clients_would_refuse_is_an_error(change: Callable[[MemoryChannel, Targets], None], what: str) -> None:
    assert what in errors(published(change))


def test_a_feed_that_cannot_be_read_is_an_error() -> None:
    assert any(what.startswith(f"{FEED} is not a feed") for what in errors(published(that_is_none)))


def test_what_was_signed_as_it_should_be_has_no_error() -> None:
    assert errors(published(nothing)) == set()
    assert errors(published(of_a_previous_release)) == set()


def test_without_a_pinned_key_nobody_can_check_a_download_by_hand() -> None:
    channel = published(nothing)
    targets = channel.targets()
    targets.targets.clear()
    channel.store(channel.advance().to(targets, {}))
    assert errors(channel) == {"targets pins no minisign key, so nobody can check a download by hand"}


def test_a_role_that_a_snapshot_no_longer_lists_is_an_error() -> None:
    channel = published(nothing)
    channel.write("node.beta", channel.release("1.0.0", 1, role="node.beta"))
    assert "node.beta was published, but the snapshot no longer lists it" in errors(channel)


def test_a_shared_role_that_nobody_has_used_is_worth_a_note() -> None:
    channel = MemoryChannel(away={"brakes-ben"})
    channel.publish()
    findings = audit(Source(channel), channel.trusted_root, channel.now).findings
    notes = [finding.what for finding in findings if finding.level == "note"]
    assert notes == ["the role brakes has not been used yet"]


def test_without_a_listing_strays_cannot_be_found() -> None:
    channel = published(nothing)
    channel.objects["tuf/targets/artifacts/stray"] = b"x"
    findings = audit(Source(channel, listed=False), channel.trusted_root, channel.now).findings
    assert "objects that nothing refers to cannot be found without a listing" in [found.what for found in findings]
    assert not [finding for finding in findings if "stray" in finding.where]
    assert "tuf/targets/artifacts/stray" in [
        finding.where for finding in audit(Source(channel), channel.trusted_root, channel.now).findings
    ]


def test_of_a_change_only_what_it_brings_is_looked_at() -> None:
    channel = published(nothing)
    before = channel.live()
    broken = target_key(BINARY, hashlib.sha256(b"node 1.0.0\n").hexdigest())
    channel.publish("1.1.0", 2)
    channel.objects[broken] = b"damaged"
    del channel.objects[metadata_key("snapshot", 1)]
    findings = audit_change(Source(channel), channel.trusted_root, channel.now, before).findings
    assert {finding.where for finding in findings} == {"releases/node/1.1.0/"}
