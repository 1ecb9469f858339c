"""The list of releases, and one page a release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.content.advisory import Advisory
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.decision import Decision, Outcome, Verdict
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.calendar.lifecycle import support_ends
from publisher.rules.gates.technical import artifacts, withdrawn
from publisher.site.brakes import ON_HOLD, BrakeView, holds_of, withdrawals_of
from publisher.site.earliest import Earliest
from publisher.site.freezes import FreezeRow
from publisher.site.labels import AFFECTED, INSECURE, OUTCOMES, RECORDED, UNSUPPORTED, Chip
from publisher.site.page_model import Page, Scene, page_of
from publisher.site.public import EventView
from publisher.wire.feed_words import BackState
from publisher.wire.version import Version
from publisher.wire.web_path import address_of, web_path


@dataclass(frozen=True)
class Tie:
    """An event that a release is for or near, and how it touches this kind of change."""

    view: EventView
    row: FreezeRow | None
    risk: Span
    """When the event makes this release riskier."""


@dataclass(frozen=True)
class Download:
    """One published file and where it lies."""

    artifact: PublishedFile
    url: str


@dataclass(frozen=True)
class ReleaseView:
    """A release as lists and its own page show it."""

    release: Release
    product: Product
    page: str
    chip: Chip
    when: datetime | None
    """When it shipped, or else when it is planned for."""
    out: bool
    passed: bool
    """Whether its channels have gone past it, and nothing records that it shipped."""
    decisions: tuple[Decision, ...]
    opens: Earliest | None = None
    """When it can ship at the earliest, and what it waits for; None unless it is still to come."""
    newer: str | None = None
    """The version that has replaced it; None while it is offered, or to come."""
    newer_page: str | None = None
    """Source path of that version's page, if it has one."""
    late: bool = False
    """Whether the planned moment has passed without it."""
    withdrawn: tuple[BrakeView, ...] = ()
    """Where nobody should run it."""
    holds: tuple[BrakeView, ...] = ()
    """Where it is on hold."""
    offered: bool = False
    """Whether a channel verifiably offers it, on whatever platform."""
    causes: tuple[EventView, ...] = ()
    """The events that it waits for, where each thing that it waits for is such an event and may be named."""
    until_then: tuple[tuple[Channel, Version | None], ...] = ()
    """What its channels offer while it waits."""
    advisories: tuple[Advisory, ...] = ()
    """Those that name it, newest first."""

    @property
    def coming(self) -> bool:
        """Whether it may still ship."""
        return not self.out and not self.passed

    @property
    def back_state(self) -> BackState | None:
        """What going back from it does to users' data; None where nobody has said, or nobody can go back."""
        way = self.release.rollback
        if self.release.back_state is BackState.FORBIDDEN:
            return BackState.FORBIDDEN
        return way.state if way is not None and way.bundle != "none-first-release" else None

    @property
    def back_words(self) -> str | None:
        """How to restore a backup first, or why nobody may go back."""
        if self.release.back_state is BackState.FORBIDDEN:
            return self.release.back_forbidden_because
        return self.release.rollback.backup if self.release.rollback is not None else None

    @property
    def insecure(self) -> bool:
        """Whether it is below the product's security floor."""
        floor = self.product.min_secure
        return floor is not None and self.release.version < floor

    @property
    def unsupported(self) -> bool:
        """Whether it is older than the product's oldest supported version."""
        oldest = self.product.min_supported
        return oldest is not None and self.release.version < oldest

    @property
    def refused(self) -> bool:
        """Whether it cannot ship at its planned time, which is still to come."""
        return self.opens is not None and self.opens.moved and self.when == self.opens.asked

    @property
    def earliest(self) -> datetime | None:
        """When it can ship at the earliest, if that is not as planned or now; None where nobody knows, too."""
        return self.opens.moment if self.opens is not None and self.opens.moved else None

    @property
    def not_before(self) -> datetime | None:
        """When it can ship at the earliest, planned or not; None where no such date is known, or it has shipped."""
        return self.opens.moment if self.opens is not None else None

    @property
    def title(self) -> str:
        """Product and version."""
        return f"{self.product.name} {self.release.version}"

    @property
    def decision(self) -> Decision | None:
        """The decision of the first channel, for places that show one."""
        return self.decisions[0] if self.decisions else None


