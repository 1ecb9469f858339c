"""What programs have measured, laid over what people typed; and what decides then (R12, R22, R84)."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.content.git_revision import at_revision
from publisher.content.load import load_catalog
from publisher.errors import ContentError
from publisher.model.catalog import Catalog
from publisher.model.content.release import ChangeClass
from publisher.model.records.decision import Outcome
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import NO_EVIDENCE
from publisher.rules.gates.environment import monitors, signal
from tests.content.conftest import Check
from tests.support.prometheus import Sample, answered, ranged

MONITOR = """\
id: syncs
measures: errors
metric: Failed syncs in a thousand
baseline: 4
at_most: 12
every: 12 h
"""
SIGNAL = """\
id: logins
event: listing
metric: Logins, against the usual week
value: 1.2
threshold: 1.5
sampled_at: 2026-03-01T09:00:00Z
proposes: {score: 5, because: Logins have nearly doubled.}
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sample(text: str, value: str) -> Sample:
    return at(text).timestamp(), value


def catalog(*content: str) -> Catalog:
    return load_catalog([Path(one) for one in content or ("content",)], Path("site_config"))


@pytest.fixture
def measured(project: Path) -> Path:
    """The project with a monitor and a signal; gives the folder of readings."""
    for kind, name, text in (("monitors", "syncs", MONITOR), ("signals", "logins", SIGNAL)):
        (project / "content" / kind).mkdir()
        (project / "content" / kind / f"{name}.yaml").write_text(text)
    (project / "content/readings").mkdir()
    return project / "content/readings"


def test_r22_a_monitor_has_what_was_typed_and_what_was_saved_by_time(measured: Path) -> None:
    with (measured.parent / "monitors/syncs.yaml").open("a") as file:
        file.write("readings:\n  - {at: 2026-03-02T09:00:00Z, value: 9}\n  - {at: 2026-03-04T09:00:00Z, value: 5}\n")
    saved = (sample("2026-03-01 09:00", "30"), sample("2026-03-03 09:00", "7"), sample("2026-03-04 09:00", "5"))
    (measured / "syncs.json").write_bytes(ranged(*saved))
    (monitor,) = catalog().monitors
    assert [(one.at.day, one.value) for one in monitor.readings] == [(1, 30), (2, 9), (3, 7), (4, 5)]


def test_r12_a_signal_has_the_newest_value(measured: Path) -> None:
    (measured / "logins.json").write_bytes(ranged(sample("2026-03-02 09:00", "1.4"), sample("2026-03-03 09:00", "1.8")))
    (signal,) = catalog().signals
    assert (signal.value, signal.sampled_at, signal.speaks) == (1.8, at("2026-03-03 09:00"), True)


def test_a_signal_keeps_what_was_typed_later(measured: Path) -> None:
    (measured / "logins.json").write_bytes(ranged(sample("2026-02-28 09:00", "1.8")))
    (signal,) = catalog().signals
    assert (signal.value, signal.sampled_at) == (1.2, at("2026-03-01 09:00"))


def test_items_without_a_file_and_files_that_measured_nothing_change_nothing(measured: Path) -> None:
    typed = catalog()
    for name in ("syncs", "logins"):
        (measured / f"{name}.json").write_bytes(ranged(sample("2026-03-02 09:00", "NaN")))
    assert catalog() == typed


def test_r22_what_was_saved_decides_after_an_event(project: Path, measured: Path) -> None:
    with (project / "content/policy.yaml").open("a") as file:
        file.write("monitors: {severity_at_least: 3, required: [errors], patience: 2 d}\n")
    soft_freeze_ends = at("2026-03-13 22:00")  # 72 hours after the listing

    def decided(*saved: Sample) -> Outcome:
        (measured / "syncs.json").write_bytes(ranged(*saved))
        known = catalog()
        release = known.releases[0].model_copy(update={"change_class": ChangeClass.FEATURE})
        return monitors.GATE.verdict(Question(known, release, "stable", NO_EVIDENCE, soft_freeze_ends)).outcome

    ill = sample("2026-03-13 21:00", "40")
    assert decided(sample("2026-03-13 21:00", "NaN")) is Outcome.UNKNOWN
    assert decided(ill) is Outcome.BLOCKED
    assert decided(ill, sample("2026-03-13 21:30", "NaN")) is Outcome.BLOCKED
    assert decided(ill, sample("2026-03-13 21:30", "+Inf")) is Outcome.BLOCKED
    assert decided(ill, sample("2026-03-13 21:30", "5")) is Outcome.NOT_APPLICABLE  # it is well, so the freeze is over


def test_r12_r84_what_was_saved_makes_a_signal_fresh_and_lets_it_speak(measured: Path) -> None:
    def decided(*saved: Sample) -> Outcome:
        (measured / "logins.json").write_bytes(ranged(*saved))
        known = catalog()
        now = at("2026-03-10 09:00")  # an hour before the listing
        return signal.GATE.verdict(Question(known, known.releases[0], "stable", NO_EVIDENCE, now)).outcome

    assert decided(sample("2026-03-02 09:00", "1.1")) is Outcome.UNKNOWN
    assert decided(sample("2026-03-02 09:00", "1.1"), sample("2026-03-10 08:00", "1.1")) is Outcome.PASS
    assert decided(sample("2026-03-02 09:00", "1.1"), sample("2026-03-10 08:00", "1.8")) is Outcome.NEEDS_APPROVAL


