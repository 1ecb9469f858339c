"""What an auditor says of releases that were signed with keys which have been replaced since."""

from __future__ import annotations

import hashlib

from publisher.channel.audit.channel import audit
from publisher.channel.manifests import sums, trusted_comment
from publisher.pipeline.operate.verify import StoreSource
from publisher.signing.digests import digest_bytes
from tests.support.project import Project
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import FAR, Thief

TARGETS = ("targets-ana", "targets-ben")
PEOPLE = "was signed with keys that have been replaced since"
BY_HAND = "is signed with a minisign key that was replaced; checks by hand need the old key"


def findings(project: Project) -> list[tuple[str, str, str]]:
    found = audit(StoreSource(project.storage()), project.root, project.now).findings
    return [(str(one.level), one.where, one.what) for one in found]


def replace_channel_key(project: Project) -> None:
    new = replace_key(project, "channels-ben", lost=True)
    stage_keys(project)
    sign_role_as(project, "targets", TARGETS)
    sign_role_as(project, "node.stable", ("channels-ana", new))
    promote_keys(project)


def replace_minisign_key(project: Project) -> None:
    replace_key(project, "minisign-ben", lost=True)
    stage_keys(project)
    sign_role_as(project, "targets", TARGETS)
    promote_keys(project)


def test_what_people_signed_with_earlier_keys_is_still_ours(published: Project) -> None:
    published.publish("1.2.0")
    replace_channel_key(published)
    assert findings(published) == [("note", "releases/node/1.0.0/", PEOPLE)]


def test_after_a_new_minisign_key_only_what_is_offered_asks_for_something(published: Project) -> None:
    replace_minisign_key(published)
    next_one = f"{BY_HAND}; publish the next version, which is signed with today's"
    assert findings(published) == [
        ("note", "releases/node/1.0.0/", BY_HAND),
        ("warning", "releases/node/1.1.0/", next_one),
    ]
    published.publish("1.2.0")
    assert {level for level, _, _ in findings(published)} == {"note"}


def test_keys_that_were_replaced_vouch_for_nothing_new(published: Project) -> None:
    """Stolen keys of the channel and of minisign, and write access: still no file is taken for ours."""
    thief = Thief.of(published, "channels-ana", "channels-ben")
    minisign = published.key_ring().minisign()
    evil = thief.malware("node.stable", FAR, "channels-ana", "channels-ben")
    replace_channel_key(published)
    replace_minisign_key(published)
    thief.write(f"tuf/metadata/{FAR}.node.stable.json", evil.to_bytes())
    files = {"evil.bin": b"evil\n"}
    listed = sums((name, hashlib.sha256(data).hexdigest()) for name, data in files.items())
    for name, data in {**files, "SHA256SUMS": listed}.items():
        comment = trusted_comment("node", "6.6.6", name)
        thief.write(f"releases/node/6.6.6/{name}", data)
        signature = minisign.sign(digest_bytes(data).blake2b512, trusted_comment=comment)
        thief.write(f"releases/node/6.6.6/{name}.minisig", signature)
    assert (
        "error",
        "releases/node/6.6.6/evil.bin",
        "no channel has ever signed these bytes, even if minisign accepts them",
    ) in findings(published)
