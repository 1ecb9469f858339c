"""What somebody with one key of a channel puts in the way of an audit."""

from __future__ import annotations

import pytest
from tuf.api.metadata import TargetFile

from publisher.pipeline.operate.verify import StoreSource, verify_channel
from tests.support.approving import ROLE, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.project import Project


@pytest.mark.parametrize(
    "path",
    ["artifacts/node/stable/1.1.0/../../../../x", "artifacts/node/stable//x", "artifacts/" + "a" * 300, "a\nb", ""],
)
def test_a_staged_release_that_lists_a_hostile_path_does_not_stop_the_audit(project: Project, path: str) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    honest = project.staged().candidate
    files = people_files(project.storage(), ROLE, honest.digest)
    payload = honest.with_signatures(())
    payload.signed.targets[path] = TargetFile.from_data(path, b"x", ["sha256"])
    stage_as_thief(project.storage(), ROLE, payload, files, project.key("channels-ana"), project.root, project.now)
    verify_channel(StoreSource(project.storage()), project.root, project.now)


@pytest.mark.parametrize("digest", ["../../../x", "x" * 300, "", "\n"])
def test_a_staged_release_that_lists_a_hostile_digest_does_not_stop_the_audit(project: Project, digest: str) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    honest = project.staged().candidate
    files = people_files(project.storage(), ROLE, honest.digest)
    payload = honest.with_signatures(())
    path = next(iter(payload.signed.targets))
    payload.signed.targets[path].hashes = {"sha256": digest}
    stage_as_thief(project.storage(), ROLE, payload, files, project.key("channels-ana"), project.root, project.now)
    verify_channel(StoreSource(project.storage()), project.root, project.now)
