"""What has to be signed anew when the configuration changes, by whom, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import says_the_same
from publisher.channel.candidates.candidate import base_named
from publisher.channel.keys.rotation import (
    RoleToSign,
    as_root,
    as_targets,
    first_targets,
    keys_of,
    renewal,
    roles_to_sign,
)
from publisher.channel.roles import BASE_FIELD, first_root
from publisher.errors import InputError
from publisher.model.config.role import Duty, RolePolicy
from publisher.model.config.signer import Signer, Signers
from publisher.wire.stopping.withdrawn import BACK_FIELD, WITHDRAWN_FIELD
from tests.support.channel import NOW, ROLES, SIGNERS, STABLE, YEAR, MemoryChannel, signer

Change = Callable[[MemoryChannel], None]


@pytest.fixture
def channel() -> MemoryChannel:
    """1.0.0 is live, signed by ana and ben."""
    channel = MemoryChannel()
    channel.publish()
    return channel


def replaced(channel: MemoryChannel, name: str) -> None:
    """The key gets a successor of the same person, and signs along until that is live."""
    retired = [
        known.model_copy(update={"retired": True}) if known.name == name else known for known in channel.signers.signers
    ]
    set_signers(channel, *retired, signer(f"{name}-2"))


def removed(channel: MemoryChannel, name: str) -> None:
    """The key is lost, and a successor takes its place."""
    set_signers(channel, *(known for known in channel.signers.signers if known.name != name), signer(f"{name}-2"))


def set_signers(channel: MemoryChannel, *signers: Signer, **roles: RolePolicy) -> None:
    channel.signers = Signers(roles={**channel.signers.roles, **roles}, signers=signers)


def added(channel: MemoryChannel, name: str, **fields: Duty) -> None:
    set_signers(channel, *channel.signers.signers, signer(name, **fields))


def policy(role: str, **fields: object) -> Change:
    def change(channel: MemoryChannel) -> None:
        set_signers(channel, *channel.signers.signers, **{role: ROLES[role].model_copy(update=fields)})

    return change


def to_sign(channel: MemoryChannel) -> tuple[RoleToSign, ...]:
    return roles_to_sign(channel.live(), channel.root, channel.targets(), channel.signers, channel.now)


def other_origin(channel: MemoryChannel) -> None:
    channel.origins = ("https://mirror.btfs.test",)


def one_more_channel(channel: MemoryChannel) -> None:
    channel.channels = ("stable", "beta", "nightly")


TOP, OTHER_KEYS = "Keys or thresholds of the top-level roles change.", "Other keys sign it from now on."
DELEGATES, LOST = "What it delegates or pins changes.", "Those who signed it no longer suffice."


def test_where_the_configuration_holds_nothing_is_signed(channel: MemoryChannel) -> None:
    assert to_sign(channel) == ()


@pytest.mark.parametrize(
    ("change", "roles"),
    [
        (policy("root", expires=YEAR * 2), {}),
        (policy("channels", expires=YEAR / 2), {}),
        (other_origin, {"targets": DELEGATES}),
        (one_more_channel, {"targets": DELEGATES}),
        (lambda channel: added(channel, "channels-eva"), {"targets": DELEGATES}),
        (lambda channel: replaced(channel, "channels-ben"), {"targets": DELEGATES, STABLE: LOST}),
        (policy("channels", threshold=3), {"targets": DELEGATES, STABLE: LOST}),
        (policy("channels", duties=(Duty.EXECUTIVE,)), {"targets": DELEGATES, STABLE: LOST}),
        (policy("channels", threshold=1), {"targets": DELEGATES}),
        (lambda channel: removed(channel, "brakes-ben"), {"targets": DELEGATES, "brakes": LOST}),
        (lambda channel: replaced(channel, "timestamp-ben"), {"root": TOP}),
        (lambda channel: removed(channel, "root-ana"), {"root": TOP}),
        (policy("root", threshold=1), {"root": TOP}),
        (lambda channel: added(channel, "targets-eva"), {"root": TOP}),
        (lambda channel: replaced(channel, "targets-ana"), {"root": TOP, "targets": OTHER_KEYS}),
        (policy("targets", threshold=3), {"root": TOP, "targets": OTHER_KEYS}),
    ],
)
def test_only_what_no_longer_holds_is_signed_anew(
    channel: MemoryChannel, change: Change, roles: dict[str, str]
) -> None:
    change(channel)
    assert {role.role: role.because for role in to_sign(channel)} == roles


def test_a_channel_that_was_published_cannot_be_dropped(channel: MemoryChannel) -> None:
    channel.channels = ("beta",)
    with pytest.raises(InputError, match=r"node\.stable has been published, but the configuration no longer knows it"):
        to_sign(channel)


def test_each_part_is_the_version_after_the_one_that_it_replaces(channel: MemoryChannel) -> None:
    replaced(channel, "targets-ana")
    replaced(channel, "channels-ana")
    live = channel.live()
    channel.now += timedelta(days=10)
    for part in to_sign(channel):
        before = live.of(part.role)
        assert before is not None
        assert part.before == before
        assert part.signed.version == before.signed.version + 1
        assert part.signed.expires == channel.now + YEAR
        assert part.signed.unrecognized_fields[BASE_FIELD] == base_named(before)


def test_a_channel_keeps_what_it_ships_and_what_it_has_taken_back(channel: MemoryChannel) -> None:
    rollback = channel.release("1.0.0", 2)
    rollback.unrecognized_fields |= {BACK_FIELD: "1.1.0", WITHDRAWN_FIELD: ["0.9.0"]}
    channel.store(channel.plan(stable=channel.signed(STABLE, rollback)))
    replaced(channel, "channels-ben")
    [_, stable] = to_sign(channel)
    assert isinstance(stable.signed, Targets)
    assert stable.signed.targets == rollback.targets
    assert stable.signed.unrecognized_fields[WITHDRAWN_FIELD] == ["0.9.0", "1.1.0"]
    assert BACK_FIELD not in stable.signed.unrecognized_fields, "it takes nothing back itself"
    assert says_the_same(stable.signed, rollback)


def keyids(channel: MemoryChannel, *names: str) -> set[str]:
    return {channel.key(name).public_key.keyid for name in names}


def signed(channel: MemoryChannel, part: RoleToSign, *names: str) -> Metadata[Any]:
    metadata: Metadata[Any] = Metadata(part.signed)
    for name in names:
        metadata.sign(channel.key(name), append=True)
    return metadata


NOW_TRUSTED, OF_THE_NEW = " with a key that is trusted now", " with a key of the new root"


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ([], (f"2 more persons{NOW_TRUSTED}", f"2 more persons{OF_THE_NEW}")),
        (["root-ana"], (f"1 more person{NOW_TRUSTED}", f"1 more person{OF_THE_NEW}")),
        (["root-ana", "root-ben"], (f"1 more person{OF_THE_NEW}",)),
        (["root-ana", "root-ben-2"], (f"1 more person{NOW_TRUSTED}",)),
        (["root-ana", "root-ben", "root-ben-2"], ()),
    ],
)
def test_a_root_with_other_keys_needs_those_of_before_too(
    channel: MemoryChannel, names: list[str], missing: tuple[str, ...]
) -> None:
    replaced(channel, "root-ben")
    [root] = to_sign(channel)
    assert set(root.may_sign) == keyids(channel, "root-ana", "root-ben", "root-ben-2")
    assert root.missing(signed(channel, root, *names)) == missing


@pytest.mark.parametrize(
    ("names", "missing"),
    [([], ("2 more persons",)), (["root-ana"], ("1 more person",)), (["root-ana", "root-ben"], ())],
)
def test_a_root_with_the_same_keys_is_signed_once(
    channel: MemoryChannel, names: list[str], missing: tuple[str, ...]
) -> None:
    removed(channel, "timestamp-ben")
    [root] = to_sign(channel)
    assert root.missing(signed(channel, root, *names)) == missing


def test_two_keys_of_one_person_are_one_person(channel: MemoryChannel) -> None:
    added(channel, "root-ben-2")
    removed(channel, "timestamp-ben")
    [root] = to_sign(channel)
    assert root.missing(signed(channel, root, "root-ben", "root-ben-2"))[-1] == f"1 more person{OF_THE_NEW}"


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["channels-ben-2"], ("1 more person",)),
        (["channels-ben-2", "channels-eva"], ("another duty among those who sign",)),
        (["channels-ben", "channels-ana"], ("1 more person",)),
        (["channels-ben-2", "channels-ana"], ()),
    ],
)
def test_a_channel_needs_persons_and_duties(channel: MemoryChannel, names: list[str], missing: tuple[str, ...]) -> None:
    replaced(channel, "channels-ben")
    added(channel, "channels-eva")
    [_, stable] = to_sign(channel)
    assert stable.missing(signed(channel, stable, *names)) == missing


def test_keys_of_before_sign_along_for_clients_of_before_and_strays_are_left_out(channel: MemoryChannel) -> None:
    replaced(channel, "targets-ana")
    targets = to_sign(channel)[1]
    assert set(targets.may_sign) == keyids(channel, "targets-ana", "targets-ben", "targets-ana-2")
    everybody = signed(channel, targets, "targets-ana", "targets-ben", "targets-ana-2", "brakes-ben", "root-ana")
    assert set(targets.only_good(everybody).signatures) == set(targets.may_sign)
    assert targets.missing(signed(channel, targets, "targets-ana", "targets-ben")) == ("1 more person",)


def test_a_signature_over_something_else_is_left_out(channel: MemoryChannel) -> None:
    other_origin(channel)
    [targets] = to_sign(channel)
    metadata = signed(channel, targets, "targets-ana")
    metadata.signatures |= channel.live().targets.signatures
    metadata.sign(channel.key("targets-ana"), append=True)
    assert set(targets.only_good(metadata).signatures) == keyids(channel, "targets-ana")


def test_the_first_targets_replace_nothing(channel: MemoryChannel) -> None:
    configured = channel.targets()
    first = first_targets(channel.root, configured, channel.signers, NOW + timedelta(days=1))
    assert (first.before, first.signed.version, first.signed.expires) == (None, 1, NOW + timedelta(days=366))
    assert BASE_FIELD not in first.signed.unrecognized_fields
    assert configured.expires == NOW + YEAR, "what was given stays as it was"
    assert set(first.may_sign) == keyids(channel, "targets-ana", "targets-ben")


@pytest.mark.parametrize(("role", "days"), [("root", 365), ("targets", 365), (STABLE, 365), ("brakes", 28)])
def test_a_renewal_says_the_same_for_longer(channel: MemoryChannel, role: str, days: int) -> None:
    before = channel.live().of(role)
    assert before is not None
    now = NOW + timedelta(days=300)
    part = renewal(channel.live(), channel.root, role, channel.signers, now)
    assert says_the_same(part.signed, before.signed)
    assert (part.signed.version, part.signed.expires) == (2, now + timedelta(days=days))
    assert part.because == f"It expires on {before.signed.expires:%Y-%m-%d}."
    [(whose, _)] = part.judges
    assert whose == ""
    people = {known.name for known in channel.signers.keys_of(role)}
    assert part.missing(signed(channel, part, *people)) == ()


@pytest.mark.parametrize("role", ["node.nightly", "root"])
def test_targets_name_no_keys_of_roles_that_they_do_not_delegate_to(channel: MemoryChannel, role: str) -> None:
    assert keys_of(channel.targets(), role) == {}
    assert keys_of(Targets(version=1, expires=NOW), role) == {}


def test_metadata_is_known_by_its_kind(channel: MemoryChannel) -> None:
    root = Metadata(first_root(SIGNERS, NOW))
    targets = Metadata(channel.targets())
    assert as_root(root).signed is root.signed
    assert as_targets(targets).signed is targets.signed
    with pytest.raises(AssertionError):
        as_targets(root)
    with pytest.raises(AssertionError):
        as_root(targets)
