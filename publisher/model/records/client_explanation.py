"""`tidegate-explanation/1`, what `tidegate explain --json` prints. `publish schema` writes its JSON Schema.

The client writes it in `publisher.client.answers.explain`, which knows nothing of this module; a test holds the two
together.
"""

from __future__ import annotations

from typing import Literal

from publisher.model.records.client_answer import AnswerSignature, OfflineAnswer, SignedTime
from publisher.model.values import Model, ReleaseVersion
from publisher.wire.answer_words import Outcome, StepKind
from publisher.wire.feed_words import Action


class ExplanationStep(Model):
    """One fact that the answer rests on."""

    kind: StepKind
    """What it is about; kinds may be added."""
    text: str
    """One plain sentence."""
    version: ReleaseVersion | None
    """The version that it is about; null if it is not about one."""
    until: SignedTime | None
    """When it ends, or when the publisher has promised to say more; null if that is not known."""


class ExplanationChange(Model):
    """A moment from which the answer may be another one."""

    at: SignedTime
    """The moment."""
    text: str
    """What happens then."""


class ExplanationReport(OfflineAnswer):
    """One run of `tidegate explain`. Every key is always there, null where it does not apply."""

    format: Literal["tidegate-explanation/1"]
    """Name and version of this format."""
    current: ReleaseVersion | None
    """The running version; null for a fresh install."""
    install_id: str | None
    """The installation that was asked about; null if none was named."""
    at: SignedTime | None
    """The moment that the answer is for."""
    outcome: Outcome | None
    """How the running version compares with the published one."""
    reason: str | None
    """The conclusion, in plain sentences."""
    action: Action | None
    """How urgent the offer is; null if nothing is offered."""
    offers: ReleaseVersion | None
    """The version that is offered; null if nothing is."""
    steps: tuple[ExplanationStep, ...] | None
    """What is published, what stops it and what is asked of this machine, in this order."""
    changes: tuple[ExplanationChange, ...] | None
    """What may change the answer, as far as that is known, the next one first."""
    signed_by: tuple[AnswerSignature, ...] | None
    """Whose signatures on the channel's metadata verified."""
