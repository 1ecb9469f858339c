"""An approval: a signature over a candidate, and what its signer states beside it (staging/<role>/<sha256>/attest/)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from publisher.model.records.attested_fact import Fact
from publisher.model.values import Digest, Model, Text, UtcTime


class Comparison(StrEnum):
    """How a file of a candidate compares with a build of the signer's own."""

    SAME = "same"
    DIFFERS = "differs"
    """Nobody can sign then, so no statement says it."""
    MISSING = "missing"
    """Not compared: the signer has no such file."""
    SAME_BUT_SIGNED = "same-but-signed"
    """The same but for the code signature that the published file carries."""
    CODE_SIGNED = "code-signed"
    """Not compared: the published file carries a code signature that cannot be taken off."""


class BuiltFile(Model):
    """A file of a candidate, and what its signer's own build says of it."""

    file: str
    """Its plain name."""
    sha256: Digest
    """SHA-256 of the file that the candidate ships."""
    result: Comparison


class Statement(Model):
    """What one person states with a signature; signed with the same key, in an envelope of its own."""

    format: Literal["tidegate-approval/1"] = "tidegate-approval/1"
    """What this is."""
    candidate: Digest
    """SHA-256 of the candidate's payload: it holds for no other."""
    key: Digest
    """Id of the key that signs candidate and statement."""
    at: UtcTime
    """When it was given, by the signer's clock."""
    near: tuple[Digest, ...] = ()
    """Marks of the events that were near, so that one which comes near later is not approved unseen."""
    overrides: tuple[Digest, ...] = ()
    """Marks of the overrides that it passed by; one that is written later counts only when it was signed again."""
    built: tuple[BuiltFile, ...] = ()
    """Files that the signer states to have built, compared with the candidate's. It is a claim: no rule counts it."""
    facts: dict[Fact, Text] = Field(default_factory=dict)
    """What is attested, and what proves it: a link, a ticket, a name and an hour."""
