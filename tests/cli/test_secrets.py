"""No secret in any output, record, traceback or process list: every command runs with marked ones, failing too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.cli.main import COMMANDS
from tests.support.command import Publish
from tests.support.project import Project

PASSPHRASE = "marked-passphrase-correct-horse"
WRONG = "marked-passphrase-that-opens-nothing"
PIN = "marked-pin-739184"
AWS = "marked/aws+secret/key0123456789abcdefghij"
SECRETS = {
    "TIDEGATE_PASSPHRASE": PASSPHRASE,
    "TIDEGATE_PIN": PIN,
    "AWS_SECRET_ACCESS_KEY": AWS,
    "AWS_SESSION_TOKEN": "marked-session-token-4711",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "HTTPS_PROXY": "",
}
MARKED = re.compile(rb"marked[-/][a-z]|BEGIN (ENCRYPTED )?PRIVATE KEY")

S3 = "s3://somewhere/prefix?endpoint=http://127.0.0.1:9"
"""Nobody listens there."""


pytestmark = pytest.mark.loopback


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Keys that are encrypted with a marked passphrase, and two releases that were built."""
    project = Project(tmp_path_factory.mktemp("secrets") / "project", passphrase=PASSPHRASE)
    for version in ("1.0.0", "1.1.0"):
        project.add_release(version)
        project.build(version)
    return project


def words(project: Project) -> list[tuple[str, ...]]:
    """At least one line a command: some that work, some that fail in the store, some that cannot open a key."""
    to = ("--to", str(project.bucket))
    one = ("node@1.0.0", "--channel", "stable")
    two = ("node@1.1.0", "--channel", "stable")
    built = ("--artifacts", "artifacts/1.0.0")
    root = ("--root", "site_config/root.json")
    return [
        ("check",),
        ("policy",),
        ("why", "node@1.0.0"),
        ("calendar",),
        ("explain",),
        ("plan", "node@1.0.0"),
        ("backtest", "--events", "absent.json", "--releases", "absent.json"),
        ("maintenance",),
        ("release", *one, *built, "--to", S3),
        ("release", *one, *built, *to),
        ("announce", "node", "--channel", "stable", *to),
        ("stage", *two, "--artifacts", "artifacts/1.1.0", *to),
        ("approve", *two, *to),
        ("approve", *two, "--key", "channels-ana", "--yes", "0" * 64, *to),
        ("approve", *two, "--key", "file:keys/channels-ana.pem", "--yes", "0" * 64, *to),
        ("promote", *two, *to),
        ("rollback", *one, "--because", "It stops.", *to),
        ("hold", "node", "--channel", "stable", "--because", "It stops.", "--next-update", "6h", "--yes", *to),
        ("lift", *one, *to),
        (
            *("mitigate", "node", "--versions", "1.0.0..", "--set", "cache=off", "--because", "It stops."),
            *("--until", "7d", "--yes", *to),
        ),
        ("withdraw", *one, "--because", "It stops.", "--action", "stop", "--yes", *to),
        ("status", *to),
        ("log", "--verify", *to),
        ("recover", *to),
        ("refresh", *to),
        ("refresh", "--units", "units", *to),
        ("refresh", "--units", "units-of-s3", "--to", "s3://AKIDEXAMPLE:marked-in-an-address@somewhere/prefix"),
        ("bucket", "policy", "--to", S3),
        ("verify", str(project.bucket), *root),
        ("keys", "list"),
        ("keys", "add", "zoe-ops", "--person", "zoe", "--duty", "operations", "--role", "channels", "--new"),
        (
            "keys",
            "add",
            "yan-ops",
            "--person",
            "yan",
            "--duty",
            "operations",
            "--role",
            "channels",
            "--from-uri",
            "hsm:2",
        ),
        ("keys", "rotate", "timestamp-ben", "--as", "timestamp-ben-2", "--new"),
        ("keys", "stage", *to),
        ("keys", "promote", *to),
        ("client", *root, "--url", "https://dl.btfs.test", "--product", "node", "--channel", "stable"),
        ("build", "--to", "site"),
        ("render", "--to", "pages"),
        ("import", "events", "--from", "absent.json", "--mapping", "absent.yaml"),
        ("schema", "--to", "schemas"),
        ("serve", "--port", "0", "--bucket", "absent"),
        ("demo", "--nothing"),
    ]


def test_every_command_is_tried(project: Project) -> None:
    assert {line[0] for line in words(project)} == set(COMMANDS)


@pytest.mark.parametrize(("passphrase", "more"), [(PASSPHRASE, ()), (PASSPHRASE, ("--debug",)), (WRONG, ("--debug",))])
def test_no_secret_leaves_any_command(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch, passphrase: str, more: tuple[str, ...]
) -> None:
    for name, value in {**SECRETS, "TIDEGATE_PASSPHRASE": passphrase}.items():
        monkeypatch.setenv(name, value)
    for line in words(project):
        ran = publish(*line, *more, cwd=project.base)
        assert not MARKED.search((ran.out + ran.err).encode()), (line, ran.out, ran.err)
        if line[0] == "release" and S3 not in line and passphrase == PASSPHRASE and not more:
            assert ran.code == 0, ran.err  # so the keys were really opened with it
    for path in project.base.rglob("*"):
        if path.is_file() and path.parent != project.keys:
            assert not MARKED.search(path.read_bytes()), path


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_secret_is_never_among_the_words_of_a_process(publish: Publish, command: str) -> None:
    """What others on the machine can list is the command line; secrets come by prompt or environment only."""
    options = re.findall(r"--[a-z-]+", publish(command, "--help").out)
    assert not [one for one in options if re.fullmatch(r"--(passphrase|password|pin|secret.*|token)", one)]


def test_an_unexpected_error_shows_no_secret_either(project: Project, tmp_path: Path) -> None:
    """A traceback tells lines of code, never values."""
    script = tmp_path / "boom.py"
    script.write_text(
        "import publisher.signing.key_files as keys\n"
        "def boom(*_, **__): raise RuntimeError('it broke')\n"
        "keys.load_pem_private_key = boom\n"
        "import sys\n"
        "from publisher.cli.main import main\n"
        f"sys.argv = ['publish', '--debug', 'release', 'node@1.1.0', '--channel', 'stable', '--artifacts',"
        f" 'artifacts/1.1.0', '--to', {str(project.bucket)!r}]\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, str(script)],
        cwd=project.base,
        env={**os.environ, **SECRETS},
        capture_output=True,
        check=False,
    )
    assert b"it broke" in ran.stderr
    assert not MARKED.search(ran.stdout + ran.stderr)
