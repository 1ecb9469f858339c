"""What is on hold or withdrawn, as pages say it: what to do first, then why, since when and where (R81, R82)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.model.records.channel_state import ChannelState, Hold, Withdrawal
from publisher.model.records.notice import NoticeFile
from publisher.rules import english
from publisher.rules.withdrawal_text import advice, hold_advice, promise
from publisher.site.labels import Chip, marks
from publisher.site.page_model import Scene
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.version import Version

ON_HOLD = Chip("wait", "on hold")
DO_NOT_USE, DO_NOT_INSTALL = Chip("stop", "do not use"), Chip("stop", "do not install")


@dataclass(frozen=True)
class BrakeView:
    """A hold or a withdrawal that is in force."""

    kind: BrakeKind
    product: Product
    channel: str
    """The channel, by id."""
    channel_name: str
    version: Version
    page: str | None
    """Source path of the page of the version, if it has one."""
    id: str | None
    """SHA-256 of the notice."""
    taken_back: bool
    """Whether the channel's own role has taken it back."""
    advice: str
    """What to do, for whoever runs it or installs the product."""
    rows: tuple[tuple[str, str], ...]
    """Platforms and what to do there, where that differs from one to another."""
    notice: NoticeFile | None
    """Why; None where that cannot be read."""
    since: datetime | None
    platforms: tuple[str, ...]
    """Where; empty: on all platforms."""
    promise: str | None
    """When users hear more, or that they should have."""
    overdue: bool
    """Whether they should have."""
    instead: Version | None
    """The newest version that the channel offers."""
    marks: tuple[Chip, ...]
    """Whether that is itself unsafe."""
    pages: Mapping[str, str]
    """Version -> source path of its page."""

    @property
    def is_withdrawal(self) -> bool:
        return self.kind is BrakeKind.WITHDRAWAL

    @property
    def word(self) -> str:
        """What happened."""
        return "On hold" if not self.is_withdrawal else "Taken back" if self.taken_back else "Withdrawn"

    @property
    def title(self) -> str:
        """Product and version."""
        return f"{self.product.name} {self.version}"

    @property
    def file_chip(self) -> Chip:
        """What stands beside its files."""
        if not self.is_withdrawal:
            return ON_HOLD
        keep = self.notice is not None and self.notice.action is WithdrawalAction.KEEP_RUNNING
        return DO_NOT_INSTALL if keep else DO_NOT_USE

    def concerns(self, version: Version, platform: str) -> bool:
        """Whether it stops a version on a platform."""
        return version == self.version and (not self.platforms or platform in self.platforms)

    @property
    def happened(self) -> str:
        """Withdrawn from Stable for linux-amd64 on Friday; without a full stop."""
        way = "from" if self.is_withdrawal else "in"
        where = f" for {english.listed(self.platforms)}" if self.platforms else ""
        on = f" {'on' if self.is_withdrawal else 'since'} {english.moment(self.since)}" if self.since else ""
        return f"{self.word} {way} {self.channel_name}{where}{on}"

    @property
    def newer(self) -> bool:
        """Whether the channel offers something newer, so that whoever runs it just updates."""
        return self.instead is not None and self.instead > self.version


def hold_views(scene: Scene) -> tuple[BrakeView, ...]:
    """What is on hold and not withdrawn as well, by product."""
    state = scene.state
    return _holds(scene, state, state.latest_holds) if state else ()


def holds_of(scene: Scene, release: Release) -> tuple[BrakeView, ...]:
    """Where a release is on hold and not withdrawn as well."""
    state = scene.state
    return _holds(scene, state, state.holds_on(release.product, release.version)) if state else ()


def _holds(scene: Scene, state: ChannelState, holds: Iterable[Hold]) -> tuple[BrakeView, ...]:
    return tuple(
        _hold_view(scene, state, hold)
        for hold in holds
        if hold.product in scene.catalog.products and not _is_withdrawn(state, hold)
    )


def _is_withdrawn(state: ChannelState, hold: Hold) -> bool:
    """Whether a withdrawal covers the hold: it says more, and more urgently."""
    return any(
        entry.channel == hold.channel and (not entry.platforms or set(hold.platforms or ("",)) <= set(entry.platforms))
        for entry in state.withdrawals(hold.product, hold.version)
    )


