"""A replaced candidate, numbers of another channel, and what is planted in the way of a version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from publisher.channel.layout import ledger_key, release_key
from publisher.channel.ledger import Head, seal_entry
from publisher.errors import StorageConflict, TidegateError
from publisher.model.ledger import Action, Told
from publisher.pipeline.ledger import Draft, append, read_ledger
from publisher.pipeline.progress import Advance
from publisher.pipeline.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.stage import Supersede
from tests.support.approving import promote, stage
from tests.support.planting import offered, point, put
from tests.support.project import Project


@pytest.mark.parametrize("key", ["notes-coco", "brakes-ben"])
def test_a_thief_of_the_key_of_another_role_does_not_use_up_numbers_of_a_channel(staged: Project, key: str) -> None:
    staged.approve("1.1.0")
    told = Told.routine(Action.STAGE, staged.catalog.policy)
    told = told.model_copy(update={"candidate": "a" * 64, "roles": {key.partition("-")[0]: 50, "node.stable": 50}})
    append(Draft(told, staged.now, staged.key(key)), staged.storage())
    promote(staged)
    assert offered(staged) == "1.1.0"


@pytest.mark.parametrize("key", ["timestamp-ben", "snapshot-ben"])
def test_who_exchanges_the_entry_of_the_replacement_with_an_online_key_does_not_bring_the_replaced_candidate_back(
    staged: Project, key: str
) -> None:
    staged.approve("1.1.0")
    first = staged.staged().candidate.digest
    staged.now += timedelta(minutes=5)
    stage(staged, "1.1.0", Supersede.ANY)
    assert staged.staged().candidate.digest != first
    storage = staged.storage()
    last, before = read_ledger(storage).logged[-1], read_ledger(storage).logged[-2]
    # Something honest follows.
    append(Draft(Told.routine(Action.REFRESH, staged.catalog.policy), staged.now, staged.key("timestamp-ben")), storage)
    told = Told.routine(Action.REFRESH, staged.catalog.policy)
    _, data = seal_entry(told, Head(before.number, before.head.sha256), staged.now, staged.key(key), last.number)
    put(staged, ledger_key(last.number), data)
    point(staged, first)
    with pytest.raises(TidegateError):
        promote(staged)
    assert offered(staged) == "1.0.0"


def test_a_candidate_that_is_replaced_while_its_files_are_stored_does_not_ship(staged: Project) -> None:
    staged.approve("1.1.0")
    storage = staged.storage()
    request = PromoteRequest("node", "stable", staged.root)
    plan = plan_promote(request, staged.staged(), staged.catalog, storage, staged.key_ring(), staged.now)

    @contextmanager
    def replaced_meanwhile(_name: str, _total: int) -> Iterator[Advance]:
        staged.now += timedelta(minutes=5)
        stage(staged, "1.1.0", Supersede.ANY)
        yield lambda _done: None

    with pytest.raises(StorageConflict, match="was replaced on"):
        apply_promote(plan, staged.catalog, storage, lambda: staged.now, replaced_meanwhile)
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("data", [b"{}", b"", b"x" * (8 * 1024 * 1024 + 1)])
def test_a_manifest_that_somebody_planted_is_told_with_the_way_to_get_rid_of_it(project: Project, data: bytes) -> None:
    project.publish("1.0.0")
    put(project, release_key("node", "1.1.0", "release.json"), data)
    with pytest.raises(TidegateError) as refusal:
        stage(project, "1.1.0")
    assert "release.json" in refusal.value.what
    assert "break-glass" in str(refusal.value.fix)
