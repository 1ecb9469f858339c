"""The signature schemes that keys may have: the one list of them. Everything else that tells schemes apart reads it.

A scheme's name is TUF's (specification, 4.2). A public key is written as 64 hexadecimal digits where it is Ed25519, and
as PEM where it is anything else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scheme:
    """A signature scheme, and the keys that sign by it."""

    name: str
    """What signers.yaml and TUF metadata call it; it says the hash as well."""
    short: str
    """What `publish keys list` calls it."""
    keys: str
    """Which keys sign by it, in words."""
    curve: str | None = None
    """The curve of such a key, as SEC 2 names it; None for keys without one of those."""
    least_bits: int | None = None
    """The size of the smallest RSA key that is taken; None for keys of other kinds."""
    plain: bool = False
    """Whether the client that needs only Python verifies it; else its users need the package cryptography."""


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("ed25519", "ed25519", "Ed25519", plain=True),
        Scheme("ecdsa-sha2-nistp256", "ecdsa", "ECDSA on the curve P-256", curve="secp256r1"),
        Scheme("rsassa-pss-sha256", "rsa", "RSA of 3072 bits or more", least_bits=3072),
    )
}

PLAIN_SCHEME = "ed25519"
"""Of the keys that this program makes, and of the minisign key."""

_KEYS = [scheme.keys for scheme in SCHEMES.values()]
KNOWN_KEYS = f"{', '.join(_KEYS[:-1])}, and {_KEYS[-1]}"
