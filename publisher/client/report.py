"""What the client tells: a few calm lines for people, one JSON object for programs.

Pure: values in, text out. The last line of a check says in a word or two whether it can be believed. The JSON object
has the same keys whatever happened, null where they do not apply; schemas/answer-1.json describes each.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from publisher.client.decide import UpdateAdvice
from publisher.wire.errors import ClientError
from publisher.wire.feed_parser import DeprecationNotice, OfferedRelease
from publisher.wire.feed_words import Restart, State
from publisher.wire.version import Version

if TYPE_CHECKING:
    # Not at run time, so that telling an error does not load python-tuf.
    from publisher.client.updater import Downloaded, VerifiedChannel
    from publisher.wire.duties import Signature

__all__ = ["INSECURE_EXIT", "UPDATE_EXIT", "answer_json", "answer_lines", "error_json", "error_lines", "shell_exit"]

FORMAT = "tidegate-answer/1"

UPDATE_EXIT = 10
"""`check --exit-code`: a release is offered, an update or the one to go back to."""
INSECURE_EXIT = 11
"""`check --exit-code`: the running version is not secure, and nothing is offered in its place."""

_RESTART = {
    Restart.NONE: "not needed",
    Restart.APPLICATION: "the application",
    Restart.SERVICE: "the service",
    Restart.SYSTEM: "the computer",
}
_LABEL_WIDTH = 11
_SYMPTOMS = 3
"""How many symptoms are shown to people; programs get all."""


def answer_lines(
    channel: VerifiedChannel, answer: UpdateAdvice, *, next_command: str = "", downloaded: Downloaded | None = None
) -> list[str]:
    """The answer for people. `next_command` is what to run to get an offered release."""
    feed = channel.feed
    lines = [f"{feed.product} {feed.channel}, {feed.platform}", answer.reason]
    if answer.release:
        lines += ["", *_release_lines(answer.release)]
    notices = [_deprecation_line(item) for item in feed.deprecations if item.state is not State.ANNOUNCED]
    if notices:
        lines += ["", *notices]
    if downloaded:
        how = "was already there, with the same content" if downloaded.already_there else "downloaded"
        lines += ["", f"{downloaded.path} {how}."]
    elif answer.release and next_command:
        lines += ["", "To download it:", f"  {next_command}"]
    return [*lines, "", f"Signed by {listed_signers(channel.signatures)}: verified"]


def error_lines(error: ClientError) -> list[str]:
    """The error for people: what, what to do, and the verdict."""
    return [*f"tidegate: {error}".splitlines(), error.verdict]


def answer_json(
    channel: VerifiedChannel,
    answer: UpdateAdvice,
    current: Version | None,
    exit_code: int,
    downloaded: Downloaded | None = None,
) -> str:
    """The answer for programs; see schemas/answer-1.json."""
    feed = channel.feed
    return _object(
        ok=True,
        verdict="verified",
        exit_code=exit_code,
        checked_at=channel.checked_at,
        valid_until=channel.valid_until,
        product=feed.product,
        channel=feed.channel,
        platform=feed.platform,
        current=current,
        outcome=answer.outcome,
        reason=answer.reason,
        action=answer.action,
        secure=answer.secure,
        release=answer.release,
        min_secure=feed.min_secure,
        withdrawn=channel.withdrawn,
        deprecations=feed.deprecations,
        signed_by=channel.signatures,
        download={"path": str(downloaded.path), "already_there": downloaded.already_there} if downloaded else None,
    )


def error_json(error: ClientError, now: datetime) -> str:
    """The error for programs, in the shape of every answer."""
    return _object(
        ok=False,
        verdict=error.verdict,
        exit_code=error.exit_code,
        error={"code": error.code, "what": error.what, "fix": error.fix},
        checked_at=now,
    )


def shell_exit(answer: UpdateAdvice) -> int:
    """The exit code of `check --exit-code`: 0 when there is nothing to do."""
    if answer.release is not None:
        return UPDATE_EXIT
    return 0 if answer.secure else INSECURE_EXIT


def _release_lines(release: OfferedRelease) -> list[str]:
    facts = [("What", release.sentence), ("Restart", _RESTART[release.restart])]
    if release.required_by:
        facts.append(("Update by", _time(release.required_by)))
    if release.old_peers_ok_until:
        facts.append(("Old peers", f"older versions can connect until {_time(release.old_peers_ok_until)}"))
    symptoms = [*release.symptoms[:_SYMPTOMS]]
    if len(release.symptoms) > _SYMPTOMS:
        symptoms.append(f"and {len(release.symptoms) - _SYMPTOMS} more")
    facts += [("" if place else "You may see", symptom) for place, symptom in enumerate(symptoms)]
    if release.notes_url:
        facts.append(("Notes", release.notes_url))
    facts.append(("File", f"{release.artifact.file}, {_size(release.artifact.size)}"))
    return [f"  {label:<{_LABEL_WIDTH}}  {text}" for label, text in facts]


def _deprecation_line(item: DeprecationNotice) -> str:
    if item.state is State.REMOVED:
        line = f"Removed: {item.subject}"
    else:
        line = f"To be removed{f' in {item.remove_in}' if item.remove_in else ''}: {item.subject}"
    return line + (f"; use {item.replacement}" if item.replacement else "")


def listed_signers(signatures: tuple[Signature, ...]) -> str:
    names = [
        f"{signature.person} ({signature.duty})" if signature.duty else signature.person or signature.keyid[:8]
        for signature in signatures
    ]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


_KEYS = (
    "ok", "verdict", "exit_code", "error", "checked_at", "valid_until", "product", "channel", "platform", "current",
    "outcome", "reason", "action", "secure", "release", "min_secure", "withdrawn", "deprecations", "signed_by",
    "download",
)  # fmt: skip


def _object(**values: Any) -> str:
    """One object with every key, in a fixed order."""
    return json.dumps(_plain({"format": FORMAT, **dict.fromkeys(_KEYS), **values}), indent=2)


def _plain(value: Any) -> Any:
    """Versions as they were written, times as RFC 3339, values as objects."""
    if isinstance(value, Version):
        return str(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
