"""The role notes on this machine: loaded and verified when the snapshot lists it, and never in the way of an answer.

Without it, or with notes that do not verify or have expired, a client says less; what it offers rests on other roles.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from tuf.api.exceptions import DownloadError, ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata, Targets

from publisher.client.metadata.trusted import MetadataSource, TrustedMetadata, load_delegated, role_seen
from publisher.wire.advice.notes import NOTES
from publisher.wire.duties import check_duties
from publisher.wire.errors import ClientError

__all__ = ["VerifiedNotes", "load_notes"]

_EXPIRED = "The channel's notes have expired: advice for the version that you run may be missing."
_UNVERIFIED = "The channel's notes could not be verified: advice for the version that you run may be missing."


@dataclass(frozen=True)
class VerifiedNotes:
    """What the channel's notes say, as far as they can be believed."""

    role: Targets | None = None
    """None where the channel has no notes, or none that verify."""
    problem: str | None = None
    """Why they are missing, in a sentence; None where nothing is wrong."""


def load_notes(source: MetadataSource, metadata: TrustedMetadata, listed: Collection[str]) -> VerifiedNotes:
    """The notes of a repository whose snapshot lists these roles; they join those of `metadata` if they verify.

    Raises nothing that a server or a thief of the notes key can cause.
    """
    if NOTES not in listed:
        return VerifiedNotes()
    trusted = metadata.updater._trusted_set
    try:
        load_delegated(metadata.updater, NOTES)
        if not trusted.contains(NOTES, Targets.type):
            return VerifiedNotes(problem=_UNVERIFIED)
        signed = Metadata[Targets].from_bytes((source.directory / f"{quote(NOTES)}.json").read_bytes())
        check_duties(trusted.targets, NOTES, signed)
        role = role_seen(signed.signed, trusted.targets, NOTES)
        metadata.seen.refuse_older({**metadata.roles, NOTES: role}, source.record)
    except ExpiredMetadataError:
        return VerifiedNotes(problem=_EXPIRED)
    except (ClientError, RepositoryError, DownloadError, OSError):
        return VerifiedNotes(problem=_UNVERIFIED)
    metadata.roles[NOTES] = role
    return VerifiedNotes(signed.signed)