def _hold_view(scene: Scene, state: ChannelState, hold: Hold) -> BrakeView:
    product, overdue = scene.catalog.products[hold.product], hold.overdue(scene.now)
    instead = scene.offered(hold.product, hold.channel)
    return BrakeView(
        kind=BrakeKind.HOLD,
        product=product,
        channel=hold.channel,
        channel_name=_channel_name(scene, hold.channel),
        version=hold.version,
        page=scene.page_of(hold.product, hold.version),
        id=hold.id,
        taken_back=False,
        advice=hold_advice(hold, state),
        rows=(),
        notice=hold.notice,
        since=hold.notice.at if hold.notice else None,
        platforms=hold.platforms,
        promise=promise(hold.notice, overdue=overdue) if hold.notice else None,
        overdue=overdue,
        instead=instead,
        marks=marks(scene.catalog, product, instead) if instead is not None else (),
        pages=_pages(scene, hold),
    )


def withdrawal_views(scene: Scene) -> tuple[BrakeView, ...]:
    """What nobody should run any more, by product, channel and version."""
    if (state := scene.state) is None:
        return ()
    known = (entry for entry in state.withdrawn if entry.product in scene.catalog.products)
    return tuple(_withdrawal_view(scene, state, entry) for entry in known)


def withdrawals_of(scene: Scene, release: Release) -> tuple[BrakeView, ...]:
    """Where nobody should run a release."""
    state = scene.state
    return tuple(_withdrawal_view(scene, state, entry) for entry in scene.withdrawals(release)) if state else ()


def withdrawals_of_product(scene: Scene, product: str) -> tuple[BrakeView, ...]:
    """What nobody should run any more of a product."""
    state = scene.state
    entries = (entry for entry in state.withdrawn if entry.product == product) if state else ()
    return tuple(_withdrawal_view(scene, state, entry) for entry in entries) if state else ()


def withdrawals_in(scene: Scene, product: str, channel: str) -> tuple[BrakeView, ...]:
    """What was withdrawn from a channel."""
    if (state := scene.state) is None:
        return ()
    entries = (entry for entry in state.withdrawn if (entry.product, entry.channel) == (product, channel))
    return tuple(_withdrawal_view(scene, state, entry) for entry in entries)


def withdrawn_ahead(scene: Scene, product: str, channel: str) -> tuple[BrakeView, ...]:
    """What was withdrawn from a channel that offers nothing newer: whoever runs it has to act."""
    return tuple(view for view in withdrawals_in(scene, product, channel) if not view.newer)


def _withdrawal_view(scene: Scene, state: ChannelState, entry: Withdrawal) -> BrakeView:
    product = scene.catalog.products[entry.product]
    installs = scene.new_installs.get((entry.product, entry.channel), {})
    instead = max((version for version in _concerned(entry, installs) if version is not None), default=None)
    by_advice: dict[str, list[str]] = {}
    for platform in entry.platforms or installs:
        by_advice.setdefault(advice(entry, state, platform, installs), []).append(platform)
    return BrakeView(
        kind=BrakeKind.WITHDRAWAL,
        product=product,
        channel=entry.channel,
        channel_name=_channel_name(scene, entry.channel),
        version=entry.version,
        page=scene.page_of(entry.product, entry.version),
        id=entry.id,
        taken_back=entry.taken_back,
        advice=advice(entry, state, None, installs),
        rows=tuple((english.listed(where), text) for text, where in by_advice.items()) if len(by_advice) > 1 else (),
        notice=entry.notice,
        since=entry.at,
        platforms=entry.platforms,
        promise=None,
        overdue=False,
        instead=instead,
        marks=marks(scene.catalog, product, instead) if instead is not None else (),
        pages=_pages(scene, entry),
    )


def _concerned(entry: Withdrawal, installs: Mapping[str, Version | None]) -> list[Version | None]:
    return [version for platform, version in installs.items() if not entry.platforms or platform in entry.platforms]


def _channel_name(scene: Scene, channel: str) -> str:
    known = scene.catalog.channels.get(channel)
    return known.name if known else channel


def _pages(scene: Scene, brake: Hold | Withdrawal) -> dict[str, str]:
    """Pages of the versions that its words may name."""
    offered = [offer.version for offer in scene.offers_of(brake.product, brake.channel)]
    if brake.notice is not None and brake.notice.replaced_by is not None:
        offered.append(brake.notice.replaced_by)
    pages = {str(version): scene.page_of(brake.product, version) for version in offered}
    return {version: page for version, page in pages.items() if page is not None}
