"""Words of the update channel that content and commands are written with, too."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Action", "Audience", "BackState", "BrakeKind", "Restart", "State", "WithdrawalAction"]


class Action(StrEnum):
    """What the publisher asks of the person who runs the program."""

    OPTIONAL = "optional"
    RECOMMENDED = "recommended"
    REQUIRED = "required"


class Restart(StrEnum):
    """What must be restarted after the update."""

    NONE = "none"
    APPLICATION = "application"
    SERVICE = "service"
    SYSTEM = "system"


class State(StrEnum):
    """The stage of a deprecation."""

    ANNOUNCED = "announced"
    MARKED = "marked"
    WARNED = "warned"
    REMOVED = "removed"


class Audience(StrEnum):
    """Who is asked, where not everybody is."""

    HOSTS = "hosts"
    DESKTOP_USERS = "desktop-users"
    EXCHANGES = "exchanges"
    API_USERS = "api-users"

    @property
    def words(self) -> str:
        """As people write it: desktop users."""
        return self.value.replace("-", " ").replace("api ", "API ")


class BackState(StrEnum):
    """What happens to users' data when they go back from a version to the one before it."""

    COMPATIBLE = "compatible"
    """The version before reads it as it is."""
    RESTORE_BACKUP = "restore-backup"
    """The version before needs the data of before the update, from a backup."""
    FORBIDDEN = "forbidden"
    """Going back would damage it."""


class BrakeKind(StrEnum):
    """What a brake does."""

    HOLD = "hold"
    """The version is not offered for a while; whoever runs it may go on."""
    WITHDRAWAL = "withdrawal"
    """Nobody should run the version."""


class WithdrawalAction(StrEnum):
    """What whoever runs a withdrawn version should do; the client writes the sentence."""

    STOP = "stop"
    GO_BACK = "go-back"
    UPDATE = "update"
    KEEP_RUNNING = "keep-running"
