"""Least-privilege documents for a bucket on S3: who may do what, which origin may read, what goes away by itself.

Pure functions of bucket and prefix; nothing is sent. Identity policies only allow, as some servers (SeaweedFS) know no
Deny there; what nobody may do, whoever it is, stands in the bucket policy, beside what the public may.

Who does what (tests/system/test_identities.py tries it all):

- The publisher ships, approves, lifts, changes keys, and makes renewals of root and channels live.
- Automation refreshes, stages every renewal, and makes those of the shared roles and of targets live.
- On-call reads everything, holds, withdraws, rejects a candidate, gives notice of a mitigation, takes a release back,
  refreshes and recovers. Going back needs the metadata of channels: with the keys of snapshot and timestamp as well, a
  thief could make live what people have signed and rules still hold back.
- Site is the timer of the pages: it reads the channel and its ledger, and signs the page manifest and the advisories
  with a key of notes. In the site's own bucket it replaces pages, as the publisher does.

What keeps published objects as they are:

- Deleting: no identity that works there has the right, and the bucket policy denies it to all but `break-glass`, the
  identity for what somebody planted where clients or publishing stop at it. Amazon S3 and SeaweedFS enforce it.
- Overwriting: the bucket policy denies a write without `If-None-Match`. Amazon documents the condition keys that this
  takes; it was not tried there. SeaweedFS does not know them, so there the statement has no effect: a thief of the
  publisher's credentials can put other bytes under a published name. Clients refuse those, as their digest is signed.
  On such a store take a bucket with object lock: the old version then stays and cannot be deleted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from publisher.storage.protocol import MARKER_KEY

METADATA = "tuf/metadata/"
TARGETS = "tuf/targets/"
RELEASES = "releases/"
STAGING = "staging/"
LEDGER = "ledger/"
BACK = "back/"
PRIVATE = ".tidegate/"
"""The areas of a bucket, as channel/layout.py and claim.py have them; storage imports neither here."""

VERSION = "2012-10-17"
CORS_SECONDS = 3600
STAGING_DAYS = 90

Document = dict[str, Any]


class Identity(StrEnum):
    """Who works with a bucket."""

    PUBLISHER = "publisher"
    AUTOMATION = "automation"
    ON_CALL = "on-call"
    SITE = "site"
    BREAK_GLASS = "break-glass"
    PUBLIC = "public"


SITE_IDENTITIES = (Identity.PUBLISHER, Identity.SITE, Identity.PUBLIC)
"""Who works with the site's bucket: whoever uploads it, its timer, and its readers."""

# `*` also takes in dots: a channel named like one of these roles would be open to them, so model/content/product.py
# refuses it.
_FRESHNESS = (f"{METADATA}*.snapshot.json", f"{METADATA}timestamp.json")
# `N.product.channel.json` has three dots; no root, and no role that all channels share, has as many.
_CHANNELS = (f"{METADATA}*.*.*.json",)
# Not root and not the channels: whoever has the timer's credentials and its keys could ship before its time what people
# have signed and rules still hold back, or plant a root, at which clients stop. The publisher makes these live.
_RENEWED = tuple(f"{METADATA}*.{role}.json" for role in ("targets", "rollout", "brakes", "notes"))
# What makes a candidate, without the folders of signatures and statements: who approves has the publisher's rights.
# A star a folder: Ceph's stop at the first character that fits what follows them, and never look further.
_STAGES = tuple(f"{STAGING}*/{file}" for file in ("current.json", "*/payload.json", "*/decision.json"))
# What one person may say at night: notices of brakes and of mitigations, and the text beside withdrawn files.
_STOPS = (f"{METADATA}*.brakes.json", f"{TARGETS}brakes/*", f"{RELEASES}*/*/WITHDRAWN.txt")
_NOTES = (f"{METADATA}*.notes.json", f"{TARGETS}notes/*")
_CLIENTS = ("tuf/*", f"{RELEASES}*", f"{PRIVATE}*", MARKER_KEY)
# Who appends to the ledger must read its last entry, to link to it; so all who write can read why others were refused.
_LEDGER = f"{LEDGER}*"

_READS = {
    Identity.PUBLISHER: ("*",),
    # A renewal begins with a look at what each role works on, and at the numbers that ways back have taken.
    Identity.AUTOMATION: ("tuf/*", f"{STAGING}*", f"{BACK}*", f"{PRIVATE}*", MARKER_KEY, _LEDGER),
    Identity.ON_CALL: (*_CLIENTS, f"{STAGING}*", f"{BACK}*", _LEDGER),
    Identity.SITE: (*_CLIENTS, _LEDGER),
}
_WRITES = {
    Identity.PUBLISHER: (
        *(f"{area}*" for area in (STAGING, TARGETS, METADATA, RELEASES, LEDGER, BACK, PRIVATE)),
        MARKER_KEY,
    ),
    Identity.AUTOMATION: (*_FRESHNESS, *_RENEWED, *_STAGES, _LEDGER, f"{PRIVATE}*"),
    Identity.ON_CALL: (*_FRESHNESS, *_CHANNELS, *_STOPS, *_NOTES, _LEDGER, f"{PRIVATE}*"),
    Identity.SITE: (*_FRESHNESS, *_NOTES, f"{TARGETS}site/*", _LEDGER, f"{PRIVATE}*"),
}

WRITTEN_ONCE = (f"{RELEASES}*", f"{TARGETS}*", f"{METADATA}*.*.json", _LEDGER, f"{BACK}*")
"""All that is published but timestamp.json, which has one dot only; the ledger, which only grows; and ways back."""

