"""`publish keys init`: who is asked for what, and who may read what it writes."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
)

from tests.support.command import Publish, flat
from tests.support.project import Project
from tests.support.terminal import at_terminal

SECRET = "correct horse battery staple"
THREE = ("--person", "ana:engineering", "--person", "ben:operations,automation", "--person", "coco:comms")


@pytest.fixture
def fresh(project: Project) -> Project:
    """A project without keys."""
    (project.config / "root.json").unlink()
    for key in project.keys.iterdir():
        key.unlink()
    return project


def opens(project: Project, name: str, passphrase: str) -> bool:
    try:
        load_pem_private_key((project.keys / f"{name}.pem").read_bytes(), passphrase.encode())
    except ValueError:
        return False
    return True


@pytest.mark.system
def test_each_person_of_a_ceremony_types_a_passphrase_for_their_own_keys(fresh: Project) -> None:
    words = {name: f"the passphrase of {name}" for name in ("ana", "ben", "coco")}
    answers = [(rf"Passphrase of the new keys of {name}(, once more)?: ", word) for name, word in words.items()] * 2
    code, said = at_terminal(("keys", "init", *THREE), fresh.base, {}, sorted(answers))
    assert code == 0, said
    for name, own in words.items():
        path = next(fresh.keys.glob(f"*-{name}.pem"))
        assert [opens(fresh, path.stem, word) for word in words.values()] == [word == own for word in words.values()]


@pytest.mark.system
def test_where_keys_are_already_nobody_is_asked_for_a_passphrase(project: Project) -> None:
    code, output = at_terminal(("keys", "init", *THREE), project.base, {}, ())
    assert (code, "this configuration has its keys already" in output, "Passphrase of" in output) == (1, True, False)
    (project.config / "root.json").unlink()
    code, output = at_terminal(("keys", "init", *THREE), project.base, {}, ())
    assert (code, "a key is never overwritten" in output, "Passphrase of" in output) == (1, True, False)


def test_a_duty_that_is_mistyped_is_guessed(fresh: Project, publish: Publish) -> None:
    ran = publish("keys", "init", "--person", "ana:engeneering", cwd=fresh.base)
    assert (ran.code, "names no duty: engeneering" in flat(ran.err)) == (2, True)
    assert "did you mean engineering?" in flat(ran.err)


def test_one_passphrase_for_all_is_said(fresh: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_PASSPHRASE", SECRET)
    ran = publish("keys", "init", *THREE, cwd=fresh.base)
    assert ran.code == 0, ran.err
    assert " ".join(ran.err.split()) == (
        "One passphrase, from TIDEGATE_PASSPHRASE, protects the keys of ana, ben and coco: anybody who knows it can"
        " sign for all 3. Without the variable each of them is asked for their own."
    )
    assert all(opens(fresh, path.stem, SECRET) for path in fresh.keys.iterdir())


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_the_root_is_for_all_to_read_and_for_nobody_else_to_write_whatever_the_umask(
    fresh: Project, publish: Publish, umask: int
) -> None:
    before = os.umask(umask)
    try:
        ran = publish("keys", "init", "--no-passphrase", *THREE, cwd=fresh.base)
    finally:
        os.umask(before)
    assert ran.code == 0, ran.err
    for path in (fresh.config / "root.json", fresh.config / "signers.yaml"):
        assert path.stat().st_mode & 0o777 == 0o644
    assert {path.stat().st_mode & 0o777 for path in fresh.keys.iterdir()} == {0o600}
