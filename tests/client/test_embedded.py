"""What a zipapp carries is read back as it was written, or the copy is called damaged."""

from __future__ import annotations

import pytest

from publisher.client.embedded import Trusted
from publisher.wire.errors import ClientInputError


def test_it_round_trips() -> None:
    trusted = Trusted("https://updates.example", "btfs-node", "stable", b'{"root": "\xff"}')
    assert Trusted.from_json(trusted.to_json()) == trusted


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"url": 1, "product": "", "channel": "", "root": ""}'])
def test_a_damaged_copy_is_said_to_be_one(data: bytes) -> None:
    with pytest.raises(ClientInputError, match="damaged"):
        Trusted.from_json(data)


def test_a_damaged_root_is_said_to_be_one() -> None:
    data = Trusted("u", "p", "c", b"root").to_json().replace(b"cm9vdA==", b"cm9v*A==")
    with pytest.raises(ClientInputError, match="damaged"):
        Trusted.from_json(data)
