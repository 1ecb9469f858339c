"""What is on hold or withdrawn, and what was, for programs."""

from __future__ import annotations

from typing import Any

from publisher.model.records.holds_file import BrakeInForce, HoldsFile
from publisher.site.brakes import BrakeView, hold_views, withdrawal_views
from publisher.site.page_model import Scene


def holds_as_data(scene: Scene) -> dict[str, Any]:
    """data/holds.json; the schema holds-1.json describes it."""
    state = scene.state
    now = (*hold_views(scene), *withdrawal_views(scene))
    whole = HoldsFile(
        at=scene.now,
        now=tuple(_stopped(scene, view) for view in now) if state is not None else None,
        history=state.brake_history if state is not None else (),
    )
    return whole.model_dump(mode="json")


def _stopped(scene: Scene, view: BrakeView) -> BrakeInForce:
    notice = view.notice
    return BrakeInForce(
        kind=view.kind,
        product=view.product.id,
        channel=view.channel,
        version=view.version,
        platforms=view.platforms,
        taken_back=view.taken_back,
        since=view.since,
        because=notice.because if notice else None,
        next_update=notice.next_update if notice else None,
        overdue=view.overdue,
        action=notice.action if notice else None,
        replaced_by=notice.replaced_by if notice else None,
        advice=view.advice,
        new_installs=dict(scene.new_installs.get((view.product.id, view.channel), {})),
        id=view.id,
    )
