"""A key in a KMS that speaks the protocol of AWS: added by its URI, used to publish, and told of when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Ran, flat, run_publish
from tests.support.kms_server import REGION, KmsServer
from tests.support.project import Project, with_todays_keys

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KmsServer]:
    with KmsServer.started(tmp_path_factory.mktemp("kms")) as server:
        yield server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with keys made at the real time, and a release built."""
    return with_todays_keys(tmp_path_factory.mktemp("made") / "project", run_publish, "1.0.0")


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    return made.copied(tmp_path / "project")


@pytest.fixture(scope="module")
def added(made: Project, kms: KmsServer, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = made.copied(tmp_path_factory.mktemp("added") / "project")
    use_kms(project, kms)
    return project


@pytest.fixture
def on_kms(added: Project, tmp_path: Path) -> Project:
    """The same, with the channel's operations key in the KMS, and no other."""
    return added.copied(tmp_path / "project")


def add(project: Project, uri: str, environment: dict[str, str], name: str = "ben-kms") -> Ran:
    words = ("--person", "ben", "--duty", "operations", "--role", "channels", "--from-uri", uri)
    return run_publish("keys", "add", name, *words, cwd=project.base, env=environment)


def use_kms(project: Project, kms: KmsServer) -> None:
    """The channel's operations key is in the KMS from now on, and no other is."""
    added = add(project, f"awskms:{kms.new_key()}", kms.environment)
    assert added.code == 0, added.err
    assert run_publish("keys", "remove", "channels-ben", cwd=project.base).code == 0


def release(project: Project, environment: dict[str, str]) -> Ran:
    words = ("release", "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    return run_publish(*words, cwd=project.base, env=environment)


def test_a_key_in_a_kms_signs_a_release_that_verifies(on_kms: Project, kms: KmsServer) -> None:
    published = release(on_kms, kms.environment)
    assert published.code == 0, published.err
    audit = run_publish("verify", on_kms.bucket, "--root", on_kms.config / "root.json", cwd=on_kms.base)
    assert (audit.code, audit.out.splitlines()[-1]) == (0, "Sound.")
    assert "signed by ana (engineering) and ben (operations)" in " ".join(status(on_kms).split())


def status(project: Project) -> str:
    return run_publish("status", "--to", project.bucket, cwd=project.base).out


def test_adding_warns_that_the_plain_client_cannot_verify_it(project: Project, kms: KmsServer) -> None:
    added = add(project, f"awskms:{kms.new_key()}", kms.environment)
    assert "users need the Python package cryptography" in added.out
    assert "publish keys stage" in added.out


def test_a_small_rsa_key_is_not_taken(project: Project, kms: KmsServer) -> None:
    before = (project.config / "signers.yaml").read_bytes()
    added = add(project, f"awskms:{kms.new_key('RSA_2048')}", kms.environment)
    assert added.code == 1
    assert "RSA of 3072 bits or more" in flat(added.err)
    assert (project.config / "signers.yaml").read_bytes() == before


def test_a_key_that_the_kms_does_not_have(project: Project, kms: KmsServer) -> None:
    absent = "awskms:11111111-2222-3333-4444-555555555555"
    added = add(project, absent, kms.environment)
    assert added.code == 1
    assert "the key ben-kms cannot be used: the KMS has no such key" in flat(added.err)


def test_the_region_of_an_arn_is_asked(project: Project, kms: KmsServer) -> None:
    arn = f"arn:aws:kms:{REGION}:123456789012:key/{kms.new_key()}"
    elsewhere = {**kms.environment, "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}
    added = add(project, f"awskms:{arn}", elsewhere)
    assert added.code == 0, added.err


def test_what_the_kms_denies_leaves_the_key_out_and_publishes_nothing(on_kms: Project, kms: KmsServer) -> None:
    other = kms.new_key()
    with kms.asking_who() as nobody:
        refused = release(on_kms, nobody)
        added = add(on_kms, f"awskms:{other}", nobody, "other")
    assert refused.code == 3
    assert flat(refused.err).startswith(
        "Left out: the key ben-kms cannot be used: the KMS denies access with these credentials"
    )
    assert "still needs the approval of a person with the duty operations" in " ".join(refused.err.split())
    assert nobody["AWS_SECRET_ACCESS_KEY"] not in flat(refused.err) + added.err
    assert not list(on_kms.bucket.rglob("timestamp.json"))
    assert added.code == 1


def test_without_credentials_it_says_to_log_in(on_kms: Project, kms: KmsServer) -> None:
    nobody = {**kms.environment, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    refused = release(on_kms, nobody)
    assert refused.code == 3
    assert "there are no AWS credentials" in flat(refused.err)
    assert "log in" in flat(refused.err)


def test_a_kms_that_is_gone_is_told_in_bounded_time(project: Project, tmp_path: Path) -> None:
    with KmsServer.started(tmp_path) as server:
        use_kms(project, server)
        server.stop()
        refused = release(project, server.environment)
    assert refused.code == 3
    assert "Left out: the key ben-kms cannot be used: the KMS cannot be reached" in flat(refused.err)
    assert not list(project.bucket.rglob("timestamp.json"))
