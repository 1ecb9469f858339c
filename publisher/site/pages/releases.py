"""The list of releases, and one page a release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.content.advisory import Advisory
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import Withdrawal
from publisher.model.records.decision import Decision, Outcome, Verdict
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.calendar.lifecycle import support_ends
from publisher.rules.gates.technical import artifacts, withdrawn
from publisher.site.earliest import Earliest
from publisher.site.freezes import FreezeRow
from publisher.site.labels import AFFECTED, INSECURE, OUTCOMES, RECORDED, UNSUPPORTED, Chip, marks
from publisher.site.page_model import Page, Scene
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
class TakenBack:
    """That a channel has taken a release back, for whoever runs it."""

    channel: str
    """The channel's name."""
    version: str
    at: datetime | None
    """None where that is not known."""
    offered: str | None
    """What the channel offers in its place; None for nothing."""
    page: str | None
    """The page of that, if it has one."""
    newer: bool
    """Whether that is a newer version, and not an older one to go back to."""
    marks: tuple[Chip, ...]
    """Whether that is itself below a floor."""


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
    taken_back: tuple[TakenBack, ...] = ()
    """The channels that have taken it back."""
    offered: bool = False
    """Whether a channel verifiably offers it."""
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


def page_of(release: Release) -> str:
    """Source path of a release's page."""
    return f"releases/{release.product}/{release.version}.md"


def release_view(scene: Scene, release: Release) -> ReleaseView:
    """The view of one release."""
    out, passed = scene.is_out(release), scene.is_passed(release)
    decisions = scene.decisions.get(release.id, ())
    back = tuple(taken_back(scene, withdrawal) for withdrawal in scene.withdrawals(release))
    newer = scene.newer(release) if out or passed else None
    replacement = scene.catalog.find(release.product, str(newer)) if newer is not None else None
    return ReleaseView(
        release=release,
        product=scene.catalog.products[release.product],
        page=page_of(release),
        chip=_chip(scene, release, out, decisions, back),
        when=release.shipped_at if out else None if passed else release.planned_for,
        out=out,
        passed=passed,
        decisions=decisions,
        opens=scene.earliest.get(release.id),
        newer=str(newer) if newer is not None else None,
        newer_page=page_of(replacement) if replacement is not None else None,
        late=not out and not passed and release.planned_for is not None and release.planned_for < scene.now,
        taken_back=back,
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


def taken_back(scene: Scene, withdrawal: Withdrawal) -> TakenBack:
    """What the site says of a version that a channel has taken back."""
    live = scene.live(withdrawal.product, withdrawal.channel)
    if live is not None and live.version == withdrawal.version:
        live = None
    release = scene.catalog.find(withdrawal.product, str(live.version)) if live else None
    channel = scene.catalog.channels.get(withdrawal.channel)
    product = scene.catalog.products.get(withdrawal.product)
    return TakenBack(
        channel=channel.name if channel else withdrawal.channel,
        version=str(withdrawal.version),
        at=withdrawal.at,
        offered=str(live.version) if live else None,
        page=page_of(release) if release else None,
        newer=live is not None and live.version > withdrawal.version,
        marks=marks(scene.catalog, product, live.version) if live and product else (),
    )


def withdrawn_ahead(scene: Scene, product: str, channel: str) -> tuple[TakenBack, ...]:
    """What a channel has taken back and offers nothing newer for: whoever runs it has to act."""
    withdrawn = scene.state.withdrawn if scene.state else ()
    views = (taken_back(scene, entry) for entry in withdrawn if (entry.product, entry.channel) == (product, channel))
    return tuple(view for view in views if not view.newer)


def _chip(
    scene: Scene, release: Release, out: bool, decisions: tuple[Decision, ...], back: tuple[TakenBack, ...]
) -> Chip:
    if back:
        channels = "" if scene.is_taken_back(release) else f" from {english.listed([view.channel for view in back])}"
        return Chip("stop", f"taken back{channels}")
    if scene.is_passed(release):
        return Chip("quiet", "superseded")
    if not out:
        return OUTCOMES[min((d.outcome for d in decisions), key=lambda outcome: outcome.rank, default=Outcome.UNKNOWN)]
    if scene.live_of(release):
        return Chip("go", "out now")
    recorded = [scene.current(release.product, channel) for channel in release.channels]
    return RECORDED if release in recorded else Chip("quiet", "earlier")


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
    if view.taken_back and not view.offered:
        return SupportRow(
            view, Chip("stop", "taken back"), max((back.at for back in view.taken_back if back.at), default=None)
        )
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
        "This version was taken back. Do not install it."
        if view.taken_back and not view.offered
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
