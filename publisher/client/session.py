"""One consistent state of a channel, verified down to the role that ships it.

python-tuf does what the TUF specification asks of a client (section 5). Around it, this module keeps the state
directory honest, holds what verified against the durable record of what was seen (`rollback_protection`), and asks
for the brakes.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import ExpiredMetadataError, RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, Signed, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import CanonicalJSONSerializer
from tuf.ngclient import FetcherInterface, Updater

from publisher.client.durable_files import is_plain_file
from publisher.client.rollback_protection import RoleSeen, Seen, read_seen, write_seen
from publisher.wire.brakes import BRAKES, silenced_by
from publisher.wire.duties import Signature, check_duties
from publisher.wire.errors import ClientInputError, ClientVerificationError, Code, ExpiredError
from publisher.wire.limits import LIMITS, MetadataFetcher, limit_of

__all__ = ["DISTRUST", "ChannelSource", "Clock", "Session", "start_session"]

DISTRUST = "do not install anything from here; tell the publisher"

Clock = Callable[[], datetime]
"""Gives the present moment, UTC."""

_BRAKES_PATH = f"{BRAKES}/a/a/a"
"""Asking for a path below makes python-tuf load and verify the role; no such file is needed."""


@dataclass(frozen=True)
class ChannelSource:
    """Where a channel is, what is trusted from the start, and where to remember what was seen."""

    url: str
    """The bucket's address, without a slash at its end."""
    root: bytes
    state: Path
    fetcher: FetcherInterface
    clock: Clock
    offline: bool = False
    """Whether `fetcher` asks nobody: then this machine has learned nothing of the channel that it should remember."""

    @property
    def metadata_dir(self) -> Path:
        """Metadata as python-tuf keeps it."""
        return self.state / "metadata"

    @property
    def feeds_dir(self) -> Path:
        return self.state / "feeds"

    @property
    def record(self) -> Path:
        """What this machine has seen (`rollback_protection`)."""
        return self.state / "seen.json"


@dataclass(frozen=True)
class Session:
    """One consistent state of the repository, verified down to the role."""

    updater: Updater
    role_name: str
    role: Targets
    signatures: tuple[Signature, ...]
    valid_until: datetime
    """When the first of the signatures that it rests on expires, UTC."""
    checked_at: datetime
    """The moment at which expiry was judged, UTC."""
    reached_at: datetime
    """When the channel was last reached, UTC: at `checked_at`, or earlier if it was offline."""
    silenced: bool
    """Whether the brakes have expired, so that nothing may be offered."""

    def target(self, path: str) -> TargetFile | None:
        """The target, if the role itself lists it; whoever else lists that path is not believed."""
        target = self.updater.get_targetinfo(path)
        if target != self.role.targets.get(path):
            raise ClientVerificationError(
                f"{path} is not signed by {self.role_name}, which alone may publish it",
                fix=DISTRUST,
            )
        return target


def start_session(
    source: ChannelSource, product: str, channel: str, path: str, *, even_silenced: bool = False
) -> Session:
    """Bring the metadata up to date and verify the role that may publish `path`, duties included.

    `even_silenced` lets brakes that have expired pass, for callers that offer nothing then. The caller holds the lock
    of the state directory. Raises ClientError, exceptions of python-tuf, OSError.
    """
    _prepare(source)
    seen = read_seen(source.record)
    if source.offline and not seen.roles:
        raise ClientInputError(
            "this machine has not reached the channel before", fix="check the network, then try again"
        )
    now = source.clock()
    updater = Updater(
        metadata_dir=str(source.metadata_dir),
        metadata_base_url=f"{source.url}/tuf/metadata/",
        fetcher=MetadataFetcher(source.fetcher),
        # One more than is allowed, so that a longer chain is noticed instead of being cut off.
        config=replace(LIMITS, max_root_rotations=LIMITS.max_root_rotations + 1),
        bootstrap=source.root,
    )
    # python-tuf reads the clock itself and offers no other way in. A clock that was set back is not followed.
    updater._trusted_set.reference_time = max(now, seen.last_seen)
    try:
        session, roles = _verify(source, updater, seen, f"{product}.{channel}", path, even_silenced)
    except (ExpiredMetadataError, ExpiredError) as error:
        _remember_expired(source, updater, seen, now)
        if seen.last_seen > now:
            raise _clock_set_back(seen, now) from error
        raise
    except UnsignedMetadataError:
        if _needs_cryptography(source.root, source.metadata_dir / "targets.json"):
            raise ClientVerificationError(
                "some of the channel's keys are not Ed25519, and checking those needs the Python package cryptography",
                fix="install it from your system's own packages, such as python3-cryptography on Debian",
            ) from None
        raise
    if not source.offline:
        write_seen(source.record, seen.with_roles(roles).at(now))
    return session


