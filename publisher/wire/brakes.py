"""Which expired role keeps clients from offering anything.

Pure, and the one rule for clients and for whoever audits a channel. tests/vectors/client/expired-roles.json holds
published test vectors.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["BRAKES", "silenced_by"]

BRAKES = "brakes"
"""The delegated role that can only restrict: what it says must be fresh, since its silence would mean "go on"."""

_TOP_LEVEL = frozenset({"root", "targets", "snapshot", "timestamp"})


def silenced_by(role: str, channel_roles: Iterable[str]) -> tuple[str, ...]:
    """The roles among `channel_roles` for which clients offer nothing while `role` is expired.

    A top-level role silences every channel (TUF specification, section 5), and so do the brakes, once a snapshot lists
    them. A channel's own role silences that channel. Any other role (rollout, notes) silences none.
    """
    if role in _TOP_LEVEL or role == BRAKES:
        return tuple(channel_roles)
    return tuple(channel_role for channel_role in channel_roles if channel_role == role)
