"""The documents for a bucket: valid, minimal, and exact about the prefix."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest

from publisher.channel import layout
from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES
from publisher.model.content.product import RESERVED_CHANNELS
from publisher.storage.s3 import claim, policies
from publisher.storage.s3.policies import (
    SITE_IDENTITIES,
    Document,
    Identity,
    cors,
    lifecycle,
    policy,
    site_lifecycle,
    site_policy,
)

PREFIX = "channel/"


def test_the_areas_are_those_of_the_layout() -> None:
    for name in ("METADATA", "TARGETS", "RELEASES", "STAGING", "LEDGER"):
        assert getattr(policies, name) == getattr(layout, name)
    assert policies.PRIVATE == claim.PRIVATE


@pytest.mark.parametrize(
    ("make", "identity"),
    [*((policy, one) for one in Identity), *((site_policy, one) for one in SITE_IDENTITIES)],
)
@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_no_wildcard_actions_and_nothing_beside_the_prefix(
    make: Callable[[str, str, Identity], Document], identity: Identity, prefix: str
) -> None:
    document = json.loads(json.dumps(make("bucket", prefix, identity)))
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        for resource in statement["Resource"]:
            if statement["Action"] == ["s3:ListBucket"]:
                assert resource == "arn:aws:s3:::bucket"
            else:
                assert resource.startswith(f"arn:aws:s3:::bucket/{prefix}")
        assert ("Principal" in statement) == (identity is Identity.PUBLIC)


def may_write(identity: Identity, key: str) -> bool:
    [write] = [one["Resource"] for one in policy("b", "", identity)["Statement"] if one["Sid"] == "Write"]
    return any(fnmatchcase(f"arn:aws:s3:::b/{key}", pattern) for pattern in write)


def test_on_call_writes_every_channel_and_automation_none_whatever_they_are_called() -> None:
    names = {*RESERVED_CHANNELS, "stable", "staging", "releases", "tuf", "ledger", "1"}
    keys = {
        layout.metadata_key(layout.channel_role(product, channel), 12)
        for product in names
        for channel in names.difference(RESERVED_CHANNELS)
    }
    assert not [key for key in keys if may_write(Identity.AUTOMATION, key)]
    assert all(may_write(Identity.ON_CALL, key) for key in keys)
    reserved = layout.metadata_key(layout.channel_role("node", "snapshot"), 12)
    assert may_write(Identity.AUTOMATION, reserved), "which is why it is reserved"


@pytest.mark.parametrize(
    ("identity", "roles"),
    [
        (Identity.PUBLISHER, {"root", "targets", "rollout", "brakes", "notes", "snapshot"}),
        (Identity.AUTOMATION, {"targets", "rollout", "brakes", "notes", "snapshot"}),
        (Identity.ON_CALL, {"brakes", "notes", "snapshot"}),
        (Identity.SITE, {"notes", "snapshot"}),
    ],
)
def test_who_writes_metadata_of_which_roles(identity: Identity, roles: set[str]) -> None:
    known = {*TOP_LEVEL_ROLES, *SHARED_ROLES} - {"timestamp"}  # which has no number
    assert {role for role in known if may_write(identity, layout.metadata_key(role, 12))} == roles
    assert may_write(identity, layout.TIMESTAMP_KEY)


@pytest.mark.parametrize(
    ("key", "who"),
    [
        (layout.target_key("brakes/node/stable/notice.json", "0" * 64), {Identity.ON_CALL}),
        (layout.target_key("notes/node/mitigation/notice.json", "0" * 64), {Identity.ON_CALL, Identity.SITE}),
        (layout.target_key("notes/node/security/advisories.json", "0" * 64), {Identity.ON_CALL, Identity.SITE}),
        (layout.target_key(layout.SITE_TARGET, "0" * 64), {Identity.SITE}),
        (layout.release_key("node", "1.1.0", "WITHDRAWN.txt"), {Identity.ON_CALL}),
        (layout.release_key("node", "1.1.0", "SHA256SUMS"), set()),
        (layout.target_key("feed/node/stable/linux-amd64.json", "0" * 64), set()),
        (layout.target_key("artifacts/node/stable/1.1.0/node.zip", "0" * 64), set()),
        (layout.staging_pointer_key("node.stable"), {Identity.AUTOMATION}),
        (layout.back_key("node.stable", "0" * 64), set()),
    ],
)
def test_who_but_the_publisher_writes_what(key: str, who: set[Identity]) -> None:
    assert may_write(Identity.PUBLISHER, key)
    assert {
        identity for identity in (Identity.AUTOMATION, Identity.ON_CALL, Identity.SITE) if may_write(identity, key)
    } == who


@pytest.mark.parametrize("identity", [Identity.AUTOMATION, Identity.ON_CALL, Identity.SITE])
def test_who_signs_writes_as_the_publisher(identity: Identity) -> None:
    """Signatures and statements in staging count as those of people; no timer puts any there."""
    folder = layout.candidate_key("node.stable", "0" * 64, "")
    assert not [name for name in ("sig/a", "back/a", "attest/a") if may_write(identity, folder + name)]


def test_break_glass_deletes_what_may_be_planted_and_can_do_nothing_else() -> None:
    listing, delete = (
        policy("b", PREFIX, Identity.BREAK_GLASS)["Statement"][:-1],
        policy("b", PREFIX, Identity.BREAK_GLASS)["Statement"][-1],
    )
    assert {action for one in listing for action in one["Action"]} == {"s3:ListBucket"}
    assert delete["Action"] == ["s3:DeleteObject"]

    def may_delete(key: str) -> bool:
        return any(fnmatchcase(f"arn:aws:s3:::b/{PREFIX}{key}", pattern) for pattern in delete["Resource"])

    keys = (
        layout.metadata_key("root", 2),
        layout.release_key("node", "9.9.9", "x"),
        layout.candidate_key("r", "d", "x"),
    )
    assert all(may_delete(key) for key in (*keys, f"{layout.TARGETS}artifacts/x"))
    assert not any(may_delete(key) for key in (layout.TIMESTAMP_KEY, layout.ledger_key(1), layout.back_key("r", "d")))


def test_deleting_is_for_probes_only() -> None:
    for identity in (Identity.PUBLISHER, Identity.AUTOMATION, Identity.ON_CALL, Identity.SITE):
        allowed = [one for one in policy("b", PREFIX, identity)["Statement"] if "s3:DeleteObject" in one["Action"]]
        assert [one["Resource"] for one in allowed] == [["arn:aws:s3:::b/channel/.tidegate/*"]]


def test_r17_the_ledger_is_private_and_whoever_flips_can_append_to_it_and_take_nothing_away() -> None:
    entry = f"arn:aws:s3:::b/{PREFIX}ledger/00000001.json"

    def actions(identity: Identity, effect: str) -> set[str]:
        statements = policy("b", PREFIX, identity)["Statement"]
        fitting = (one for one in statements if any(fnmatchcase(entry, pattern) for pattern in one["Resource"]))
        return {action for one in fitting if one["Effect"] == effect for action in one["Action"]}

    for identity in (Identity.PUBLISHER, Identity.AUTOMATION, Identity.ON_CALL):
        assert actions(identity, "Allow") == {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"}
    assert actions(Identity.PUBLIC, "Allow") == set()
    assert actions(Identity.PUBLIC, "Deny") == {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"}


def test_the_site_s_publisher_changes_what_is_there_and_the_public_reads_it() -> None:
    publisher, timer, public = (site_policy("b", "site/", identity)["Statement"] for identity in SITE_IDENTITIES)
    assert timer == publisher
    rights = {action for identity in publisher for action in identity["Action"]}
    assert rights == {f"s3:{what}" for what in ("ListBucket", "GetObject", "PutObject", "AbortMultipartUpload",
        "DeleteObject")}  # fmt: skip
    assert [(identity["Effect"], identity["Action"], identity["Resource"]) for identity in public] == [
        ("Allow", ["s3:GetObject"], ["arn:aws:s3:::b/site/*"])
    ]


def test_the_site_s_lifecycle_touches_no_page() -> None:
    expiring = [rule["Filter"]["Prefix"] for rule in site_lifecycle("site/")["Rules"] if "Expiration" in rule]
    assert expiring == ["site/.tidegate/"]


def test_the_lifecycle_never_expires_what_is_published() -> None:
    expiring = [rule["Filter"]["Prefix"] for rule in lifecycle(PREFIX)["Rules"] if "Expiration" in rule]
    assert expiring == ["channel/.tidegate/", "channel/staging/"]


def test_cors_is_for_reading_from_one_origin() -> None:
    [rule] = cors("https://updates.example.org/")["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["https://updates.example.org"], ["GET", "HEAD"])
