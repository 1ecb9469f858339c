"""Keys at hand: a person is asked for a passphrase once, and a wrong answer opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.errors import SigningError
from publisher.pipeline.keyring import KeyRing
from publisher.signing.keys import write_private_key
from tests.support.project import Project, seeded_keys

SECRET, OTHER = "correct horse battery staple", "another horse battery staple"


@pytest.fixture
def locked(tmp_path: Path) -> Project:
    """A project whose keys share one passphrase."""
    return Project(tmp_path / "locked", passphrase=SECRET)


def ring(project: Project, answer: Callable[[str], str | None]) -> tuple[KeyRing, list[str]]:
    """The keys, and the names that were asked for."""
    asked: list[str] = []

    def ask(name: str) -> str | None:
        asked.append(name)
        return answer(name)

    return KeyRing(project.catalog.signers, project.keys, ask), asked


def open_all(keys: KeyRing) -> None:
    for role in ("targets", "node.stable", "snapshot", "timestamp"):
        assert keys.of(role)
    keys.minisign()
    keys.minisign()


def test_one_passphrase_for_all_keys_is_asked_for_once(locked: Project) -> None:
    keys, asked = ring(locked, lambda _name: SECRET)
    open_all(keys)
    assert len(asked) == 1
    assert SECRET not in repr(keys)


def test_a_key_with_a_passphrase_of_its_own_is_asked_for_too(locked: Project) -> None:
    file = locked.keys / "timestamp-ben.pem"
    generate = seeded_keys()
    signers = {signer.name: signer.public for signer in locked.catalog.signers.signers}
    key = next(key for key in (generate() for _ in range(30)) if key.public == signers["timestamp-ben"])
    file.unlink()
    write_private_key(file, key, OTHER)
    keys, asked = ring(locked, lambda name: OTHER if name == "timestamp-ben" else SECRET)
    open_all(keys)
    assert len(asked) == 2
    assert asked[1] == "timestamp-ben"


@pytest.mark.parametrize("answer", [None, "a wrong but secret guess"])
def test_a_missing_or_wrong_passphrase_says_where_to_give_it(locked: Project, answer: str | None) -> None:
    keys, _ = ring(locked, lambda _name: answer)
    with pytest.raises(SigningError) as caught:
        keys.of("timestamp")
    assert "terminal" in caught.value.fix
    assert "TIDEGATE_PASSPHRASE" in caught.value.fix
    assert "guess" not in str(caught.value)


def test_the_ledger_is_signed_by_a_key_that_is_open_already(locked: Project) -> None:
    keys, asked = ring(locked, lambda _name: SECRET)
    assert keys.for_ledger("node.stable").public_key.unrecognized_fields["x-tidegate-person"] == "ana"
    assert asked == ["channels-ana"]
    other, _ = ring(locked, lambda _name: SECRET)
    [online] = other.of("timestamp")
    assert other.for_ledger("node.stable") is online, "who flips without a key of the channel is asked for no other"


def test_the_ledger_is_signed_by_a_file_rather_than_by_a_device(locked: Project) -> None:
    signers = locked.catalog.signers
    on_token = tuple(
        one.model_copy(update={"uri": "hsm:2?label=x"}) if "channels" in one.roles else one for one in signers.signers
    )
    keys = KeyRing(signers.model_copy(update={"signers": on_token}), locked.keys, lambda _name: SECRET)
    found = keys.for_ledger("node.stable").public_key.keyid
    assert found == keys.of("snapshot")[0].public_key.keyid
