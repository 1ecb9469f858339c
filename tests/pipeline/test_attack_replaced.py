"""A candidate that was replaced, and what makes it ship all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from publisher.channel.layout import candidate_key, ledger_key, metadata_key, staging_pointer_key
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import TidegateError
from publisher.pipeline.ledger_append import read_ledger
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from publisher.wire.errors import ClientError
from tests.support.approving import ROLE, promote, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import live, offered, point, put
from tests.support.project import Project
from tests.support.thief import Thief


def stage_mended(project: Project) -> None:
    """1.1.0 is staged again, with another build."""
    project.now += timedelta(minutes=5)
    artifacts = project.build("1.1.0", extra="mended")
    request = project.request("1.1.0", artifacts=artifacts)
    catalog, storage, keys = project.catalog, project.storage(), project.key_ring()
    apply_stage(plan_stage(request, catalog, project.look(storage), keys, project.now, Supersede.ANY), storage)


def replace_build(project: Project) -> str:
    """1.1.0 is signed, found to be bad, and staged again with another build; the digest of the first."""
    project.approve("1.1.0")
    first = project.staged().candidate.digest
    stage_mended(project)
    assert project.staged().candidate.digest != first
    return first


def test_a_thief_of_one_channel_key_who_stages_an_old_number_does_not_bring_a_replaced_candidate_back(
    staged: Project,
) -> None:
    storage = staged.storage()
    first = staged.staged().candidate
    files = people_files(storage, ROLE, first.digest)
    replaced = replace_build(staged)
    key = staged.key("channels-ana")
    old = live(staged).roles[ROLE]
    old.signatures.clear()
    stage_as_thief(storage, ROLE, old, files, key, staged.root, staged.now)
    stage_as_thief(storage, ROLE, first.with_signatures(()), files, key, staged.root, staged.now)
    assert staged.staged().candidate.digest == replaced
    with pytest.raises(TidegateError):
        promote(staged)
    assert offered(staged) == "1.0.0"


def test_who_removes_the_entry_of_the_replacement_does_not_bring_the_replaced_candidate_back(staged: Project) -> None:
    replaced = replace_build(staged)
    last = read_ledger(staged.storage()).logged[-1]
    put(staged, ledger_key(last.number), b"{}")
    point(staged, replaced)
    with pytest.raises(TidegateError):
        promote(staged)
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("signed", [False, True])
def test_a_pointer_put_back_before_the_replacement_does_not_bring_the_replaced_candidate_back(
    project: Project, signed: bool
) -> None:
    project.publish("1.0.0")
    pointer = (project.bucket / staging_pointer_key(ROLE)).read_bytes()
    stage(project, "1.1.0")
    project.approve("1.1.0")
    first = project.staged().candidate.digest
    put(project, staging_pointer_key(ROLE), pointer)  # no key: write access
    stage_mended(project)
    second = project.staged().candidate.digest
    assert second != first
    if signed:
        project.approve("1.1.0")
        for signature in (project.bucket / candidate_key(ROLE, second, "sig")).iterdir():
            put(project, str(signature.relative_to(project.bucket)), b"{}")
    point(project, first)
    with pytest.raises(TidegateError):
        promote(project)
    assert offered(project) == "1.0.0"


def _payload(project: Project, digest: str) -> None:
    put(project, candidate_key(ROLE, digest, "payload.json"), b"{}")


def _signatures(project: Project, digest: str) -> None:
    for signature in (project.bucket / candidate_key(ROLE, digest, "sig")).iterdir():
        put(project, str(signature.relative_to(project.bucket)), b"{}")


@pytest.mark.parametrize("destroy", [_payload, _signatures])
def test_a_signed_candidate_whose_objects_are_destroyed_still_uses_up_its_number(
    staged: Project, destroy: Callable[[Project, str], None]
) -> None:
    staged.approve("1.1.0")
    first = staged.staged()
    destroy(staged, first.candidate.digest)
    stage_mended(staged)
    assert staged.staged().candidate.signed.version > first.candidate.signed.version


def test_numbers_that_somebody_planted_do_not_let_a_signed_candidate_share_its_number(project: Project) -> None:
    project.publish("1.0.0")
    for number in range(2, 103):
        put(project, metadata_key(ROLE, number), b"{}")
    stage(project, "1.1.0")
    project.approve("1.1.0")
    first = project.staged().candidate.signed.version
    stage_mended(project)
    assert project.staged().candidate.signed.version > first


def test_clients_that_know_the_replacement_refuse_the_candidate_that_was_replaced(staged: Project) -> None:
    """Write access before the replacement, the two online keys after it."""
    staged.approve("1.1.0")
    first = staged.staged()
    [bad] = [
        target.hashes["sha256"]
        for path, target in first.candidate.signed.targets.items()
        if path.startswith("artifacts/node/stable/1.1.0/") and "linux" in path
    ]
    _payload(staged, first.candidate.digest)
    stage_mended(staged)
    staged.approve("1.1.0")
    promote(staged)
    url = staged.bucket.as_uri()
    client = UpdateClient(url, staged.root, staged.base / "state", fetcher_for(url), lambda: staged.now)
    feed = client.fetch_feed("node", "stable", "linux-amd64")
    assert feed.release is not None
    assert feed.release.artifact.sha256 != bad
    thief = Thief.of(staged, "timestamp-ben", "snapshot-ben")
    state = thief.live()
    thief.flip(state.timestamp.signed.version + 1, state.snapshot.signed.version + 1, replaced={ROLE: first.metadata})
    with pytest.raises(ClientError):
        client.download(client.fetch_feed("node", "stable", "linux-amd64"), staged.base / "downloads")