def _verify(
    source: ChannelSource, updater: Updater, seen: Seen, role_name: str, path: str, even_silenced: bool
) -> tuple[Session, dict[str, RoleSeen]]:
    """The session, and the roles that it rests on."""
    updater.refresh()
    trusted = updater._trusted_set
    if trusted.root.version > Metadata[Root].from_bytes(source.root).signed.version + LIMITS.max_root_rotations:
        raise ClientVerificationError(
            f"there are more than {LIMITS.max_root_rotations} root files after the one that this client starts with",
            fix="get the newest client and its root from the publisher's page",
        )
    top_level = (trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets)
    roles = {signed.type: _seen(signed, trusted.root, signed.type) for signed in top_level}
    seen.refuse_older(roles, source.record)

    targets = trusted.targets
    listed = [name.removesuffix(".json") for name in trusted.snapshot.meta]
    _refuse_unpublished(targets, listed, role_name)
    # Asking for a path makes python-tuf load and verify the roles that may publish it.
    updater.get_targetinfo(path)
    needed: list[Signed] = [*top_level]
    signatures: tuple[Signature, ...] = ()
    silenced = False
    for name in listed:
        if name == Targets.type or not silenced_by(name, [role_name]):
            continue
        if name == BRAKES:
            try:
                _load_brakes(updater)
            except ExpiredError:
                if not even_silenced:
                    raise
                silenced = True
                continue
        metadata = _verified(source, updater, name)
        signed_by = check_duties(targets, name, metadata)
        roles[name] = _seen(metadata.signed, targets, name)
        needed.append(metadata.signed)
        if name == role_name:
            role, signatures = metadata.signed, signed_by
    seen.refuse_older(roles, source.record)
    checked_at = trusted.reference_time
    session = Session(
        updater,
        role_name,
        role,
        signatures,
        valid_until=min(signed.expires for signed in needed),
        checked_at=checked_at,
        reached_at=seen.last_seen if source.offline else checked_at,
        silenced=silenced,
    )
    return session, roles


def _seen(signed: Signed, judge: Root | Targets, role: str) -> RoleSeen:
    """What is remembered of a role, whose keys `judge` names."""
    digest = hashlib.sha256(CanonicalJSONSerializer().serialize(signed)).hexdigest()
    return RoleSeen(signed.version, frozenset(judge.get_delegated_role(role).keyids), digest)


def _load_brakes(updater: Updater) -> None:
    try:
        updater.get_targetinfo(_BRAKES_PATH)
    except ExpiredMetadataError as error:
        raise ExpiredError(
            "the brakes of this channel have expired, so it is unclear whether a release is on hold;"
            " nothing is offered until they are renewed",
            fix="keep what you run, and tell the publisher if this goes on",
        ) from error


def _verified(source: ChannelSource, updater: Updater, role_name: str) -> Metadata[Targets]:
    """The metadata that python-tuf verified and kept in a file; the lock keeps others away from it."""
    if not updater._trusted_set.contains(role_name, Targets.type):
        raise ClientVerificationError(f"the channel's delegations do not lead to {role_name}", fix=DISTRUST)
    path = source.metadata_dir / f"{quote(role_name, safe='')}.json"
    return Metadata[Targets].from_bytes(path.read_bytes())


def _remember_expired(source: ChannelSource, updater: Updater, seen: Seen, now: datetime) -> None:
    """Note the time, so that a clock that is set back does not make it earlier.

    At most up to the end of the newest timestamp, so that a clock that was far ahead by mistake harms until the next
    renewal only.
    """
    timestamp = updater._trusted_set.get(Timestamp.type)
    if timestamp is None:
        # Below an expired root nothing is loaded; the one that was kept has verified before.
        with contextlib.suppress(OSError, RepositoryError):
            data = (source.metadata_dir / "timestamp.json").read_bytes()
            timestamp = Metadata[Timestamp].from_bytes(data).signed
    if timestamp is not None:
        write_seen(source.record, seen.at(min(now, timestamp.expires)))


def _clock_set_back(seen: Seen, now: datetime) -> ExpiredError:
    return ExpiredError(
        f"this machine's clock shows {now:%Y-%m-%d %H:%M} UTC, but the channel was checked at"
        f" {seen.last_seen:%Y-%m-%d %H:%M} UTC, and its signatures had expired by then",
        fix="set the clock, then try again; if it was ahead before, wait for the channel's next renewal",
    )


def _prepare(source: ChannelSource) -> None:
    """Make the directories, and refuse whatever python-tuf would wait for, follow or read without end."""
    for directory in (source.metadata_dir, source.feeds_dir):
        if directory.is_symlink():
            raise ClientInputError(f"{directory} is a symbolic link; it was not followed", fix="remove the link")
        directory.mkdir(mode=0o700, exist_ok=True)
    history = source.metadata_dir / "root_history"
    if history.is_symlink():
        raise ClientInputError(f"{history} is a symbolic link; it was not followed", fix="remove the link")
    for directory in (source.metadata_dir, history):
        for path in directory.iterdir() if directory.exists() else ():
            # python-tuf makes root.json a link and never reads it, since it is given the root.
            if path in (history, source.metadata_dir / "root.json"):
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


def _refuse_unpublished(targets: Targets, listed: list[str], role_name: str) -> None:
    product, _, channel = role_name.partition(".")
    roles = (targets.delegations.roles if targets.delegations else None) or {}
    if role_name not in roles:
        known = ", ".join(name.replace(".", " ") for name in sorted(roles) if "." in name) or "none"
        raise ClientInputError(
            f"this channel address has no product {product} with a channel {channel}",
            fix=f"choose from the products and channels that are published here: {known}",
            code=Code.NOT_PUBLISHED,
        )
    if role_name not in listed:
        raise ClientInputError(
            f"{product} {channel} has not published anything yet", fix="try again later", code=Code.NOT_PUBLISHED
        )
