"""`publish calendar`: the quarter at a glance in 80 columns, and in other forms; what has moved, for publication."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import icalendar
import pytest
from rich.cells import cell_len

from publisher.text.terminal import wrapped
from tests.support.command import ROOT, Publish, flat
from tests.support.project import Project

LANES = """
                    Nov       Dec                Jan                Feb
                    23   30   7   14   21   28   4   11   18   25   1   8    15
BTFS node          ###---.##-#########----..------........########---...........
Desktop client     ###---.##-#########----..------........########---...........
Web dashboard      ###---.##-#########----..------........########---...........
Tidegate update cl .##---.##..##-#####----..------............####---...........
Events             .EE....EE...E...EE...m....m....m...m....m....E....m...m....m.
Planned releases   RRR...R.................................R.............R......
Rollback-ready     =========================================================....
                   ^ now
"""


def test_r91_the_quarter_is_drawn_in_80_columns_and_no_colour_is_needed(publish: Publish) -> None:
    ran = publish("calendar")
    assert ran.code == 0
    assert LANES in ran.out
    assert "\x1b" not in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "# hard freeze   - soft freeze   E event   m maintenance" in ran.out
    assert "  Mon 23 09:00  planned release: btfs-node 4.2.0.\n" in ran.out
    assert "  done          btfs-node@4.2.0: by Sunday 1 November 2026, 10:00 UTC.\n" in ran.out


def test_r92_the_first_lines_say_when_it_was_reviewed_and_when_that_is_too_long_ago(publish: Publish) -> None:
    def first(*arguments: str) -> str:
        return " ".join(publish("calendar", *arguments).out.partition("\n\n")[0].split())

    assert first().endswith("Reviewed on Wednesday 18 November 2026, 10:00 UTC by Ana.")
    assert first("--public").endswith("10:00 UTC.")
    assert first("--at", "2026-11-25T10:00:00Z").endswith("by Ana; the next review is due.")
    assert first("--at", "2026-12-02T10:00:00Z").endswith("too long ago for a release near an event.")


def test_r96_the_whole_shows_what_is_not_public_and_marks_it(publish: Publish) -> None:
    whole, public = publish("calendar").out, publish("calendar", "--public").out
    assert "Partner announces storage" in whole
    assert "(not public)" in whole
    for word in ("Partner", "(not public)", "web-dashboard 3.0.0", "Ana"):
        assert word not in public
    assert "Reserved period" in public


def test_json_and_icalendar_hold_the_same_bars(publish: Publish) -> None:
    value = json.loads(publish("calendar", "--json", "--public").out)
    bars = [bar for lane in value["lanes"] for bar in lane["bars"]]
    ran = publish("calendar", "--ics", "--public")
    assert len(icalendar.Calendar.from_ical(ran.out).walk("VEVENT")) == len(bars)
    assert (value["format"], value["quarter"]) == ("tidegate-calendar/1", "2026-Q4")
    assert "Partner" not in json.dumps(value) + ran.out


def test_days_from_and_product_narrow_it_down(publish: Publish) -> None:
    ran = publish("calendar", "--from", "2026-12-01T00:00:00Z", "--days", "28", "--product", "web-dashboard")
    assert ran.out.startswith("Tuesday 1 December 2026, 00:00 UTC, and 28 days from then on.")
    assert "BTFS node  " not in ran.out
    assert "^ now" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--days", "0"], 2, "0 is not in the range"),
        (["--days", "10000"], 2, "10000 is not in the range"),
        (["--from", "2026-12-01"], 2, "is not a time with a zone"),
        (["--product", "btfs-nod"], 1, "did you mean btfs-node?"),
        (["--ics", "--json"], 2, "--ics cannot be combined with --json or --diff"),
        (["--ics", "--diff", "HEAD"], 2, "--ics cannot be combined with --json or --diff"),
        (["--diff", "no-such-revision"], 1, "no-such-revision"),
    ],
)
def test_what_cannot_be_drawn_is_told(publish: Publish, arguments: list[str], code: int, said: str) -> None:
    ran = publish("calendar", *arguments)
    assert ran.code == code
    assert flat(said) in flat(ran.err) + ran.out
    assert "BEGIN:VCALENDAR" not in ran.out
    assert "Traceback" not in flat(ran.err)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The sample content in a repository of its own, committed."""
    for name in ("content", "site_config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Before"]):
        subprocess.run([*git, *words], check=True)
    return tmp_path


def test_r93_what_a_changed_event_moves_is_told_for_publication(publish: Publish, checkout: Path) -> None:
    assert publish("calendar", "--diff", "HEAD", cwd=checkout).out == "0 planned releases moved since HEAD.\n"
    event = checkout / "content/events/data-center-move-sample.yaml"
    event.write_text(event.read_text().replace("2027-01-26T", "2027-02-26T"))
    ran = publish("calendar", "--diff", "HEAD", cwd=checkout)
    said = " ".join(ran.out.split())
    assert "desktop-client 7.5.0, planned for Tuesday 19 January 2027, 09:00 UTC, can ship as planned; before," in said
    assert '"Planned maintenance" has changed.' in said
    assert "Data center" not in said
    value = json.loads(publish("calendar", "--diff", "HEAD", "--json", cwd=checkout).out)
    assert "desktop-client@7.5.0" in [one["release"] for one in value["moved"]]
    only = publish("calendar", "--diff", "HEAD", "--product", "update-client", cwd=checkout)
    assert only.out == "0 planned releases moved since HEAD.\n"


def test_of_a_freeze_that_not_all_products_share_it_is_said_whose_it_is(publish: Publish) -> None:
    out = publish("calendar").out
    assert '  Sat 21 10:00  Web dashboard: hard freeze around "BTT trading pair opens on' in out
    assert '  Mon 23 10:00  Tidegate update client: hard freeze around "BTT trading pair' in out
    assert '  Sun 22 09:00  hard freeze around "Example Storage Summit"' in out  # of all products


def test_one_day_has_an_axis_too(publish: Publish) -> None:
    assert "Fri 20 Nov" in publish("calendar", "--days", "1").out


def test_titles_of_wide_letters_stay_within_80_columns() -> None:
    for text in ("漢字" * 60, "a " + "漢字" * 60, "e\u0301 " * 60):
        lines = wrapped(text, 80, indent=4)
        assert max(map(cell_len, lines)) <= 80
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_r96_what_is_embargoed_today_is_not_told_by_asking_about_a_later_day(tmp_path: Path, publish: Publish) -> None:
    project = Project(tmp_path / "project")
    for words in (("explain", "--public"), ("calendar", "--public"), ("calendar", "--diff", "HEAD")):
        ran = publish(*words, "--at", "2150-01-01T00:00:00Z", cwd=project.base)
        assert (ran.code, "cannot be combined with a time in the future" in flat(ran.err)) == (2, True), ran.err
