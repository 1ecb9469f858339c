"""`publish check`: what was read, or every problem with its place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from tests.support.command import ROOT, Publish, flat


def broken(tmp_path: Path) -> list[str]:
    """Options that name a copy of the content with two mistakes in it."""
    shutil.copytree(ROOT / "content", tmp_path / "content")
    event = tmp_path / "content/events/btt-listing-sample.yaml"
    event.write_text(event.read_text().replace("score: 3", "score: 7", 1))
    release = tmp_path / "content/releases/btfs-node/4.2.0.yaml"
    release.write_text(release.read_text().replace("[stable]", "[stabel]", 1))
    return ["--content", str(tmp_path / "content")]


def test_it_says_what_was_read(publish: Publish) -> None:
    ran = publish("check")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(
        r"4 products, 2 channels, \d+ releases, \d+ events, \d+ deprecations, \d+ signers: all fine\.\n", ran.out
    )


def test_json_is_stable(publish: Publish) -> None:
    ran = publish("check", "--json")
    value = json.loads(ran.out)
    assert list(value) == ["ok", "counts", "problems", "advice"]
    assert list(value["counts"]) == ["products", "channels", "releases", "events", "deprecations", "signers"]
    assert value["ok"] is True
    assert value["problems"] == []


def test_every_problem_comes_with_its_place(publish: Publish, tmp_path: Path) -> None:
    ran = publish("check", *broken(tmp_path))
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.splitlines() == [
        f"{tmp_path}/content/events/btt-listing-sample.yaml:9:12: `severity.score` must be 5 or less",
        f"{tmp_path}/content/releases/btfs-node/4.2.0.yaml:4:12: there is no channel of btfs-node named stabel",
        "    -> did you mean stable?",
        "2 problems in the content.",
    ]


def test_problems_as_json(publish: Publish, tmp_path: Path) -> None:
    ran = publish("check", "--json", *broken(tmp_path))
    assert ran.code == 1
    value = json.loads(ran.out)
    assert list(value) == ["ok", "error", "what", "fix", "problems"]
    assert (value["ok"], value["error"], value["what"]) == (False, "ContentError", "2 problems in the content")
    assert [(one["line"], one["column"], one["fix"]) for one in value["problems"]] == [
        (9, 12, ""),
        (4, 12, "did you mean stable?"),
    ]


def test_a_missing_directory(publish: Publish) -> None:
    ran = publish("check", "--content", "nowhere")
    assert ran.code == 1
    assert "there is no directory nowhere" in flat(ran.err)
    assert "run it in the directory with content/ and site_config/" in flat(ran.err)
    assert publish("check", "--colour").code == 2


def committed(tmp_path: Path) -> Path:
    """A repository with a copy of the content, all of it committed."""
    for folder in ("content", "site_config"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit(tmp_path)
    return tmp_path


def commit(repository: Path) -> None:
    """Commit everything as it stands."""
    for words in (["add", "-A"], ["commit", "-qm", "all"]):
        identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=repository, check=True)


def test_r25_since_refuses_what_ends_a_running_freeze_earlier(publish: Publish, tmp_path: Path) -> None:
    repository = committed(tmp_path)
    assert publish("check", "--since", "HEAD", cwd=repository).code == 0
    event = repository / "content/events/btt-listing-sample.yaml"
    event.write_text(event.read_text().replace("2026-11-24T", "2026-12-24T"))
    ran = publish("check", "--since", "HEAD", cwd=repository)
    assert ran.code == 1
    assert "compared with HEAD, a running freeze would end earlier:" in flat(ran.err)
    assert "btt-listing-sample: the hard freeze for" in flat(ran.err)
    assert "-> keep the old facts, under `revisions:` in the event" in flat(ran.err)
    kept = (
        "revisions:\n  - {until: 2026-11-20T12:00:00Z, because: It was put off., starts: 2026-11-24T10:00:00Z,"
        " ends: 2026-11-24T22:00:00Z}\n"
    )
    event.write_text(event.read_text() + kept)
    assert publish("check", "--since", "HEAD", cwd=repository).code == 0


def test_r98_since_refuses_a_policy_that_changed_under_the_same_version(publish: Publish, tmp_path: Path) -> None:
    repository = committed(tmp_path)
    policy = repository / "content/policy.yaml"
    policy.write_text(policy.read_text().replace("near: 14 d", "near: 15 d"))
    ran = publish("check", "--since", "HEAD", cwd=repository)
    assert ran.code == 1
    assert "content/policy.yaml differs from HEAD, but its version is still 2" in flat(ran.err)
    assert "write `version: 3`" in flat(ran.err)
    policy.write_text(policy.read_text().replace("near: 15 d", "near: 14 d\n    # as before"))
    assert publish("check", "--since", "HEAD", cwd=repository).code == 0


def test_r86_since_refuses_to_drop_support_before_its_time(publish: Publish, tmp_path: Path) -> None:
    repository = committed(tmp_path)
    products = repository / "site_config/products.yaml"
    products.write_text(products.read_text().replace('min_supported: "2.7.0"', 'min_supported: "2.8.0"'))
    ran = publish("check", "--since", "HEAD", cwd=repository)
    assert ran.code == 1
    assert "compared with HEAD, support would end too early:" in flat(ran.err)
    assert "support of web-dashboard would begin at 2.8.0 while the freeze around" in flat(ran.err)
    assert "but no deprecation that is due names 2.7.0" in flat(ran.err)
    assert "-> raise `min_supported` after" in flat(ran.err)
    products.write_text(products.read_text().replace('min_supported: "2.8.0"', 'min_supported: "2.6.0"'))
    assert publish("check", "--since", "HEAD", cwd=repository).code == 0


def test_since_is_not_blinded_by_git_attributes_in_the_content(publish: Publish, tmp_path: Path) -> None:
    repository = committed(tmp_path)
    (repository / ".git/info/attributes").write_text("*.yaml export-ignore\n")
    policy = repository / "content/policy.yaml"
    policy.write_text(policy.read_text().replace("near: 14 d", "near: 15 d"))
    ran = publish("check", "--since", "HEAD", cwd=repository)
    assert ran.code == 1
    assert "content/policy.yaml differs from HEAD, but its version is still 2" in flat(ran.err)
    event = repository / "content/events/btt-listing-sample.yaml"
    policy.write_text(policy.read_text().replace("near: 15 d", "near: 14 d"))
    event.write_text(event.read_text().replace("2026-11-24T", "2026-12-24T"))
    assert "a running freeze would end earlier" in publish("check", "--since", "HEAD", cwd=repository).err


def test_since_outside_of_a_repository_or_for_an_unknown_revision(publish: Publish, tmp_path: Path) -> None:
    repository = committed(tmp_path)
    for revision, words in (("nope", "at that revision"), ("--output=x", "is not a revision")):
        ran = publish("check", f"--since={revision}", cwd=repository)
        assert (ran.code, "Traceback" in flat(ran.err)) == (1, False)
        assert flat(words) in flat(ran.err)


def test_advice_is_shown_and_fails_only_where_it_is_asked_to(publish: Publish, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "content", tmp_path / "content")
    event = tmp_path / "content/events/btt-listing-sample.yaml"
    lines = [line for line in event.read_text().splitlines() if not line.startswith("severity:")]
    event.write_text("\n".join(lines) + "\n")
    given = ["--content", str(tmp_path / "content")]
    ran = publish("check", *given)
    assert ran.code == 0
    assert "no problems, 1 piece of advice.\nbtt-listing-sample: it has no score for `severity`, so" in ran.out
    assert publish("check", "--strict", *given).code == 1
    value = json.loads(publish("check", "--strict", "--json", *given).out)
    assert (value["ok"], value["advice"][0]["about"]) == (False, "btt-listing-sample")


def test_r28_since_refuses_an_event_that_comes_to_require_what_its_freeze_stops(
    publish: Publish, tmp_path: Path
) -> None:
    repository = committed(tmp_path)
    event = repository / "content/events/gateway-move-sample.yaml"
    moved = event.read_text().replace("2026-11-03T", "2026-11-21T").replace("status: happened\n", "")
    event.write_text(moved)
    commit(repository)
    event.write_text(moved + 'requires:\n  - {product: btfs-node, channel: stable, at_least: "4.2.0"}\n')
    release = repository / "content/releases/btfs-node/4.2.0.yaml"
    release.write_text(release.read_text().replace("action: recommended", "action: required"))
    ran = publish("check", "--since", "HEAD", cwd=repository)
    assert ran.code == 1
    assert "gateway-move-sample now requires btfs-node stable 4.2.0 where it required nothing" in flat(ran.err)
    assert "-> add an override of freeze.hard or freeze.soft for that version" in flat(ran.err)
    assert publish("check", cwd=repository).code == 0