DELETABLE = (f"{METADATA}*.*.json", f"{TARGETS}*", f"{RELEASES}*", f"{STAGING}*")
"""Where what a stranger planted can stand in the way. The ledger passes it by, and nobody deletes there."""

BREAK_GLASS_USER = "break-glass*"
"""Whom the bucket policy lets delete: the printed policy is attached to a user of this name, or one that begins so."""

_KEPT = (_LEDGER, f"{BACK}*")
"""What not even that identity deletes."""


def policy(bucket: str, prefix: str, identity: Identity) -> Document:
    """The policy to attach to an identity; for the public, the bucket's own."""
    if identity is Identity.PUBLIC:
        return bucket_policy(bucket, prefix)
    if identity is Identity.BREAK_GLASS:
        return _document(*_lists(bucket, prefix), _allow("Delete", ["s3:DeleteObject"], bucket, prefix, DELETABLE))
    return _document(
        *_lists(bucket, prefix),
        _allow("Read", ["s3:GetObject"], bucket, prefix, _READS[identity]),
        _allow("Write", ["s3:PutObject", "s3:AbortMultipartUpload"], bucket, prefix, _WRITES[identity]),
        _allow("Probes", ["s3:DeleteObject"], bucket, prefix, (f"{PRIVATE}*",)),
    )


def bucket_policy(bucket: str, prefix: str) -> Document:
    """Anybody may read what is published; only `break-glass` may delete, and nobody overwrite where stores can tell."""
    everybody = {"Principal": "*"}
    public = ("tuf/*", f"{RELEASES}*", f"{PRIVATE}*")
    return _document(
        {**_allow("PublicRead", ["s3:GetObject"], bucket, prefix, public), **everybody},
        {**_deny("NobodyDeletesVersions", ["s3:DeleteObjectVersion"], bucket, prefix, WRITTEN_ONCE), **everybody},
        {**_deny("NobodyDeletes", ["s3:DeleteObject"], bucket, prefix, _KEPT), **everybody},
        {
            **_deny("OnlyBreakGlassDeletes", ["s3:DeleteObject"], bucket, prefix, DELETABLE),
            **everybody,
            "Condition": {"StringNotLike": {"aws:username": BREAK_GLASS_USER}},
        },
        {
            **_deny("WrittenOnce", ["s3:PutObject"], bucket, prefix, WRITTEN_ONCE),
            **everybody,
            # Parts of a multipart upload cannot have the header: only what makes the object is asked for it.
            "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
        },
    )


def site_policy(bucket: str, prefix: str, identity: Identity) -> Document:
    """The same for the site's own bucket, which changes: publisher and timer may replace and delete whatever is there.

    Nobody else works there. Signing its manifest is work in the channel's bucket, with that bucket's rights.
    """
    if identity is Identity.PUBLIC:
        return _document({**_allow("PublicRead", ["s3:GetObject"], bucket, prefix, ("*",)), "Principal": "*"})
    assert identity in SITE_IDENTITIES
    changes = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]
    return _document(
        *_lists(bucket, prefix),
        _allow("Read", ["s3:GetObject"], bucket, prefix, ("*",)),
        _allow("Change", changes, bucket, prefix, ("*",)),
    )


def cors(origin: str) -> Document:
    """Pages of the site may read the bucket."""
    rule = {
        "AllowedOrigins": [origin.rstrip("/")],
        "AllowedMethods": ["GET", "HEAD"],
        "MaxAgeSeconds": CORS_SECONDS,
    }
    return {"CORSRules": [rule]}


def lifecycle(prefix: str, staging_days: int = STAGING_DAYS) -> Document:
    """What dead runs left goes after a day, candidates after `staging_days`; published objects never."""
    staging = _rule("tidegate-staging", f"{prefix}{STAGING}", {"Expiration": {"Days": staging_days}})
    return {"Rules": [*_leftovers(prefix), staging]}


def site_lifecycle(prefix: str) -> Document:
    """The same for the site's own bucket, where nothing is staged."""
    return {"Rules": _leftovers(prefix)}


def _leftovers(prefix: str) -> list[Document]:
    return [
        _rule("tidegate-probes", f"{prefix}{PRIVATE}", {"Expiration": {"Days": 1}}),
        _rule("tidegate-uploads", prefix, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}),
    ]


def _rule(name: str, prefix: str, what: Document) -> Document:
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **what}


def _lists(bucket: str, prefix: str) -> list[Document]:
    everything = {"Sid": "List", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [_arn(bucket)]}
    if not prefix:
        return [everything]
    # Without the right to list, S3 answers 403 and not 404 where there is no object. That question has no prefix, so
    # with one in the bucket, names (no bytes) of all its objects can be listed: a bucket of one's own is better.
    return [
        {**everything, "Condition": {"StringLike": {"s3:prefix": [f"{prefix}*"]}}},
        {**everything, "Sid": "AskWhetherThere", "Condition": {"Null": {"s3:prefix": "true"}}},
    ]


def _document(*statements: Document) -> Document:
    return {"Version": VERSION, "Statement": list(statements)}


def _deny(name: str, actions: list[str], bucket: str, prefix: str, keys: tuple[str, ...]) -> Document:
    return {**_allow(name, actions, bucket, prefix, keys), "Effect": "Deny"}


def _allow(name: str, actions: list[str], bucket: str, prefix: str, keys: tuple[str, ...]) -> Document:
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [f"{_arn(bucket)}/{prefix}{key}" for key in keys],
    }


def _arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"