def release_view(scene: Scene, release: Release) -> ReleaseView:
    """The view of one release."""
    out, passed = scene.is_out(release), scene.is_passed(release)
    decisions = scene.decisions.get(release.id, ())
    stopped, held = withdrawals_of(scene, release), holds_of(scene, release)
    newer = scene.newer(release) if out or passed else None
    replacement = scene.catalog.find(release.product, str(newer)) if newer is not None else None
    return ReleaseView(
        release=release,
        product=scene.catalog.products[release.product],
        page=page_of(release),
        chip=_chip(scene, release, out, decisions, (stopped, held)),
        when=release.shipped_at if out else None if passed else release.planned_for,
        out=out,
        passed=passed,
        decisions=decisions,
        opens=scene.earliest.get(release.id),
        newer=str(newer) if newer is not None else None,
        newer_page=page_of(replacement) if replacement is not None else None,
        late=not out and not passed and release.planned_for is not None and release.planned_for < scene.now,
        withdrawn=stopped,
        holds=held,
        offered=bool(scene.live_of(release)),
        causes=_causes(scene, release),
        until_then=_until_then(scene, release) if not out and not passed else (),
        advisories=scene.catalog.affecting(release.product, release.version),
    )


def _causes(scene: Scene, release: Release) -> tuple[EventView, ...]:
    opens = scene.earliest.get(release.id)
    if opens is None or not all(verdict.sources for verdict in opens.waits_for):
        return ()
    sources = dict.fromkeys(source for verdict in opens.waits_for for source in verdict.sources)
    views = [scene.views.get(source) for source in sources]
    named = tuple(view for view in views if view is not None and view.page is not None)
    return named if len(named) == len(views) else ()


def _until_then(scene: Scene, release: Release) -> tuple[tuple[Channel, Version | None], ...]:
    """What its channels offer; of one that offers nothing, such as a new beta, what most users run."""
    product = scene.catalog.products[release.product]
    channels = [scene.catalog.channels[channel] for channel in release.channels]
    offers = [(channel, scene.offered(product.id, channel.id)) for channel in channels]
    if not any(version for _, version in offers):
        main = scene.main_channel(product)
        offers = [(main, scene.offered(product.id, main.id))]
    return tuple(offers)


def _chip(
    scene: Scene,
    release: Release,
    out: bool,
    decisions: tuple[Decision, ...],
    brakes: tuple[tuple[BrakeView, ...], tuple[BrakeView, ...]],
) -> Chip:
    stopped, held = brakes
    if stopped:
        word = "taken back" if all(view.word == "Taken back" for view in stopped) else "withdrawn"
        return Chip("stop", word if scene.is_taken_back(release) else f"{word}{_partly(stopped)}")
    if held and out:
        return ON_HOLD if not scene.live_of(release) else Chip("wait", f"on hold{_partly(held)}")
    if scene.is_passed(release):
        return Chip("quiet", "superseded")
    if not out:
        return OUTCOMES[min((d.outcome for d in decisions), key=lambda outcome: outcome.rank, default=Outcome.UNKNOWN)]
    if scene.live_of(release):
        return Chip("go", "out now")
    recorded = [scene.current(release.product, channel) for channel in release.channels]
    return RECORDED if release in recorded else Chip("quiet", "earlier")


def _partly(views: tuple[BrakeView, ...]) -> str:
    """Where, for something that goes on elsewhere."""
    platforms = sorted({platform for view in views for platform in view.platforms})
    if platforms and all(view.platforms for view in views):
        return f" for {english.listed(platforms)}"
    way = "from" if views[0].is_withdrawal else "in"
    return f" {way} {english.listed([view.channel_name for view in views])}"


def downloads(scene: Scene, release: Release) -> tuple[Download, ...]:
    """The files of a release that is live, at the preferred address."""
    base = folder_url(scene, release.product, str(release.version))
    files = {artifact.file: artifact for live in scene.live_of(release) for artifact in live.artifacts}
    return tuple(Download(artifact, f"{base}{web_path(artifact.file)}") for artifact in files.values())


def folder_url(scene: Scene, product: str, version: str) -> str:
    """Where the plain files of a release lie, with a slash at the end."""
    return address_of(scene.catalog.endpoints.downloads[0], f"releases/{product}/{version}/")


