"""What the client tells programs: one JSON object with the same keys whatever happened, null where they do not apply.

Pure: values in, text out. schemas/answer-1.json describes what `check` and `download` print, schemas/readiness-1.json
what `ready` prints (`readiness_report`).
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from publisher.client.mitigations.report import mitigation_fields
from publisher.wire.errors import ClientError
from publisher.wire.feed_words import BrakeKind
from publisher.wire.requirement import Estimate
from publisher.wire.version import Version

if TYPE_CHECKING:
    # Not at run time, so that telling an error does not load python-tuf.
    from publisher.client.answers.check import CheckAnswer, StoppedVersion
    from publisher.client.ready.assess import RequirementAnswer
    from publisher.client.transfer.download import Downloaded
    from publisher.wire.advice.mitigation import Advice

__all__ = [
    "ANSWER",
    "COMMON_KEYS",
    "Shape",
    "answer_json",
    "brake_fields",
    "error_json",
    "json_object",
    "requirement_fields",
]

Shape = tuple[str, tuple[str, ...]]
"""The name of a format, and its keys in their order."""

COMMON_KEYS = ("ok", "verdict", "exit_code", "error", "checked_at")
"""Where every object begins; an error has no others."""

ANSWER: Shape = (
    "tidegate-answer/1",
    (
        *COMMON_KEYS, "valid_until", "product", "channel", "platform", "current", "outcome", "reason", "action",
        "secure", "release", "required_by", "hold", "withdrawal", "min_secure", "withdrawn", "deprecations",
        "requirements", "mitigations", "left_out", "signed_by", "download",
    ),
)  # fmt: skip


def answer_json(
    answer: CheckAnswer,
    not_met: tuple[RequirementAnswer, ...],
    mitigations: Advice,
    exit_code: int,
    downloaded: Downloaded | None = None,
) -> str:
    """The answer of a check or a download; `not_met` are the requirements that the running version does not meet,
    `mitigations` what helps it until a fix is out.
    """
    channel, advice = answer.channel, answer.advice
    feed = channel.feed
    return json_object(
        ANSWER,
        ok=True,
        verdict="verified",
        exit_code=exit_code,
        checked_at=channel.checked_at,
        valid_until=channel.valid_until,
        product=feed.product,
        channel=feed.channel,
        platform=feed.platform,
        current=answer.current,
        outcome=advice.outcome,
        reason=advice.reason,
        action=advice.action,
        secure=advice.secure,
        release=advice.release,
        required_by=advice.required_by,
        hold=brake_fields(answer.hold),
        withdrawal=brake_fields(answer.withdrawal),
        min_secure=feed.min_secure,
        withdrawn=list(channel.taken_back),
        deprecations=feed.deprecations,
        requirements=[requirement_fields(answer) for answer in not_met],
        mitigations=[mitigation_fields(mitigation) for mitigation in mitigations.mitigations],
        left_out=mitigations.left_out,
        signed_by=channel.signatures,
        download={"path": str(downloaded.path), "already_there": downloaded.already_there} if downloaded else None,
    )


def error_json(error: ClientError, now: datetime, shape: Shape) -> str:
    """The error, in the shape of every answer of the command."""
    return json_object(
        shape,
        ok=False,
        verdict=error.verdict,
        exit_code=error.exit_code,
        error={"code": error.code, "what": error.what, "fix": error.fix},
        checked_at=now,
    )


def requirement_fields(answer: RequirementAnswer) -> dict[str, Any]:
    """A requirement as the feed writes it, and how the running version stands to it."""
    return {
        **_plain(answer.requirement),
        "readiness": answer.readiness,
        "due": answer.due,
        "days_left": answer.days_left,
        "available": answer.available,
    }


def brake_fields(stopped: StoppedVersion | None) -> dict[str, Any] | None:
    """A hold or a withdrawal; what its notice would say is null where that could not be read."""
    if stopped is None:
        return None
    notice = stopped.notice
    fields: dict[str, Any] = {
        "id": stopped.brake.id,
        "version": stopped.brake.version,
        "because": notice and notice.because,
        "at": notice and notice.at,
    }
    if stopped.kind is BrakeKind.HOLD:
        return fields | {"next_update": notice and notice.next_update, "overdue": stopped.overdue}
    return fields | {"action": notice and notice.action, "replaced_by": notice and notice.replaced_by}


def json_object(shape: Shape, **values: Any) -> str:
    """The object of this shape; keys that are not given are null."""
    name, keys = shape
    return json.dumps(_plain({"format": name, **dict.fromkeys(keys), **values}), indent=2)


def _plain(value: Any) -> Any:
    """Versions as they were written, times as RFC 3339, values as objects."""
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, Estimate):
        seconds = int(value.drift_per_day.total_seconds())
        names = (field.name for field in fields(value) if field.name != "drift_per_day")
        return {name: _plain(getattr(value, name)) for name in names} | {"drift_seconds_per_day": seconds}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
