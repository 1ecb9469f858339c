"""The site as a function: what each page says."""

from __future__ import annotations

import dataclasses
import json
import posixpath
from datetime import timedelta
from html import unescape
from typing import Any

import jsonschema
import pytest

from publisher.errors import ContentError
from publisher.model.records.channel_state import ChannelState
from publisher.model.records.evidence import Evidence
from publisher.rules.evaluate import evaluate
from publisher.site.render import address, fill_prose, render_site
from publisher.wire.version import Version
from tests.site.factory import (
    DIGEST,
    FEED_SCHEMA,
    KEY,
    NOW,
    TEMPLATES,
    at,
    catalog,
    deprecation,
    event,
    live,
    page,
    release,
    render,
)
from tests.site.htmltext import directions, from_markdown

FULL = catalog(
    events=(event(), event("old", title="Long ago", starts=at(-50), ends=at(-49), status="happened")),
    releases=(
        release("4.0.0", shipped_at=at(-60), planned_for=None),
        release("4.1.0", shipped_at=at(-20), planned_for=None),
        release("4.2.0", events=["listing"]),
        release("4.1.1", change_class="patch", planned_for=at(0.1)),
    ),
    deprecations=(deprecation(), deprecation("older", subject="Older thing", marked_in="4.0.0", warned_in="4.1.0")),
)


def text(path: str) -> str:
    return from_markdown(page(FULL, path).split("---\n", 2)[2]).text


def test_it_depends_on_nothing_but_its_arguments() -> None:
    assert render(FULL, live()) == render(FULL, live())
    assert list(render(FULL)) == sorted(render(FULL))


def test_home_says_what_is_current_what_waits_and_until_when() -> None:
    said = text("index.md")
    assert "Some updates are on hold. The next ones can ship from Wednesday 25 November, 00:00 UTC." in said
    assert "Stable 4.1.0 newest on record" in said
    assert "Waits until Saturday 28 November, 00:00 UTC:" in said
    assert "May ship now: documentation and patches." in said


def test_home_is_calm_when_nothing_is_frozen() -> None:
    quiet = catalog(releases=(release("4.1.0", shipped_at=at(-1)),))
    assert "Nothing is on hold. Releases ship when they are ready." in from_markdown(page(quiet, "index.md")).text


def test_what_the_bucket_offers_counts_more_than_what_the_content_says() -> None:
    said = from_markdown(page(FULL, "index.md", live("4.0.0"))).text
    assert "Stable 4.0.0 live, signatures verified" in said


def test_a_live_version_without_public_notes_is_shown_without_a_link() -> None:
    said = page(FULL, "index.md", live("9.9.9"))
    assert "9.9.9" in said
    assert "releases/node/9.9.9" not in said


def test_a_release_page_answers_the_four_questions_first() -> None:
    said = text("releases/node/4.2.0.md")
    for words in (
        "Version 4.2.0 does more.",
        "Optional or not? Recommended: install it within a few days",
        "Restart? The service will restart.",
        "Do older versions still connect? Yes, with no end date.",
        "What you may see once it is out The first start takes a minute.",
        "The first 24 hours, once it is out Check the signature.",
        "Risk window: Tuesday 17 November 2026, 12:00 UTC to Saturday 28 November 2026, 00:00 UTC",
        "Not out yet. If somebody offers you Storage node 4.2.0 today, check that it is from us.",
        "This release marks The old index",
        "Not out yet This page was built without reading the channel.",
    ):
        assert words in said
    assert said.index("Optional or not?") < said.index("May it ship?")


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, None),
        ({"rollback": {"bundle": "none-first-release"}}, None),
        ({"rollback": {"bundle": DIGEST}}, "Yes. The version before it works with the same data."),
        (
            {"rollback": {"bundle": DIGEST, "state": "restore-backup", "backup": "Unpack the backup."}},
            "Yes, with a backup from before the update. Unpack the backup.",
        ),
        ({"rollback": {"state": "forbidden", "state_because": "Its index is new."}}, "No. Its index is new."),
        ({"kind": "migration"}, "No. It is a migration: versions before it cannot read what it writes."),
    ],
)
def test_r81_a_release_page_says_what_becomes_of_data_if_it_is_taken_back(
    fields: dict[str, Any], answer: str | None
) -> None:
    of_it = catalog(releases=(release("4.1.0", shipped_at=at(-1), **fields),))
    page_text = from_markdown(page(of_it, "releases/node/4.1.0.md")).text
    question = "Can it be taken back?"
    assert (f"{question} {answer}" in page_text) if answer is not None else (question not in page_text)


