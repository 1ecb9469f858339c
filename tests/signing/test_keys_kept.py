"""Where private keys lie: a directory that others can write to is refused before a key there is read or written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from publisher.errors import SigningError
from publisher.model.config.role import Duty
from publisher.model.config.signer import Signer
from publisher.signing.key_files import NewKey, generate_ed25519, open_signer, write_private_key


@pytest.fixture
def new() -> NewKey:
    return generate_ed25519()


def signer(new: NewKey) -> Signer:
    return Signer(
        name="channels-ana", person="ana", duty=Duty.ENGINEERING, roles=("channels",), public=new.public,
        uri="file:channels-ana.pem",
    )  # fmt: skip


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702, 0o1777])
def test_a_directory_of_keys_that_others_can_write_to_is_refused(tmp_path: Path, new: NewKey, mode: int) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    write_private_key(keys / "channels-ana.pem", new, None)
    keys.chmod(mode)
    for act in (
        lambda: open_signer(signer(new), base=keys, passphrase=lambda _: None),
        lambda: write_private_key(keys / "another.pem", new, None),
    ):
        with pytest.raises(SigningError, match="can be written to by others") as refusal:
            act()
        assert refusal.value.fix == f"chmod 700 {keys}"
    assert [path.name for path in keys.iterdir()] == ["channels-ana.pem"]
    keys.chmod(0o755)
    open_signer(signer(new), base=keys, passphrase=lambda _: None)


def test_a_directory_of_keys_of_another_user_is_refused(
    tmp_path: Path, new: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = os.geteuid()
    if me == 0:
        os.chown(tmp_path, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(SigningError, match="belongs to another user"):
        write_private_key(tmp_path / "key.pem", new, None)
    assert list(tmp_path.iterdir()) == []