@dataclass(frozen=True)
class SupportRow:
    """How long a version is supported."""

    view: ReleaseView
    status: Chip
    ends: datetime | None
    """When its support ends at the earliest, or has ended; None: no end is planned, or it was never known."""

    @property
    def ended(self) -> bool:
        """Whether it is no longer supported."""
        return self.status.tone == "stop" and self.status is not AFFECTED


def _support(scene: Scene, views: list[ReleaseView]) -> list[SupportRow]:
    """A row for each published version; pre-releases are not supported anyway."""
    return [
        _support_row(view, support_ends(scene.catalog, view.product.id, view.release.version))
        for view in views
        if view.out and not view.release.version.prerelease
    ]


def _support_row(view: ReleaseView, ends: datetime | None) -> SupportRow:
    if not view.offered and any(not brake.platforms for brake in view.withdrawn):
        since = max((brake.since for brake in view.withdrawn if brake.since), default=None)
        return SupportRow(view, Chip("stop", view.chip.word), since)
    if view.insecure:
        return SupportRow(view, INSECURE, ends)
    if view.unsupported:
        return SupportRow(view, UNSUPPORTED, ends)
    if view.advisories:
        return SupportRow(view, AFFECTED, ends)
    return SupportRow(view, Chip("wait", "deprecated") if ends is not None else Chip("go", "supported"), ends)


def pages(scene: Scene) -> Iterator[Page]:
    """The list, then every release."""
    views = [release_view(scene, release) for release in scene.catalog.releases]
    groups = [
        (product, [view for view in reversed(views) if view.release.product == product.id])
        for product in scene.catalog.products.values()
    ]
    support = [(product, rows) for product, views_of in groups if (rows := _support(scene, views_of))]
    yield Page(
        "releases/index.md",
        "Releases",
        "releases.md.jinja",
        "Every release: what it changes, whether it is out, and what it waits for.",
        {"groups": groups, "support": support},
    )
    for view in views:
        release = view.release
        yield Page(
            view.page,
            view.title,
            "release.md.jinja",
            _description(view),
            {
                "view": view,
                "release": release,
                "product": view.product,
                "ties": ties(scene, view),
                "mitigations": scene.mitigations(release.product, release.version),
                "unasked": _unasked,
                "downloads": downloads(scene, release),
                "approvals": [
                    (scene.catalog.channels[live.channel].name, live.approved_by) for live in scene.live_of(release)
                ],
                "overrides": [
                    override
                    for override in scene.catalog.overrides
                    if (override.product, override.version) == (release.product, release.version)
                    and override.approved_at <= scene.now
                ],
                "folder": folder_url(scene, release.product, str(release.version)),
                "deprecations": [
                    (deprecation, stage)
                    for deprecation in scene.catalog.deprecations
                    if deprecation.product == release.product
                    for stage, version in (
                        ("marks", deprecation.marked_in),
                        ("warns about", deprecation.warned_in),
                        ("removes", deprecation.remove_in),
                    )
                    if version == release.version
                ],
            },
        )


def _description(view: ReleaseView) -> str:
    """What stands below its name in search results."""
    return (
        f"This version was {view.chip.word}. Do not use it."
        if view.withdrawn and not view.offered
        else view.release.sentence
    )


def _unasked(verdict: Verdict) -> bool:
    """Whether a rule looks only at what a page does not have, files or a bucket: readers would learn nothing."""
    unseen = (artifacts.GATE.id, withdrawn.GATE.id)
    return verdict.rule in unseen and verdict.outcome is Outcome.NOT_APPLICABLE


def ties(scene: Scene, view: ReleaseView) -> tuple[Tie, ...]:
    """The events that the release names, with the risk window of each; what is not public stays neutral."""
    found_ties = []
    for event_id in view.release.named_events:
        event_view = scene.views[event_id]
        event = event_view.event
        if event is None:
            continue
        freeze = scene.freeze_of.get(event_id)
        row = next(
            (
                row
                for row in (freeze.rows if freeze else ())
                if view.product in row.products and view.release.change_class in row.classes
            ),
            None,
        )
        spans = row.stopped if row else (Span(event.starts, event.ends),)
        found_ties.append(Tie(event_view, row, Span(spans[0].start, spans[-1].end)))
    return tuple(found_ties)
