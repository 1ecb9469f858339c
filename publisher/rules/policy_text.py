"""The policy in force as sentences, with the numbers from the data (R98). The site and `publish policy` print them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.model.policy import Adjustment, BaseBand, PartialBand, Policy
from publisher.rules import words
from publisher.rules.bands import LENGTHS

SIDES = {
    "hard_before": "hard before",
    "hard_after": "hard after",
    "soft_before": "soft before that",
    "soft_after": "soft after that",
}


@dataclass(frozen=True)
class Section:
    """Sentences on one matter."""

    id: str
    """For links."""
    title: str
    sentences: tuple[str, ...]


def policy_text(policy: Policy) -> tuple[Section, ...]:
    """Everything that the policy says, but for who must sign, which stands in signers.yaml."""
    parts = (
        ("bands", "What freezes", _bands(policy)),
        ("adjustments", "What makes it longer or shorter", _adjustments(policy)),
        ("doubt", "If in doubt", _doubt(policy)),
        ("soft", "What may ship in a soft freeze", _soft(policy)),
        ("overrides", "Overrides", _overrides(policy)),
        ("near-events", "Near an event", _near(policy)),
        ("patterns", "How releases roll out", _patterns(policy)),
        ("planes", "Two planes", _planes(policy)),
        ("maintenance", "Maintenance", _maintenance(policy)),
        ("owners", "Who owns what", _owners(policy)),
    )
    return tuple(Section(ident, title, found) for ident, title, lines in parts if (found := tuple(lines)))


def _bands(policy: Policy) -> Iterator[str]:
    for base in policy.freeze.base:
        types = words.listed([_plain(name) for name in base.events])
        yield f"{_upper(base.because)}{'' if types == base.because else f' ({types})'}: {_band(base)}."


def _band(base: BaseBand) -> str:
    lengths = [
        f"{words.length(getattr(base.band, name))} {SIDES[name]}" for name in LENGTHS if getattr(base.band, name)
    ]
    return "hard through the event" + (f", {words.listed(lengths)}" if lengths else "")


def _adjustments(policy: Policy) -> Iterator[str]:
    for one in policy.freeze.adjust:
        yield f"{_upper(one.because)}: {_effect(one)}{_conditions(one)}."


def _effect(one: Adjustment) -> str:
    if one.exempt:
        return "never frozen"
    said = [*_lengths(one.set, "{length} {side} instead"), *_lengths(one.add, "{length} more {side}")]
    return words.listed(said)


def _lengths(band: PartialBand | None, form: str) -> Iterator[str]:
    for name in LENGTHS:
        length = getattr(band, name) if band else None
        if length is not None:
            yield form.format(
                length=words.length(length) if length else "nothing", side=SIDES[name].removesuffix(" that")
            )


def _conditions(one: Adjustment) -> str:
    parts = []
    if one.classes:
        parts.append(f"for {words.kinds(one.classes)}")
    if one.client_types:
        parts.append(f"on {words.programs(one.client_types)}")
    if one.events:
        parts.append(f"around {words.listed([_plain(name) for name in one.events], 'or')}")
    if one.severity_at_least > 1:
        parts.append(f"from severity {one.severity_at_least}")
    if one.severity_at_most < 5:
        parts.append(f"up to severity {one.severity_at_most}")
    if one.compatibility_risk_at_least:
        parts.append(f"from a compatibility risk of {one.compatibility_risk_at_least} of 3")
    if one.blast_radius_at_least > 1:
        parts.append(f"from a blast radius of {one.blast_radius_at_least} of 5")
    if one.event_sensitivity_at_least > 1:
        parts.append(f"from a sensitivity to events of {one.event_sensitivity_at_least} of 5")
    if one.tested_less_than is not None:
        parts.append(f"for what was tested for less than {words.length(one.tested_less_than)}")
    if one.uncovered:
        parts.append("while on-call or support has a gap around the event")
    return f", {', '.join(parts)}" if parts else ""


def _doubt(policy: Policy) -> Iterator[str]:
    doubt = policy.freeze.uncertainty
    for name, band in (("likely", doubt.likely), ("rumoured", doubt.rumoured)):
        if said := list(_lengths(band, "{length} more {side}")):
            yield f"An event that is only {name}: {words.listed(said)}."
    yield (
        "An event that starts at a block or epoch freezes from its earliest to its latest moment, and"
        f" {words.length(doubt.drift_per_day)} more on both sides for each day of the estimate's age."
    )
    yield (
        f"From {words.length(doubt.near)} before a freeze on, an estimate or signal that is older than"
        f" {words.length(doubt.stale_after)} is no longer believed, and releases stop until it is renewed."
    )
    yield "An event that nobody has scored counts as severity 5 with no time to prepare, and needs an approval."
    if policy.freeze.pad_hidden:
        yield "What is not public yet freezes as long as the longest freeze, and whole days, so that it tells nothing."
    yield "A freeze that has begun runs to its end: neither a later policy nor a date that is moved shortens it."


def _soft(policy: Policy) -> Iterator[str]:
    allowed = words.kinds(policy.freeze.soft_allows)
    yield f"Only {allowed} may ship, and of them, but for documentation, only what is essential."
    yield "A patch must be one by its version too, no fix may be a major step, and a fix must be sure to work."
    watch = policy.monitors
    if watch.required:
        yield (
            f"After an event of severity {watch.severity_at_least} or more {words.listed(watch.required)} are measured,"
            " and the soft freeze lasts on until clients are well; meanwhile only what surely mends them ships."
        )
        yield f"What is not measured is unknown and stops too, for {words.length(watch.patience)} at most."


def _overrides(policy: Policy) -> Iterator[str]:
    yield "An override names exact rules and the digests of the files, expires, counts once, and is published."
    yield f"It counts for {words.length(policy.override_longest)} at most."
    if policy.profile == "solo":
        yield "One person may grant it, by name and with a reason; the site shows both, for good."
    else:
        yield "It needs engineering and operations, and in a hard freeze an executive and a reviewed way back."
    yield "Rules of integrity, and whatever has failed, cannot be overridden."
    yield (
        f"An essential security fix that has waited for {words.length(policy.delay_limit)} says that it is overdue:"
        " safety does not wait because the calendar is busy."
    )
    yield "A hotfix ships only when the risk of waiting is greater than the risk of shipping; both are published."


def _near(policy: Policy) -> Iterator[str]:
    if policy.profile == "solo":
        yield "Profile solo: what a team would have to prove is shown as not required, never as passed."
        return
    yield "A release names its risks of outage, security and trust, or says why there is none."
    yield f"From severity {policy.comms_lead_severity} on, somebody is named who speaks for the team."
    yield (
        f"From severity {policy.scenario_severity} on, nodes and protocols need a scenario of at least two failures at"
        f" once that held, run in the {words.length(policy.scenario_max_age)} before the event."
    )
    yield "Where an event ends what users take for granted, such as balances or units, the notes say what changes."


def _patterns(policy: Policy) -> Iterator[str]:
    for one in policy.patterns:
        default = f" It is the default for {words.kinds(one.default_for)}." if one.default_for else ""
        near = "" if one.near_events else " Never near an event."
        only = " Only in announced maintenance." if one.maintenance_only else ""
        yield (
            f"{one.name}, best for {one.best_for}: risk {one.risk}, rollback {one.rollback}. {one.note}"
            f"{near}{only}{default}"
        )


def _planes(policy: Policy) -> Iterator[str]:
    yield "Metadata and documentation go first, then binaries, then they soak, and only then a default changes."
    yield f"New code runs for {words.length(policy.soak)} before it becomes the default."


def _maintenance(policy: Policy) -> Iterator[str]:
    rules = policy.maintenance
    yield (
        f"A window lasts {words.length(rules.longest)} at most, and {words.length(rules.longest_with_data)} where"
        " seeding, sync or storage suffer."
    )
    yield (
        f"Hours with {rules.busy_percent} % or more of the busiest hour's users are kept free, unless something forces"
        " it."
    )
    yield (
        f"Within {words.length(rules.eve)} before an event of severity {rules.eve_severity} or more, only with people"
        " around the clock."
    )
    yield f"On-call, support and comms stay for {words.length(rules.after)} afterwards."
    yield (
        f"Nobody works more than {rules.nights_per_week} night{'s' if rules.nights_per_week != 1 else ''} a week;"
        f" night is from {rules.night_from} to {rules.night_to} where they live."
    )


def _owners(policy: Policy) -> Iterator[str]:
    if policy.owners is None:
        return
    owners = policy.owners
    yield f"Calendar and policy: {owners.calendar.person}, with {owners.calendar.backup} standing in."
    incident = owners.incident_response
    yield (
        f"Incident response, beside the calendar and not above it: {incident.person}, with {incident.backup} standing"
        " in."
    )
    for product, owner in owners.rollback.items():
        yield f"Taking a release of {product} back: {owner.person}, with {owner.backup} standing in."


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _plain(name: str) -> str:
    return name.replace("-", " ")
