"""How the site calls what the model names by a word: change classes, outcomes, states, kinds of client."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.model.catalog import Catalog
from publisher.model.content.advisory import AdvisorySeverity
from publisher.model.content.deprecation import DeprecationState
from publisher.model.content.event import Assumption
from publisher.model.content.maintenance import Degree, PlaneImpact
from publisher.model.content.product import ClientType, Product
from publisher.model.content.release import ChangeClass
from publisher.model.records.decision import Outcome
from publisher.wire.feed_words import Action, BackState, Restart
from publisher.wire.version import Version


@dataclass(frozen=True)
class Chip:
    """A short word in a coloured shape. Colour and shape repeat what the word says."""

    tone: str
    """One of go, ready, wait, stop, unknown, quiet, off, sample."""
    word: str


CLASSES = {
    ChangeClass.DOCS: "documentation",
    ChangeClass.UI_POLISH: "look and wording",
    ChangeClass.PATCH: "patches",
    ChangeClass.SECURITY: "security fixes",
    ChangeClass.HOTFIX: "emergency fixes",
    ChangeClass.FEATURE: "features",
    ChangeClass.RPC: "RPC",
    ChangeClass.DHT: "DHT",
    ChangeClass.TRACKER: "tracker handling",
    ChangeClass.SEEDING: "seeding",
    ChangeClass.PROTOCOL: "protocol",
    ChangeClass.STORAGE: "storage format",
    ChangeClass.MIGRATION: "migrations",
}

CLIENT_TYPES = {
    ClientType.DESKTOP: "Desktop client",
    ClientType.DAEMON: "Node (daemon)",
    ClientType.DASHBOARD: "Dashboard",
    ClientType.SERVICE: "Companion service",
}

OUTCOMES = {
    Outcome.NOT_APPLICABLE: Chip("quiet", "does not apply"),
    Outcome.PASS: Chip("ready", "may ship"),
    Outcome.PASS_OVERRIDDEN: Chip("ready", "may ship, under override"),
    Outcome.WAITING: Chip("wait", "waiting"),
    Outcome.NEEDS_APPROVAL: Chip("wait", "needs approval"),
    Outcome.UNKNOWN: Chip("unknown", "information missing"),
    Outcome.BLOCKED: Chip("stop", "blocked"),
}

RECORDED = Chip("go", "newest on record")
"""What the content says is current, where the channel does not say so: nobody looked, or it offers something else."""

NOTHING_LEFT = Chip("wait", "nothing is offered now")
"""Everything that a channel has is on hold or withdrawn."""

INSECURE, UNSUPPORTED = Chip("stop", "not secure"), Chip("stop", "not supported")

AFFECTED = Chip("stop", "security problem")
"""A version that an advisory names, at or above the security floor."""


def marks(catalog: Catalog, product: Product, version: Version | str) -> tuple[Chip, ...]:
    """What stands beside a version wherever it is listed: not secure, or with a security problem, or not supported."""
    if isinstance(version, str):
        version = Version.parse(version)
    floors = ((product.min_secure, INSECURE), (product.min_supported, UNSUPPORTED))
    chips = tuple(chip for floor, chip in floors if floor is not None and version < floor)
    return (AFFECTED, *chips) if INSECURE not in chips and catalog.affecting(product.id, version) else chips


SEVERITIES = {
    AdvisorySeverity.LOW: Chip("quiet", "severity low"),
    AdvisorySeverity.MEDIUM: Chip("wait", "severity medium"),
    AdvisorySeverity.HIGH: Chip("stop", "severity high"),
    AdvisorySeverity.CRITICAL: Chip("stop", "severity critical"),
}


ANSWERS = {
    Outcome.NOT_APPLICABLE: "Yes: no rule applies",
    Outcome.PASS: "Yes: it may ship now",
    Outcome.PASS_OVERRIDDEN: "Yes: under an override",
    Outcome.WAITING: "Not yet",
    Outcome.NEEDS_APPROVAL: "Not yet: it needs approvals",
    Outcome.UNKNOWN: "Not yet: required information is missing",
    Outcome.BLOCKED: "Not yet: something must be fixed first",
}
"""The answer to “May it ship?” in one sentence, without its end."""

CANCELLED = Chip("off", "cancelled")
"""An event that does not take place; nothing to be alarmed about."""

VERDICTS = {**OUTCOMES, Outcome.PASS: Chip("go", "fine"), Outcome.PASS_OVERRIDDEN: Chip("go", "overridden")}
"""The same for the answer of a single rule."""

STATES = {
    DeprecationState.ANNOUNCED: Chip("quiet", "announced"),
    DeprecationState.MARKED: Chip("wait", "marked"),
    DeprecationState.WARNED: Chip("wait", "warns"),
    DeprecationState.REMOVED: Chip("stop", "removed"),
}

ACTIONS = {
    Action.OPTIONAL: "Optional: update when it suits you.",
    Action.RECOMMENDED: "Recommended: install it within a few days.",
    Action.REQUIRED: "Required.",
}

BACK_STATES = {
    BackState.COMPATIBLE: "Yes. The version before it works with the same data.",
    BackState.RESTORE_BACKUP: "Yes, with a backup from before the update.",
    BackState.FORBIDDEN: "No.",
}
"""What the version before makes of a release's data."""