def test_the_decision_on_a_page_is_the_one_that_publishing_takes() -> None:
    today = Evidence(for_today=True)
    decision = evaluate(FULL, release("4.2.0", events=["listing"]), "stable", NOW, today).public()
    said = text("releases/node/4.2.0.md")
    for verdict in decision.verdicts:
        shown = verdict.rule not in ("integrity.artifacts", "integrity.withdrawn")
        assert (" ".join(verdict.reason.split()) in said) is shown
    published = json.loads(render(FULL)["data/decisions.json"])
    assert published["at"] == "2026-11-20T12:00:00Z"
    assert decision.model_dump(mode="json", exclude_none=True) in published["decisions"]


def test_a_release_that_is_out_has_no_decision_and_a_live_one_has_its_files() -> None:
    said = from_markdown(page(FULL, "releases/node/4.1.0.md", live())).text
    assert "May it ship?" not in said
    assert "Not out yet" not in said
    assert "Optional or not? Recommended: install it within a few days." in said
    assert "out now" in said
    assert f"SHA-256 {DIGEST}" in said
    links = [a.get("href") for name, a in from_markdown(page(FULL, "releases/node/4.1.0.md", live())).elements]
    assert "https://dl.example.org/releases/node/4.1.0/node-4.1.0-linux.tar.gz.minisig" in links


def test_the_download_page_gives_commands_with_the_real_names() -> None:
    said = from_markdown(page(FULL, "downloads.md", live())).text
    for command in (
        "curl -fLO https://dl.example.org/releases/node/4.1.0/SHA256SUMS.minisig",
        f"minisign -Vm SHA256SUMS -P {KEY}",
        "sha256sum --check --ignore-missing SHA256SUMS",
        "shasum -a 256 --check --ignore-missing SHA256SUMS",
        f'(Get-FileHash -Algorithm SHA256 -LiteralPath ".\\node-4.1.0-windows.zip").Hash -eq "{DIGEST}"',
        'certutil -hashfile "node-4.1.0-windows.zip" SHA256',
        "check --product node --channel stable --platform linux-amd64 --current 4.1.0",
    ):
        assert command in said


def test_the_policy_page_has_the_numbers_of_the_data() -> None:
    said = text("policy.md")
    assert "all changes except documentation and patches" in said
    assert "hard before: 9 days (7 days exchange listing + 2 days severity 5)" in said
    assert "Exempt: never frozen" in said
    assert "channels Ships releases; one role for each product and channel. 2 engineering 365 days" in said


def test_deprecations_say_how_far_they_have_come() -> None:
    said = text("deprecations.md")
    assert "Older thing warns" in said
    assert "The old index announced" in said
    assert said.index("Older thing") < said.index("The old index")


def test_the_calendar_has_the_coming_ninety_days_by_week() -> None:
    said = text("calendar.md")
    assert "20 November 2026 to 18 February 2027" in said
    assert said.count("Week of ") == 2
    assert "30 November 2026 to 21 February 2027: nothing planned." in said
    assert "A freeze covers that day. Earliest: Saturday 28 November, 00:00 UTC." in said
    assert "Long ago" not in said


