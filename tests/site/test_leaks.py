"""Nothing internal or embargoed reaches the public: marked words are planted and looked for in every byte."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.cli.plan.calendar import CalendarReport
from publisher.content.schemas import example
from publisher.model.content.calendar_review import Review
from publisher.model.content.risk_register import Override, SprintFreeze
from publisher.model.records.channel_state import ChannelState
from publisher.model.visibility import Visibility
from publisher.pipeline.plan.open_releases import open_questions
from publisher.rules.calendar.date_changes import moved
from publisher.rules.calendar.lanes import quarter
from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.outputs.calendar_json import quarter_as_data
from publisher.site.outputs.ics import to_ics
from tests.site.factory import (
    FEED_SCHEMA,
    NOW,
    ROOT,
    TEMPLATES,
    advisory,
    at,
    catalog,
    event,
    live,
    maintenance,
    product,
    release,
    render,
)
from tests.support import build

MARK = re.compile(rb"leak|9\.8\.7|Chatham", re.IGNORECASE)


def secret(ident: str, **values: Any) -> dict[str, Any]:
    return {
        "ident": ident,
        "title": "Leak title of the partner",
        "ecosystem": "leak-chain",
        "summary": "Leak summary with *details*.",
        "severity": {"score": 5, "because": "Leak of the severity."},
        "lead_time": {"score": 1, "because": "Leak of the lead time."},
        "source": "https://leak.example.org/secret",
        **values,
    }


CONTENT = catalog(
    events=(
        event("open"),
        event(**secret("leak-internal", visibility="internal", public_title="Maintenance of ours", ends=at(9))),
        event(
            **secret(
                "leak-embargoed",
                visibility="embargoed",
                embargoed_until=at(6),
                public_title="Reserved days",
                starts=at(25),
                ends=at(26),
            )
        ),
    ),
    releases=(
        release("4.1.0", shipped_at=at(-10), planned_for=None),
        release("4.2.0", events=["leak-internal", "leak-embargoed", "open"]),
        release("9.8.7", sentence="Leak of an internal release.", visibility="internal", events=["open"]),
        release("9.8.7.1", sentence="Leak of another.", visibility="internal", planned_for=at(3)),
        release("5.0.0", kind="migration", change_class="migration", planned_for=at(16)),
    ),
    products=(product(usage=[{"region": "All", "zone": "UTC", "share": 100, "weights": [9] * 12 + [99] + [9] * 11}]),),
    maintenance=(
        maintenance(starts=at(12.5), crew=["Leak of the crew"], peak_because="Leak of the reason"),
        maintenance(
            "leak-maintenance",
            title="Leak title of maintenance",
            visibility="internal",
            public_title="Reserved hours",
            starts=at(2),
            repeats={"zone": "Pacific/Chatham", "day": "thu", "start": "09:15"},
            impact={"control": "down", "data": "down"},
            crew=["Leak of the crew"],
        ),
        maintenance(
            "leak-embargoed-maintenance",
            title="Leak title of maintenance",
            visibility="embargoed",
            embargoed_until=at(6),
            public_title="Reserved evening",
            starts=at(20),
        ),
    ),
    people=("Leak of somebody on shift", "Leak of the crew"),
    advisories=(
        advisory(details="Leak of details that are promised for later.", keeps_min_secure_because="Leak of a reason."),
        advisory("leak-advisory", title="Leak title", affected=[{"before": "4.2.0"}], visibility="internal"),
        advisory(
            "leak-embargoed-advisory",
            title="Leak title",
            affected=[{"before": "4.2.0"}],
            visibility="embargoed",
            embargoed_until=at(6),
            published=at(6),
        ),
        advisory("leak-early-advisory", title="Leak title", published=at(6), affected=[{"before": "9.8.7"}]),
    ),
)


REGISTER = replace(
    CONTENT,
    review=Review(quarter="2026-Q4", reviewed_at=NOW, reviewed_by="Leak of the reviewer"),
    sprints=(
        SprintFreeze(
            id="leak-sprint",
            title="Leak of a sprint",
            visibility=Visibility.INTERNAL,
            starts=NOW + timedelta(days=1),
            ends=NOW + timedelta(days=4),
            because="leak of why",
        ),
    ),
    signals=tuple(
        build.signal(event, 5, accepted=accepted, id=f"leak-{event}", metric="Leak of a metric")
        for event, accepted in (("leak-internal", True), ("leak-embargoed", False), ("open", False))
    ),
    overrides=(
        Override.model_validate_json(
            json.dumps(
                example("override")
                | {"id": "leak-override", "product": "node", "version": "9.8.7", "reason": "Leak of a reason."}
            )
        ),
    ),
)


@pytest.mark.parametrize("days", [0, 2.1, 5.9])
def test_no_generated_byte_tells_what_the_register_keeps_inside(days: float) -> None:
    for path, body in render(REGISTER, live(), NOW + timedelta(days=days)).items():
        assert not MARK.search(path.encode()), path
        assert not MARK.search(body), (path, MARK.findall(body))


@pytest.mark.parametrize("state", [None, live()])
@pytest.mark.parametrize("days", [0, 2.1, 5.9])
def test_no_generated_byte_tells_a_secret(state: ChannelState | None, days: float) -> None:
    for path, body in render(CONTENT, state, NOW + timedelta(days=days)).items():
        assert not MARK.search(path.encode()), path
        assert not MARK.search(body), (path, MARK.findall(body))


def test_no_byte_of_the_built_site_tells_a_secret(tmp_path: Path) -> None:
    build_site(ROOT / "mkdocs.yml", tmp_path / "site", SiteSource(CONTENT, live(), NOW, TEMPLATES, FEED_SCHEMA))
    seen = 0
    for file in (tmp_path / "site").rglob("*"):
        assert not MARK.search(str(file.relative_to(tmp_path)).encode())
        # The theme's own scripts and styles are the same for everybody.
        if file.is_file() and file.suffix in (".html", ".json", ".ics", ".xml", ".txt", ".md"):
            seen += 1
            assert not MARK.search(file.read_bytes()), file
    assert seen > 15


def test_the_neutral_words_stand_in_for_them() -> None:
    files = render(CONTENT)
    assert b"Reserved days" in files["calendar.md"]
    assert b"Reserved hours" in files["calendar.md"]
    assert b"Reserved evening" in files["calendar.md"]
    assert b"Maintenance of ours" in files["index.md"]
    assert b"Maintenance of ours" in files["releases/node/4.2.0.md"]


def test_an_embargo_that_ends_opens_the_page() -> None:
    files = render(CONTENT, now=NOW + timedelta(days=6))
    assert b"Leak summary" in files["events/leak-embargoed.md"]
    assert "events/leak-internal.md" not in files
    assert b"Leak title of maintenance" in files["calendar.md"]


@pytest.mark.parametrize("days", [0, 2.1, 5.9])
def test_no_public_answer_of_a_command_tells_a_secret(days: float) -> None:
    now = NOW + timedelta(days=days)
    drawn = quarter(REGISTER, now, timedelta(days=90), now, public=True)
    told = [
        *CalendarReport(drawn, REGISTER, None, now, (), public=True).lines(80),
        json.dumps(quarter_as_data(drawn, REGISTER, None)),
        to_ics(drawn, REGISTER, now).decode(),
        *(one.model_dump_json() for one in open_questions(REGISTER, now, None, public=True)),
        *(f"{one.sentence} {one.because}" for one in moved(replace(REGISTER, events=()), REGISTER, now)),
    ]
    for text in told:
        assert not MARK.search(text.encode()), text
