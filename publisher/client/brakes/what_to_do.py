"""What whoever runs a withdrawn version is told to do, in the client's own sentences.

A withdrawal is one person's word in a hurry, and may be a thief's. So a notice only chooses among these sentences; its
own words are shown as a quotation, and what is offered follows from signed metadata alone. Pure.
"""

from __future__ import annotations

from enum import Enum

from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.version import Version

__all__ = ["WayBack", "withdrawal_text"]


class WayBack(Enum):
    """Whether the way back to the release before is open, and if not, why."""

    OPEN = "open"
    RESTORE_BACKUP = "restore a backup"
    """It is open; the data of the newer version cannot be used."""
    NOT_SIGNED = "not signed"
    """The channel's own role has not taken the running version back."""
    GONE = "gone"
    """The release before was withdrawn or taken back, too."""
    HARMS_DATA = "harms data"
    INSECURE = "insecure"
    ON_HOLD = "on hold"

    @property
    def is_open(self) -> bool:
        return self in (WayBack.OPEN, WayBack.RESTORE_BACKUP)


def withdrawal_text(
    current: Version,
    notice: BrakeNotice | None,
    *,
    forward: Version | None,
    back: WayBack,
    backup: str | None,
    target: Version | None,
    held: Version | None,
) -> str:
    """The fact, then what to do.

    `forward` is the newer version that is offered, `back` whether `target`, the newest release, may be gone back to,
    `backup` how the channel says that a backup is restored, `held` a newer version that is on hold.
    """
    action = notice.action if notice else None
    sentences = [f"Version {current}, which you run, was withdrawn."]
    if action is WithdrawalAction.STOP:
        sentences.append("Stop running it.")
    if action is WithdrawalAction.KEEP_RUNNING:
        sentences.append("Keep it running, but do not install it again.")
    if forward is not None:
        keeps = action is WithdrawalAction.KEEP_RUNNING
        sentences.append(f"Version {forward} is available." if keeps else f"Update to {forward}.")
    elif back.is_open:
        keeps = action is WithdrawalAction.KEEP_RUNNING
        sentences.append(f"{'You may go' if keeps else 'Go'} back to {target}.")
        if back is WayBack.RESTORE_BACKUP:
            sentences.append(f"It cannot use the data of {current}: restore a backup from before the update first.")
            sentences += [backup] if backup else []
    else:
        if held is not None:
            sentences.append(f"The newer {held} is on hold.")
        sentences += _meanwhile(notice, back, target)
    return " ".join(sentences)


def _meanwhile(notice: BrakeNotice | None, back: WayBack, target: Version | None) -> list[str]:
    """What to do while nothing is offered."""
    match notice.action if notice else None:
        case WithdrawalAction.STOP:
            return [f"{_why_not_back(back, target)}, and nothing newer is offered. Check again soon."]
        case WithdrawalAction.GO_BACK:
            return [f"{_why_not_back(back, target)}. Keep it running for now, and check again soon."]
        case WithdrawalAction.UPDATE:
            replacement = notice.replaced_by if notice else None
            later = str(replacement) if replacement else "a later version"
            return [f"Keep it running until {later} is offered here, and check again soon."]
        case WithdrawalAction.KEEP_RUNNING:
            return []
        case _:
            return ["Nothing is offered in its place yet; do not install it again, and check again soon."]


def _why_not_back(back: WayBack, target: Version | None) -> str:
    match back:
        case WayBack.GONE:
            return f"Going back is not possible yet: nobody should run {target} either"
        case WayBack.HARMS_DATA:
            return "Going back is not possible: an older version would damage the data"
        case WayBack.INSECURE:
            return f"Going back is not possible: {target} is no longer secure"
        case WayBack.ON_HOLD:
            return f"Going back is not possible yet: {target} is on hold"
        case _:
            return "Going back is not possible yet: the channel has not signed it"
