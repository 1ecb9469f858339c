"""What the client tells people: a few calm lines. The last one says in a word or two whether they can be believed.

Pure: values in, text out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from publisher.client.answers.words import listed, time_text
from publisher.wire.errors import ClientError
from publisher.wire.feed_parser import DeprecationNotice, OfferedRelease
from publisher.wire.feed_words import Restart, State

if TYPE_CHECKING:
    # Not at run time, so that telling an error does not load python-tuf.
    from publisher.client.answers.check import CheckAnswer, StoppedVersion
    from publisher.client.transfer.download import Downloaded
    from publisher.wire.duties import Signature

__all__ = ["answer_lines", "brake_lines", "error_lines", "fact_lines", "listed_signers"]

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
    answer: CheckAnswer,
    requirements: Sequence[str] = (),
    *,
    next_command: str = "",
    downloaded: Downloaded | None = None,
) -> list[str]:
    """The answer for people. `requirements` are lines about what the running version does not meet, `next_command` is
    what to run to get an offered release.
    """
    feed, advice = answer.channel.feed, answer.advice
    lines = [f"{feed.product} {feed.channel}, {feed.platform}", advice.reason]
    for stopped in (answer.withdrawal, answer.hold):
        lines += ["", *brake_lines(stopped)] if stopped else []
    if advice.release:
        lines += ["", *_release_lines(advice.release)]
    if requirements:
        lines += ["", *requirements]
    notices = [_deprecation_line(item) for item in feed.deprecations if item.state is not State.ANNOUNCED]
    if notices:
        lines += ["", *notices]
    if downloaded:
        how = "was already there, with the same content" if downloaded.already_there else "downloaded"
        lines += ["", f"{downloaded.path} {how}."]
    elif advice.release and next_command:
        lines += ["", "To download it:", f"  {next_command}"]
    return [*lines, "", f"Signed by {listed_signers(answer.channel.signatures)}: verified"]


def brake_lines(stopped: StoppedVersion) -> list[str]:
    """Why a version is held or withdrawn, in the words of the publisher, and when there will be more."""
    notice = stopped.notice
    if notice is None:
        return [f"The reason for the {stopped.kind} of {stopped.brake.version} could not be read."]
    lines = [f'The publisher says: "{notice.because}" ({time_text(notice.at)})']
    if notice.next_update is not None:
        when = time_text(notice.next_update)
        if stopped.overdue:
            lines.append(f"The next update was promised for {when} and has not come; tell the publisher.")
        else:
            lines.append(f"The next update is promised for {when}.")
    if notice.replaced_by is not None:
        lines.append(f"It is replaced by {notice.replaced_by}.")
    return lines


def error_lines(error: ClientError) -> list[str]:
    """The error for people: what, what to do, and the verdict."""
    return [*f"tidegate: {error}".splitlines(), error.verdict]


def _release_lines(release: OfferedRelease) -> list[str]:
    facts = [("What", release.sentence), ("Restart", _RESTART[release.restart])]
    if release.required_by:
        facts.append(("Update by", time_text(release.required_by)))
    if release.old_peers_ok_until:
        facts.append(("Old peers", f"older versions can connect until {time_text(release.old_peers_ok_until)}"))
    symptoms = [*release.symptoms[:_SYMPTOMS]]
    if len(release.symptoms) > _SYMPTOMS:
        symptoms.append(f"and {len(release.symptoms) - _SYMPTOMS} more")
    facts += [("" if place else "You may see", symptom) for place, symptom in enumerate(symptoms)]
    if release.notes_url:
        facts.append(("Notes", release.notes_url))
    facts.append(("File", f"{release.artifact.file}, {_size(release.artifact.size)}"))
    return fact_lines(facts)


def fact_lines(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Facts below one another, each behind its label."""
    return [f"  {label:<{_LABEL_WIDTH}}  {text}" for label, text in facts]


def _deprecation_line(item: DeprecationNotice) -> str:
    if item.state is State.REMOVED:
        line = f"Removed: {item.subject}"
    else:
        line = f"To be removed{f' in {item.remove_in}' if item.remove_in else ''}: {item.subject}"
    return line + (f"; use {item.replacement}" if item.replacement else "")


def listed_signers(signatures: Sequence[Signature]) -> str:
    return listed(
        [
            f"{signature.person} ({signature.duty})" if signature.duty else signature.person or signature.keyid[:8]
            for signature in signatures
        ]
    )


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
