"""Holds and withdrawals in a test's own project."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from publisher.channel.brakes import channel_brakes
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.brakes.brake import BrakeOrder, BrakePlan, stop
from publisher.pipeline.brakes.lift import meant_brakes
from publisher.pipeline.brakes.reject import Rejection, RejectPlan, staged_digest
from publisher.pipeline.brakes.reject import reject as say_no
from publisher.pipeline.release.announce import plan_announce
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import apply_rollback, plan_rollback
from publisher.pipeline.release.stage import apply_stage
from publisher.storage.protocol import Storage
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.stopping.brakes import ChannelBrakes
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


def reject(project: Project, version: str, storage: Storage | None = None) -> RejectPlan:
    """Say no to what is staged, at the project's time."""
    where, parsed = storage or project.storage(), Version.parse(version)
    rejection = Rejection(
        "node", "stable", parsed, staged_digest("node", "stable", parsed, project.look(where)), REASON
    )
    ring = project.key_ring()
    return say_no(rejection, project.catalog, where, project.root, ring, lambda: project.now)[0]


def take_back(project: Project, version: str, storage: Storage | None = None) -> None:
    """Roll a version back at the project's time."""
    where, request = storage or project.storage(), PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK)
    look, ring = project.look(where), project.key_ring()
    plan = plan_rollback(request, Version.parse(version), project.catalog, look, ring, project.now, REASON)
    apply_rollback(plan, where, lambda: project.now)


def stopped(project: Project, channel: str = "stable", storage: Storage | None = None) -> ChannelBrakes:
    """What is stopped on a channel of the node."""
    return channel_brakes(project.look(storage).live, f"node.{channel}")


def stage_lift(
    project: Project, *ids: str, version: str | None = None, storage: Storage | None = None
) -> tuple[str, ...]:
    """Stage the end of what is stopped in the node's stable channel; what people read before they sign it."""
    stopped_version, where = Version.parse(version) if version else None, storage or project.storage()
    lifts = tuple(brake.id for brake in meant_brakes("node", "stable", stopped_version, ids, project.look(where)))
    plan = plan_announce(
        "node", "stable", project.catalog, project.look(where), project.key_ring(), project.now, lifts=lifts
    )
    apply_stage(plan, where)
    return plan.changes
