"""Versions that a channel has taken back, as its signed metadata names them.

TUF forbids older metadata, not older software: a rollback is newer metadata of the channel's role that says again what
was said before a release. Two signed fields of the role, which other TUF clients ignore, say which versions nobody
should run any more:

    "x-tidegate-back"         on the metadata of a rollback: the version that it takes back
    "x-tidegate-withdrawn"    the versions that earlier metadata of the channel took back, ascending

Pure: metadata in, versions or an error out. Clients and publisher use this one function.
"""

from __future__ import annotations

from typing import Any

from tuf.api.metadata import Signed

from publisher.wire.errors import ClientVerificationError
from publisher.wire.version import Version

__all__ = ["BACK_FIELD", "WITHDRAWN_FIELD", "withdrawn_versions"]

BACK_FIELD = "x-tidegate-back"
WITHDRAWN_FIELD = "x-tidegate-withdrawn"


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
