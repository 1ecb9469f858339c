"""Which metadata that is live names a key: clients accept the key until that is signed anew."""

from __future__ import annotations

from tuf.api.metadata import Root, Targets

from publisher.channel.layout import MINISIGN_TARGET
from publisher.channel.repository import delegated_roles
from publisher.model.config.signer import Signer
from publisher.pipeline.bucket import Bucket
from publisher.signing.digests import digest_bytes
from publisher.signing.minisign import ROLE as MINISIGN
from publisher.signing.minisign import public_file
from publisher.signing.public_keys import public_key


def named_by(signer: Signer, bucket: Bucket) -> tuple[str, ...] | None:
    """root and targets, as they name the key; None if nothing is published. Raises VerificationError, StorageError."""
    if (live := bucket.live) is None:
        return None
    root = live.root.signed
    keyid = public_key(signer).keyid
    roles = delegated_roles(live.targets.signed)
    named = []
    if any(keyid in role.keyids for role in root.roles.values()):
        named.append(Root.type)
    if any(keyid in role.keyids for role in roles.values()) or _is_pinned(signer, live.targets.signed):
        named.append(Targets.type)
    return tuple(named)


def _is_pinned(signer: Signer, targets: Targets) -> bool:
    """Whether people check downloads by hand with it."""
    pinned = targets.targets.get(MINISIGN_TARGET)
    if MINISIGN not in signer.roles or pinned is None:
        return False
    return pinned.hashes.get("sha256") == digest_bytes(public_file(signer)).sha256
