"""publish release, verify, keys and client as a maintainer types them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys
from tests.support.wheels import installed_wheels, lock_of, write_wheels


@pytest.fixture
def ready(tmp_path: Path, publish: Publish) -> Project:
    """A project whose keys were made by the command, at the real time, with one release built."""
    return with_todays_keys(tmp_path / "project", publish, "1.0.0")


def release(publish: Publish, project: Project, *more: str | Path, name: str = "node@1.0.0") -> Ran:
    return publish("release", name, "--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket,
        *more, cwd=project.base,
    )  # fmt: skip


def test_a_release_is_published_and_a_second_run_has_nothing_to_do(ready: Project, publish: Publish) -> None:
    first = release(publish, ready)
    assert first.code == 0, first.err
    assert "node 1.0.0 is published to stable." in first.out
    before = tree(ready.bucket)
    second = release(publish, ready)
    assert second.code == 0
    assert "nothing was written" in second.out
    assert tree(ready.bucket) == before


def test_a_dry_run_prints_the_plan_that_is_then_applied(
    ready: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr("publisher.cli.release.release.wall_clock", lambda: now)
    planned = json.loads(release(publish, ready, "--dry-run", "--json").out)
    assert not ready.bucket.exists()
    applied = json.loads(release(publish, ready, "--json").out)
    assert [one["key"] for one in planned["plan"]] == [one["key"] for one in applied["plan"]]
    pointer = "staging/node.stable/current.json"
    flips = ["ledger/00000001.json", pointer, "ledger/00000002.json", "tuf/metadata/timestamp.json", pointer]
    assert sorted(applied["written"]) == sorted([*(one["key"] for one in planned["plan"]), *flips])


def test_a_dry_run_for_people_names_every_object(ready: Project, publish: Publish) -> None:
    ran = release(publish, ready, "--dry-run")
    assert ran.code == 0
    assert "nothing was written" in ran.out
    assert "releases/node/1.0.0/SHA256SUMS" in ran.out


def test_r19_a_frozen_release_exits_with_3_and_says_until_when(ready: Project, publish: Publish) -> None:
    ready.add_listing("2000-01-01T00:00:00Z", "2199-01-01T00:00:00Z")
    ran = release(publish, ready)
    assert ran.code == 3
    assert "Tuesday 1 January 2199, 00:00 UTC" in flat(ran.err)
    assert not any(tree(ready.bucket))


def test_at_is_for_dry_runs_only(ready: Project, publish: Publish) -> None:
    ran = release(publish, ready, "--at", "2026-01-01T00:00:00Z")
    assert ran.code == 2
    assert "--dry-run" in flat(ran.err)


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("nodee@1.0.0", "did you mean node?", 1),
        ("node@1.0.1", "did you mean 1.0.0?", 1),
        ("node", "PRODUCT@VERSION", 2),
    ],
)
def test_an_unknown_release_is_refused_with_the_nearest_name(
    ready: Project, publish: Publish, name: str, words: str, code: int
) -> None:
    ran = release(publish, ready, name=name)
    assert (ran.code, flat(words) in flat(ran.err)) == (code, True)
    assert not any(tree(ready.bucket))


def test_an_unknown_channel_is_refused(ready: Project, publish: Publish) -> None:
    ran = publish("release", "node@1.0.0", "--channel", "stabel", "--artifacts", "artifacts/1.0.0", "--to", "bucket",
        cwd=ready.base,
    )  # fmt: skip
    assert ran.code == 1
    assert "did you mean stable?" in flat(ran.err)


def test_a_directory_that_is_not_our_bucket_exits_with_5(ready: Project, publish: Publish) -> None:
    ready.bucket.mkdir()
    (ready.bucket / "holiday.jpg").write_bytes(b"photo")
    ran = release(publish, ready)
    assert ran.code == 5
    assert tree(ready.bucket) == {"holiday.jpg": b"photo"}


def test_other_bytes_under_the_same_version_exit_with_5(ready: Project, publish: Publish) -> None:
    release(publish, ready)
    ready.build("1.0.0", extra="rebuilt")
    before = tree(ready.bucket)
    ran = release(publish, ready)
    assert ran.code == 5
    assert "node@1.0.0 is already published with other bytes (node-1.0.0-linux-amd64.tar.gz" in flat(ran.err)
    assert "publish under a new version" in " ".join(ran.err.split())
    assert tree(ready.bucket) == before


def test_no_bucket_named_is_a_usage_error(ready: Project, publish: Publish) -> None:
    ran = publish("release", "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0", cwd=ready.base)
    assert ran.code == 2
    assert "--to" in flat(ran.err)


def test_sample_content_is_never_published_with_real_keys(ready: Project, publish: Publish) -> None:
    (ready.content / "sample.yaml").write_text("reference_time: 2026-11-20T12:00:00Z\nnotice: A sample.\n")
    ran = release(publish, ready)
    assert ran.code == 1
    assert "sample content" in flat(ran.err)


@pytest.mark.parametrize("host", ["dl.example.org", "example.com", "a.b.example.net", "dl.example"])
@pytest.mark.parametrize("command", ["release", "stage"])
def test_example_addresses_are_never_signed(ready: Project, publish: Publish, command: str, host: str) -> None:
    endpoints = ready.config / "endpoints.yaml"
    endpoints.write_text(f"# Not {host}\n" + endpoints.read_text().replace("dl.btfs.test", host))
    [line] = [at for at, text in enumerate(endpoints.read_text().splitlines(), 1) if f"//{host}" in text]
    words = (command, "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", ready.bucket)
    ran = publish(*words, cwd=ready.base)
    assert ran.code == 1
    assert f"endpoints.yaml:{line}:1: still names an example address: {host}\n" in ran.err
    assert not any(tree(ready.bucket))


FILL = '# Safety\n\n<p class="tg-fill" role="note">To be filled in.</p>\n'
STUDY = "# Study\n\n<!-- Operators: delete this page,\n  which is ours -->\n"


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [(FILL, 3, "replace this paragraph with your own words"), (STUDY, 3, "delete this page, which is ours")],
)
@pytest.mark.parametrize("command", ["release", "stage"])
def test_nothing_is_published_while_a_page_is_left_from_the_example(
    ready: Project, publish: Publish, command: str, text: str, line: int, fix: str
) -> None:
    page = ready.content / "pages/safety.md"
    page.parent.mkdir()
    page.write_text(text, encoding="utf-8")
    words = (command, "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", ready.bucket)
    ran = publish(*words, cwd=ready.base)
    assert ran.code == 1
    assert f"content/pages/safety.md:{line}:1: is left from the example\n    -> {fix}\n" in ran.err
    assert not any(tree(ready.bucket))
    advice = publish("check", cwd=ready.base)
    assert (advice.code, f"content/pages/safety.md:{line}:1: is left from the example" in advice.out) == (0, True)


def test_a_file_of_another_release_is_not_published(ready: Project, publish: Publish) -> None:
    ready.add_release("1.1.0")
    file = ready.content / "releases/node/1.1.0.yaml"
    file.write_text(file.read_text().replace("{version}", "*"))
    words = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", ready.bucket)
    ran = publish("release", "node@1.1.0", *words, cwd=ready.base)
    assert ran.code == 1
    assert "node-1.0.0-linux-amd64.tar.gz looks like 1.0.0, not like 1.1.0" in flat(ran.err)
    assert not any(tree(ready.bucket))


@pytest.mark.parametrize("words", [("verify", "."), ("client", "--url", "https://dl.btfs.test", "--product", "node",
    "--channel", "stable", "--to", "tidegate.pyz")], ids=["verify", "client"])  # fmt: skip
def test_a_file_that_is_no_root_is_an_input_error(ready: Project, publish: Publish, words: tuple[str, ...]) -> None:
    (ready.base / "README.md").write_text("# Root\n")
    root = json.loads(ready.root)
    root["signatures"] = root["signatures"][:1]
    (ready.base / "half.json").write_text(json.dumps(root))
    for name in ("README.md", "half.json"):
        ran = publish(*words, "--root", name, cwd=ready.base)
        assert ran.code == 1
        assert f"{name} is not a TUF root" in flat(ran.err)
    assert not (ready.base / "tidegate.pyz").exists()


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--url", "http://dl.btfs.test", "not encrypted"),
        ("--url", "dl.btfs.test", "cannot be used"),
        ("--product", "My Node", "'My Node' is not an id"),
        ("--channel", "Stable", "'Stable' is not an id"),
    ],
)
def test_a_client_that_could_not_work_is_not_built(
    ready: Project, publish: Publish, option: str, text: str, words: str
) -> None:
    given = {"--url": "https://dl.btfs.test", "--product": "node", "--channel": "stable", option: text}
    options = [word for pair in given.items() for word in pair]
    ran = publish("client", "--root", "site_config/root.json", *options, "--to", "tidegate.pyz", cwd=ready.base)
    assert (ran.code, flat(words) in flat(ran.err)) == (1, True)
    assert not (ready.base / "tidegate.pyz").exists()


def test_verify_of_an_address_that_is_not_encrypted_is_an_input_error(ready: Project, publish: Publish) -> None:
    ran = publish("verify", "http://dl.btfs.test", "--root", ready.config / "root.json")
    assert (ran.code, "not encrypted" in flat(ran.err)) == (1, True)


def test_verify_says_sound_and_exits_with_0(ready: Project, publish: Publish) -> None:
    release(publish, ready)
    ran = publish("verify", ready.bucket, "--root", ready.config / "root.json")
    assert ran.code == 0, ran.out
    assert ran.out.endswith("Sound.\n")
    ran = publish("verify", ready.bucket, "--root", ready.config / "root.json", "--json")
    said = json.loads(ran.out)
    assert list(said) == ["ok", "at", "place", "address", "signatures", "objects", "findings"]
    assert (said["ok"], said["findings"]) == (True, [])


@pytest.mark.parametrize("as_json", [True, False])
def test_verify_of_a_changed_bucket_exits_with_4(ready: Project, publish: Publish, as_json: bool) -> None:
    release(publish, ready)
    (ready.bucket / "releases/node/1.0.0/SHA256SUMS").write_text("")
    more = ["--json"] if as_json else []
    ran = publish("verify", ready.bucket, "--root", ready.config / "root.json", *more)
    assert ran.code == 4
    if as_json:
        said = json.loads(ran.out)
        assert (said["ok"], [one["level"] for one in said["findings"]]) == (False, ["error"])
    else:
        assert "SHA256SUMS" in ran.out
        assert "1 finding refutes this channel" in flat(ran.err)


def test_keys_are_private_and_never_made_twice(ready: Project, publish: Publish) -> None:
    assert {key.stat().st_mode & 0o777 for key in ready.keys.iterdir()} == {0o600}
    before = tree(ready.base)
    ran = publish("keys", "init", "--no-passphrase", "--person", "ana:engineering", cwd=ready.base)
    assert ran.code != 0
    assert tree(ready.base) == before


def test_too_few_people_for_a_role_are_a_usage_error(tmp_path: Path, publish: Publish) -> None:
    project = Project(tmp_path / "project")
    (project.config / "root.json").unlink()
    ran = publish("keys", "init", "--no-passphrase", "--keys", "other", "--person", "ana:engineering", cwd=project.base)
    assert ran.code == 2
    assert "needs 2 persons" in flat(ran.err)
    assert not (project.base / "other").exists()


def test_the_client_is_built_the_same_twice_and_names_what_it_holds(
    ready: Project, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = installed_wheels()
    monkeypatch.setattr("publisher.cli.wheels.client_lock", lambda: lock_of(wheels))
    words = ("client", "--root", ready.config / "root.json", "--url", "https://dl.btfs.test", "--product", "node",
             "--channel", "stable", "--to", tmp_path / "tidegate.pyz",
             "--wheels", write_wheels(tmp_path / "wheels", wheels))  # fmt: skip
    ran = publish(*words)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-3:] == [f"  {one.name} {one.version}  sha256:{one.digest}" for one in wheels]
    first = (tmp_path / "tidegate.pyz").read_bytes()
    assert "nothing was written" in publish(*words).out
    assert (tmp_path / "tidegate.pyz").read_bytes() == first


def test_a_wheel_that_the_lock_does_not_name_gets_into_no_client(
    ready: Project, publish: Publish, tmp_path: Path
) -> None:
    """The real lock, and files of the right names with other bytes."""
    wheels = write_wheels(tmp_path / "wheels", installed_wheels())
    words = ("client", "--root", ready.config / "root.json", "--url", "https://dl.btfs.test", "--product", "node")
    ran = publish(*words, "--channel", "stable", "--to", tmp_path / "tidegate.pyz", "--wheels", wheels)
    assert (ran.code, "is not the wheel that the lock lists" in flat(ran.err)) == (1, True)
    assert not (tmp_path / "tidegate.pyz").exists()
