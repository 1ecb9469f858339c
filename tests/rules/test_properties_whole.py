"""The next change is exact for content that holds everything at once: estimates, revisions, two policies, overrides,
signals, gaps in staffing, maintenance, sprint freezes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from publisher.content.schemas import example
from publisher.model.catalog import Catalog
from publisher.model.config.staffing import Staffing
from publisher.model.content.calendar_review import Review
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.monitor import Measure, Monitor
from publisher.model.content.policy import MonitorPolicy
from publisher.model.content.release import ChangeClass, Release
from publisher.model.content.risk_register import Override, Signal
from publisher.model.published_file import PublishedFile
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.model.values import format_time
from publisher.rules.evaluate import evaluate
from tests.rules.test_properties import minutes, sprints
from tests.support import build

SECOND = timedelta(seconds=1)
TYPES = ["exchange-listing", "mainnet-upgrade", "conference", "token-migration"]


@st.composite
def events(draw: st.DrawFn, ident: str) -> Event:
    start = draw(minutes)
    end = start + timedelta(minutes=draw(st.integers(1, 60 * 24 * 3)))
    fields: dict[str, Any] = {
        "id": ident,
        "type": draw(st.sampled_from(TYPES)),
        "severity": build.severity(draw(st.integers(1, 5))),
        "confidence": draw(st.sampled_from(["confirmed", "likely", "rumoured"])),
        "status": draw(st.sampled_from(["planned", "planned", "cancelled", "happened"])),
    }
    if draw(st.booleans()):
        blocks = draw(st.integers(1, 60 * 24 * 20))
        fields["trigger"] = {
            "kind": "block",
            "chain": "TRON",
            "height": 10_000_000,
            "seen": 10_000_000 - blocks,
            "as_of": format_time(start - timedelta(minutes=blocks)),
            "spacing_seconds": 60,
            "earliest": format_time(start - timedelta(hours=draw(st.integers(0, 30)))),
            "latest": format_time(start + timedelta(hours=draw(st.integers(0, 30)))),
        }
    if draw(st.booleans()):
        version = draw(st.sampled_from(["4.1.0", "4.2.0", "5.0.0"]))
        fields["requires"] = [{"product": "daemon", "channel": "stable", "at_least": version}]
    if draw(st.booleans()):
        before = draw(minutes)
        fields["revisions"] = [
            {
                "until": format_time(draw(minutes)),
                "because": "It was moved.",
                "starts": format_time(before),
                "ends": format_time(before + timedelta(hours=draw(st.integers(1, 50)))),
                "status": "planned",
            }
        ]
    return build.event(f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", **fields)


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    start = draw(minutes)
    known = example("override") | {
        "product": "daemon",
        "version": "4.2.0",
        "rules": draw(
            st.lists(
                st.sampled_from(["freeze.hard", "freeze.soft", "risk.estimate", "urgency.runway"]),
                min_size=1,
                unique=True,
            )
        ),
        "approved_at": format_time(start),
        "expires": format_time(start + timedelta(hours=draw(st.integers(1, 400)))),
    }
    return Override.model_validate_json(json.dumps(known))


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    sampled = format_time(draw(minutes))
    return build.signal("event-0", draw(st.integers(1, 5)), accepted=draw(st.booleans()), sampled_at=sampled)


@st.composite
def staffings(draw: st.DrawFn) -> Staffing | None:
    if draw(st.integers(0, 3)) == 0:
        return None
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][: draw(st.integers(4, 7))]
    shifts = [
        {"duty": duty, "people": ["Ana"], "zone": zone, "days": days, "start": "00:00", "end": "24:00"}
        for duty in ("on-call", "support", "comms")
        for zone in draw(st.sampled_from([["UTC"], ["Europe/Lisbon"], ["America/New_York", "Asia/Kathmandu"]]))
    ]
    return Staffing.model_validate_json(json.dumps({"shifts": shifts}))


@st.composite
def windows(draw: st.DrawFn) -> Maintenance:
    known = example("maintenance") | {"product": "daemon", "starts": format_time(draw(minutes))}
    return Maintenance.model_validate_json(json.dumps(known))


@st.composite
def monitors(draw: st.DrawFn) -> Monitor:
    measured = sorted(draw(st.lists(minutes, max_size=4, unique=True)))
    known = example("monitor") | {"products": [], "every": f"{draw(st.integers(1, 100))} h"}
    known["readings"] = [{"at": format_time(one), "value": draw(st.sampled_from([3, 30]))} for one in measured]
    return Monitor.model_validate_json(json.dumps(known))


@st.composite
def wholes(draw: st.DrawFn) -> tuple[Catalog, Release]:
    found = [draw(events(f"event-{number}")) for number in range(draw(st.integers(1, 4)))]
    fields: dict[str, Any] = {"events": draw(st.sampled_from([[], ["event-0"]]))}
    fields["for_event"] = draw(st.sampled_from([None, "event-0"]))
    if draw(st.booleans()):
        fields["risks"] = []
    one = build.release("4.2.0", draw(st.sampled_from(sorted(ChangeClass))), "daemon", **fields)
    repository = build.team_policy()
    watch = MonitorPolicy(
        severity_at_least=draw(st.integers(1, 5)),
        required=(draw(st.sampled_from(Measure)),),
        patience=timedelta(hours=draw(st.integers(0, 100))),
    )
    renewed = {"version": repository.version + 1, "effective": draw(minutes), "monitors": watch}
    later = repository.model_copy(update=renewed)
    plain = repository.freeze.model_copy(update={"adjust": ()})
    freezes = draw(st.sampled_from([None, repository.freeze, plain, build.policy().freeze]))
    profile = draw(st.sampled_from(["solo", "team"]))
    before_it = {"profile": profile, "comms_lead_severity": draw(st.integers(1, 5)), "freeze": freezes}
    earlier = () if freezes is None else (build.policy().model_copy(update=before_it),)
    before = build.release("4.1.0", "patch", "daemon", shipped_at=format_time(draw(minutes)))
    catalog = build.catalog(
        found,
        [one, before],
        the_policy=later,
        earlier_policies=earlier,
        overrides=tuple(draw(st.lists(overrides(), max_size=2))),
        sprints=tuple(draw(st.lists(sprints(), max_size=1))),
        scenarios=tuple(build.scenario(f"{moment:%Y-%m-%d %H:%M}") for moment in draw(st.lists(minutes, max_size=1))),
        signals=tuple(draw(st.lists(signals(), max_size=1))),
        monitors=tuple(draw(st.lists(monitors(), max_size=1))),
        review=Review(quarter="2028-Q1", reviewed_at=draw(minutes), reviewed_by="Ana"),
        staffing=draw(staffings()),
        maintenance=tuple(draw(st.lists(windows(), max_size=1))),
    )
    return catalog, one


FILE = PublishedFile(file="btfs-4.2.0-linux-amd64.tar.gz", platform="linux-amd64", size=1, sha256="c0de" * 16)


@given(wholes(), minutes, st.booleans(), st.lists(st.integers(0, 10**6), min_size=3, max_size=3))
def test_the_next_change_is_exact_whatever_the_content_holds(
    whole: tuple[Catalog, Release], now: datetime, publishing: bool, millionths: list[int]
) -> None:
    catalog, one = whole
    evidence = Evidence(artifacts=(FILE,)) if publishing else Evidence()

    def outcome(moment: datetime) -> Outcome:
        return evaluate(catalog, one, "stable", moment, evidence).outcome

    decision = evaluate(catalog, one, "stable", now, evidence)
    if decision.next_change is None:
        for part in millionths:
            assert outcome(now + timedelta(days=90) * part / 10**6) is decision.outcome
        return
    assert outcome(decision.next_change) is decision.then is not decision.outcome
    between = max(int((decision.next_change - now) / SECOND) - 1, 0)
    for seconds in (between, *(between * part // 10**6 for part in millionths)):
        assert outcome(now + seconds * SECOND) is decision.outcome, seconds
