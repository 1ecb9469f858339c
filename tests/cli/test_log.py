"""publish log, and what the commands that publish leave in it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from publisher.pipeline.ledger_append import read_ledger
from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree

MARKED = ("Atlantis listing", "atlantis-desk", "atlantis")
"""Words of an event that is not public; its id and file name too."""

_EVENT = """\
id: {2}
title: {0}
type: exchange-listing
ecosystem: btt
visibility: {3}
starts: 2000-01-01T00:00:00Z
ends: 2199-01-01T00:00:00Z
severity: {{score: 3, because: {1} says so}}
lead_time: {{score: 3, because: {1} says so}}
impact: {{client_load: 1, node_churn: 1, support_traffic: 2, compatibility_risk: 0}}
summary: {0} is near.
"""


TODAY = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """1.0.0 is published, 1.1.0 is built."""
    base = tmp_path_factory.mktemp("log") / "project"
    project = Project(base, now=TODAY)
    project.publish("1.0.0")
    project.add_release("1.1.0")
    project.build("1.1.0")
    return project


def run(publish: Publish, project: Project, command: str, *more: str) -> Ran:
    return publish(command, *more, "--to", project.bucket, cwd=project.base)


def release(publish: Publish, project: Project, *more: str) -> Ran:
    words = ("node@1.1.0", "--channel", "stable", "--artifacts", "artifacts/1.1.0")
    return run(publish, project, "release", *words, *more)


def freeze(project: Project, hidden: str = "internal") -> None:
    (project.content / "events/atlantis.yaml").write_text(_EVENT.format(*MARKED, hidden))


def said(ran: Ran) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads(ran.out)
    return found


def test_r17_the_log_tells_changes_and_refusals_newest_last_in_80_columns(project: Project, publish: Publish) -> None:
    assert release(publish, project).code == 0
    freeze(project)
    project.add_release("1.2.0")
    project.build("1.2.0")
    words = ("node@1.2.0", "--channel", "stable", "--artifacts", "artifacts/1.2.0")
    assert run(publish, project, "stage", *words).code == 3
    ran = run(publish, project, "log", "--verify")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    heads = [line.split("  ")[-1] for line in lines if line[:4].strip().isdigit()]
    assert heads == [
        "stage: node 1.0.0 to stable",
        "release: node 1.0.0 to stable",
        "stage: node 1.1.0 to stable",
        "release: node 1.1.0 to stable",
        "stage refused: node 1.2.0 to stable",
    ]
    assert "      Published node.stable version 2, snapshot version 2, timestamp version 2." in lines
    assert f'      freeze.hard (waiting): Hard freeze around "{MARKED[0]}":' in ran.out
    digest = project.catalog.policy.digest()[:12]
    assert f"      Policy 1, {digest}; signed by ana (engineering)." in lines
    assert "      Approved by ana (engineering), ben (operations) and eva (executive)." in lines
    assert lines[-1] == "Sound: 5 of 5 entries verify, and they lead to what is live."


def test_the_colour_of_a_refusal_takes_no_room_in_its_line(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(project)
    assert release(publish, project).code == 3
    monkeypatch.setenv("COLUMNS", str(len("   3  2026-11-20T12:00:00Z  release refused: node 1.1.0 to stable")))
    [line] = [line for line in run(publish, project, "log").out.splitlines() if " refused" in line]
    assert line.endswith("  release refused: node 1.1.0 to stable")
    monkeypatch.setenv("COLUMNS", "50")
    assert "Z  release refused: node\n      1.1.0 to stable\n" in run(publish, project, "log").out


def test_a_rollback_is_told_as_one_from_a_channel(project: Project, publish: Publish) -> None:
    assert release(publish, project).code == 0
    assert run(publish, project, "rollback", "node@1.1.0", "--because", "It stops.", "--channel", "stable").code == 0
    assert "  rollback: node 1.1.0 from stable\n" in run(publish, project, "log").out


def test_r17_a_noted_head_proves_that_the_past_is_still_there(project: Project, publish: Publish) -> None:
    head = run(publish, project, "log").out.splitlines()[-1].strip()
    assert head.startswith("2:")
    assert release(publish, project).code == 0
    ran = run(publish, project, "log", "--expect", head, "--last", "1")
    assert ran.code == 0, ran.err
    assert "Sound: 4 of 4 entries verify" in ran.out
    assert "1.0.0" not in ran.out
    other = run(publish, project, "log", "--expect", f"2:{'0' * 64}")
    assert other.code == 4
    assert "is not what was noted" in other.out
    later = run(publish, project, "log", "--expect", f"7:{'0' * 64}")
    assert later.code == 4
    assert "was noted as the head and is missing; the last entry here is 4." in " ".join(later.out.split())


def test_r17_a_promotion_that_is_refused_is_logged_too(project: Project, publish: Publish) -> None:
    where = ("node@1.1.0", "--channel", "stable")
    assert run(publish, project, "stage", *where, "--artifacts", "artifacts/1.1.0").code == 0
    freeze(project)
    assert run(publish, project, "promote", *where).code == 3
    ran = run(publish, project, "log", "--verify", "--last", "1")
    assert (ran.code, "   4  " in ran.out, "promote refused: node 1.1.0 to stable" in ran.out) == (0, True, True)


@pytest.mark.parametrize("head", ["2", "2:abc", "0:" + "a" * 64, "x:" + "a" * 64])
def test_a_head_in_another_form_is_a_usage_error(project: Project, publish: Publish, head: str) -> None:
    ran = run(publish, project, "log", "--expect", head)
    assert (ran.code, "NUMBER:SHA256" in flat(ran.err)) == (2, True)


@pytest.mark.parametrize("as_json", [True, False])
def test_r17_a_ledger_that_does_not_verify_exits_with_4_and_says_what_is_wrong(
    project: Project, publish: Publish, as_json: bool
) -> None:
    (project.bucket / "ledger/00000002.json").unlink()
    ran = run(publish, project, "log", "--verify", *(["--json"] if as_json else []))
    assert ran.code == 4
    if as_json:
        answer = json.loads(ran.out)
        assert (answer["ok"], answer["verified"]) == (False, True)
        assert [one["where"] for one in answer["findings"]] == ["tuf/metadata/timestamp.json"]
    else:
        assert "which no entry announces" in " ".join(ran.out.split())
        assert "the ledger does not verify" in flat(ran.err)
    assert run(publish, project, "log").code == 0, "without --verify nothing is judged"


def test_an_entry_that_cannot_be_read_hides_no_other(project: Project, publish: Publish) -> None:
    entry = project.bucket / "ledger/00000001.json"
    entry.unlink()
    entry.write_text("junk")
    ran = run(publish, project, "log")
    assert ran.code == 0
    assert "   1  cannot be read; --verify says more" in ran.out
    assert "release: node 1.0.0 to stable" in ran.out
    assert said(run(publish, project, "log", "--json"))["entries"][0]["number"] == 1


@pytest.mark.parametrize("hidden", ["internal", "embargoed\nembargoed_until: 2198-01-01T00:00:00Z"])
def test_r96_the_public_log_holds_no_word_that_is_not_public(project: Project, publish: Publish, hidden: str) -> None:
    freeze(project, hidden)
    assert release(publish, project).code == 3
    private = run(publish, project, "log", "--json").out
    assert MARKED[0] in private
    assert f'"{MARKED[2]}"' in private
    for more in ((), ("--json",), ("--verify",), ("--last", "1")):
        public = run(publish, project, "log", "--public", *more).out
        assert [word for word in MARKED if word.lower() in public.lower()] == []
        assert "node" in public
    refusal = said(run(publish, project, "log", "--public", "--json"))["entries"][-1]
    assert (refusal["refused"], refusal["number"]) == (True, 3)
    assert refusal["policy_digest"] == project.catalog.policy.digest()
    assert "decision_sha256" not in refusal


def test_what_somebody_with_the_bucket_wrote_cannot_steer_a_terminal(project: Project, publish: Publish) -> None:
    entry = project.bucket / "ledger/00000002.json"
    envelope = json.loads(entry.read_bytes())
    payload = json.loads(base64.b64decode(envelope["payload"]))
    payload["roles"] = {"\x1b[2Jowned": 1}
    entry.unlink()
    entry.write_text(json.dumps({**envelope, "payload": base64.b64encode(json.dumps(payload).encode()).decode()}))
    ran = run(publish, project, "log")
    assert "owned" in ran.out
    assert "\x1b" not in ran.out


def test_r96_a_release_that_is_not_public_is_not_in_the_public_log(project: Project, publish: Publish) -> None:
    file = project.content / "releases/node/1.1.0.yaml"
    file.write_text(file.read_text() + "visibility: internal\n")
    assert release(publish, project).code == 3
    assert "release refused: node 1.1.0" in run(publish, project, "log").out
    for more in ((), ("--json",)):
        assert "1.1.0" not in run(publish, project, "log", "--public", *more).out


def test_json_tells_entries_and_head(project: Project, publish: Publish) -> None:
    answer = json.loads(run(publish, project, "log", "--json", "--verify", "--last", "1").out)
    assert list(answer) == ["ok", "entries", "head", "verified", "findings"]
    [entry] = answer["entries"]
    assert (entry["number"], entry["took_effect"], entry["signed_by"]) == (2, True, ["ben (automation)"])
    assert answer["head"] == {"number": 2, "sha256": entry["sha256"]}


def test_an_empty_ledger_is_said_and_is_sound(project: Project, publish: Publish) -> None:
    empty = Project(project.base / "empty")
    empty.storage()
    ran = run(publish, empty, "log", "--verify")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("The ledger is empty: nothing was staged, published or refused here so far.\n")


def test_a_dry_run_logs_nothing_not_even_a_refusal(project: Project, publish: Publish) -> None:
    before = tree(project.bucket)
    planned = release(publish, project, "--dry-run")
    assert "  append   signed entries to ledger/" in planned.out
    freeze(project)
    assert release(publish, project, "--dry-run").code == 3
    assert tree(project.bucket) == before


def test_a_refusal_without_a_bucket_says_that_it_is_not_logged(project: Project, publish: Publish) -> None:
    freeze(project)
    words = ("node@1.1.0", "--channel", "stable", "--artifacts", "artifacts/1.1.0", "--to", "nowhere")
    ran = publish("release", *words, cwd=project.base)
    assert ran.code == 3
    assert ran.err.count("ledger") == 1
    assert flat(ran.err).startswith("publish: the refusal is not in the ledger: there is no Tidegate bucket at ")
    assert not (project.base / "nowhere").exists()


def test_a_refusal_without_a_key_says_that_it_is_not_logged(project: Project, publish: Publish) -> None:
    freeze(project)
    before = tree(project.bucket)
    ran = release(publish, project, "--keys", "empty", "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["error"] == "RefusedByPolicy"
    assert ran.err.count("publish: ") == 1
    assert flat(ran.err).startswith(
        "publish: the refusal is not in the ledger: no key that may sign the ledger is available"
    )
    assert tree(project.bucket) == before


def test_the_audit_from_outside_passes_with_a_ledger(project: Project, publish: Publish) -> None:
    ran = publish("verify", project.bucket, "--root", project.config / "root.json")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Sound.")


def test_an_entry_that_is_too_large_to_be_read_is_found_and_hides_nothing(project: Project, publish: Publish) -> None:
    entry = project.bucket / "ledger/00000001.json"
    entry.chmod(0o600)
    entry.write_bytes(b" " * (9 * 1024 * 1024))
    ran = run(publish, project, "log", "--verify")
    assert ran.code == 4
    assert "ledger/00000001.json is not a ledger entry" in " ".join(ran.out.split())
    assert "release: node 1.0.0 to stable" in ran.out


def test_what_nobody_of_ours_signed_is_told_as_such_where_it_stands(project: Project, publish: Publish) -> None:
    """Without a key: else whoever reads the log is told of approvals that nobody gave."""
    last = read_ledger(project.storage()).logged[-1]
    assert last.entry is not None
    forged = last.entry.model_copy(update={"approved_by": ("mallory (engineering)",)})
    envelope = json.loads(last.data)
    envelope["payload"] = base64.b64encode(forged.model_dump_json().encode()).decode()
    (project.bucket / "ledger/00000003.json").write_text(json.dumps(envelope))
    assert "None of this was verified" in " ".join(run(publish, project, "log").out.split())
    ran = run(publish, project, "log", "--verify")
    assert ran.code == 4
    [listed] = [line for line in ran.out.splitlines() if line.startswith("   3  ")]
    words = " ".join(ran.out[ran.out.index(listed) :].split())
    assert words.index("This entry does not verify") < words.index("mallory")
