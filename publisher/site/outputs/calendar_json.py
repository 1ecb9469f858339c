"""The calendar as JSON, the same on the site and from `publish calendar --json`."""

from __future__ import annotations

from typing import Any

from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState
from publisher.model.values import format_time
from publisher.rules.calendar.lanes import Bar, Quarter

FORMAT = "tidegate-calendar/1"


def quarter_as_data(quarter: Quarter, catalog: Catalog, state: ChannelState | None) -> dict[str, Any]:
    """Lanes with their bars, and the rollbacks that must be ready. Half-open times; a release is a moment.

    `withdrawn` is what the channels of a bucket have taken back; null where no bucket was looked at.
    """
    review = catalog.review
    return {
        "format": FORMAT,
        "from": format_time(quarter.start),
        "until": format_time(quarter.end),
        "quarter": review.quarter if review else None,
        "reviewed_at": format_time(review.reviewed_at) if review else None,
        "lanes": [
            {"label": lane.label, "product": lane.product, "bars": [_bar(bar) for bar in lane.bars]}
            for lane in quarter.lanes
        ],
        "rollback_due": [
            {"release": due.release.id, "by": format_time(due.at), "done": due.done, "overdue": due.overdue}
            for due in quarter.due
        ],
        "withdrawn": [entry.model_dump(mode="json") for entry in state.withdrawn] if state else None,
    }


def _bar(bar: Bar) -> dict[str, Any]:
    return {
        "kind": bar.kind.value,
        "title": bar.title,
        "start": format_time(bar.start),
        "end": format_time(bar.end),
        "public": bar.public,
    }
