"""Advice on content that is valid and still unwise: freezes without end, a matrix that contradicts itself (R2, R26).

Nothing is stopped by it; `publish check` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.policy import FreezePolicy
from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import Override
from publisher.rules import english
from publisher.rules.calendar import rollback_due
from publisher.rules.calendar_review_age import due
from publisher.rules.engine.required_approvals import same_person
from publisher.rules.freeze.matrix import Case, Subject, freeze_lengths, kinds_apart, lasts_as_long
from publisher.rules.freeze.next_open import opening
from publisher.rules.freeze.timeline import Part, timeline
from publisher.rules.health.readings import watching
from publisher.rules.lint.advisories import missing_details
from publisher.rules.lint.contradictions import contradictions
from publisher.rules.lint.lead_time import disagreement, year_of_event, year_of_release
from publisher.rules.lint.lint import Lint
from publisher.rules.lint.prereleases import counted_in_words
from publisher.rules.lint.requirements import late_requirements, too_many_requirements

HORIZON = timedelta(days=90)

CALMER = (
    (ChangeClass.PROTOCOL, ChangeClass.FEATURE),
    (ChangeClass.MIGRATION, ChangeClass.FEATURE),
    (ChangeClass.STORAGE, ChangeClass.FEATURE),
    (ChangeClass.RPC, ChangeClass.FEATURE),
    (ChangeClass.DHT, ChangeClass.UI_POLISH),
    (ChangeClass.TRACKER, ChangeClass.UI_POLISH),
    (ChangeClass.SEEDING, ChangeClass.UI_POLISH),
    (ChangeClass.FEATURE, ChangeClass.PATCH),
    (ChangeClass.PATCH, ChangeClass.DOCS),
    (ChangeClass.UI_POLISH, ChangeClass.DOCS),
)
"""(riskier, calmer): the first never waits for less long than the second (R26)."""


def lints(catalog: Catalog, now: datetime) -> tuple[Lint, ...]:
    """All advice on the content, for the 90 days from `now` where it is about time."""
    return (
        *_order(catalog.policy.freeze),
        *_severity(catalog.policy.freeze),
        *_unscored(catalog, now),
        *_dates(catalog, now),
        *_to_come(catalog, now),
        *contradictions(catalog),
        *missing_details(catalog, now),
        *counted_in_words(catalog),
        *late_requirements(catalog, now, HORIZON),
        *too_many_requirements(catalog, now),
        *_crews(catalog),
        *_unwatched(catalog),
        *_ways_back(catalog, now),
        *_permafreeze(catalog, now),
    )


def _plain(client_type: ClientType, change_class: ChangeClass) -> Subject:
    return Subject("", client_type, change_class, blast_radius=1, event_sensitivity=1)


def _order(policy: FreezePolicy) -> Iterator[Lint]:
    """Riskier changes wait at least as long, and not all client types are treated alike."""
    for client_type in ClientType:
        for riskier, calmer in CALMER:
            if not lasts_as_long(policy, _plain(client_type, riskier), riskier, calmer):
                yield Lint(
                    "policy",
                    f"on a {client_type}, {riskier} changes wait less than {calmer} changes around some events",
                    "fix `adjust`, so that the riskier change never waits for a shorter time",
                )
    if len(policy.base) and not _tells_apart(policy):
        yield Lint(
            "policy",
            "the freeze matrix treats all client types and change classes alike",
            "give riskier clients and changes longer bands under `adjust`",
        )


def _tells_apart(policy: FreezePolicy) -> bool:
    subjects = [_plain(client, change_class) for client in ClientType for change_class in ChangeClass]
    return any(
        len({str(freeze_lengths(policy, Case(kind, 3), subject)) for subject in subjects}) > 1
        for kind in kinds_apart(policy)
    )


def _severity(policy: FreezePolicy) -> Iterator[Lint]:
    """A more severe event never freezes for less long."""
    for kind in kinds_apart(policy):
        for client_type in ClientType:
            for change_class in ChangeClass:
                subject = _plain(client_type, change_class)
                bands = [freeze_lengths(policy, Case(kind, score), subject) for score in range(1, 6)]
                before = [lengths.band.hard_before if lengths else timedelta() for lengths in bands]
                after = [lengths.band.hard_after if lengths else timedelta() for lengths in bands]
                if sorted(before) != before or sorted(after) != after:
                    yield Lint(
                        "policy",
                        f"a more severe {kind} freezes {change_class} on a {client_type} for a shorter time",
                        "use `severity_at_least` with longer bands, never with shorter ones",
                    )


def _permafreeze(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    """Freezes that leave too little room, or run into one another for too long (R2)."""
    policy = catalog.policy.freeze
    for product in catalog.products.values():
        shut: dict[tuple[int, datetime | None], list[ChangeClass]] = {}
        long: dict[timedelta, list[ChangeClass]] = {}
        for change_class in ChangeClass:
            line = timeline(catalog, Subject.of(product, change_class))
            days = open_days(line.stopping, now)
            slot = opening(line, now)
            if days < policy.min_open_days_per_90:
                shut.setdefault((days, slot[0] if slot else now), []).append(change_class)
            if policy.longest is not None and (longest := _longest(line.stopping, now)) > policy.longest:
                long.setdefault(longest, []).append(change_class)
        for (days, slot_start), classes in shut.items():
            when = "; it is open now"
            if slot_start != now:
                when = f"; the next open moment is {english.moment(slot_start)}" if slot_start else ""
            yield Lint(
                product.id,
                f"only {days} of the next 90 days {'is' if days == 1 else 'are'} open for {_kinds(classes)},"
                f" and the policy asks for {policy.min_open_days_per_90}{when}",
                "shorten the bands, or check the dates of the events",
            )
        for length, classes in long.items():
            yield Lint(
                product.id,
                f"freezes leave no gap for {length.days} days for {_kinds(classes)},"
                f" and the policy allows {english.length(policy.longest or length)}",
                "let nearby events share a freeze, or shorten their bands",
            )


def open_days(part: Part, now: datetime) -> int:
    """Whole days of the coming 90 in which nothing of the part holds."""
    last = now + HORIZON
    coming = [(max(start, now), min(end, last)) for start, end in part.spans if end > now and start < last]
    return (HORIZON - sum((end - start for start, end in coming), timedelta())).days


def _longest(part: Part, now: datetime) -> timedelta:
    return max((end - start for start, end in part.spans if end > now and start < now + HORIZON), default=timedelta())


def _kinds(classes: Iterable[ChangeClass]) -> str:
    kinds = list(classes)
    return "every kind of change" if len(kinds) == len(ChangeClass) else english.listed(kinds)


def _unscored(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    for event in catalog.events:
        if not event.scored and event.status != "cancelled" and event.ends > now:
            yield Lint(
                event.id,
                f"it has no score for {english.listed([f'`{name}`' for name in event.not_scored])}, so the worst is"
                " assumed, and releases near it need an approval",
                f"add {english.listed([f'`{name}`' for name in event.not_scored])}, with `score` and `because`",
            )


def _dates(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    """Scores that dates contradict, and dates of another year; of events while they are to come (R15)."""
    for event in catalog.events:
        if event.ends <= now:
            continue
        yield from (Lint(event.id, *look) for look in (disagreement(event), year_of_event(event)) if look)
    for release in catalog.releases:
        if look := year_of_release(catalog, release):
            yield Lint(release.id, *look)


def _to_come(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    """What is told as past and lies ahead, and overrides that last too long: mostly slips of the year."""
    moments = [
        *((scenario.id, "it was run", scenario.ran_at) for scenario in catalog.scenarios),
        *((signal.id, "it was measured", signal.sampled_at) for signal in catalog.signals),
        *((monitor.id, "it was measured", monitor.readings[-1].at) for monitor in catalog.monitors if monitor.readings),
        *(("calendar", "it was reviewed", last.reviewed_at) for last in (catalog.review,) if last is not None),
        *((event.id, "it was changed", revision.until) for event in catalog.events for revision in event.revisions),
        *(
            (release.id, "it shipped", release.shipped_at)
            for release in catalog.releases
            if release.shipped_at is not None
        ),
    ]
    for about, what, moment in moments:
        if moment > now:
            yield Lint(about, f"{what} on {english.day(moment)}, which is in the future", "check the date")
    for override in catalog.overrides:
        longest = catalog.policy.override_longest
        if override.expires - override.approved_at > longest:
            what = f"it never counts, since it lasts longer than {english.length(longest)}"
            yield Lint(override.id, what, "check the year of `approved_at` and of `expires`")
        yield from _unsigned(catalog, override, now)
    for event in catalog.events:
        if event.status == "happened" and event.starts > now:
            what = f"it has the status happened, but starts on {english.day(event.starts)}"
            yield Lint(event.id, what, "check the date, or write `status: planned`")


def _unsigned(catalog: Catalog, override: Override, now: datetime) -> Iterator[Lint]:
    """Who is named in an override has to sign the release; a name that nobody's key has would hold it up at last."""
    keys = catalog.signers.keys_of(f"{override.product}.{override.channel}")
    for approver in override.approvers if catalog.signers.signers and override.expires > now else ():
        able = sorted({signer.person for signer in keys if signer.duty == approver.duty})
        if not any(same_person(approver.person, person) for person in able):
            what = f"{approver.person} has to sign as {approver.duty}, but signers.yaml has no such key"
            yield Lint(override.id, what, f"name one of {english.listed(able, 'or')}" if able else "add the key")


