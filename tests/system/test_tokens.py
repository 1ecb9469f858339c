"""Keys on real PKCS#11 tokens (SoftHSM2): added by URI, used to publish, and told of when token or PIN is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, Ran, flat, run_publish
from tests.support.project import Project, with_todays_keys
from tests.support.softhsm import SoftHsm
from tests.support.terminal import at_terminal

pytestmark = pytest.mark.system

PIN, WRONG = "482917", "135791"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    hsm = SoftHsm.made(tmp_path_factory.mktemp("token") / "hsm")
    hsm.new_token("ben", PIN)
    hsm.new_key("ben", PIN, "02")
    return hsm


@pytest.fixture
def hsm(token: SoftHsm, tmp_path: Path) -> SoftHsm:
    """One token, Ben's, with one key."""
    return token.copied(tmp_path / "hsm")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with keys made at the real time, and a release built."""
    return with_todays_keys(tmp_path_factory.mktemp("made") / "project", run_publish, "1.0.0")


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    return made.copied(tmp_path / "project")


def test_the_lines_of_the_readme_put_a_key_on_a_token(project: Project, tmp_path: Path) -> None:
    hsm = SoftHsm.made(tmp_path / "hsm")
    section = (ROOT / "README.md").read_text().partition("### Keys on a token or in a KMS")[2]
    lines = section.partition("```sh\n")[2].partition("```")[0].splitlines()
    assert lines[0].startswith("export PYKCS11LIB=")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines[1:])],
        cwd=project.base,
        env={**os.environ, **hsm.environment, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "hsm:2?label=ben, asked when used" in ran.stdout


def add(project: Project, environment: dict[str, str], uri: str = "hsm:2", name: str = "ben-token") -> Ran:
    words = ("--person", "ben", "--duty", "operations", "--role", "channels", "--from-uri", uri)
    return run_publish("keys", "add", name, *words, cwd=project.base, env=environment)


@pytest.fixture(scope="module")
def added(made: Project, token: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = made.copied(tmp_path_factory.mktemp("added") / "project")
    ran = add(project, token.environment)
    assert ran.code == 0, ran.err
    assert run_publish("keys", "remove", "channels-ben", cwd=project.base).code == 0
    return project


@pytest.fixture
def on_token(added: Project, tmp_path: Path) -> Project:
    """The channel's operations key is on the token, and no other is."""
    return added.copied(tmp_path / "project")


def words_of_release(project: Project) -> tuple[str | Path, ...]:
    return "release", "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket


def release(project: Project, hsm: SoftHsm, **more: str) -> Ran:
    return run_publish(*words_of_release(project), cwd=project.base, env={**hsm.environment, **more})


def is_published(project: Project) -> bool:
    return bool(list(project.bucket.rglob("timestamp.json")))


def test_a_token_signs_a_release_that_auditor_and_client_verify(
    on_token: Project, hsm: SoftHsm, tmp_path: Path
) -> None:
    assert "uri: hsm:2?label=ben\n" in (on_token.config / "signers.yaml").read_text()
    published = release(on_token, hsm, TIDEGATE_PIN=PIN)
    assert published.code == 0, published.err
    root = on_token.config / "root.json"
    audit = run_publish("verify", on_token.bucket, "--root", root, cwd=on_token.base)
    assert (audit.code, audit.out.splitlines()[-1]) == (0, "Sound.")
    checked = client(on_token, tmp_path)
    assert "1.0.0" in checked
    assert "Signed by ana (engineering) and ben (operations): verified" in checked


