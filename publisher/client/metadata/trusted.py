"""Top-level metadata of one repository, brought up to date and verified as the TUF specification asks (section 5).

python-tuf does the verifying. Around it, this module keeps the directory of its files honest, and holds what verified
against the durable record of what was seen (`rollback_protection`). It knows nothing of products and channels.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from tuf.api.exceptions import ExpiredMetadataError, RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, Signed, Targets, Timestamp
from tuf.api.serialization.json import CanonicalJSONSerializer
from tuf.ngclient import FetcherInterface, Updater

from publisher.client.durable_files import is_plain_file, remove_leftovers
from publisher.client.metadata.metadata_fetcher import MetadataFetcher
from publisher.client.metadata.rollback_protection import RoleSeen, Seen, read_seen, write_seen
from publisher.client.network.http import WebFetcher
from publisher.client.network.patience import ServerPatience
from publisher.client.tuf_errors import translate
from publisher.wire.errors import ClientInputError, ClientVerificationError, ExpiredError
from publisher.wire.limits import LIMITS, limit_of

__all__ = ["Clock", "MetadataSource", "TrustedMetadata", "load_delegated", "make_directory", "role_seen", "up_to_date"]

Clock = Callable[[], datetime]
"""Gives the present moment, UTC."""


_CLOCKS_AGREE = timedelta(hours=1)
"""By how much two clocks differ before it is worth mentioning."""


@dataclass(frozen=True)
class MetadataSource:
    """Where a repository's metadata is, what is trusted from the start, and where to remember what was seen."""

    url: str
    """The address of the folder with the metadata."""
    root: bytes
    directory: Path
    """Metadata as python-tuf keeps it: `<role>.json`, and roots by number in `root_history`."""
    record: Path
    """What this machine has seen (`rollback_protection`)."""
    fetcher: FetcherInterface
    clock: Clock
    patience: ServerPatience
    """For one update of the metadata."""
    offline: bool = False
    """Whether `fetcher` asks nobody: then this machine has learned nothing that it should remember."""


@dataclass(frozen=True)
class TrustedMetadata:
    """Verified top-level metadata, from which `updater` can go on to delegated roles."""

    updater: Updater
    reached_at: datetime
    """When the repository was last reached, UTC: at the moment of this update, or earlier if it was offline."""
    roles: dict[str, RoleSeen]
    """What the record will say of each role. Whoever verifies further roles adds them."""
    seen: Seen
    """What the record says now."""


@contextlib.contextmanager
def up_to_date(source: MetadataSource) -> Iterator[TrustedMetadata]:
    """Bring the top-level metadata up to date. The record is written when the block has ended without an error.

    The caller sees to it that nobody else uses the directory. Raises ClientError, exceptions of python-tuf, OSError.
    """
    _prepare(source)
    seen = read_seen(source.record)
    if source.offline and not seen.roles:
        raise ClientInputError(
            "this machine has not reached the channel before", fix="check the network, then try again"
        )
    now = source.clock()
    updater = Updater(
        metadata_dir=str(source.directory),
        metadata_base_url=source.url,
        fetcher=MetadataFetcher(source.fetcher, source.patience.fresh()),
        # One more than is allowed, so that a longer chain is noticed instead of being cut off.
        config=replace(LIMITS, max_root_rotations=LIMITS.max_root_rotations + 1),
        bootstrap=source.root,
    )
    # python-tuf reads the clock itself and offers no other way in. A clock that was set back is not followed.
    judged_at = updater._trusted_set.reference_time = max(now, seen.last_seen)
    try:
        roles = _refresh(source, updater)
        seen.refuse_older(roles, source.record)
        yield TrustedMetadata(updater, seen.last_seen if source.offline else judged_at, roles, seen)
        seen.refuse_older(roles, source.record)
    except (ExpiredMetadataError, ExpiredError) as error:
        _remember_expired(source, updater, seen, now)
        if seen.last_seen > now:
            raise _clock_set_back(seen, now) from error
        server = source.fetcher.server_time if isinstance(source.fetcher, WebFetcher) else None
        if server is not None and abs(server - now) > _CLOCKS_AGREE:
            raise _clocks_differ(error, now, server) from error
        raise
    except UnsignedMetadataError:
        if _needs_cryptography(source.root, source.directory / "targets.json"):
            raise ClientVerificationError(
                "some of the channel's keys are not Ed25519, and checking those needs the Python package cryptography",
                fix="install it from your system's own packages, such as python3-cryptography on Debian",
            ) from None
        raise
    if not source.offline:
        write_seen(source.record, seen.with_roles(roles).at(now))


def load_delegated(updater: Updater, role: str) -> None:
    """Load and verify a role to which `targets` itself delegates; nothing happens where it does not.

    Asking for a path would follow what the role delegates in turn: a thief of its one key could have any number of
    files fetched and kept. Raises exceptions of python-tuf, ClientError, OSError.
    """
    delegations = updater._trusted_set.targets.delegations
    if delegations is not None and role in (delegations.roles or {}):
        updater._load_targets(role, Targets.type)


