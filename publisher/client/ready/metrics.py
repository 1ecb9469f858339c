"""The answer of `tidegate ready` for Prometheus: a file for the textfile collector of node_exporter.

    tidegate_ready{product="btfs-node",channel="stable",version="4.1.0"} 0

Text in the exposition format, version 0.0.4. A check that fails leaves a file too, so that an alert can fire, and
`tidegate_ready` is 1 only where that was verified.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.client.durable_files import is_plain_file, new_part, write_durably
from publisher.client.ready.assess import EXIT_CODES, ReadinessAnswer
from publisher.wire.answer_words import Readiness
from publisher.wire.errors import ClientInputError
from publisher.wire.version import Version

if TYPE_CHECKING:
    from publisher.client.verified_channel import VerifiedChannel

__all__ = ["CheckedVersion", "answer_metrics", "failure_metrics", "refuse_unwritable", "write_metrics"]

_HELP = {
    "tidegate_check_success": "1 if the channel's state was verified, 0 if the check failed.",
    "tidegate_last_check_timestamp_seconds": "When the check ran.",
    "tidegate_channel_reached_timestamp_seconds": "When the channel was reached last.",
    "tidegate_channel_valid_until_timestamp_seconds": "When the first of the channel's signatures expires.",
    "tidegate_ready": "1 if the running version is ready for what events require; 0 if not, or if that is not known.",
    "tidegate_ready_code": "Exit code of the check: 0 ready, 10 update, 11 too late, 12 unknown, 13 withdrawn, 14 held;"
    " others if it failed.",
    "tidegate_requirement_due_timestamp_seconds": "By when an event requires the version.",
    "tidegate_requirement_met": "1 if the running version is the required one or later.",
}
_MODE = 0o644
"""node_exporter runs as somebody else."""


@dataclass(frozen=True)
class CheckedVersion:
    """What a check is about."""

    product: str
    channel: str
    version: Version


@dataclass(frozen=True)
class _Sample:
    name: str
    labels: Mapping[str, str]
    value: int


def answer_metrics(subject: CheckedVersion, now: datetime, channel: VerifiedChannel, answer: ReadinessAnswer) -> bytes:
    """The file after a check at `now` that verified."""
    labels = {"product": subject.product, "channel": subject.channel}
    samples = [
        *_check(
            subject, now, success=True, ready=answer.readiness is Readiness.READY, code=EXIT_CODES[answer.readiness]
        ),
        _Sample("tidegate_channel_reached_timestamp_seconds", labels, _seconds(channel.reached_at)),
        _Sample("tidegate_channel_valid_until_timestamp_seconds", labels, _seconds(channel.valid_until)),
    ]
    # Where one event requires a version of several audiences, the nearest date stands: two equal series are an error.
    answers = {(each.requirement.event, str(each.requirement.at_least)): each for each in reversed(answer.requirements)}
    for (event, at_least), each in sorted(answers.items()):
        own = {**labels, "event": event, "at_least": at_least}
        samples.append(_Sample("tidegate_requirement_due_timestamp_seconds", own, _seconds(each.due)))
        samples.append(_Sample("tidegate_requirement_met", own, each.readiness is Readiness.READY))
    return _text(samples)


def failure_metrics(subject: CheckedVersion, now: datetime, exit_code: int) -> bytes:
    """The file after a check at `now` that failed: nobody knows whether the version is ready."""
    return _text(_check(subject, now, success=False, ready=False, code=exit_code))


def refuse_unwritable(path: Path) -> None:
    """Raise ClientInputError if the file cannot be written; nothing is left behind."""
    if os.path.lexists(path) and not is_plain_file(path):
        raise ClientInputError(f"{path} is not a plain file", fix="name another file with --prometheus")
    try:
        with new_part(path.parent):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ClientInputError(
            f"{path} cannot be written: {reason}", fix="name a file in a directory that you may write to"
        ) from None


def write_metrics(path: Path, data: bytes) -> None:
    """Replace the file as a whole: its reader never sees half of it. Raises OSError."""
    write_durably(path, data, _MODE)


def _check(subject: CheckedVersion, now: datetime, *, success: bool, ready: bool, code: int) -> list[_Sample]:
    labels = {"product": subject.product, "channel": subject.channel}
    own = {**labels, "version": str(subject.version)}
    return [
        _Sample("tidegate_check_success", labels, success),
        _Sample("tidegate_last_check_timestamp_seconds", labels, _seconds(now)),
        _Sample("tidegate_ready", own, ready),
        _Sample("tidegate_ready_code", own, code),
    ]


def _text(samples: list[_Sample]) -> bytes:
    """All samples of a metric stand together, below what it means."""
    lines = []
    for name, meaning in _HELP.items():
        own = [sample for sample in samples if sample.name == name]
        if own:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *map(_line, own)]
    return ("\n".join(lines) + "\n").encode()


def _line(sample: _Sample) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    return f"{sample.name}{{{labels}}} {int(sample.value)}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
