"""Which releases are still to come, by the content and by what a bucket offers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.rules.evaluate import evaluate


def open_questions(
    catalog: Catalog, now: datetime, product: str | None, state: ChannelState | None = None, *, public: bool
) -> Iterator[Decision]:
    """Decisions on releases not shipped by `now`, nor in a channel by the bucket's `state`; by product and version."""
    for release in catalog.releases:
        shipped = release.shipped_at is not None and release.shipped_at <= now
        if shipped or product not in (None, release.product) or (public and release.visibility != "public"):
            continue
        for channel in release.channels:
            evidence = Evidence.of_channel(state, release.product, channel)
            if release.version == evidence.live or release.version in evidence.withdrawn_from(channel):
                continue
            decision = evaluate(catalog, release, channel, now, evidence)
            yield decision.public() if public else decision


def published(catalog: Catalog, state: ChannelState) -> tuple[str, ...]:
    """Ids of the releases that a bucket offers, or whose channels have taken them back."""
    live = {(release.product, release.version) for release in state.live}
    versions = live | {(withdrawal.product, withdrawal.version) for withdrawal in state.withdrawn}
    return tuple(release.id for release in catalog.releases if (release.product, release.version) in versions)
