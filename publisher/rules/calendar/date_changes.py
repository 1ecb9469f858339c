"""Which releases wait longer or shorter than the content said before, and because of what (R93).

Everything here is for publication: what is not public is left out, or named in neutral words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.rules import english
from publisher.rules.calendar.schedule import schedule
from publisher.rules.evaluate import evaluate


@dataclass(frozen=True)
class Moved:
    """A planned release whose first open date is another one than before."""

    release: Release
    planned: datetime
    before: datetime | None
    """The first date, from the planned one on, at which it might have shipped; None: none within the horizon."""
    after: datetime | None
    """The same now."""
    because: tuple[str, ...]
    """What has changed, as sentences."""

    @property
    def sentence(self) -> str:
        """btfs-node 4.3.0, planned for 2 March 2026, waits until 13 March 2026; before, it could ship as planned."""
        name = f"{self.release.product} {self.release.version}, planned for {english.moment(self.planned)},"
        return f"{name} {_may(self.after, self.planned)}; before, it {_might(self.before, self.planned)}."


def moved(old: Catalog, new: Catalog, now: datetime) -> tuple[Moved, ...]:
    """What the change from `old` to `new` means for the planned releases that the public may know of."""
    changes = []
    for release in new.releases:
        planned = release.planned_for
        if planned is None or planned < now or release.shipped_at is not None or release.visibility != "public":
            continue
        before = _first_open(old, release, planned)
        after = _first_open(new, release, planned)
        if before != after:
            changes.append(Moved(release, planned, before, after, tuple(_because(old, new, release, planned, now))))
    return tuple(changes)


def _first_open(catalog: Catalog, release: Release, planned: datetime) -> datetime | None:
    """The first date from the planned one on; a product that the content did not have yet had no rules either."""
    if release.product not in catalog.products:
        return planned
    openings = schedule(catalog, release, release.channels[0], planned).openings
    return openings[0].start if openings else None


def _because(old: Catalog, new: Catalog, release: Release, planned: datetime, now: datetime) -> Iterator[str]:
    """The changes of events that stop it at the planned date, before or now; else what is left to have changed."""
    stopping = {*_sources(old, release, planned), *_sources(new, release, planned)}
    sentences = [
        sentence
        for name in sorted(stopping)
        if (sentence := _change_of(old.event(name), new.event(name), now)) is not None
    ]
    yield from sentences
    if old.policy_at(planned) != new.policy_at(planned):
        yield f"The release policy has changed; version {new.policy_at(planned).version} applies then."
    known = old.find(release.product, str(release.version))
    if known is not None and known != release and not sentences:
        yield "The release's own plan has changed."


def _sources(catalog: Catalog, release: Release, planned: datetime) -> Sequence[str]:
    if release.product not in catalog.products:
        return ()
    decision: Decision = evaluate(catalog, release, release.channels[0], planned)
    return [name for verdict in decision.verdicts if verdict.outcome.stops for name in verdict.sources]


def _change_of(before: Event | None, after: Event | None, now: datetime) -> str | None:
    """What happened to an event, as a sentence; None where nothing did."""
    known = after or before
    if known is None or before == after:
        return None
    title = f'"{known.title if known.is_public(now) else known.public_title}"'
    if before is None:
        return f"{title} is new{_on(known, now)}."
    if after is None:
        return f"{title} is no longer planned."
    if after.status == "cancelled" and before.status != "cancelled":
        return f"{title} was cancelled."
    if not after.is_public(now):
        return f"{title} has changed."
    if (before.starts, before.ends) != (after.starts, after.ends):
        old, new = english.period(before.starts, before.ends), english.period(after.starts, after.ends)
        return f"{title} was moved from {old} to {new}."
    if before.severity.score != after.severity.score:
        return f"{title} now has severity {after.severity.score} instead of {before.severity.score}."
    if before.confidence != after.confidence:
        return f"{title} is now {after.confidence} instead of {before.confidence}."
    return f"{title} has changed."


def _on(event: Event, now: datetime) -> str:
    return f", {english.period(event.starts, event.ends)}" if event.is_public(now) else ""


def _may(date: datetime | None, planned: datetime) -> str:
    if date is None:
        return "has no open date yet"
    return "can ship as planned" if date == planned else f"waits until {english.moment(date)}"


def _might(date: datetime | None, planned: datetime) -> str:
    if date is None:
        return "had no open date"
    return "could ship as planned" if date == planned else f"waited until {english.moment(date)}"
