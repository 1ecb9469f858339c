"""What the configuration asks of the channel: delegations, pinned addresses and the key for checks by hand."""

from __future__ import annotations

from datetime import datetime

from tuf.api.metadata import Targets

from publisher.channel.roles import targets_role
from publisher.errors import SigningError
from publisher.model.catalog import Catalog
from publisher.signing.minisign import public_file


def configured_roles(catalog: Catalog, now: datetime) -> Targets:
    """`targets` as the configuration asks for it: who may sign what. Raises SigningError."""
    return targets_role(catalog, minisign_public(catalog), now)


def minisign_public(catalog: Catalog) -> bytes:
    """The public key file that the configuration names. Raises SigningError when there is none."""
    signers = catalog.signers.keys_of("minisign")
    if not signers:
        raise SigningError("signers.yaml names no minisign key", fix="make keys with `publish keys init`")
    return public_file(signers[0])
