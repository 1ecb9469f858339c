"""Keys at hand: a person is asked for a passphrase once, and a wrong answer opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.channel.candidates.candidate import signed_by
from publisher.errors import SigningError
from publisher.model.config.signer import Signers
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.release.release import apply_release, plan_release
from publisher.signing.public_keys import described
from tests.support.project import Project

ROLE = "node.stable"
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
    locked.lock("timestamp-ben", OTHER)
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


def test_a_release_asks_for_no_more_passphrases_than_it_needs_signatures(locked: Project) -> None:
    locked.lock("channels-eva", OTHER)
    locked.add_release("1.0.0")
    keys, asked = ring(locked, lambda _name: SECRET)
    plan = plan_release(locked.request("1.0.0"), locked.catalog, locked.look(), keys, locked.now)
    apply_release(plan, locked.catalog, locked.storage(), lambda: locked.now)
    live = locked.look().published()
    assert (asked, signed_by(live, ROLE)) == (["minisign-ben"], ["ana (engineering)", "ben (operations)"])


def test_a_key_without_passphrase_signs_along_though_enough_others_have(tmp_path: Path) -> None:
    open_project = Project(tmp_path / "open")
    keys, asked = ring(open_project, lambda _name: None)
    signers = open_project.catalog.signers.keys_of(ROLE)
    assert len(list(keys.one_by_one(signers, lambda: False))) == 3
    assert asked == []


def test_enter_leaves_a_key_out_once_and_for_all(locked: Project) -> None:
    messages: list[str] = []
    asked: list[str] = []

    def answer(name: str) -> str:
        asked.append(name)
        return "" if name == "channels-ana" else SECRET

    keys = KeyRing(locked.catalog.signers, locked.keys, answer, messages.append)
    assert described(keys.for_ledger(ROLE, online=False).public_key) == "ben (operations)"
    assert [described(key.public_key) for key in keys.of(ROLE)] == ["ben (operations)", "eva (executive)"]
    assert (asked, messages) == (["channels-ana", "channels-ben"], ["Left out: channels-ana, no passphrase was given"])


def test_the_one_passphrase_of_a_machine_leaves_out_what_it_does_not_open(locked: Project) -> None:
    locked.lock("channels-ana", OTHER)
    locked.lock("timestamp-ben", OTHER)
    messages: list[str] = []
    keys = KeyRing(locked.catalog.signers, locked.keys, lambda _name: SECRET, messages.append, unattended=True)
    assert described(keys.for_ledger(ROLE, online=False).public_key) == "ben (operations)"
    assert messages == ["Left out: channels-ana, TIDEGATE_PASSPHRASE does not open it"]
    with pytest.raises(SigningError, match="does not open the key timestamp-ben"):
        keys.of("timestamp")


def test_a_machine_goes_on_without_the_keys_of_a_shared_role_that_its_passphrase_does_not_open(locked: Project) -> None:
    locked.lock("rollout-ben", OTHER)
    messages: list[str] = []
    keys = KeyRing(locked.catalog.signers, locked.keys, lambda _name: SECRET, messages.append, unattended=True)
    assert list(keys.of("rollout")) == []
    assert messages == ["Left out: rollout-ben, TIDEGATE_PASSPHRASE does not open it"]


def test_a_wrong_passphrase_that_a_person_typed_is_told_though_another_key_would_open(locked: Project) -> None:
    keys, _ = ring(locked, lambda name: OTHER if name == "channels-ana" else SECRET)
    with pytest.raises(SigningError, match="does not open the key channels-ana"):
        keys.for_ledger(ROLE)


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


def on_devices(project: Project, *uris: str, role: str = "channels") -> Signers:
    """The project's keys, with those of a role on devices."""
    left = iter(uris)
    signers = tuple(
        one.model_copy(update={"uri": next(left, one.uri)}) if role in one.roles else one
        for one in project.catalog.signers.signers
    )
    return project.catalog.signers.model_copy(update={"signers": signers})


@pytest.fixture
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYKCS11LIB", raising=False)


@pytest.mark.usefixtures("no_tokens")
def test_a_device_that_is_absent_is_left_out_and_told_of_once(locked: Project) -> None:
    told: list[str] = []
    keys = KeyRing(on_devices(locked, "hsm:2?label=ana"), locked.keys, lambda _name: SECRET, told.append)
    assert {described(key.public_key) for key in keys.of("node.stable")} == {"ben (operations)", "eva (executive)"}
    keys.of("node.stable")
    assert len(told) == 1
    assert told[0].startswith("Left out: the key channels-ana cannot be used: ")


@pytest.mark.usefixtures("no_tokens")
def test_without_any_other_key_an_absent_device_leaves_none(locked: Project) -> None:
    keys = KeyRing(on_devices(locked, "hsm:2", role="timestamp"), locked.keys, lambda _name: SECRET)
    assert list(keys.of("timestamp")) == []


@pytest.mark.usefixtures("no_tokens")
def test_the_ledger_is_signed_by_another_key_where_a_device_is_absent(locked: Project) -> None:
    for file in locked.keys.glob("snapshot-*.pem"):
        file.unlink()
    for file in locked.keys.glob("timestamp-*.pem"):
        file.unlink()
    (locked.keys / "channels-ana.pem").unlink()
    (locked.keys / "channels-eva.pem").unlink()
    told: list[str] = []
    keys = KeyRing(on_devices(locked, "hsm:2", role="snapshot"), locked.keys, lambda _name: SECRET, told.append)
    assert described(keys.for_ledger("node.stable").public_key) == "ben (operations)"
    (locked.keys / "channels-ben.pem").unlink()
    with pytest.raises(SigningError, match="no key that may sign the ledger is available"):
        KeyRing(keys.signers, locked.keys, lambda _name: SECRET, told.append).for_ledger("node.stable")
    assert len(told) == 1