def role_seen(signed: Signed, judge: Root | Targets, role: str) -> RoleSeen:
    """What is remembered of a role, whose keys `judge` names."""
    digest = hashlib.sha256(CanonicalJSONSerializer().serialize(signed)).hexdigest()
    return RoleSeen(signed.version, frozenset(judge.get_delegated_role(role).keyids), digest)


def make_directory(directory: Path) -> None:
    """A directory of this client's own. Raises ClientInputError for a link in its place, OSError."""
    _refuse_link(directory)
    directory.mkdir(mode=0o700, exist_ok=True)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise ClientInputError(f"{path} is a symbolic link; it was not followed", fix="remove the link")


def _refresh(source: MetadataSource, updater: Updater) -> dict[str, RoleSeen]:
    updater.refresh()
    trusted = updater._trusted_set
    if trusted.root.version > Metadata[Root].from_bytes(source.root).signed.version + LIMITS.max_root_rotations:
        raise ClientVerificationError(
            f"there are more than {LIMITS.max_root_rotations} root files after the one that this client starts with",
            fix="get the newest client and its root from the publisher's page",
        )
    top_level = (trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets)
    return {signed.type: role_seen(signed, trusted.root, signed.type) for signed in top_level}


def _remember_expired(source: MetadataSource, updater: Updater, seen: Seen, now: datetime) -> None:
    """Note the time, so that a clock that is set back does not make it earlier.

    At most up to the end of the newest timestamp, so that a clock that was far ahead by mistake harms until the next
    renewal only.
    """
    timestamp = updater._trusted_set.get(Timestamp.type)
    if timestamp is None:
        # Below an expired root nothing is loaded; the one that was kept has verified before.
        with contextlib.suppress(OSError, RepositoryError):
            data = (source.directory / "timestamp.json").read_bytes()
            timestamp = Metadata[Timestamp].from_bytes(data).signed
    if timestamp is not None:
        write_seen(source.record, seen.at(min(now, timestamp.expires)))


def _clock_set_back(seen: Seen, now: datetime) -> ExpiredError:
    return ExpiredError(
        f"this machine's clock shows {now:%Y-%m-%d %H:%M} UTC, but the channel was checked at"
        f" {seen.last_seen:%Y-%m-%d %H:%M} UTC, and its signatures had expired by then",
        fix="set the clock, then try again; if it was ahead before, wait for the channel's next renewal",
    )


def _clocks_differ(error: ExpiredMetadataError | ExpiredError, now: datetime, server: datetime) -> ExpiredError:
    """The same error in more words. The server's clock is signed by nobody, so that nothing is decided by it."""
    expired = error if isinstance(error, ExpiredError) else translate(error, "check for updates")
    return ExpiredError(
        f"{expired.what}; this machine's clock may be wrong: it shows {now:%Y-%m-%d %H:%M} UTC, the server's"
        f" {server:%Y-%m-%d %H:%M} UTC",
        fix="set this machine's clock if it is wrong, then try again; otherwise keep what you run, and try again later",
    )


def _prepare(source: MetadataSource) -> None:
    """Make the directory, and refuse whatever python-tuf would wait for, follow or read without end."""
    make_directory(source.directory)
    for directory in {source.directory, source.record.parent}:
        remove_leftovers(directory)
    history = source.directory / "root_history"
    _refuse_link(history)
    for directory in (source.directory, history):
        for path in directory.iterdir() if directory.exists() else ():
            # python-tuf makes root.json a link and never reads it, since it is given the root.
            if path in (history, source.directory / "root.json"):
                continue
            if not is_plain_file(path) or path.stat().st_size > limit_of(path.name):
                raise ClientInputError(
                    f"{path} is not metadata that this client saved",
                    fix="remove it; the right file is fetched again",
                )
    _refuse_what_is_no_root(source.root)


def _refuse_what_is_no_root(data: bytes) -> None:
    try:
        root = Metadata[Root].from_bytes(data).signed
        if root.type != Root.type:
            raise RepositoryError(f"it is {root.type} metadata")
    except RepositoryError as error:
        raise ClientInputError(
            f"the trusted root is not TUF root metadata ({error})",
            fix="give the publisher's root.json with --root",
        ) from None


def _needs_cryptography(root: bytes, targets: Path) -> bool:
    """True if a key cannot be checked here: python-tuf then counts its signature as missing."""
    if find_spec("cryptography") is not None:
        return False
    keys = list(Metadata[Root].from_bytes(root).signed.keys.values())
    with contextlib.suppress(OSError, RepositoryError):
        delegations = Metadata[Targets].from_bytes(targets.read_bytes()).signed.delegations
        keys += delegations.keys.values() if delegations else []
    return any(key.scheme != "ed25519" for key in keys)
