"""A thief of one online key leaves metadata that says what ours will, for longer than it may live."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata

from publisher.channel.advance import to_bytes
from publisher.channel.layout import metadata_key
from publisher.channel.roles import role_policy
from publisher.pipeline.operate.refresh import plan_refresh
from tests.support.planting import live, put
from tests.support.project import Project


@pytest.mark.parametrize(
    ("role", "key"), [("brakes", "brakes-ben"), ("rollout", "rollout-ben"), ("notes", "notes-coco")]
)
def test_metadata_that_a_thief_left_does_not_outlive_its_role(project: Project, role: str, key: str) -> None:
    project.publish("1.0.0")
    signed = copy.deepcopy(live(project).roles[role].signed)
    signed.version += 1
    signed.expires = project.now + timedelta(days=36500)
    left = Metadata(signed)
    left.sign(project.key(key))
    put(project, metadata_key(role, signed.version), to_bytes(left))
    lifetime = role_policy(project.catalog.signers, role).expires
    project.now += lifetime - timedelta(hours=1)
    plan = plan_refresh(project.look(), project.catalog, project.key_ring(), project.now)
    plan.apply(project.storage())
    assert live(project).roles[role].signed.expires <= project.now + lifetime
