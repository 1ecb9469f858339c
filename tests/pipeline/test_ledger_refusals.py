"""What policy refuses is in the ledger, or it is said why not."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from publisher.errors import RefusedByPolicy, TidegateError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import refusals_logged
from publisher.pipeline.release.release import apply_release
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Storage
from tests.support.ledger import entries, problems
from tests.support.project import Project, tree


def logging_refusals(project: Project, storage: Storage, unlogged: list[TidegateError]) -> AbstractContextManager[None]:
    return refusals_logged(
        LedgerAction.RELEASE,
        project.release("1.0.0"),
        project.root,
        storage,
        project.key_ring(),
        lambda: project.now,
        unlogged.append,
    )


def freeze(project: Project) -> None:
    project.add_listing("2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z")


def test_r17_a_refusal_is_logged_with_the_digest_of_its_policy(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    freeze(project)
    unlogged: list[TidegateError] = []
    storage = project.storage()
    before = tree(project.bucket)
    with pytest.raises(RefusedByPolicy), logging_refusals(project, storage, unlogged):
        project.plan(project.request("1.1.0"))
    assert unlogged == []
    assert set(tree(project.bucket)) - set(before) == {"ledger/00000003.json"}
    refusal = entries(project)[-1]
    assert refusal.refused
    assert refusal.decision is not None
    assert str(refusal.decision.version) == "1.1.0"
    assert refusal.policy_digest == project.catalog.policy.digest()
    assert (refusal.base.version if refusal.base else 0, refusal.result) == (1, None)
    assert "freeze.hard" in {one.rule for one in refusal.decision.verdicts if one.outcome.stops}
    assert problems(project) == []


def test_r17_a_refusal_at_the_moment_of_the_flip_is_logged(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    plan = project.plan(project.request("1.1.0"))
    freeze(project)
    unlogged: list[TidegateError] = []
    with pytest.raises(RefusedByPolicy), logging_refusals(project, project.storage(), unlogged):
        apply_release(plan, project.catalog, project.storage(), lambda: project.now)
    assert [(str(one.action), one.refused) for one in entries(project)[2:]] == [("stage", False), ("release", True)]
    assert problems(project) == []


def test_a_refusal_that_cannot_be_logged_says_why_and_is_still_one(project: Project) -> None:
    project.add_release("1.0.0")
    freeze(project)
    unlogged: list[TidegateError] = []
    nowhere, empty = DirectoryStorage(project.bucket), MemoryStorage()
    empty.prepare()
    with pytest.raises(RefusedByPolicy), logging_refusals(project, nowhere, unlogged):
        project.plan(project.request("1.0.0"), empty)
    [why] = unlogged
    assert "there is no Tidegate bucket" in why.what
    assert not project.bucket.exists()


def test_an_error_that_is_no_refusal_is_not_logged(project: Project) -> None:
    project.add_release("1.0.0")
    with pytest.raises(KeyError), logging_refusals(project, project.storage(), []):
        raise KeyError
    assert tree(project.bucket) == {}
