"""What the client tells: a few calm lines for people, one JSON object for programs.

Pure: values in, text out. The last line of a check says in a word or two whether it can be believed.

JSON keys, always present unless noted; keys may be added, never change their meaning:

    format      "tidegate-answer/1"
    ok          true if the channel was reached and everything verified
    verdict     "verified", "not verified", "expired", "unreachable" or "not done"
    exit_code   0, or that of the error
    error       null, or {"what": text, "fix": text}; with an error the keys below are absent
    product, channel, platform      what was asked for
    current     the running version; null for a fresh install
    outcome     "update-available", "up-to-date", "ahead", "taken-back" or "nothing-published"
    reason      one plain sentence
    action      "optional", "recommended", "required"; null if nothing is offered
    secure      false if the running version is below the security floor or was taken back
    release     null, or what is offered: version, sentence, action, restart, symptoms (what people may see
                while the update rolls out), required_by, old_peers_ok_until, notes_url,
                artifact {file, size, sha256, target, urls}; with "taken-back" it is the version to go back to
    min_secure  the security floor, or null
    withdrawn   [version]: versions that the channel has taken back
    deprecations    [{id, subject, state, remove_in, replacement}]
    signed_by   [{person, duty, keyid}]: whose signatures on the channel's role verified
    download    null, or {"path": text, "already_there": bool}; null after a check
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from publisher.client.decide import Answer
from publisher.client.errors import ClientError
from publisher.client.feed import Deprecation, Release, Restart, State
from publisher.client.version import Version

if TYPE_CHECKING:
    # Not at run time, so that telling an error does not load python-tuf.
    from publisher.client.duties import Signature
    from publisher.client.updater import Channel, Downloaded

__all__ = ["answer_json", "answer_lines", "error_json", "error_lines"]

FORMAT = "tidegate-answer/1"

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
    channel: Channel, answer: Answer, *, next_command: str = "", downloaded: Downloaded | None = None
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
        how = "was already there, with the same bytes" if downloaded.already_there else "downloaded"
        lines += ["", f"{downloaded.path} {how}."]
    elif answer.release and next_command:
        lines += ["", "To download it:", f"  {next_command}"]
    return [*lines, "", f"Signed by {_signers(channel.signatures)}: verified"]


def error_lines(error: ClientError) -> list[str]:
    """The error for people: what, what to do, and the verdict."""
    return [*f"tidegate: {error}".splitlines(), error.verdict]


def answer_json(channel: Channel, answer: Answer, current: Version | None, downloaded: Downloaded | None = None) -> str:
    """The answer for programs; see the module's docstring."""
    feed = channel.feed
    return _json(
        format=FORMAT,
        ok=True,
        verdict="verified",
        exit_code=0,
        error=None,
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


def error_json(error: ClientError) -> str:
    """The error for programs; see the module's docstring."""
    return _json(
        format=FORMAT,
        ok=False,
        verdict=error.verdict,
        exit_code=error.exit_code,
        error={"what": error.what, "fix": error.fix},
    )


def _release_lines(release: Release) -> list[str]:
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


def _deprecation_line(item: Deprecation) -> str:
    if item.state is State.REMOVED:
        line = f"Gone: {item.subject}"
    else:
        line = f"Going away{f' in {item.remove_in}' if item.remove_in else ''}: {item.subject}"
    return line + (f"; use {item.replacement}" if item.replacement else "")


def _signers(signatures: tuple[Signature, ...]) -> str:
    return " and ".join(
        f"{signature.person} ({signature.duty})" if signature.duty else signature.person or signature.keyid[:8]
        for signature in signatures
    )


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _json(**keys: Any) -> str:
    return json.dumps(_plain(keys), indent=2)


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
