"""What is on hold or withdrawn now, which settings help until a fix is out, and every hold and withdrawal before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.model.records.channel_state import PastBrake
from publisher.model.records.notice import NoticeFile
from publisher.rules import english
from publisher.site.brakes import withdrawal_views
from publisher.site.labels import Chip
from publisher.site.page_model import Page, Scene
from publisher.wire.feed_words import BrakeKind


@dataclass(frozen=True)
class IncidentNotice:
    """One notice of an incident."""

    at: datetime
    notice: NoticeFile | None
    """None where it cannot be read."""
    kept: datetime | None
    """When the next notice came, or the end; None while neither has."""

    @property
    def late(self) -> bool:
        """Whether what it promised came too late, or has not come."""
        promised = self.notice.next_update if self.notice else None
        return promised is not None and self.kept is not None and self.kept > promised


@dataclass(frozen=True)
class Incident:
    """A hold with its renewals, or a withdrawal."""

    title: str
    """Product and version."""
    page: str | None
    channel: str
    """The channel's name."""
    platforms: tuple[str, ...]
    chip: Chip
    begun: datetime
    ended: datetime | None
    """When it was lifted; None while it is in force, or where that is not known."""
    in_force: bool
    notices: tuple[IncidentNotice, ...]
    """The first notice first."""

    @property
    def lasted(self) -> str | None:
        """How long it lasted, in words."""
        return english.rounded_down(self.ended - self.begun) if self.ended is not None else None


def pages(scene: Scene) -> Iterator[Page]:
    """The page; it exists even when nothing was ever stopped."""
    yield Page(
        "incidents.md",
        "Incidents",
        "incidents.md.jinja",
        "Which versions are on hold or withdrawn, why, what to do, and what was stopped before.",
        {
            "withdrawals": withdrawal_views(scene),
            "mitigations": [
                (mitigation, scene.catalog.products[mitigation.product])
                for mitigation in (scene.state.mitigations if scene.state else ())
                if mitigation.product in scene.catalog.products and scene.now < mitigation.until
            ],
            "incidents": incidents(scene),
        },
        contents=False,
    )


def incidents(scene: Scene) -> tuple[Incident, ...]:
    """The history, the latest first; a hold that was renewed before its end is one incident."""
    if (state := scene.state) is None:
        return ()
    in_force = {hold.id for hold in state.holds} | {entry.id for entry in state.withdrawn}
    groups: list[list[PastBrake]] = []
    for brake in reversed(state.brake_history):
        renewed = next((group for group in reversed(groups) if _renews(brake, group[-1])), None)
        if renewed is not None:
            renewed.append(brake)
        else:
            groups.append([brake])
    return tuple(
        _incident(scene, group, in_force=any(brake.id in in_force for brake in group))
        for group in reversed(groups)
        if group[0].product in scene.catalog.products
    )


def _renews(brake: PastBrake, before: PastBrake) -> bool:
    """Whether a hold goes on by it."""
    same = all(
        getattr(brake, field) == getattr(before, field)
        for field in ("kind", "product", "channel", "version", "platforms")
    )
    return same and brake.kind is BrakeKind.HOLD and (before.lifted_at is None or before.lifted_at >= brake.at)


def _incident(scene: Scene, brakes: Sequence[PastBrake], *, in_force: bool) -> Incident:
    first, last = brakes[0], brakes[-1]
    channel = scene.catalog.channels.get(first.channel)
    ended = None if in_force else last.lifted_at
    word = "hold" if first.kind is BrakeKind.HOLD else "taken back" if first.taken_back else "withdrawn"
    nexts = [*(brake.at for brake in brakes[1:]), ended]
    return Incident(
        title=f"{scene.catalog.products[first.product].name} {first.version}",
        page=scene.page_of(first.product, first.version),
        channel=channel.name if channel else first.channel,
        platforms=first.platforms,
        chip=Chip("wait" if first.kind is BrakeKind.HOLD else "stop", word) if in_force else Chip("quiet", word),
        begun=first.at,
        ended=ended,
        in_force=in_force,
        notices=tuple(IncidentNotice(brake.at, brake.notice, kept) for brake, kept in zip(brakes, nexts, strict=True)),
    )
