"""The policy in force as sentences, with the numbers from the data (R98). The site and `publish policy` print them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.model.content.policy import Adjustment, Band, BaseBand, PartialBand, Policy, Runway
from publisher.rules import english
from publisher.rules.engine.gate import Overridable
from publisher.rules.engine.overrides import duties_needed
from publisher.rules.freeze.matrix import LENGTHS


@dataclass(frozen=True)
class Section:
    """Sentences on one matter."""

    id: str
    """For links."""
    title: str
    sentences: tuple[str, ...]


def policy_text(policy: Policy) -> tuple[Section, ...]:
    """Everything that the policy says; who must sign is in roles.yaml."""
    parts = (
        ("bands", "What freezes", _bands(policy)),
        ("adjustments", "What makes it longer or shorter", _adjustments(policy)),
        ("doubt", "If in doubt", _doubt(policy)),
        ("soft", "What may ship in a soft freeze", _soft(policy)),
        ("required-versions", "Versions that events require", _required(policy)),
        ("overrides", "Overrides", _overrides(policy)),
        ("near-events", "Near an event", _near(policy)),
        ("patterns", "How releases roll out", _patterns(policy)),
        ("planes", "Two planes", _planes(policy)),
        ("maintenance", "Maintenance", _maintenance(policy)),
        ("owners", "Who owns what", _owners(policy)),
    )
    return tuple(Section(ident, title, sentences) for ident, title, lines in parts if (sentences := tuple(lines)))


def _bands(policy: Policy) -> Iterator[str]:
    for base in policy.freeze.base:
        types = english.listed([_plain(name) for name in base.events])
        yield f"{english.upfirst(base.because)}{'' if types == base.because else f' ({types})'}: {_band(base)}."


def _band(base: BaseBand) -> str:
    band = base.band
    soft = [
        f"{english.length(length)} {side}"
        for length, side in ((band.soft_before, "before"), (band.soft_after, "after"))
        if length
    ]
    return _hard(band) + (f", soft freeze {english.listed(soft)} that" if soft else "")


def _hard(band: Band) -> str:
    if not band.hard_before and not band.hard_after:
        return "hard freeze during the event"
    start = f"{english.length(band.hard_before)} before" if band.hard_before else "the start"
    end = f"{english.length(band.hard_after)} after" if band.hard_after else "the end of"
    return f"hard freeze from {start} to {end} the event"


def _adjustments(policy: Policy) -> Iterator[str]:
    for adjustment in policy.freeze.adjust:
        yield f"{english.upfirst(adjustment.because)}: {_effect(adjustment)}{_conditions(adjustment)}."


def _effect(adjustment: Adjustment) -> str:
    if adjustment.exempt:
        return "never frozen"
    return ", ".join([*_lengths(adjustment.set, instead=True), *_lengths(adjustment.add, instead=False)])


def _lengths(band: PartialBand | None, *, instead: bool) -> Iterator[str]:
    """Hard freeze 1 day before, no soft freeze before: lengths that hold instead, or are added."""
    for name in LENGTHS:
        length = getattr(band, name) if band else None
        if length is None:
            continue
        hardness, side = name.split("_")
        if not length:
            yield f"no {hardness} freeze {side}"
        elif instead:
            yield f"{hardness} freeze {english.length(length)} {side}"
        else:
            yield f"{hardness} freeze {english.length(length)} longer {side}"


def _conditions(adjustment: Adjustment) -> str:
    parts = []
    if adjustment.classes:
        parts.append(f"for {english.kinds(adjustment.classes)}")
    if adjustment.client_types:
        parts.append(f"on {english.programs(adjustment.client_types)}")
    if adjustment.events:
        parts.append(f"around {english.listed([_plain(name) for name in adjustment.events], 'or')}")
    if adjustment.severity_at_least > 1:
        parts.append(f"from severity {adjustment.severity_at_least} up")
    if adjustment.severity_at_most < 5:
        parts.append(f"up to severity {adjustment.severity_at_most}")
    if adjustment.compatibility_risk_at_least:
        parts.append(f"with a compatibility risk of {adjustment.compatibility_risk_at_least} of 3 or more")
    if adjustment.blast_radius_at_least > 1:
        parts.append(f"with a blast radius of {adjustment.blast_radius_at_least} of 5 or more")
    if adjustment.event_sensitivity_at_least > 1:
        parts.append(f"with an event sensitivity of {adjustment.event_sensitivity_at_least} of 5 or more")
    if adjustment.tested_less_than is not None:
        parts.append(f"for releases tested for less than {english.length(adjustment.tested_less_than)}")
    if adjustment.uncovered:
        parts.append("if on-call or support is not fully staffed around the event")
    return f", {', '.join(parts)}" if parts else ""


def _doubt(policy: Policy) -> Iterator[str]:
    doubt = policy.freeze.uncertainty
    for name, band in (("likely", doubt.likely), ("rumoured", doubt.rumoured)):
        if longer := list(_lengths(band, instead=False)):
            yield f"If an event is only {name}: {english.listed(longer)}."
    yield (
        "If an event starts at a block or epoch, the freeze covers its earliest to its latest time, plus"
        f" {english.length(doubt.drift_per_day)} on both sides for each day since the estimate."
    )
    yield (
        f"From {english.length(doubt.near)} before a freeze, an estimate or signal older than"
        f" {english.length(doubt.stale_after)} blocks releases until it is updated."
    )
    yield "An event without a score counts as severity 5 with no time to prepare. Releases near it need an approval."
    if policy.freeze.pad_hidden:
        yield "A freeze around an event that is not public yet is as long as the longest freeze, in whole days."
    yield "A freeze that has begun runs to its end, even if the policy or the date of the event changes."


def _soft(policy: Policy) -> Iterator[str]:
    allowed = english.kinds(policy.freeze.soft_allows)
    yield f"Only {allowed} may ship. All but documentation must be essential."
    yield "A patch must also be a patch release by its version number, and no fix may be a major release."
    yield "Confidence in a fix must be high."
    watch = policy.monitors
    if watch.required:
        yield (
            f"After an event of severity {watch.severity_at_least} or more, monitors measure"
            f" {english.listed(watch.required)}, and the soft freeze lasts until clients are healthy. Until then, only"
            " essential fixes of high confidence may ship."
        )
        yield f"Missing measurements block releases too, for {english.length(watch.patience)} at most."


def _required(policy: Policy) -> Iterator[str]:
    requirements = policy.requirements
    if not requirements.events:
        return
    types = english.listed([_plain(name) for name in requirements.events])
    yield f"Events of these types may require users to run a version: {types}."
    for runway in requirements.runways:
        length = english.length(runway.length)
        yield f"{english.upfirst(runway.because)}: out at least {length} before the event{_asked(runway)}."
    yield "If several of these apply, the longest counts."
    yield (
        "A version that misses this date may still ship, since every later date is worse. The short notice is approved"
        f"{_by(policy, Overridable.SHORT_NOTICE)}, and users read the reason."
    )
    yield "The freeze of an event does not stop the version that it requires, until the moment of the requirement."
    if policy.profile == "team":
        hard, soft = _by(policy, Overridable.WITH_EXECUTIVE), _by(policy, Overridable.BY_DUTIES)
        yield f"In the hard freeze that version is signed{hard}, in the soft freeze{soft}."


def _by(policy: Policy, overridable: Overridable) -> str:
    duties = duties_needed(policy, overridable)
    return f" by {english.listed(duties)}" if duties else " in one person's name"


def _asked(runway: Runway) -> str:
    parts = []
    if runway.client_types:
        parts.append(f"for {english.programs(runway.client_types)}")
    if runway.events:
        parts.append(f"if that is a {english.listed([_plain(name) for name in runway.events], 'or')}")
    if runway.audiences:
        parts.append(f"if {english.audiences(runway.audiences)} need it")
    return f", {', '.join(parts)}" if parts else ""


def _overrides(policy: Policy) -> Iterator[str]:
    yield "An override names exact rules and the digests of the files. It expires, counts once, and is published."
    yield f"It lasts {english.length(policy.override_longest)} at most."
    if policy.profile == "solo":
        yield "One person may grant it, with name and reason. The site shows both permanently."
    else:
        yield "It needs engineering and operations, and in a hard freeze also an executive and a reviewed rollback."
    yield "Integrity rules and failed checks cannot be overridden."
    yield (
        f"An essential security fix that has waited for {english.length(policy.delay_limit)} is marked as overdue: a"
        " busy calendar is no reason to leave users at risk."
    )
    yield "A hotfix may ship only if waiting is riskier than shipping. Both risks are published."


def _near(policy: Policy) -> Iterator[str]:
    if policy.profile == "solo":
        yield "Under profile solo, proof that only a team can give is shown as not required, never as passed."
        return
    yield "A release must name its risks of outage, security and trust, or say why there are none."
    yield f"From severity {policy.comms_lead_severity} up, an event needs a comms lead."
    yield (
        f"From severity {policy.scenario_severity} up, releases of nodes and protocols need a tested scenario of at"
        f" least two failures at once, run in the {english.length(policy.scenario_max_age)} before the event."
    )
    yield "If an event changes things that users rely on, such as balances or units, the release notes must say so."


def _patterns(policy: Policy) -> Iterator[str]:
    for pattern in policy.patterns:
        default = f" It is the default for {english.kinds(pattern.default_for)}." if pattern.default_for else ""
        near = "" if pattern.near_events else " Never near an event."
        only = " Only in announced maintenance." if pattern.maintenance_only else ""
        yield (
            f"{pattern.name}, best for {pattern.best_for}. Risk: {pattern.risk}; effort of a rollback:"
            f" {pattern.rollback}. {pattern.note}"
            f"{near}{only}{default}"
        )


def _planes(policy: Policy) -> Iterator[str]:
    yield "Metadata and documentation ship first, then binaries. Defaults change only after the binaries have soaked."
    yield (
        f"A release can be taken back for {english.length(policy.rollback_window)} after it was staged, and for as long"
        " again each time that the people who sign it renew that."
    )
    yield f"New code soaks for {english.length(policy.soak)} before it becomes the default."


def _maintenance(policy: Policy) -> Iterator[str]:
    rules = policy.maintenance
    yield (
        f"A window lasts {english.length(rules.longest)} at most, or {english.length(rules.longest_with_data)} if it"
        " affects seeding, sync or storage."
    )
    yield (
        f"Windows avoid hours with {rules.busy_percent} % or more of the users of the busiest hour, unless a reason is"
        " published."
    )
    yield (
        f"In the {english.length(rules.eve)} before an event of severity {rules.eve_severity} or more, a window needs"
        " staff around the clock."
    )
    yield f"On-call, support and comms stay on duty for {english.length(rules.after)} afterwards."
    yield (
        f"A person works {english.counted(rules.nights_per_week, 'night')} a week at most. Night is from"
        f" {rules.night_from} to {rules.night_to} local time."
    )


def _owners(policy: Policy) -> Iterator[str]:
    if policy.owners is None:
        return
    owners = policy.owners
    yield f"Calendar and policy: {owners.calendar.person}; deputy {owners.calendar.backup}."
    incident = owners.incident_response
    yield (f"Incident response, independent of the calendar: {incident.person}; deputy {incident.backup}.")
    for product, owner in owners.rollback.items():
        yield f"Rollback of {product}: {owner.person}; deputy {owner.backup}."


def _plain(name: str) -> str:
    return name.replace("-", " ")
