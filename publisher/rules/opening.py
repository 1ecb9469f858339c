"""When a kind of change may ship again: freezes that follow one another count as one wait."""

from __future__ import annotations

from datetime import datetime

from publisher.model.policy import FreezePolicy
from publisher.model.release import ChangeClass
from publisher.rules.windows import Hardness, Timeline, Window


def opening(
    policy: FreezePolicy, timeline: Timeline, change_class: ChangeClass, now: datetime
) -> tuple[datetime, Window] | None:
    """The first moment at which no freeze stops the class, and the window that ends last before it.

    None when nothing stops it at `now`. `timeline` is that of one client type and of this class.
    """
    moment, last = now, None
    while stopping := [window for window in timeline.holding(moment) if _stops(policy, window, change_class)]:
        last = max(stopping, key=lambda window: window.end)
        moment = last.end
    return None if last is None else (moment, last)


def _stops(policy: FreezePolicy, window: Window, change_class: ChangeClass) -> bool:
    return window.hardness is Hardness.HARD or change_class not in policy.soft_allows
