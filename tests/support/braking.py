"""Holds and withdrawals in a test's own project."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from publisher.channel.brakes import channel_brakes
from publisher.pipeline.brakes.brake import BrakeOrder, BrakePlan, stop
from publisher.storage.protocol import Storage
from publisher.wire.brakes import ChannelBrakes
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.version import Version
from tests.support.project import Project

REASON = "Nodes with more than 2 TB lose their index after a restart."


def ordered(project: Project, version: str, **changes: Any) -> BrakeOrder:
    """A hold on a version of the node's stable channel, unless `action` makes it a withdrawal."""
    given = {"platforms": (), "because": REASON, "channel": "stable", **changes}
    if "action" not in given and "next_update" not in given:
        given["next_update"] = project.now + timedelta(hours=6)
    return BrakeOrder(product="node", version=Version.parse(version), **given)


def hold(project: Project, version: str, storage: Storage | None = None, **changes: Any) -> BrakePlan:
    """Hold a version at the project's time."""
    order = ordered(project, version, **changes)
    where = storage or project.storage()
    return stop(order, project.catalog, where, project.root, project.key_ring(), lambda: project.now)[0]


def withdraw(
    project: Project, version: str, action: str = "stop", storage: Storage | None = None, **changes: Any
) -> BrakePlan:
    """Withdraw a version at the project's time."""
    return hold(project, version, storage, action=WithdrawalAction(action), **changes)


def stopped(project: Project, channel: str = "stable", storage: Storage | None = None) -> ChannelBrakes:
    """What is stopped on a channel of the node."""
    return channel_brakes(project.look(storage).live, f"node.{channel}")