RESTARTS = {
    Restart.NONE: "No restart needed.",
    Restart.APPLICATION: "The application restarts.",
    Restart.SERVICE: "The service restarts.",
    Restart.SYSTEM: "The whole system must be restarted.",
}

ACTIONS_AHEAD = {
    Action.OPTIONAL: "Optional: update when it suits you.",
    Action.RECOMMENDED: "Recommended: install it within a few days of its release.",
    Action.REQUIRED: "It will be required.",
}
"""The same for a release that is not out."""

ACTIONS_PAST = {
    Action.OPTIONAL: "It was optional.",
    Action.RECOMMENDED: "It was recommended.",
    Action.REQUIRED: "It was required.",
}
"""The same for a release that was replaced by a newer one: what it was, and nothing to do."""

RESTARTS_PAST = {
    Restart.NONE: "No restart was needed.",
    Restart.APPLICATION: "The application restarted.",
    Restart.SERVICE: "The service restarted.",
    Restart.SYSTEM: "The whole system had to be restarted.",
}

RESTARTS_AHEAD = {
    Restart.NONE: "No restart will be needed.",
    Restart.APPLICATION: "The application will restart.",
    Restart.SERVICE: "The service will restart.",
    Restart.SYSTEM: "The whole system will have to be restarted.",
}

IMPACT_LEVELS = ("none", "some", "high", "extreme")

ASSUMPTIONS = {
    Assumption.BALANCES: "balances",
    Assumption.UNITS: "units",
    Assumption.METADATA: "metadata",
    Assumption.UPGRADE_PATH: "the upgrade path",
}

IMPACTS = {
    "client_load": "Client load",
    "node_churn": "Node churn",
    "support_traffic": "Support traffic",
    "compatibility_risk": "Compatibility risk",
}

ROLES = {
    "root": "Changes keys. Kept offline.",
    "targets": "Delegates to the roles below, and pins the minisign key.",
    "channels": "Ships releases; one role for each product and channel.",
    "rollout": "Widens a rollout, never beyond the approved ramp.",
    "brakes": "Freezes and holds releases. It can only restrict.",
    "notes": "Signs security advisories and this site, and corrects the notes of shipped releases, never their files.",
    "snapshot": "Lists which metadata versions belong together.",
    "timestamp": "Names the newest snapshot.",
    "minisign": "Signs files so that users can check them by hand.",
}


CONTROL_PLANE = {
    Degree.NONE: "",
    Degree.DEGRADED: "Dashboards, pages and release information may be slow.",
    Degree.DOWN: "Dashboards, pages and release information may be unavailable.",
}
"""What users notice of the control plane during maintenance (R64, R65)."""

DATA_PLANE = {
    Degree.NONE: "Seeding and storage continue.",
    Degree.DEGRADED: "Seeding and storage may be slow.",
    Degree.DOWN: "Seeding and storage pause.",
}
"""The same for the data plane."""


def impact(planes: PlaneImpact) -> str:
    """What users lose during maintenance, and what goes on."""
    return f"{CONTROL_PLANE[planes.control]} {DATA_PLANE[planes.data]}".strip()


def assumptions(ended: tuple[Assumption, ...]) -> list[str]:
    return [ASSUMPTIONS[assumption] for assumption in ended]


def type_words(slug: str) -> str:
    """exchange-listing -> exchange listing."""
    return slug.replace("-", " ")


def classes_text(classes: tuple[ChangeClass, ...]) -> list[str]:
    """Words for some change classes, in the order of the model."""
    return [CLASSES[change_class] for change_class in ChangeClass if change_class in classes]