def test_every_field_of_the_feed_is_described() -> None:
    said = text("feed.md")
    for part in (FEED_SCHEMA, *FEED_SCHEMA["$defs"].values()):
        for name, spec in part.get("properties", {}).items():
            assert name in said
            assert spec["description"], name
    schema = json.loads(render(FULL)["schemas/feed-1.json"])
    assert schema["$id"] == "https://updates.example.org/schemas/feed-1.json"
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_page_of_a_sample_says_so_and_no_other_does() -> None:
    pretended = catalog(events=FULL.events, releases=FULL.releases, sample="This is invented.")
    for path, body in render(pretended).items():
        if path.endswith(".md"):
            assert b"This is invented." in body, path
    assert not any(b"tg-notice" in body for body in render(FULL).values())


def test_links_between_pages_lead_to_pages() -> None:
    files = render(FULL, live())
    pages = {address(path) for path in files} | {"safety/", "help/first-24-hours/", "help/words/"}
    for path, body in files.items():
        if not path.endswith(".md"):
            continue
        for name, attributes in from_markdown(body.decode()).elements:
            link = attributes.get("href", "")
            if name == "a" and not link.startswith("https://"):
                joined = posixpath.normpath(posixpath.join("/" + address(path), link.split("#")[0]))
                there = joined.removeprefix("/") + ("/" if link.split("#")[0].endswith("/") else "")
                assert there.lstrip("/") in pages, (path, link)


def test_titles_are_safe_where_themes_print_them_as_html() -> None:
    odd = catalog(events=(event(title="</title><script>alert(1)</script> & more"),))
    front = page(odd, "events/listing.md").split("---\n")[1]
    assert "<" not in front
    title = json.loads(front.splitlines()[0].removeprefix("title: "))
    assert unescape(title) == "</title><script>alert(1)</script> & more"


def test_prose_gets_its_data_and_a_wrong_name_is_an_error() -> None:
    filled = fill_prose(
        "safety.md", "---\ntitle: x\n---\n\n<!-- data: official-hosts -->\n", FULL, None, NOW, TEMPLATES
    )
    assert filled.startswith("---\ntitle: x\n---\n")
    assert "https://dl.example.org" in from_markdown(filled).text
    with pytest.raises(ContentError, match=r"safety.md:3:1: there is no data named offical-hosts(.|\n)*official-hosts"):
        fill_prose("safety.md", "\n\n<!-- data: offical-hosts -->", FULL, None, NOW, TEMPLATES)


def test_nothing_at_all_still_makes_a_site() -> None:
    files = render(catalog())
    assert b"No release yet." in files["releases/index.md"]
    assert b"No events are planned." in files["events/index.md"]
    assert b"Nothing is deprecated." in files["deprecations.md"]


def test_an_event_that_ends_now_is_past_and_one_that_starts_now_is_under_way() -> None:
    edge = catalog(events=(event(),))
    starts, ends = edge.events[0].starts, edge.events[0].ends
    before = from_markdown(page(edge, "events/index.md", now=ends - timedelta(seconds=1))).text
    after = from_markdown(page(edge, "events/index.md", now=ends)).text
    assert before.index("A pair opens") < before.index("How events are scored")
    assert "Past" not in before
    assert "Past A pair opens" in after
    assert "Under way" in from_markdown(page(edge, "calendar.md", now=starts)).text


def test_what_the_bucket_offers_counts_as_shipped_and_what_it_has_passed_does_not_come() -> None:
    given = catalog(releases=(release("4.0.0"), release("4.1.0"), release("4.2.0")))
    state = live("4.1.0")
    home = from_markdown(page(given, "index.md", state)).text
    coming = home[home.index("Next releases") :]
    assert "4.2.0" in coming
    assert "4.1.0" not in coming
    assert "4.0.0" not in coming
    calendar = from_markdown(page(given, "calendar.md", state)).text
    assert ["4.0.0" in calendar, "4.1.0" in calendar, "4.2.0" in calendar] == [False, False, True]
    listed = from_markdown(page(given, "releases/index.md", state)).text
    assert "out now" in listed
    assert "superseded" in listed
    passed = from_markdown(page(given, "releases/node/4.0.0.md", state)).text
    assert "There is a newer version Storage node 4.1.0 has replaced this one." in passed
    assert "May it ship?" not in passed
    assert "It is not out" not in passed


