"""The home page: what is current, what is frozen and until when, and what comes next, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.model.content.advisory import Advisory
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.rules import english
from publisher.site.brakes import BrakeView, hold_views, withdrawn_ahead
from publisher.site.labels import NOTHING_LEFT, RECORDED, Chip, marks
from publisher.site.page_model import Page, Scene
from publisher.site.pages.releases import ReleaseView, release_view
from publisher.site.pages.security import alerts
from publisher.site.public import public_events
from publisher.site.readiness import RequirementView


@dataclass(frozen=True)
class Current:
    """What one channel of one product offers."""

    channel: Channel
    version: str | None
    release: Release | None
    """Its notes, where the content has them and they are public."""
    chip: Chip
    withdrawn: tuple[BrakeView, ...] = ()
    """What those who run a newer version, which was withdrawn, have to know."""


@dataclass(frozen=True)
class ToRun:
    """What to run of one product: its row at the top of the page."""

    product: Product
    channel: Channel
    version: str | None
    """What the channel offers; None for nothing."""
    release: Release | None
    """Its notes, where the content has them and they are public."""
    since: datetime | None
    """When that shipped, where it is recorded."""
    withdrawn: tuple[BrakeView, ...]
    """Newer versions that were withdrawn."""
    holds: tuple[BrakeView, ...]
    """Versions of the channel that are on hold."""
    unmet: tuple[RequirementView, ...]
    """What events require and this version does not meet."""
    nothing_left: bool
    """Whether everything that the channel has is on hold or withdrawn."""
    next: ReleaseView | None
    """The release of this channel that can ship first."""
    marks: tuple[Chip, ...]
    """Whether the offered version itself is below a floor, or unsafe by an advisory."""
    advisories: tuple[Advisory, ...]
    """Those that name the offered version."""


def pages(scene: Scene, requirements: Sequence[RequirementView]) -> Iterator[Page]:
    """The home page."""
    waiting = [outlook for outlook in scene.outlooks if outlook.waits]
    next_opening = min((wait.until for outlook in waiting for wait in outlook.waits), default=None)
    ahead = sorted(
        (release_view(scene, r) for r in scene.catalog.releases if scene.is_coming(r)),
        key=lambda view: (view.when is None, view.when, view.title),
    )
    yield Page(
        "index.md",
        "Releases and their dates",
        "home.md.jinja",
        "Current versions, what is on hold until when, and how to check a download.",
        {
            "alerts": [(advisory, scene.catalog.products[advisory.product]) for advisory in alerts(scene)],
            "headline": _headline(scene, next_opening),
            "calm": not waiting,
            "to_run": [_to_run(scene, product, requirements) for product in scene.catalog.products.values()],
            "required": any(not view.over for view in requirements),
            "products": [(product, _currents(scene, product)) for product in scene.catalog.products.values()],
            "ahead": ahead[:6],
            "events": [event for event in public_events(scene.catalog, scene.now) if _coming(scene, event.ends)][:4],
        },
        contents=False,
    )


def _to_run(scene: Scene, product: Product, requirements: Sequence[RequirementView]) -> ToRun:
    channel = scene.main_channel(product)
    offered = scene.offered(product.id, channel.id)
    release = scene.catalog.find(product.id, str(offered)) if offered is not None else None
    shipped = release.shipped_at if release is not None else None
    ahead = [
        release_view(scene, coming)
        for coming in scene.catalog.releases_of(product.id)
        if channel.id in coming.channels and scene.is_coming(coming) and (offered is None or coming.version > offered)
    ]
    return ToRun(
        product=product,
        channel=channel,
        version=None if offered is None else str(offered),
        release=release,
        since=shipped if shipped is not None and shipped <= scene.now else None,
        withdrawn=withdrawn_ahead(scene, product.id, channel.id),
        holds=tuple(view for view in hold_views(scene) if (view.product.id, view.channel) == (product.id, channel.id)),
        unmet=tuple(
            view
            for view in requirements
            if (view.product.id, view.channel.id) == (product.id, channel.id) and not view.out
        ),
        marks=marks(scene.catalog, product, offered) if offered is not None else (),
        advisories=scene.catalog.affecting(product.id, offered) if offered is not None else (),
        nothing_left=scene.is_all_stopped(product.id, channel.id),
        next=min(
            ahead, key=lambda view: (view.not_before is None, view.not_before, view.release.version), default=None
        ),
    )


def _coming(scene: Scene, ends: datetime) -> bool:
    return ends > scene.now


def _headline(scene: Scene, next_opening: datetime | None) -> str:
    if next_opening is not None:
        return f"Some updates are on hold. The next ones can ship from {english.near(next_opening, scene.now)}."
    calm = "No freeze is running" if hold_views(scene) else "Nothing is on hold"
    return f"{calm}. Releases ship when they are ready."


def _currents(scene: Scene, product: Product) -> list[Current]:
    rows = []
    for channel_id in product.channels:
        channel = scene.catalog.channels[channel_id]
        live = scene.live(product.id, channel_id)
        back = withdrawn_ahead(scene, product.id, channel_id)
        if live is not None:
            release = scene.catalog.find(product.id, str(live.version))
            rows.append(Current(channel, str(live.version), release, Chip("go", "live, signatures verified"), back))
            continue
        if scene.is_all_stopped(product.id, channel_id):
            rows.append(Current(channel, None, None, NOTHING_LEFT, back))
            continue
        release = scene.current(product.id, channel_id)
        if release is not None:
            rows.append(Current(channel, str(release.version), release, RECORDED, back))
        else:
            rows.append(Current(channel, None, None, Chip("quiet", "nothing yet"), back))
    return rows