def test_the_same_moment_cannot_have_two_values(measured: Path, problems: Check) -> None:
    with (measured.parent / "monitors/syncs.yaml").open("a") as file:
        file.write("readings:\n  - {at: 2026-03-02T09:00:00Z, value: 9}\n  - {at: 2026-03-04T09:00:00Z, value: 5}\n")
    (measured / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "9"), sample("2026-03-04 09:00", "50")))
    (measured / "logins.json").write_bytes(ranged(sample("2026-03-01 09:00", "1.8")))
    assert [(str(one.place), one.what) for one in problems()] == [
        (
            "content/monitors/syncs.yaml:9:32",
            "5 was typed for 2026-03-04T09:00:00Z, but content/readings/syncs.json says 50",
        ),
        (
            "content/signals/logins.yaml:4:1",
            "1.2 was typed for 2026-03-01T09:00:00Z, but content/readings/logins.json says 1.8",
        ),
    ]
    assert {one.fix for one in problems()} == {"keep the right one, and remove the other"}


def test_every_mistake_of_every_file_comes_in_one_run(measured: Path, problems: Check) -> None:
    fine = ranged(sample("2026-03-02 09:00", "9"))
    (measured / "sync.json").write_bytes(fine)
    (measured / "syncs.yaml").write_bytes(fine)
    (measured / "syncs.json").write_bytes(answered([]))
    (measured / "logins.json").write_bytes(b"")
    (measured / "deeper").mkdir()
    (measured / "deeper/payments.json").write_bytes(fine)
    assert [(str(one.place), one.what, one.fix) for one in problems() if "series" not in one.what] == [
        ("content/readings/deeper/payments.json:1:1", "there is no monitor or signal payments", "known: logins, syncs"),
        (
            "content/readings/logins.json:1:1",
            "the file is empty",
            "ask again; with curl -f -o FILE a failure does not change the file",
        ),
        ("content/readings/sync.json:1:1", "there is no monitor or signal sync", "did you mean syncs?"),
        (
            "content/readings/syncs.yaml:1:1",
            "is ignored; its name must end in .json",
            "name it syncs.json, or remove it if it is a copy",
        ),
    ]
    assert len(problems()) == 5


def test_a_file_of_another_name_that_holds_no_answer_has_both_mistakes_told(measured: Path, problems: Check) -> None:
    (measured / "sync.json").write_bytes(b"<html>")
    assert [one.what for one in problems()] == ["is not JSON from here on", "there is no monitor or signal sync"]


def test_readings_of_an_item_that_cannot_be_read_are_not_called_strays(measured: Path, problems: Check) -> None:
    (measured / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "9")))
    (measured.parent / "monitors/syncs.yaml").write_text("id: [\n")
    assert {one.place.file for one in problems()} == {"content/monitors/syncs.yaml"}


def test_readings_are_of_a_monitor_or_of_a_signal_never_of_both(measured: Path, problems: Check) -> None:
    (measured.parent / "signals/syncs.yaml").write_text(SIGNAL.replace("logins", "syncs", 1))
    (measured / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "9")))
    (problem,) = problems()
    assert str(problem) == (
        "content/readings/syncs.json:1:1: syncs is both a monitor and a signal, so it is unclear whose readings"
        " these are\n    -> give one of them another id"
    )


def test_overlays_have_readings_too_and_one_item_has_one_file(project: Path, measured: Path) -> None:
    private = project / "private/readings"
    private.mkdir(parents=True)
    (private / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "9")))
    assert [one.value for one in catalog("content", "private").monitors[0].readings] == [9]
    (measured / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "9")))
    with pytest.raises(ContentError) as caught:
        catalog("content", "private")
    (problem,) = caught.value.problems
    assert str(problem.place) == "private/readings/syncs.json:1:1"
    assert problem.what == "readings of syncs are already in content/readings/syncs.json"
    assert problem.fix == "keep one of these files"


def test_files_for_people_and_half_written_ones_are_left_alone(measured: Path, problems: Check) -> None:
    for name in ("README.md", ".syncs.json.part"):
        (measured / name).write_text("anything")
    assert problems() == ()


def test_content_of_a_revision_has_the_readings_of_then(project: Path, measured: Path, tmp_path: Path) -> None:
    (measured / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "9")))
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.test", "commit", "-qm", "Content"],
    ):
        subprocess.run(["git", *words], check=True, cwd=project)
    (measured / "syncs.json").write_bytes(ranged(sample("2026-03-02 09:00", "10")))
    content, config = at_revision([project / "content", project / "site_config"], "HEAD", tmp_path / "then")
    assert [one.value for one in load_catalog([content], config).monitors[0].readings] == [9]
    assert [one.value for one in catalog().monitors[0].readings] == [10]
