"""The site's manifest as a signed target: which keys it takes, and what refuses."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import TargetFile

from publisher.channel.audit.channel import audit
from publisher.channel.layout import SITE_TARGET, advisories_target, delegated_paths, target_key
from publisher.channel.repository import Repository, read_repository
from publisher.errors import InputError, SigningError, StorageConflict, StorageError
from publisher.model.config.role import RolePolicy
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import SMALL, reader
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.site import signing
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.storage.protocol import Body, Storage
from tests.support.broken_off import refuting
from tests.support.flaky import FlakyStorage, Killed
from tests.support.project import Project, tree

MANIFEST, OTHER = Body.from_bytes(b'{"one": 1}\n'), Body.from_bytes(b'{"two": 2}\n')


def plan(
    project: Project,
    manifest: Body = MANIFEST,
    storage: Storage | None = None,
    advisories: Mapping[str, bytes] | None = None,
) -> Publication:
    return plan_signing(
        manifest,
        advisories or {},
        Bucket(storage or project.storage(), project.root),
        project.catalog,
        project.key_ring(),
        project.now,
    )


def sign(
    project: Project,
    manifest: Body = MANIFEST,
    storage: Storage | None = None,
    advisories: Mapping[str, bytes] | None = None,
) -> None:
    apply_signing(plan(project, manifest, storage, advisories), storage or project.storage())


def live(project: Project) -> Repository:
    found = read_repository(reader(project.storage()), project.root)
    assert found is not None
    return found


def keep_keys(project: Project, *roles: str) -> None:
    for key in project.keys.iterdir():
        if not key.name.startswith(roles):
            key.unlink()


def signed_digest(project: Project) -> str:
    return live(project).roles["notes"].signed.targets[SITE_TARGET].hashes["sha256"]


def test_the_first_use_of_a_role_ends_the_longer_life_of_an_empty_one(project: Project) -> None:
    project.add_release("1.0.0")
    policy = RolePolicy(threshold=1, expires=timedelta(days=90), expires_empty=timedelta(days=365))
    project.override(project.with_roles(notes=policy))
    project.publish("1.0.0")
    assert live(project).roles["notes"].signed.expires == project.now + timedelta(days=365)
    sign(project)
    assert live(project).roles["notes"].signed.expires == project.now + timedelta(days=90)


def test_notes_snapshot_and_timestamp_keys_suffice_and_only_these_roles_change(project: Project) -> None:
    project.publish("1.0.0")
    keep_keys(project, "notes", "snapshot", "timestamp")
    made = plan(project)
    assert made.changed_roles == (("notes", 2), ("snapshot", 2), ("timestamp", 2))
    apply_signing(made, project.storage())
    assert signed_digest(project) == MANIFEST.sha256
    assert audit(StoreSource(project.storage()), project.root, project.now).findings == ()


@pytest.mark.parametrize("missing", ["notes", "snapshot", "timestamp"])
def test_a_missing_key_is_named_and_nothing_is_written(project: Project, missing: str) -> None:
    project.publish("1.0.0")
    keep_keys(project, *{"notes", "snapshot", "timestamp"} - {missing})
    before = tree(project.bucket)
    with pytest.raises(SigningError, match=f"{missing} needs 1 signature"):
        sign(project)
    assert tree(project.bucket) == before


def test_the_same_manifest_again_writes_nothing_without_any_key(project: Project) -> None:
    project.publish("1.0.0")
    sign(project)
    keep_keys(project, "nobody")
    assert plan(project).nothing_to_do


def test_a_signature_that_is_due_is_renewed(project: Project) -> None:
    project.publish("1.0.0")
    sign(project)
    project.now += timedelta(days=85)
    assert ("notes", 3) in plan(project).changed_roles


def test_other_notes_stay_listed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.publish("1.0.0")
    monkeypatch.setattr(signing, "SITE_TARGET", "site/other.json")
    sign(project, OTHER)
    monkeypatch.undo()
    sign(project)
    assert set(live(project).roles["notes"].signed.targets) == {"site/other.json", SITE_TARGET}


def test_an_empty_channel_bucket_is_said(project: Project) -> None:
    with pytest.raises(StorageError, match="nothing is published"):
        sign(project)


def without_site(role: str) -> list[str]:
    """The delegated paths before there was a manifest of the site."""
    return [path for path in delegated_paths(role) if path != "site/*"]


def test_a_channel_that_does_not_delegate_the_site_yet_is_said_and_left_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("publisher.channel.roles.delegated_paths", without_site)
        project.publish("1.0.0")
    there = tree(project.bucket)
    with pytest.raises(SigningError, match=r"does not let the role notes vouch for site/pages\.json yet") as told:
        sign(project)
    assert "publish a release with the keys of `targets`" in told.value.fix
    assert tree(project.bucket) == there


def test_the_next_release_renews_such_a_delegation(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("publisher.channel.roles.delegated_paths", without_site)
        project.publish("1.0.0")
    project.publish("1.1.0")
    sign(project)
    assert signed_digest(project) == MANIFEST.sha256


def test_killed_anywhere_the_old_or_the_new_manifest_is_signed_and_a_rerun_completes(tmp_path: Path) -> None:
    ready = Project(tmp_path / "ready")
    ready.publish("1.0.0")
    sign(ready, OTHER)
    for number in range(1, 7):
        for after in (False, True):
            project = ready.copied(tmp_path / f"{number}-{after}")
            try:
                sign(project, storage=FlakyStorage(project.storage(), fail_at=number, after=after))
            except Killed:
                assert signed_digest(project) in (OTHER.sha256, MANIFEST.sha256)
            assert refuting(audit(StoreSource(project.storage()), project.root, project.now).findings) == []
            sign(project)
            assert signed_digest(project) == MANIFEST.sha256


def test_what_a_killed_run_left_is_passed_over_when_the_site_changed(project: Project) -> None:
    project.publish("1.0.0")
    with pytest.raises(Killed):
        sign(project, storage=FlakyStorage(project.storage(), fail_at=4))
    project.now += timedelta(hours=1)
    sign(project, OTHER)
    assert signed_digest(project) == OTHER.sha256
    assert live(project).roles["notes"].signed.version == 3


def test_a_release_in_between_wins_and_the_signer_is_told(project: Project) -> None:
    project.publish("1.0.0")
    late = plan(project)
    project.publish("1.1.0")
    with pytest.raises(StorageConflict, match="somebody else has just published"):
        apply_signing(late, project.storage())
    sign(project)
    assert signed_digest(project) == MANIFEST.sha256


NONE, SOME = b'{"advisories":[],"product":"node"}\n', b'{"advisories":[{}],"product":"node"}\n'


def listed(project: Project) -> dict[str, str]:
    """What the role lists, with digests."""
    return {path: target.hashes["sha256"] for path, target in live(project).roles["notes"].signed.targets.items()}


def test_advisories_are_signed_together_with_the_manifest(project: Project) -> None:
    project.publish("1.0.0")
    sign(project, advisories={"node": SOME})
    digest = Body.from_bytes(SOME).sha256
    path = advisories_target("node")
    assert path == "notes/node/security/advisories.json"
    assert listed(project) == {SITE_TARGET: MANIFEST.sha256, path: digest}
    assert (project.bucket / target_key(path, digest)).read_bytes() == SOME
    assert audit(StoreSource(project.storage()), project.root, project.now).findings == ()


def test_the_same_advisories_again_write_nothing(project: Project) -> None:
    project.publish("1.0.0")
    sign(project, advisories={"node": SOME})
    assert plan(project, advisories={"node": SOME}).nothing_to_do


def test_another_advisory_is_signed_anew_and_the_manifest_is_not_written_twice(project: Project) -> None:
    project.publish("1.0.0")
    sign(project, advisories={"node": NONE})
    before = tree(project.bucket).keys()
    sign(project, advisories={"node": SOME})
    path, digest = advisories_target("node"), Body.from_bytes(SOME).sha256
    assert listed(project)[path] == digest
    new = [key for key in tree(project.bucket).keys() - before if key.startswith("tuf/targets/")]
    assert new == [target_key(path, digest)]


def test_advisories_of_a_product_that_is_gone_are_no_longer_listed(project: Project) -> None:
    project.publish("1.0.0")
    sign(project, advisories={"node": SOME, "old": NONE})
    sign(project, advisories={"node": SOME})
    assert listed(project).keys() == {SITE_TARGET, advisories_target("node")}


def test_what_else_the_role_lists_stays(project: Project) -> None:
    project.publish("1.0.0")
    sign(project, advisories={"node": SOME})
    note = "notes/node/stable/1.0.0.json"
    bucket = project.look()
    assert bucket.live is not None
    listing = copy.deepcopy(bucket.live.roles["notes"].signed)
    body = Body.from_bytes(b"{}\n")
    listing.targets[note] = TargetFile(body.size, {"sha256": body.sha256}, note)
    metadata = bucket.advance(project.catalog.signers, project.key_ring().of, project.now).to(
        bucket.live.targets.signed, {}, {"notes": listing}
    )
    entry = LedgerEntryBody.routine(LedgerAction.SIGN_SITE, project.catalog.policy)
    planned = [PlannedObject.of(target_key(note, body.sha256), body)]
    apply_signing(
        plan_publication(entry, metadata, bucket, project.key_ring(), project.now, before=planned), project.storage()
    )
    sign(project, OTHER, advisories={"node": NONE})
    assert listed(project).keys() == {SITE_TARGET, advisories_target("node"), note}


def test_advisories_that_nobody_could_read_again_are_refused(project: Project) -> None:
    project.publish("1.0.0")
    before = tree(project.bucket)
    with pytest.raises(InputError, match="advisories of one product have"):
        sign(project, advisories={"node": b" " * (SMALL + 1)})
    assert tree(project.bucket) == before
