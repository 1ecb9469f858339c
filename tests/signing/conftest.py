"""Keys and signers made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.model.config.role import Duty
from publisher.model.config.signer import Signer
from publisher.signing.key_files import generate_ed25519, write_private_key

MakeSigner = Callable[..., Signer]


@pytest.fixture
def make_signer(tmp_path: Path) -> MakeSigner:
    """A new key in NAME.pem, and its entry in signers.yaml."""

    def make(name: str = "anna-ops", passphrase: str | None = None, **fields: object) -> Signer:
        key = generate_ed25519()
        write_private_key(tmp_path / f"{name}.pem", key, passphrase)
        given: dict[str, object] = {
            "name": name,
            "person": "anna",
            "duty": Duty.OPERATIONS,
            "roles": ("timestamp",),
            "public": key.public,
            "uri": f"file:{name}.pem",
        }
        return Signer.model_validate(given | fields)

    return make
