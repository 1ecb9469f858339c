"""`tidegate-readiness/1`, what `tidegate ready --json` prints. `publish schema` writes its JSON Schema.

The client writes it in `publisher.client.answers.report_json`, which knows nothing of this module; a test holds the two
together.
"""

from __future__ import annotations

from typing import Literal

from publisher.model.records.client_answer import (
    AnswerRequirement,
    AnswerSignature,
    OfflineAnswer,
    SignedTime,
)
from publisher.model.records.feed_format import FeedRelease
from publisher.model.values import ReleaseVersion, Slug
from publisher.wire.answer_words import Readiness
from publisher.wire.feed_words import Audience


class ReadinessReport(OfflineAnswer):
    """One run of `tidegate ready`. Every key is always there, null where it does not apply."""

    format: Literal["tidegate-readiness/1"]
    """Name and version of this format."""
    exit_code: int
    """The exit code: 0 ready, 10 update, 11 too late, 12 unknown, 13 withdrawn, 14 held; others for errors."""
    current: ReleaseVersion | None
    """The running version."""
    audience: Audience | None
    """Whom the answer is for; null: everybody."""
    at: SignedTime | None
    """The moment that the answer is for."""
    readiness: Readiness | None
    """The worst of all requirements: withdrawn, too-late, unknown, held, update, ready, from the worst."""
    reason: str | None
    """The fact and what to do, in plain sentences."""
    event: Slug | None
    """The event that decides, by id: the next one among the worst; null if every requirement is met."""
    at_least: ReleaseVersion | None
    """The version that it requires, or a later one."""
    due: SignedTime | None
    """By when that must be running."""
    days_left: int | None
    """Whole days until then, rounded down; negative once it is over."""
    next_update: SignedTime | None
    """When the publisher has promised to say more about the hold on what would be installed."""
    release: FeedRelease | None
    """The release to install for it; with `withdrawn` what to run instead; null if there is nothing to install."""
    secure: bool | None
    """False if the running version is below the security floor, withdrawn or taken back, whatever events require."""
    withdrawn: tuple[ReleaseVersion, ...] | None
    """Versions that the channel has taken back."""
    requirements: tuple[AnswerRequirement, ...] | None
    """Every requirement that concerns the audience, also those that are met; the next one first."""
    signed_by: tuple[AnswerSignature, ...] | None
    """Whose signatures on the channel's metadata verified."""
