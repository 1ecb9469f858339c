"""Events of a test project that require versions, and their announcement between releases."""

from __future__ import annotations

from publisher.channel.state import feeds
from publisher.model.values import format_time
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.release.announce import AnnouncePlan, plan_announce
from publisher.pipeline.release.stage import Supersede, apply_stage
from publisher.storage.protocol import Storage
from publisher.wire.feed_parser import ParsedFeed
from tests.support.approving import edit
from tests.support.build import at
from tests.support.planting import live
from tests.support.project import Project

FORK = """\
id: {event}
title: The {event} happens
type: hard-fork
ecosystem: btt
starts: {starts}
ends: {starts_end}
severity: {{score: 3, because: old nodes stop}}
lead_time: {{score: 3, because: weeks ahead}}
impact: {{client_load: 0, node_churn: 1, support_traffic: 1, compatibility_risk: 1}}
status: {status}
requires:
  - {{product: {product}, channel: {channel}, at_least: "{at_least}"{more}}}
summary: Old nodes stop.
"""

POLICY = """\
requirements:
  events: [hard-fork]
  runways:
    - {because: nodes, length: 7 d}
"""


def require(
    project: Project,
    at_least: str = "2.0.0",
    *,
    event: str = "fork",
    starts: str = "2027-01-15 12:00",
    channel: str = "stable",
    product: str = "node",
    status: str = "planned",
    more: str = "",
) -> None:
    """Write an event that requires a version, or write it anew."""
    policy = project.content / "policy.yaml"
    if "requirements:" not in policy.read_text():
        edit(policy, "freeze:\n", POLICY + "freeze:\n")
        edit(
            policy, "  base:\n", "  base:\n    - {events: [hard-fork], band: {hard_before: 1 d}, because: hard fork}\n"
        )
    when = at(starts)
    (project.content / "events" / f"{event}.yaml").write_text(
        FORK.format(
            event=event,
            starts=format_time(when),
            starts_end=format_time(when.replace(hour=23)),
            status=status,
            product=product,
            channel=channel,
            at_least=at_least,
            more=more,
        )
    )
    project.forget()


def announce_plan(
    project: Project, supersede: Supersede = Supersede.NOTHING, channel: str = "stable", storage: Storage | None = None
) -> AnnouncePlan:
    """Plan the announcement of what the content requires now."""
    bucket = project.look(storage)
    return plan_announce("node", channel, project.catalog, bucket, project.key_ring(), project.now, supersede)


def stage_announcement(project: Project, supersede: Supersede = Supersede.NOTHING) -> AnnouncePlan:
    """Make it the candidate of the channel."""
    plan = announce_plan(project, supersede)
    apply_stage(plan, project.storage())
    return plan


def live_feeds(project: Project, channel: str = "stable") -> dict[str, ParsedFeed]:
    """What clients read now, by platform."""
    return dict(feeds(reader(project.storage()), live(project), "node", channel))


def required(project: Project, platform: str = "linux-amd64") -> list[tuple[str, str]]:
    """Event and version of what the live feed requires."""
    requirements = live_feeds(project)[platform].requirements
    return [(requirement.event, str(requirement.at_least)) for requirement in requirements]
