"""Somebody publishes between the look at what is live and the plan of a change of keys."""

from __future__ import annotations

import pytest

from publisher.channel.layout import TIMESTAMP_KEY
from publisher.errors import StorageConflict
from publisher.pipeline.roles.change import apply_keys, key_set, plan_keys
from tests.pipeline.test_rollback import take_back
from tests.support.approving import ROLE
from tests.support.planting import offered
from tests.support.project import Project, tree
from tests.support.rotating import replace_key, sign_role_as, stage_keys


def test_a_rollback_between_look_and_plan_is_not_undone(project: Project) -> None:
    for version in ("1.0.0", "1.1.0"):
        project.publish(version)
    replace_key(project, "channels-ben")
    stage_keys(project)
    sign_role_as(project, "targets", ("targets-ana", "targets-ben"))
    sign_role_as(project, ROLE, ("channels-ana", "channels-ben-2"))
    storage = project.storage()
    looked = key_set(project.look(storage), project.catalog, project.now)
    assert take_back(project, "1.1.0") == "1.0.0"
    timestamp = tree(project.bucket)[TIMESTAMP_KEY]
    with pytest.raises(StorageConflict, match="somebody else has just published"):
        apply_keys(plan_keys(looked, project.catalog, project.key_ring(), project.now), storage)
    assert tree(project.bucket)[TIMESTAMP_KEY] == timestamp
    assert offered(project) == "1.0.0"