def test_a_platform_that_lags_behind_does_not_hide_the_newest_version() -> None:
    newer, older = live("4.10.0").live[0], live("4.9.0").live[0]
    state = live().model_copy(update={"live": (newer, older)})
    assert state.of("node", "stable") == newer
    both = catalog(releases=(release("4.9.0"), release("4.10.0")))
    assert "out now" in from_markdown(page(both, "releases/node/4.9.0.md", state)).text


def test_without_a_key_no_command_needs_one_and_without_our_client_none_is_promised() -> None:
    said = from_markdown(page(FULL, "downloads.md")).text
    assert "PUBLIC-KEY" not in said
    assert "minisign -V" not in said
    assert "sha256sum --check" in said
    assert "knows our address" not in from_markdown(page(FULL, "downloads.md", live())).text
    ours = live("0.1.0")
    files = tuple(one.model_copy(update={"file": "tidegate-0.1.0.pyz"}) for one in ours.live[0].artifacts[:1])
    state = ours.model_copy(update={"live": (ours.live[0].model_copy(update={"artifacts": files}),)})
    said = from_markdown(page(catalog(releases=(release("0.1.0"),)), "downloads.md", state)).text
    assert "The copy from this page contains our address" in said
    assert "python3 tidegate-0.1.0.pyz check" in said


def test_a_planned_moment_that_the_rules_refuse_says_what_they_allow() -> None:
    later = event("later", starts=at(9), ends=at(9.5))
    given = catalog(events=(event(), later), releases=(release("4.2.0"), release("4.3.0", planned_for=at(60))))
    said = from_markdown(page(given, "releases/node/4.2.0.md")).text
    assert (
        "Planned for Saturday 21 November, 12:00 UTC, but a freeze covers that day. "
        "Earliest: Thursday 3 December, 00:00 UTC." in said
    )
    assert "covers that day" not in from_markdown(page(given, "releases/node/4.3.0.md")).text
    missed = catalog(releases=(release("4.2.0", planned_for=at(-1)),))
    assert "Was planned for Thursday 19 November" in from_markdown(page(missed, "releases/node/4.2.0.md")).text


def test_what_may_ship_does_not_look_like_what_is_out() -> None:
    given = catalog(releases=(release("4.1.0", shipped_at=at(-1), planned_for=None), release("4.2.0")))
    chips = {a["class"] for n, a in from_markdown(page(given, "releases/index.md")).elements if "tg-chip" in str(a)}
    assert {"tg-chip tg-chip--go", "tg-chip tg-chip--ready"} <= chips


def test_a_cancelled_event_is_grey_everywhere() -> None:
    given = catalog(events=(event(status="cancelled"),))
    for path in ("events/index.md", "events/listing.md", "calendar.md"):
        parsed = from_markdown(page(given, path))
        classes = " ".join(attributes.get("class", "") for _, attributes in parsed.elements).split()
        assert "tg-chip--off" in classes, path
        assert "tg-chip--stop" not in classes, path
        assert ("tg-impact--off" in classes) is (path != "calendar.md")
    assert "cancelled exchange listing" in from_markdown(page(given, "events/index.md")).text


def test_each_breakdown_stands_with_its_own_length() -> None:
    said = text("events/listing.md")
    assert "7 days before (exchange listing) Tue 24 Nov" not in said
    hard, soft = said.index("7 days before (exchange listing)"), said.index("3 days after (exchange listing)")
    assert hard < said.index("Wed 25 Nov, 00:00 to Sat 28 Nov, 00:00") < soft


def test_every_cell_of_a_stacked_table_names_its_column() -> None:
    for path in ("policy.md", "events/listing.md", "calendar.md"):
        cells = [attributes for name, attributes in from_markdown(page(FULL, path)).elements if name == "td"]
        assert cells, path
        assert all(attributes.get("data-label") for attributes in cells), path


