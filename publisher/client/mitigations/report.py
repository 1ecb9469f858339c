"""What the client tells of mitigations: a line that says what to set, why, and until when. Values in, text out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Not at run time, so that telling an error does not load python-tuf.
    from publisher.wire.advice.mitigation import Advice, Mitigation

__all__ = ["mitigation_fields", "mitigation_lines"]


def mitigation_lines(advice: Advice) -> list[str]:
    """For people: what helps on this machine, then why something may be missing."""
    return [*(line for mitigation in advice.mitigations for line in _lines(mitigation)), *advice.left_out]


def _lines(mitigation: Mitigation) -> list[str]:
    notice, setting = mitigation.notice, mitigation.setting
    ends = f"Until fixed in {notice.fixed_in}" if notice.fixed_in else "Until this is fixed"
    return [
        f"{ends}: set {setting.name} to {notice.value} ({setting.how.rstrip('.')}).",
        f'  The reason given: "{notice.because}"',
        f"  This advice ends on {_time(notice.until)}.",
    ]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def mitigation_fields(mitigation: Mitigation) -> dict[str, Any]:
    """For programs."""
    notice, setting = mitigation.notice, mitigation.setting
    return {
        "id": mitigation.id,
        "setting": {"id": setting.id, "name": setting.name, "how": setting.how},
        "value": notice.value,
        "because": notice.because,
        "at": notice.at,
        "until": notice.until,
        "fixed_in": notice.fixed_in,
    }
