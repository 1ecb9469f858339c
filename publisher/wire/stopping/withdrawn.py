"""Versions that a channel has taken back, as its signed metadata names them.

TUF forbids older metadata, not older software: a rollback is newer metadata of the channel's role that says again what
was said before a release. Two signed fields of the role, which other TUF clients ignore, say which versions nobody
should run any more:

    "x-tidegate-back"         on the metadata of a rollback: the version that it takes back
    "x-tidegate-withdrawn"    the versions that earlier metadata of the channel took back, ascending

A third field says what users do with their data before they go back from such a version; a version that it does not
name is compatible, so nothing has to be done:

    "x-tidegate-back-state": {"4.1.0": {"state": "restore-backup", "backup": "Stop the node and unpack the backup."}}

Pure: metadata in, values or an error out. Clients and publisher use these functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuf.api.metadata import Signed

from publisher.wire.errors import ClientVerificationError, FeedError
from publisher.wire.feed_words import BackState
from publisher.wire.json_object import JsonObject, choice_of, text_at
from publisher.wire.version import Version

__all__ = ["BACK_FIELD", "BACK_STATE_FIELD", "WITHDRAWN_FIELD", "GoingBack", "going_back", "withdrawn_versions"]

BACK_FIELD = "x-tidegate-back"
WITHDRAWN_FIELD = "x-tidegate-withdrawn"
BACK_STATE_FIELD = "x-tidegate-back-state"


@dataclass(frozen=True)
class GoingBack:
    """What users do with their data before they go back from a version that was taken back."""

    state: BackState
    """Never forbidden: such a version is not taken back."""
    backup: str | None = None
    """How they restore their backup, in one sentence; only where they have to."""


def withdrawn_versions(role: Signed) -> tuple[Version, ...]:
    """The versions that verified metadata of a channel's role names, once each, ascending.

    Raises ClientVerificationError for a malformed field: whoever cannot read what was taken back offers nothing.
    """
    fields: dict[str, Any] = role.unrecognized_fields
    back, earlier = fields.get(BACK_FIELD), fields.get(WITHDRAWN_FIELD, [])
    if not isinstance(earlier, list):
        raise _malformed(WITHDRAWN_FIELD)
    versions = {_version(WITHDRAWN_FIELD, text) for text in earlier}
    if BACK_FIELD in fields:
        versions.add(_version(BACK_FIELD, back))
    return tuple(sorted(versions))


def going_back(role: Signed) -> Mapping[Version, GoingBack]:
    """Version that was taken back -> what users do first, by verified metadata of a channel's role.

    A version that is missing here is compatible. Raises ClientVerificationError for a malformed field: whoever cannot
    read what to do first sends nobody back.
    """
    try:
        states = JsonObject(role.unrecognized_fields.get(BACK_STATE_FIELD, {}), BACK_STATE_FIELD)
        return {_version(BACK_STATE_FIELD, text): _going_back(JsonObject(*states.at(text))) for text in states.fields}
    except FeedError as error:
        raise ClientVerificationError(
            f"the signed metadata of the channel does not say how to go back: {error.what}",
            fix="keep what you run, and tell the publisher",
        ) from None


def _going_back(fields: JsonObject) -> GoingBack:
    state, backup = fields.required("state", choice_of(BackState)), fields.optional("backup", text_at)
    if state is BackState.FORBIDDEN:
        raise FeedError(f"{fields.path}.state must not be forbidden, since the version was taken back")
    if (state is BackState.RESTORE_BACKUP) != (backup is not None):
        raise FeedError(f"{fields.path}.backup must be there where the state is restore-backup, and only there")
    return GoingBack(state, backup)


def _version(field: str, text: object) -> Version:
    try:
        return Version.parse(text if isinstance(text, str) else "")
    except ValueError:
        raise _malformed(field) from None


def _malformed(field: str) -> ClientVerificationError:
    return ClientVerificationError(
        f"the signed field {field} of the channel is not a list of versions",
        fix="do not install anything from here; tell the publisher",
    )
