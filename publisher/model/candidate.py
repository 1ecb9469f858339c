"""A candidate: the exact metadata that clients will verify, waiting for signatures (staging/<role>/<sha256>/)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from publisher.model.base import Digest, Model, ReleaseVersion, Slug, UtcTime
from publisher.model.decision import Decision


class Base(Model):
    """The live metadata that a candidate was made for; if another is live, the candidate is stale."""

    version: Annotated[int, Field(ge=1)]
    sha256: Digest
    """Of the live metadata file."""


class CandidateRecord(Model):
    """decision.json: where the candidate comes from, why it may ship, and what promotion will do."""

    format: Literal["tidegate-candidate/1"] = "tidegate-candidate/1"
    product: Slug
    channel: Slug
    release: ReleaseVersion
    base: Base | None
    """None when nothing was live."""
    staged_at: UtcTime
    decision: Decision
    """As the public may read it, since a bucket may be."""
    platforms: tuple[Slug, ...]
    """Platforms that the release carries."""


class StagingPointer(Model):
    """staging/<role>/current.json: which candidate the channel is working on; one at a time."""

    format: Literal["tidegate-staging/1"] = "tidegate-staging/1"
    candidate: Digest | None
    """Its directory; None when there is none."""
    release: ReleaseVersion | None = None
    staged_at: UtcTime | None = None