def client(project: Project, tmp_path: Path) -> str:
    """What an update check says, where the cryptography package is installed."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "publisher.client", "check", "--url", project.bucket.as_uri()),
            *("--root", str(project.config / "root.json"), "--state", str(tmp_path / "state")),
            *("--product", "node", "--channel", "stable", "--platform", "linux-amd64", "--current", "0.9.0"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=60,
    )
    return ran.stdout + ran.stderr


def test_whoever_has_the_token_approves_with_it_and_promoting_needs_it_no_more(on_token: Project, hsm: SoftHsm) -> None:
    where = ("node@1.0.0", "--channel", "stable", "--to", on_token.bucket)
    staged = run_publish("stage", *where, "--artifacts", "artifacts/1.0.0", cwd=on_token.base)
    assert staged.code == 0, staged.err
    digest = json.loads(run_publish("approve", *where, "--json", cwd=on_token.base).out)["candidate"]
    sign = ("approve", *where, "--yes", digest, "--key")
    assert run_publish(*sign, "channels-ana", cwd=on_token.base).code == 0
    elsewhere = run_publish(*sign, "ben-token", cwd=on_token.base)
    assert elsewhere.code == 1
    assert "the key ben-token cannot be used: it is not known how to speak to tokens here" in flat(elsewhere.err)
    with_token = {**hsm.environment, "TIDEGATE_PIN": PIN}
    signed = run_publish(*sign, "ben-token", cwd=on_token.base, env=with_token)
    assert signed.code == 0, signed.err
    last = run_publish("promote", *where, cwd=on_token.base)
    assert last.code == 0, last.err
    assert "node 1.0.0 is live in stable" in last.out


def test_a_wrong_pin_is_tried_once_and_not_repeated_in_the_message(
    on_token: Project, hsm: SoftHsm, tmp_path: Path
) -> None:
    watched = hsm.watched(tmp_path / "calls.log")
    refused = run_publish(*words_of_release(on_token), cwd=on_token.base, env={**watched, "TIDEGATE_PIN": WRONG})
    assert refused.code == 1
    assert "the key ben-token cannot be used: the PIN is wrong; it was tried once" in flat(refused.err)
    assert (tmp_path / "calls.log").read_text().count("C_Login") == 1
    assert WRONG not in flat(refused.err) + refused.out
    assert not is_published(on_token)
    assert release(on_token, hsm, TIDEGATE_PIN=PIN).code == 0


def test_without_a_terminal_it_says_where_to_give_the_pin(on_token: Project, hsm: SoftHsm) -> None:
    refused = release(on_token, hsm, TIDEGATE_PASSPHRASE="the passphrase of the files")
    assert refused.code == 1
    assert "the key ben-token asks for its PIN, and there is none" in flat(refused.err)
    assert "TIDEGATE_PIN" in flat(refused.err)
    assert not is_published(on_token)


def test_the_pin_is_asked_for_once_at_the_terminal(on_token: Project, hsm: SoftHsm) -> None:
    code, said = at_terminal(words_of_release(on_token), on_token.base, hsm.environment, [("PIN of", PIN)])
    assert code == 0, said
    assert said.count("PIN of ben-token: ") == 1
    assert PIN not in said


def test_a_token_that_is_absent_is_told_before_anybody_is_asked_for_a_pin(on_token: Project, hsm: SoftHsm) -> None:
    hsm.remove_token("ben")
    refused = release(on_token, hsm)
    assert refused.code == 3
    assert "Left out: the key ben-token cannot be used: its token is not here" in flat(refused.err)
    assert "still needs the approval of a person with the duty operations" in " ".join(refused.err.split())
    assert not is_published(on_token)
    assert "its token is not here" in flat(add(on_token, hsm.environment, name="other").err)


def test_of_two_tokens_the_uri_names_one(on_token: Project, hsm: SoftHsm) -> None:
    hsm.new_token("eva", "999999")
    hsm.new_key("eva", "999999", "02")
    unclear = add(on_token, hsm.environment, name="eva-token")
    assert unclear.code == 1
    assert "several tokens are here" in flat(unclear.err)
    assert "hsm:2?label=NAME" in flat(unclear.err)
    assert add(on_token, hsm.environment, "hsm:2?label=eva", "eva-token").code == 0
    assert release(on_token, hsm, TIDEGATE_PIN=WRONG).code == 1, "a wrong PIN opens no token"
    assert run_publish("keys", "remove", "eva-token", cwd=on_token.base).code == 0
    assert release(on_token, hsm, TIDEGATE_PIN=PIN).code == 0


def test_a_token_that_hides_its_public_keys_asks_for_the_pin(project: Project, hsm: SoftHsm) -> None:
    hsm.hide_public("ben", PIN, "02")
    before = (project.config / "signers.yaml").read_bytes()
    asked = add(project, hsm.environment)
    assert asked.code == 1
    assert "asks for its PIN, and there is none" in flat(asked.err)
    wrong = add(project, {**hsm.environment, "TIDEGATE_PIN": WRONG})
    assert "the PIN is wrong; it was tried once" in flat(wrong.err)
    absent = add(project, {**hsm.environment, "TIDEGATE_PIN": PIN})
    assert "the token has no ECDSA key of this id" in flat(absent.err)
    assert (project.config / "signers.yaml").read_bytes() == before


def test_a_curve_that_is_not_taken(project: Project, hsm: SoftHsm) -> None:
    hsm.new_key("ben", PIN, "05", "EC:secp384r1")
    refused = add(project, hsm.environment, "hsm:5")
    assert refused.code == 1
    assert "hsm:5 signs by ecdsa-sha2-nistp384, which is not taken" in flat(refused.err)


def test_another_key_in_the_place_of_the_one_that_was_added(on_token: Project, hsm: SoftHsm) -> None:
    hsm.remove_token("ben")
    hsm.new_token("ben", PIN)
    hsm.new_key("ben", PIN, "02")
    refused = release(on_token, hsm, TIDEGATE_PIN=PIN)
    assert refused.code == 1
    assert "the key at hsm:2?label=ben is not the one that signers.yaml lists for ben-token" in flat(refused.err)
    assert not is_published(on_token)
