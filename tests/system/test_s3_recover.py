"""A thief with both online keys and write access to a real S3 server, and the way back from there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.recover import Recovery, apply_recover, survey_bucket
from publisher.wire.errors import ClientError
from tests.support.project import Project
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import FAR, Thief

if TYPE_CHECKING:  # boto3 is slow to load
    from tests.support.s3_place import Places

pytestmark = pytest.mark.system

ONLINE = ("snapshot-ben", "timestamp-ben")


def test_a_fast_forward_on_s3_is_undone_and_every_client_comes_back(places: Places, tmp_path: Path) -> None:
    project, place = Project(tmp_path / "project"), places.new()
    for version in ("1.0.0", "1.1.0"):
        project.publish(version, storage=place.prepared())
    assert place.versions(project, tmp_path / "saw it") == {"1.1.0"}
    thief = Thief.of(project, *ONLINE)
    thief.store = place.storage()
    thief.flip(FAR, FAR, announced={"node.stable": FAR})
    with pytest.raises(ClientError):
        place.versions(project, tmp_path / "saw it")

    storage, ring = place.storage(), project.key_ring()
    survey = survey_bucket(storage, project.root, project.catalog.signers)
    assert not survey.ours
    head = survey.states[0].head
    work = Recovery(survey, storage, project.root, project.catalog, ring, project.now)
    plan = work.put_back(head, disown=False)
    apply_recover(plan, storage)
    assert place.versions(project, tmp_path / "new") == {"1.1.0"}
    with pytest.raises(ClientError):
        place.versions(project, tmp_path / "saw it")

    for name in ONLINE:
        replace_key(project, name, lost=True)
    stage_keys(project, storage)
    sign_role_as(project, "root", ("root-ana", "root-ben"), storage)
    promote_keys(project, storage)
    for state in ("saw it", "new", "newer"):
        assert place.versions(project, tmp_path / state) == {"1.1.0"}
    assert place.audit(project).sound
    assert verify_ledger(storage, project.root, project.catalog.signers)[1].sound