def test_a_calm_day_keeps_the_look_of_the_hero() -> None:
    assert 'class="tg-hero tg-hero--calm"' in page(catalog(), "index.md")


def test_r38_the_page_of_what_is_live_says_who_approved_it() -> None:
    given = catalog(releases=(release("4.0.0"), release("4.1.0")))
    shown = from_markdown(page(given, "releases/node/4.1.0.md", live("4.1.0"))).text
    assert "Approved for Stable by ana (engineering) and ben (operations)" in shown
    assert "Approved for" not in from_markdown(page(given, "releases/node/4.0.0.md", live("4.1.0"))).text


@pytest.mark.parametrize("state", [None, live("4.1.0")])
def test_the_page_of_an_older_release_gives_no_orders_and_names_the_newer_one(state: ChannelState | None) -> None:
    given = catalog(
        releases=(
            release("4.0.0", shipped_at=at(-9), planned_for=None),
            release("4.1.0", shipped_at=at(-1), planned_for=None),
        )
    )
    parsed = from_markdown(page(given, "releases/node/4.0.0.md", state))
    assert "There is a newer version Storage node 4.1.0 has replaced this one." in parsed.text
    assert "../4.1.0/" in [attributes.get("href") for _, attributes in parsed.elements]
    assert "Optional or not? It was recommended." in parsed.text
    assert "Restart? The service restarted." in parsed.text
    for order in ("Check the signature.", "install it", "The first 24 hours"):
        assert order not in parsed.text
    newest = from_markdown(page(given, "releases/node/4.1.0.md", state)).text
    assert "Check the signature." in newest
    assert "has replaced" not in newest


def test_the_security_floor_is_shown_wherever_somebody_chooses_a_version() -> None:
    given = catalog(
        releases=(
            release("4.0.0", shipped_at=at(-9), planned_for=None),
            release("4.1.0", shipped_at=at(-1), planned_for=None),
        )
    )
    floor = Version.parse("4.1.0")
    products = {"node": given.products["node"].model_copy(update={"min_secure": floor})}
    above = dataclasses.replace(given, products=given.products | products)
    for path in ("releases/index.md", "downloads.md"):
        said = from_markdown(page(above, path)).text
        assert "Security floor 4.1.0: older versions are no longer secure. If you run one, update." in said, path
        assert "Security floor" not in from_markdown(page(given, path)).text
    older = from_markdown(page(above, "releases/node/4.0.0.md")).text
    assert "No longer secure Storage node 4.1.0 has replaced this one." in older
    assert "No longer secure" not in from_markdown(page(above, "releases/node/4.1.0.md")).text


def test_text_of_the_content_has_a_direction_of_its_own() -> None:
    hebrew = "שלום עולם"
    given = catalog(events=(event(title=hebrew, summary=hebrew),), releases=(release("4.2.0", sentence=hebrew),))
    for path in (
        "index.md",
        "releases/index.md",
        "releases/node/4.2.0.md",
        "events/index.md",
        "events/listing.md",
        "calendar.md",
    ):
        places = directions(page(given, path).split("---\n", 2)[2], hebrew)
        assert places, path
        assert all(places), path


def test_client_and_root_that_lie_beside_the_pages_are_linked_and_nothing_else_is_asked_for() -> None:
    own = {"tidegate.pyz", "root.json"}
    beside = render_site(FULL, live(), NOW, TEMPLATES, FEED_SCHEMA, {}, own)["downloads.md"].decode()
    linked = {attributes.get("href") for name, attributes in from_markdown(beside).elements if name == "a"}
    assert {"../tidegate.pyz", "../root.json"} <= linked
    assert "--root root.json" not in beside
    alone = page(FULL, "downloads.md", live())
    assert "--root root.json" in alone
    assert "tidegate.pyz</code></a>" not in alone
