"""What gets a new version, what stays, and what a killed run or a stranger left in the way."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets

from publisher.channel.advance import only_good_signatures, says_the_same, sign, to_bytes
from publisher.channel.layout import metadata_key
from publisher.channel.roles import BASE_FIELD, BASIS_FIELD, first_root
from publisher.errors import ApprovalsMissing, InputError, SigningError, StorageConflict, VerificationError
from publisher.model.config.signer import Signers
from publisher.wire.stopping.withdrawn import BACK_FIELD, WITHDRAWN_FIELD
from tests.support.channel import NOW, ROLES, SIGNERS, STABLE, YEAR, MemoryChannel, signer

ONLINE = [("snapshot", 2), ("timestamp", 2)]


@pytest.fixture
def empty() -> MemoryChannel:
    """Keys and no release."""
    return MemoryChannel()


@pytest.fixture
def channel(empty: MemoryChannel) -> MemoryChannel:
    """1.0.0 is live."""
    empty.publish()
    return empty


def test_the_first_release_brings_version_1_of_every_role(empty: MemoryChannel) -> None:
    new = empty.publish()
    roles = ("targets", STABLE, "rollout", "brakes", "notes", "snapshot", "timestamp")
    assert new.changed == tuple((role, 1) for role in roles)
    assert [key for key, _ in new.objects] == [metadata_key(role, 1) for role in roles[:-1]]
    live = empty.live()
    assert set(live.roles) == {STABLE, "rollout", "brakes", "notes"}
    assert live.roles[STABLE].signed.unrecognized_fields["x-tidegate-release"] == "1.0.0"


def test_metadata_above_names_length_and_digest_of_the_files_below(channel: MemoryChannel) -> None:
    live = channel.live()
    for role, meta in {"snapshot": live.timestamp.signed.snapshot_meta, **live.snapshot.signed.meta}.items():
        data = channel.objects[metadata_key(role.removesuffix(".json"), meta.version)]
        assert (meta.length, meta.hashes) == (len(data), {"sha256": hashlib.sha256(data).hexdigest()})


def test_a_shared_role_begins_where_its_keys_are(empty: MemoryChannel) -> None:
    empty.away = {"brakes-ben"}
    empty.publish()
    assert "brakes" not in empty.live().roles
    empty.away = set()
    assert empty.store(empty.plan()).changed == (("brakes", 1), *ONLINE)


def test_where_nothing_has_changed_and_nothing_is_due_nothing_is_made(channel: MemoryChannel) -> None:
    new = channel.plan(stable=channel.live().roles[STABLE])
    assert (new.objects, new.timestamp, new.changed) == ((), None, ())


def test_a_release_changes_its_channel_and_nothing_else_that_people_sign(channel: MemoryChannel) -> None:
    assert channel.publish("1.1.0", 2).changed == ((STABLE, 2), *ONLINE)


def test_channels_advance_together_and_each_by_its_own_number(channel: MemoryChannel) -> None:
    stable = channel.signed(STABLE, channel.release("1.1.0", 2))
    beta = channel.signed("node.beta", channel.release("1.2.0", 1, role="node.beta"))
    assert channel.plan(stable=stable, beta=beta).changed == (("node.beta", 1), (STABLE, 2), *ONLINE)


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (0.9, []),
        (1.1, ["timestamp"]),
        (3.6, ["snapshot", "timestamp"]),
        (25, ["snapshot", "timestamp"]),
        (26, ["brakes", "snapshot", "timestamp"]),
        (28, ["rollout", "brakes", "snapshot", "timestamp"]),
        (83, ["rollout", "brakes", "notes", "snapshot", "timestamp"]),
        (340, ["targets", "rollout", "brakes", "notes", "snapshot", "timestamp"]),
    ],
)
def test_what_is_due_is_renewed_along_the_way(channel: MemoryChannel, days: float, due: list[str]) -> None:
    """Roles of channels are renewed by their people alone, since a signature of theirs approves a release."""
    channel.now += timedelta(days=days)
    assert channel.plan().changed == tuple((role, 2) for role in due)


def test_a_renewed_role_says_the_same_for_longer(channel: MemoryChannel) -> None:
    before = channel.live().targets.signed
    channel.now += timedelta(days=340)
    channel.store(channel.plan())
    after = channel.live().targets.signed
    assert says_the_same(before, after)
    assert after.expires == channel.now + YEAR


@pytest.mark.parametrize(
    ("away", "days", "renewed"),
    [
        ("brakes-ben", 27, []),
        ("brakes-ben", 60, ["rollout"]),
        ("targets-ana targets-ben", 340, ["rollout", "brakes", "notes"]),
    ],
)
def test_what_is_due_stays_where_its_keys_are_elsewhere(
    channel: MemoryChannel, away: str, days: int, renewed: list[str]
) -> None:
    channel.away = set(away.split())
    channel.now += timedelta(days=days)
    assert [role for role, _ in channel.plan().changed] == [*renewed, "snapshot", "timestamp"]


def test_expired_targets_need_their_people(channel: MemoryChannel) -> None:
    channel.away = {"targets-ana"}
    channel.now += timedelta(days=366)
    with pytest.raises(SigningError, match="targets needs 2 signatures, and has 1"):
        channel.plan()


@pytest.mark.parametrize("role", ["snapshot", "timestamp"])
def test_without_an_online_key_nothing_goes_live(channel: MemoryChannel, role: str) -> None:
    channel.away = {f"{role}-ben"}
    with pytest.raises(SigningError, match=f"{role} needs 1 signature, and has 0"):
        channel.publish("1.1.0", 2)


def test_an_online_role_that_the_root_gives_another_key_is_signed_anew(channel: MemoryChannel) -> None:
    advance = channel.advance()
    others = tuple(known for known in SIGNERS.signers if known.name != "timestamp-ben")
    channel.signers = Signers(roles=ROLES, signers=(*others, signer("timestamp-ben-2")))
    root = first_root(channel.signers, NOW)
    root.version = 2
    new = replace(advance, root=channel.sign_root(root)).to(channel.targets(), {})
    assert new.changed == (("timestamp", 2),)


# --- what people have signed


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        (["channels-ana"], SigningError, "node.stable needs 2 signatures, and has 1"),
        (["channels-ana", "brakes-ben"], SigningError, "node.stable needs 2 signatures, and has 1"),
        (["channels-ben", "channels-ben-2"], VerificationError, "needs the signatures of 2 persons, but only ben"),
        (["channels-ben", "channels-eva"], VerificationError, "a person with the duty engineering"),
    ],
)
def test_a_release_needs_enough_keys_persons_and_duties(names: list[str], error: type[Exception], words: str) -> None:
    more = (signer("channels-ben-2"), signer("channels-eva"))
    channel = MemoryChannel(Signers(roles=ROLES, signers=(*SIGNERS.signers, *more)))
    with pytest.raises(error, match=words):
        channel.plan(stable=channel.signed(STABLE, channel.release(), *names))


def test_stray_signatures_are_left_behind(channel: MemoryChannel) -> None:
    release = channel.signed(STABLE, channel.release("1.1.0", 2), "channels-ana", "channels-ben", "brakes-ben")
    channel.store(channel.plan(stable=release))
    keys = [channel.key(name).public_key.keyid for name in ("channels-ana", "channels-ben")]
    assert sorted(channel.live().roles[STABLE].signatures) == sorted(keys)


def test_a_signature_over_other_bytes_is_no_good_one(channel: MemoryChannel) -> None:
    release = channel.signed(STABLE, channel.release("1.1.0", 2))
    other = channel.signed(STABLE, channel.release("1.2.0", 2), "channels-ana")
    release.signatures |= other.signatures
    good = only_good_signatures(STABLE, release, channel.live().targets.signed)
    assert list(good.signatures) == [channel.key("channels-ben").public_key.keyid]


@pytest.mark.parametrize("number", [1, 2])
def test_metadata_that_is_not_newer_cannot_follow(channel: MemoryChannel, number: int) -> None:
    channel.publish("1.1.0", 2)
    with pytest.raises(StorageConflict, match=f"node.stable 2 is live already, so {number} cannot follow it"):
        channel.publish("1.2.0", number)


def test_what_a_killed_run_wrote_of_a_release_is_taken_up_byte_for_byte(channel: MemoryChannel) -> None:
    release = channel.release("1.1.0", 2)
    key, left = metadata_key(STABLE, 2), channel.write(STABLE, release, "channels-ben", "channels-ana")
    new = channel.plan(stable=channel.signed(STABLE, release, "channels-ana", "channels-ben"))
    assert dict(new.objects)[key] == left


@pytest.mark.parametrize("left", ["another release", "one signature", "junk", "other spelling"])
def test_another_file_under_the_number_of_a_release_is_a_conflict(channel: MemoryChannel, left: str) -> None:
    release = channel.release("1.1.0", 2)
    key = metadata_key(STABLE, 2)
    channel.write(STABLE, channel.release("1.2.0", 2) if left == "another release" else release)
    if left == "one signature":
        channel.write(STABLE, release, "channels-ana")
    elif left == "junk":
        channel.objects[key] = b"junk"
    elif left == "other spelling":
        channel.objects[key] = json.dumps(json.loads(channel.objects[key]), indent=1).encode()
    with pytest.raises(StorageConflict, match=r"2\.node\.stable\.json already exists, and is not what was signed here"):
        channel.plan(stable=channel.signed(STABLE, release))


# --- what killed runs and strangers leave of online roles


def snapshot_left(channel: MemoryChannel, **changes: Any) -> bytes:
    """The next snapshot as a run would have left it that was killed an hour ago."""
    signed = channel.release("1.1.0", 2)
    data = to_bytes(channel.signed(STABLE, signed))
    meta = dict(channel.live().snapshot.signed.meta)
    meta[f"{STABLE}.json"] = MetaFile(2, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
    expires = channel.now - timedelta(hours=1) + ROLES["snapshot"].expires
    fields = {"version": 2, "expires": expires, "meta": meta, **changes}
    made = sign("snapshot", Snapshot(**fields), channel.keys("snapshot"), channel.root)
    channel.objects[metadata_key("snapshot", 2)] = to_bytes(made)
    return to_bytes(made)


def test_a_snapshot_that_a_killed_run_left_is_taken_up(channel: MemoryChannel) -> None:
    left = snapshot_left(channel)
    new = channel.publish("1.1.0", 2)
    assert new.changed == ((STABLE, 2), *ONLINE)
    assert channel.objects[metadata_key("snapshot", 2)] == left


@pytest.mark.parametrize(
    "changes",
    [
        {"meta": {"targets.json": MetaFile(1)}},
        {"expires": NOW + timedelta(days=8)},
        {"expires": NOW + timedelta(days=3)},
        {"version": 7},
    ],
    ids=["says something else", "lives longer than ours would", "is due", "has another number inside"],
)
def test_a_snapshot_that_is_not_ours_to_take_up_is_passed_over(channel: MemoryChannel, changes: dict[str, Any]) -> None:
    left = snapshot_left(channel, **changes)
    assert channel.publish("1.1.0", 2).changed == ((STABLE, 2), ("snapshot", 3), ("timestamp", 2))
    assert channel.objects[metadata_key("snapshot", 2)] == left


@pytest.mark.parametrize("left", [b"", b"junk", b"{}", b'{"signed": {}, "signatures": []}'])
def test_junk_that_has_taken_a_number_is_passed_over(channel: MemoryChannel, left: bytes) -> None:
    channel.objects |= {metadata_key("snapshot", number): left for number in (2, 3)}
    assert channel.publish("1.1.0", 2).changed == ((STABLE, 2), ("snapshot", 4), ("timestamp", 2))


def test_a_snapshot_with_a_strangers_signature_beside_ours_is_passed_over(channel: MemoryChannel) -> None:
    left = Metadata[Snapshot].from_bytes(snapshot_left(channel))
    left.sign(channel.key("rollout-ben"), append=True)
    channel.objects[metadata_key("snapshot", 2)] = to_bytes(left)
    assert ("snapshot", 3) in channel.publish("1.1.0", 2).changed


def test_a_file_that_is_listed_and_lost_stops_the_plan(channel: MemoryChannel) -> None:
    advance = channel.advance()
    release = channel.signed(STABLE, channel.release("1.1.0", 2))
    del channel.objects[metadata_key("brakes", 1)]
    with pytest.raises(VerificationError, match=r"1\.brakes\.json is missing"):
        advance.to(channel.targets(), {STABLE: release})


# --- the configuration


def test_a_changed_configuration_is_signed_by_its_people(channel: MemoryChannel) -> None:
    channel.origins = ("https://mirror.btfs.test",)
    assert channel.plan().changed == (("targets", 2), *ONLINE)
    channel.away = {"targets-ana"}
    with pytest.raises(ApprovalsMissing, match="signers, products or addresses have changed"):
        channel.plan()


def test_targets_that_people_have_signed_need_no_keys_here(channel: MemoryChannel) -> None:
    channel.origins = ("https://mirror.btfs.test",)
    content = channel.targets()
    content.version = 2
    signed = channel.signed("targets", content)
    channel.away = {"targets-ana", "targets-ben"}
    new = channel.advance().to(content, {}, signed_targets=signed)
    assert new.changed == (("targets", 2), *ONLINE)
    assert dict(new.objects)[metadata_key("targets", 2)] == to_bytes(signed)


def test_targets_that_too_few_have_signed_are_refused(channel: MemoryChannel) -> None:
    content = channel.targets()
    content.version, content.expires = 2, NOW + YEAR * 2
    with pytest.raises(SigningError, match="targets needs 2 signatures, and has 1"):
        channel.advance().to(content, {}, signed_targets=channel.signed("targets", content, "targets-ana"))


def test_a_channel_that_was_published_cannot_be_dropped(channel: MemoryChannel) -> None:
    channel.channels = ("beta",)
    with pytest.raises(InputError, match=r"node\.stable has been published, but the configuration no longer knows it"):
        channel.plan()


def test_what_a_shared_role_shall_say_is_signed_with_the_keys_at_hand(channel: MemoryChannel) -> None:
    brakes = Targets(version=1, expires=NOW, unrecognized_fields={"x-tidegate-brakes": [{"id": "h1"}]})
    new = channel.store(channel.advance().to(channel.targets(), {}, {"brakes": brakes}))
    assert new.changed == (("brakes", 2), *ONLINE)
    live = channel.live().roles["brakes"].signed
    assert live.unrecognized_fields == brakes.unrecognized_fields
    assert live.expires == NOW + timedelta(days=14), "one that is used lives shorter than an empty one"


# --- when two say the same


def says(**fields: Any) -> Targets:
    return Targets(version=1, expires=NOW, unrecognized_fields=fields)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Targets(version=9, expires=NOW + YEAR), True),
        (says(**{BASE_FIELD: "1:00", BASIS_FIELD: {}}), True),
        (says(**{"x-tidegate-release": "1.0.0"}), False),
        (says(**{WITHDRAWN_FIELD: []}), True),
        (says(**{WITHDRAWN_FIELD: ["1.0.0"]}), False),
        (says(**{BACK_FIELD: "1.0.0"}), False),
        (says(**{WITHDRAWN_FIELD: "no list"}), False),
        (Targets(version=1, expires=NOW, targets={"a": TargetFile.from_data("a", b"", ["sha256"])}), False),
    ],
)
def test_what_passes_with_time_makes_no_difference_and_everything_else_does(other: Targets, same: bool) -> None:
    assert says_the_same(says(), other) is same
    assert says_the_same(other, other)


def test_which_field_names_a_version_that_was_taken_back_makes_no_difference() -> None:
    rollback = says(**{BACK_FIELD: "1.1.0", WITHDRAWN_FIELD: ["1.0.0"]})
    later = says(**{WITHDRAWN_FIELD: ["1.0.0", "1.1.0"]})
    assert says_the_same(rollback, later)
