"""Without a key: a number planted far ahead in the ledger, of which a bundle holds only what was read."""

from __future__ import annotations

import pytest

from publisher.channel.ledger import entries
from publisher.pipeline.candidates.offline import Recorder, pack, unpack
from publisher.pipeline.ledger_append import read_ledger
from publisher.pipeline.release.approve import review
from tests.support.approving import ROLE, stage
from tests.support.project import Project


def test_a_bundle_is_read_where_the_ledger_is_longer_than_what_a_stranger_may_leave_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        project.publish(version)
    stage(project, "1.3.0")
    recorder = Recorder(project.storage())
    review_seen = review(project.release("1.3.0"), "stable", project.look(recorder), project.catalog, project.now)
    _, memory = unpack(pack(ROLE, review_seen.staged.candidate.digest, recorder.seen), "a bundle")
    monkeypatch.setattr(entries, "LEAP", read_ledger(memory).logged[0].number - 1)
    again = review(project.release("1.3.0"), "stable", project.look(memory), project.catalog, project.now)
    assert again.staged.candidate.digest == review_seen.staged.candidate.digest
