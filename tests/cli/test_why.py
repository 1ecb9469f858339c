"""`publish why`: the first line is the answer, everything fits 80 columns, and a question always ends with 0."""

from __future__ import annotations

import json

import pytest

from publisher.cli import inputs
from publisher.content.load import load_catalog
from publisher.model.records.decision import Decision
from tests.support.command import ROOT, Publish, flat
from tests.support.project import Project

AT = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["btfs-node@4.2.0"], "btfs-node 4.2.0 waits until Saturday 28 November 2026, 22:00 UTC."),
        (["desktop-client@7.4.1"], "desktop-client 7.4.1 may ship until Saturday 21 November 2026, 10:00 UTC."),
        (["web-dashboard@3.0.0"], "web-dashboard 3.0.0 is blocked."),
        (["btfs-node@4.1.0"], "btfs-node 4.1.0 is recorded as shipped on Tuesday 15 September 2026,"),
        (["btfs-node@4.2.0", "--channel", "beta"], "btfs-node 4.2.0 is blocked."),
        (["btfs-node@4.2.0", "--at", "2026-11-28T22:00:00Z"], "btfs-node 4.2.0 may ship until"),
        (["btfs-node@4.2.0", "--at", "2026-11-28T21:59:59Z"], "btfs-node 4.2.0 waits until Saturday 28"),
    ],
)
def test_the_first_line_is_the_answer_and_the_exit_code_0(publish: Publish, arguments: list[str], first: str) -> None:
    ran = publish("why", *arguments)
    assert ran.code == 0
    assert ran.out.startswith(first)
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "\x1b" not in ran.out


def test_every_release_has_an_answer_with_every_verdict(publish: Publish) -> None:
    catalog = load_catalog([ROOT / "content"], ROOT / "site_config")
    for release in catalog.releases:
        ran = publish("why", release.id, "--at", AT)
        assert ran.code == 0
        decision = Decision.model_validate_json(publish("why", release.id, "--at", AT, "--json").out)
        for verdict in decision.verdicts:
            assert verdict.rule in ran.out
            assert verdict.outcome.value in ran.out


def test_a_refusal_is_told_whole(publish: Publish) -> None:
    out = " ".join(publish("why", "btfs-node@4.2.0", "--at", AT).out.split())
    for part in (
        "Its planned time, Monday 23 November 2026, 09:00 UTC, is too early.",
        'freeze.hard Hard freeze around "BTT trading pair opens on Example Exchange"',
        "Until: Tuesday 24 November 2026, 22:00 UTC",
        "Length: 9 days before (7 days exchange listing + 2 days persistence format or RPC of a node)",
        "What to do: Wait for the end of the freeze",
        "Because of: btt-listing-sample",
        "From Tuesday 24 November 2026, 22:00 UTC: waiting freeze.soft",
        "From Saturday 28 November 2026, 22:00 UTC on it may ship.",
    ):
        assert part in out


def test_json_is_the_decision(publish: Publish) -> None:
    ran = publish("why", "btfs-node@4.2.0", "--json")
    assert ran.err.startswith("Sample content: answers are for 2026-11-20T12:00:00Z")
    value = json.loads(ran.out)
    assert (value["outcome"], value["then"], value["next_change"]) == ("waiting", "pass", "2026-11-28T22:00:00Z")
    assert [verdict["rule"] for verdict in value["verdicts"]] == [
        "integrity.channel",
        "integrity.version",
        "integrity.artifacts",
        "integrity.withdrawn",
        "integrity.audit",
        "changes.class",
        "freeze.hard",
        "freeze.soft",
        "freeze.monitors",
        "urgency.hotfix",
        "urgency.delay",
        "urgency.runway",
        "risk.score",
        "risk.estimate",
        "risk.signal",
        "risk.scenario",
        "risk.named",
        "risk.comms-lead",
        "risk.assumptions",
        "pattern.fits",
        "planes.order",
        "calendar.review",
        "environment.coverage",
        "maintenance.window",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["btfs-nod@4.2.0"], 1, "there is no product btfs-nod\n    -> did you mean btfs-node?"),
        (["btfs-node@4.2"], 1, "btfs-node has no release 4.2\n    -> did you mean 4.2.0?"),
        (["btfs-node@4.2.0", "--channel", "stabel"], 1, "no channel stabel\n    -> did you mean stable?"),
        (["btfs-node"], 2, "does not name a release"),
        (["@4.2.0"], 2, "does not name a release"),
        (["btfs-node@4.2.0", "--at", "tomorrow"], 2, "--at tomorrow is not a time with a zone"),
        (["btfs-node@4.2.0", "--at", "2026-11-20T12:00:00"], 2, "is not a time with a zone"),
        (["btfs-node@4.2.0", "--at", "0001-01-01T00:00:00+14:00"], 2, "is not a time with a zone"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_is_not_known_is_answered_with_what_is(
    publish: Publish, arguments: list[str], code: int, words: str
) -> None:
    ran = publish("why", *arguments)
    assert ran.code == code
    assert ran.out == ""
    assert flat(words) in flat(ran.err)


def test_errors_as_json(publish: Publish) -> None:
    ran = publish("why", "btfs-nod@4.2.0", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["fix"] == "did you mean btfs-node?"


def test_help_says_that_it_is_a_question(publish: Publish) -> None:
    assert "The exit code is 0 whatever the answer" in " ".join(publish("why", "--help").out.split())


def test_with_a_bucket_the_answer_is_that_of_release(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "wall_clock", lambda: project.now)
    project.publish("1.1.0")
    project.add_release("1.0.0")

    def why(name: str, *more: str) -> str:
        words = ("why", name, "--at", AT, "--bucket", project.bucket.as_uri(), *more)
        ran = publish(*words, cwd=project.base)
        assert ran.code == 0, ran.err
        return ran.out

    assert why("node@1.1.0").startswith("node 1.1.0 is live in stable.\n")
    assert why("node@1.0.0").startswith("node 1.0.0 is blocked.\n")
    assert "stable already offers 1.1.0" in " ".join(why("node@1.0.0").split())
    assert json.loads(why("node@1.0.0", "--json"))["outcome"] == "blocked"


def test_a_bucket_that_is_configured_and_was_not_asked_is_told_of(project: Project, publish: Publish) -> None:
    project.add_release("1.0.0")
    assert "--bucket" not in publish("why", "node@1.0.0", "--at", AT, cwd=project.base).err
    with (project.config / "endpoints.yaml").open("a") as file:
        file.write(f"storage: {project.bucket}\n")
    ran = publish("why", "node@1.0.0", "--at", AT, "--json", cwd=project.base)
    assert (
        ran.err == "The configured bucket was not read; to include what is live or was taken back, add --bucket URL\n"
    )
    assert json.loads(ran.out)["version"] == "1.0.0"
    project.storage()
    assert not publish("why", "node@1.0.0", "--at", AT, "--bucket", project.bucket, cwd=project.base).err


@pytest.mark.parametrize("year", ["0001", "1999", "2200", "9999"])
def test_a_year_that_content_cannot_name_is_refused(publish: Publish, year: str) -> None:
    ran = publish("why", "btfs-node@4.2.0", "--at", f"{year}-01-01T00:00:00Z")
    assert ran.code == 2
    assert "is outside the years allowed in content" in flat(ran.err)
    assert "choose a year from 2000 to 2199" in flat(ran.err)
