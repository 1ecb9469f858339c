"""Where everything lies in a channel bucket, and which TUF role vouches for what.

    tuf/metadata/  N.root N.targets N.<product>.<channel> N.rollout N.brakes N.notes N.snapshot timestamp  (.json)
    tuf/targets/   artifacts/<product>/<channel>/<version>/<sha256>.<file>
                   feed/<product>/<channel>/<sha256>.<platform>.json
                   notes/<product>/security/<sha256>.advisories.json
                   keys/<sha256>.minisign.pub
                   site/<sha256>.pages.json
    releases/<product>/<version>/   plain names for people
    back/<product>.<channel>/   rollback metadata of releases, signed; private
    staging/<role>/current.json     which candidate the role is working on
    staging/<role>/<sha256>/        payload.json, decision.json, sig/<keyid>, people/<file>: each written once
    staging/<role>/<sha256>/evidence/   manifest.json and the files that it lists, by SHA-256; written once, private
    ledger/<number>.json            signed entries, each written once and linked to the one before it; private

Target names carry their digest because snapshots are consistent (TUF specification, section 6.2).
"""

from __future__ import annotations

import re

from publisher.model.config.role import SHARED_ROLES
from publisher.model.records.site_manifest import MANIFEST

METADATA = "tuf/metadata/"
TARGETS = "tuf/targets/"
RELEASES = "releases/"

TIMESTAMP_KEY = f"{METADATA}timestamp.json"
"""The one object that changes; replacing it publishes everything before it."""

STAGING = "staging/"
LEDGER = "ledger/"
BACK = "back/"

MINISIGN_TARGET = "keys/minisign.pub"
"""The public key for checks by hand, pinned by the `targets` role."""

SITE_ROLE = "notes"
"""The role that says which bytes the site consists of: who may mislead in words may do so here, in no other bytes."""

SITE_TARGET = f"site/{MANIFEST}"
"""The manifest of the site's pages, so that a defaced page is noticed."""


_NUMBERED = re.compile(re.escape(METADATA) + r"([1-9][0-9]{0,9})\.([a-z0-9.-]+)\.json")

BYTES = "application/octet-stream"
"""The media type of whatever is for download."""


def metadata_key(role: str, version: int) -> str:
    """The object of one version of a role's metadata; `timestamp` has none."""
    return f"{METADATA}{version}.{role}.json"


def numbered(key: str) -> tuple[int, str] | None:
    """Version and role of a metadata object, by its key; None for any other object, and for `timestamp`."""
    match = _NUMBERED.fullmatch(key)
    return (int(match[1]), match[2]) if match is not None else None


def target_key(path: str, sha256: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{TARGETS}{folder}/{sha256}.{name}"


def channel_role(product: str, channel: str) -> str:
    return f"{product}.{channel}"


def artifact_target(product: str, channel: str, version: str, file: str) -> str:
    return f"artifacts/{product}/{channel}/{version}/{file}"


def feed_target(product: str, channel: str, platform: str) -> str:
    return f"feed/{product}/{channel}/{platform}.json"


def advisories_target(product: str) -> str:
    """The security advisories of a product, listed by the role that signs the site."""
    return f"{SITE_ROLE}/{product}/security/advisories.json"


def is_advisories_target(path: str) -> bool:
    """Whether a target is a product's security advisories."""
    folders = path.split("/")
    return len(folders) == 4 and path == advisories_target(folders[1])


def release_key(product: str, version: str, file: str) -> str:
    """The object with a plain name, for people."""
    return f"{RELEASES}{product}/{version}/{file}"


def staging_pointer_key(role: str) -> str:
    """The small object that says which candidate a role is working on."""
    return f"{STAGING}{role}/current.json"


def candidate_key(role: str, digest: str, file: str) -> str:
    """An object of a candidate: payload.json, decision.json, sig/<keyid>, people/<file>, evidence/<sha256>."""
    return f"{STAGING}{role}/{digest}/{file}"


def back_key(role: str, digest: str) -> str:
    """The signed rollback metadata of a release, by the digest of the candidate that shipped it; private."""
    return f"{BACK}{role}/{digest}.json"


def ledger_key(number: int) -> str:
    """The object of one entry of the ledger; eight digits, so that a listing is in order."""
    return f"{LEDGER}{number:08}.json"


def delegated_paths(role: str) -> list[str]:
    """The target paths that a delegated role may vouch for; `*` never crosses a slash (TUF specification, 4.5)."""
    if role in SHARED_ROLES:
        return [f"{role}/*/*/*", *(["site/*"] if role == SITE_ROLE else [])]
    product, channel = role.split(".")
    return [f"artifacts/{product}/{channel}/*/*", f"feed/{product}/{channel}/*"]


def plain_name(key: str) -> str:
    """The name under which people know the file: without the digest that the object of a target has in front."""
    name = key.rpartition("/")[2]
    return name.partition(".")[2] if key.startswith(TARGETS) else name


def content_type(key: str) -> str:
    """The media type to serve an object with; what is not for reading in a browser is plain bytes."""
    if key.endswith(".json"):
        return "application/json"
    if key.endswith((".minisig", ".pub", ".txt", "SHA256SUMS")):
        return "text/plain; charset=utf-8"
    return BYTES