def _ways_back(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    """The way back is ready before the calendar is crowded (R85), and the calendar was looked at this week (R92)."""
    if catalog.policy.profile != "team":
        return
    if catalog.review is not None and due(catalog, now):
        what = f"it was last reviewed on {english.day(catalog.review.reviewed_at)}, and a review is due every week"
        yield Lint("calendar", what, "review events, releases and dates, and record it in content/calendar.yaml")
    for release in catalog.releases:
        deadline = rollback_due.due(catalog, release, now)
        if deadline is not None and deadline.overdue and release.planned_for is not None and release.planned_for > now:
            what = f"its rollback should have been verified and rehearsed by {english.day(deadline.at)}"
            yield Lint(release.id, what, "record the bundle and both dates under `rollback`, or move the release")


def _unwatched(catalog: Catalog) -> Iterator[Lint]:
    """Every product is measured for what the policy asks after severe events (R22)."""
    for product in catalog.products.values() if catalog.policy.profile == "team" else ():
        measured = {monitor.measures for monitor in watching(catalog, product.id)}
        if lacking := [quantity for quantity in catalog.policy.monitors.required if quantity not in measured]:
            yield Lint(
                product.id,
                f"no monitor measures {english.listed(lacking)}, so soft freezes after severe events last longer",
                "add a monitor for it in content/monitors/",
            )


def _crews(catalog: Catalog) -> Iterator[Lint]:
    """Everybody who does maintenance has a shift, so that it is known when night is for them (R63)."""
    known = {person for shift in (catalog.staffing.shifts if catalog.staffing else ()) for person in shift.people}
    for maintenance in catalog.maintenance:
        if missing := [person for person in maintenance.crew if person not in known]:
            verb = "has" if len(missing) == 1 else "have"
            what = f"{english.listed(missing)} of its crew {verb} no shift"
            yield Lint(maintenance.id, what, "check the spelling, or add a shift to staffing.yaml")
