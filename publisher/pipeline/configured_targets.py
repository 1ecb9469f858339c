"""What the configuration asks of the channel: delegations, pinned addresses and the key for checks by hand."""

from __future__ import annotations

from datetime import datetime

from tuf.api.metadata import Targets

from publisher.channel.roles import targets_role
from publisher.errors import SigningError
from publisher.model.configuration import Configuration
from publisher.signing.minisign import public_file


def configured_roles(configuration: Configuration, now: datetime) -> Targets:
    """`targets` as the configuration asks for it: who may sign what. Raises SigningError."""
    return targets_role(configuration, minisign_public(configuration), now)


def minisign_public(configuration: Configuration) -> bytes:
    """The public key file that the configuration names. Raises SigningError when there is none."""
    signers = configuration.signers.keys_of("minisign")
    if not signers:
        raise SigningError("signers.yaml has no minisign key", fix="make keys with `publish keys init`")
    return public_file(signers[0])
