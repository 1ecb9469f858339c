"""Small fixed catalogs for the site's tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.content.schemas import schema_of
from publisher.model.catalog import Catalog, Sample
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.signer import Signers
from publisher.model.config.staffing import Staffing
from publisher.model.content.advisory import Advisory
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.policy import Policy
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import ChannelState, LiveRelease
from publisher.model.records.feed_format import Feed
from publisher.model.values import format_time
from publisher.site.render import render_site
from publisher.site.templates import Templates
from publisher.wire.version import Version

ROOT = Path(__file__).parents[2]
TEMPLATES = Templates(ROOT / "templates")
FEED_SCHEMA: Mapping[str, Any] = schema_of(Feed, closed=False, nulls=True)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DIGEST = "3f8a" * 16
KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"


def at(days: float) -> str:
    """A moment some days from NOW, as content writes it."""
    return format_time(NOW + timedelta(days=days))


def event(ident: str = "listing", **values: Any) -> Event:
    """A listing in four days, public."""
    return Event.model_validate_json(
        _json(
            {
                "id": ident,
                "title": "A pair opens",
                "type": "exchange-listing",
                "ecosystem": "btt",
                "starts": at(4),
                "ends": at(4.5),
                "severity": {"score": 3, "because": "Logins rise."},
                "lead_time": {"score": 3, "because": "Three weeks."},
                "impact": {"client_load": 2, "node_churn": 1, "support_traffic": 3, "compatibility_risk": 0},
                "comms_lead": "Ana",
                "summary": "A pair opens. Expect *many* new users.",
                **values,
            }
        )
    )


def release(version: str = "4.2.0", **values: Any) -> Release:
    """A planned, essential feature release of the node, for stable."""
    if values.get("change_class") == "hotfix":
        values["risk_of_delay"] = {"score": 4, "because": "Nodes stop."}
        values["risk_of_rollout"] = {"score": 2, "because": "One line."}
    notes = {
        "action": "recommended",
        "restart": "service",
        "symptoms": ["The first start takes a minute."],
        "first_24h": ["Check the signature."],
        **values.pop("notes", {}),
    }
    return Release.model_validate_json(
        _json(
            {
                "product": "node",
                "version": version,
                "channels": ["stable"],
                "change_class": "feature",
                "necessity": "essential",
                "fix_confidence": "high",
                "sentence": f"Version {version} does more.",
                "planned_for": at(1),
                "risks": [{"risk": one, "none_because": "A test."} for one in ("outage", "security", "trust")],
                "notes": notes,
                "artifacts": [{"file": "node-{version}.tar.gz", "platform": "linux-amd64"}],
                **values,
            }
        )
    )


def deprecation(ident: str = "old-index", **values: Any) -> Deprecation:
    """Announced, to be marked in 4.2.0."""
    return Deprecation.model_validate_json(
        _json(
            {
                "id": ident,
                "product": "node",
                "subject": "The old index",
                "area": "storage",
                "announced": at(-10),
                "marked_in": "4.2.0",
                "earliest_removal": at(300),
                "migration": "1. Stop.\n2. Start.",
                **values,
            }
        )
    )


def product(ident: str = "node", **values: Any) -> Product:
    """A daemon for Linux and Windows."""
    return Product.model_validate_json(
        _json(
            {
                "id": ident,
                "name": "Storage node",
                "summary": "Keeps files.",
                "client_type": "daemon",
                "plane": "data",
                "platforms": ["linux-amd64", "windows-amd64"],
                "channels": ["stable"],
                "blast_radius": 4,
                "event_sensitivity": 4,
                **values,
            }
        )
    )


def advisory(ident: str = "open-port", **values: Any) -> Advisory:
    """A severe problem of nodes before 4.1.0, which fixes it; published two days ago, with details promised."""
    fields = {
        "id": ident,
        "product": "node",
        "title": "The port is open",
        "severity": "high",
        "affected": [{"before": "4.1.0"}],
        "fixed_in": ["4.1.0"],
        "summary": "Anybody can stop the node.",
        "what_to_do": "Close the port, then update.",
        "published": at(-2),
        "security_details_after": at(10),
    }
    whole = {name: value for name, value in {**fields, **values}.items() if value is not None}
    return Advisory.model_validate_json(_json(whole))


def maintenance(ident: str = "index-cleaning", **values: Any) -> Maintenance:
    """An hour in fifteen days in which dashboards are slow; it happens once."""
    fields = {
        "id": ident,
        "title": "The index is cleaned",
        "product": "node",
        "starts": at(15),
        "length": "60 min",
        "impact": {"control": "degraded", "data": "none"},
    }
    return Maintenance.model_validate_json(_json({**fields, **values}))


def staffing(people: tuple[str, ...]) -> Staffing:
    """The people, around the clock and in every duty."""
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    hours = {"people": people, "zone": "UTC", "days": days, "start": "00:00", "end": "24:00"}
    return Staffing.model_validate_json(
        _json({"shifts": [{"duty": duty, **hours} for duty in ("on-call", "comms", "support")]})
    )


def policy(**values: Any) -> Policy:
    """Seven days hard before a listing and three soft after it; patches wait three, documentation never."""
    return Policy.model_validate_json(
        _json(
            {
                "version": 3,
                "effective": at(-300),
                "profile": "team",
                "summary": "Keep clear of events.",
                "freeze": {
                    "soft_allows": ["docs", "patch", "security", "hotfix"],
                    "base": [
                        {
                            "events": ["exchange-listing"],
                            "band": {"hard_before": "7 d", "soft_after": "72 h"},
                            "because": "exchange listing",
                        }
                    ],
                    "adjust": [
                        {"because": "documentation", "classes": ["docs"], "exempt": True},
                        {"because": "low-risk patch", "classes": ["patch"], "set": {"hard_before": "3 d"}},
                        {"because": "severity 5", "severity_at_least": 5, "add": {"hard_before": "2 d"}},
                    ],
                },
                **values,
            }
        )
    )


def catalog(
    *,
    events: tuple[Event, ...] = (),
    releases: tuple[Release, ...] = (),
    deprecations: tuple[Deprecation, ...] = (),
    products: tuple[Product, ...] = (),
    rules: Policy | None = None,
    sample: str | None = None,
    channel: str = "For everybody.",
    maintenance: tuple[Maintenance, ...] = (),
    people: tuple[str, ...] = ("Ana",),
    advisories: tuple[Advisory, ...] = (),
) -> Catalog:
    """A linked catalog with one product unless others are given; its people are on duty around the clock."""
    roles = {name: {"threshold": 1, "expires": "30 d"} for name in ("root", "targets", "snapshot", "timestamp")}
    signers = {"roles": {**roles, "channels": {"threshold": 2, "expires": "365 d", "duties": ["engineering"]}}}
    endpoints = {"site": "https://updates.example.org", "downloads": ["https://dl.example.org"]}
    return Catalog(
        products={advisory.id: advisory for advisory in (products or (product(),))},
        channels={"stable": Channel(id="stable", name="Stable", summary=channel)},
        endpoints=Endpoints.model_validate_json(_json(endpoints)),
        signers=Signers.model_validate_json(_json(signers)),
        policy=rules or policy(),
        events=tuple(sorted(events, key=lambda advisory: (advisory.starts, advisory.id))),
        releases=tuple(sorted(releases, key=lambda advisory: (advisory.product, advisory.version))),
        deprecations=deprecations,
        sample=Sample(reference_time=NOW, notice=sample) if sample else None,
        maintenance=maintenance,
        advisories=tuple(sorted(advisories, key=lambda advisory: (advisory.published, advisory.id), reverse=True)),
        staffing=staffing(people) if people else None,
    )


def live(version: str = "4.1.0", name: str = "node") -> ChannelState:
    """A bucket that offers one version for two systems."""
    files = tuple(
        PublishedFile(file=f"{name}-{version}-{system}", platform=platform, size=48_123_310, sha256=DIGEST)
        for system, platform in (("linux.tar.gz", "linux-amd64"), ("windows.zip", "windows-amd64"))
    )
    offered = LiveRelease(
        product=name,
        channel="stable",
        version=Version.parse(version),
        artifacts=files,
        approved_by=("ana (engineering)", "ben (operations)"),
    )
    return ChannelState(read_at=NOW, live=(offered,), minisign_public_key=KEY)


def render(given: Catalog, state: ChannelState | None = None, now: datetime = NOW) -> dict[str, bytes]:
    """The site of a catalog, with the repository's own templates."""
    return render_site(given, state, now, TEMPLATES, FEED_SCHEMA)


def page(given: Catalog, path: str, state: ChannelState | None = None, now: datetime = NOW) -> str:
    """One page's text."""
    return render(given, state, now)[path].decode()


def _json(value: object) -> str:
    return json.dumps(value)
