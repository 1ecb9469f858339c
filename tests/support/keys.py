"""Keys that are the same in every run, by their name."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from publisher.signing.key_files import NewKey


def seeded(name: str) -> NewKey:
    """The key of that name."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"tidegate rotated {name}".encode()).digest())
    return NewKey(private.public_key().public_bytes_raw().hex(), private)
