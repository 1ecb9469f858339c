"""What several files of the register and the policy say together."""

from __future__ import annotations

from pathlib import Path

from tests.content.conftest import Check


def event(project: Path, name: str, starts: str = "2026-03-10T10:00:00Z", follows: str = "") -> None:
    """Write an event like the listing, under another name."""
    text = (project / "content/events/listing.yaml").read_text().replace("id: listing", f"id: {name}")
    text = text.replace("starts: 2026-03-10T10:00:00Z", f"starts: {starts}")
    text += f"follows: [{follows}]\n" if follows else ""
    (project / f"content/events/{name}.yaml").write_text(text)


def test_a_circle_of_events_is_told_once_with_all_of_its_members(project: Path, problems: Check) -> None:
    for name, follows in (("first", "second"), ("second", "third"), ("third", "first"), ("outside", "first")):
        event(project, name, follows=follows)
    assert [(one.place.file, one.what) for one in problems()] == [
        (
            "content/events/first.yaml",
            "events follow one another in a circle: first follows second follows third follows first",
        )
    ]


def test_an_event_does_not_start_before_what_it_follows(project: Path, problems: Check) -> None:
    event(project, "second", "2026-03-10T10:00:00Z", "listing")
    assert problems() == ()
    event(project, "second", "2026-03-10T09:59:59Z", "listing")
    assert [(one.what, one.fix) for one in problems()] == [
        ("second starts before listing, which it follows", "let it start at 2026-03-10T10:00:00Z or later")
    ]


def test_following_two_events_that_follow_one_is_no_circle(project: Path, problems: Check) -> None:
    for name, follows in (("a", ""), ("b", "a"), ("c", "a"), ("d", "b, c")):
        event(project, name, follows=follows)
    assert problems() == ()


def policy(project: Path, version: int, effective: str, *, earlier: bool = True) -> None:
    """Write a policy of this version, as an earlier one or as the one that holds."""
    current = project / "content/policy.yaml"
    text = current.read_text()
    lines = [f"version: {version}", f"effective: {effective}", *text.splitlines()[2:]]
    file = project / f"content/policies/{version}.yaml" if earlier else current
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines) + "\n")


def test_r98_policies_count_up_and_take_effect_one_after_the_other(project: Path, problems: Check) -> None:
    policy(project, 3, "2026-03-01T00:00:00Z", earlier=False)
    policy(project, 1, "2026-01-01T00:00:00Z")
    policy(project, 2, "2026-02-01T00:00:00Z")
    assert problems() == ()
    policy(project, 2, "2026-01-01T00:00:00Z")
    assert [one.what for one in problems()] == ["policy 2 takes effect no later than 1"]
    policy(project, 2, "2026-03-01T00:00:00Z")
    assert [one.what for one in problems()] == ["policy 3 takes effect no later than 2"]


def test_r98_an_earlier_policy_has_its_own_number(project: Path, problems: Check) -> None:
    policy(project, 1, "2025-01-01T00:00:00Z")
    assert [one.what for one in problems()] == ["version 1 is already used in content/policies/1.yaml"]
    (project / "content/policies/1.yaml").rename(project / "content/policies/first.yaml")
    assert "1 is in a file named first.yaml" in [one.what for one in problems()]


def test_r71_a_release_to_come_names_a_pattern_for_its_class(project: Path, problems: Check) -> None:
    with (project / "content/policy.yaml").open("a") as policy_file:
        policy_file.write(
            "patterns:\n  - {id: canary, name: Canary, classes: [feature], best_for: features, risk: low, rollback: low"
            ", note: A good default.}\n  - {id: staged, name: Staged, classes: [patch], best_for: patches, risk: low,"
            " rollback: low, note: Slow.}\n"
        )
    release = project / "content/releases/node/1.10.yaml"
    with release.open("a") as release_file:
        release_file.write("pattern: canary\n")
    line = len(release.read_text().splitlines())
    (problem,) = problems()
    assert str(problem.place) == f"content/releases/node/1.10.yaml:{line}:1"
    assert (problem.what, problem.fix) == (
        "pattern canary is not for class patch",
        "choose one that is: staged",
    )
    with release.open("a") as release_file:
        release_file.write("shipped_at: 2026-02-01T09:00:00Z\n")
    assert problems() == ()


def test_what_names_an_unreadable_event_is_not_guessed_at(project: Path, problems: Check) -> None:
    (project / "content/signals").mkdir()
    (project / "content/signals/logins.yaml").write_text(
        "id: logins\nevent: quiet\nmetric: Logins\nvalue: 1.8\nthreshold: 1.5\nsampled_at: 2026-03-01T09:00:00Z\n"
        "proposes: {score: 4, because: Logins have nearly doubled.}\n"
    )
    (project / "content/events/quiet.yaml").write_text("id: [\n")
    event(project, "second", follows="quiet")
    assert {one.place.file for one in problems()} == {"content/events/quiet.yaml"}
