"""The update channel as a client sees it: python-tuf does the verifying, this adds what TUF does not know.

The order of the work is that of the TUF specification, section 5 (root, timestamp, snapshot, targets,
delegated role, target). On top of it:

- a product's feed and files must come from the role `<product>.<channel>` and from no other delegation;
- that role must be signed by the persons and duties that its delegation requires (`duties`);
- the feed must be that of the product, channel and platform asked for, and agree with TUF about the file.

Requests of one check: 2 when nothing is new (next root, timestamp), 6 for a new release (and snapshot,
targets, the role, the feed), 1 more for the file.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from publisher.client import feed as feeds
from publisher.client.duties import Signature, check_duties
from publisher.client.errors import InputError, TransferError, VerificationError
from publisher.client.feed import Feed, parse_feed
from publisher.client.lock import locked
from publisher.client.translate import plain_errors
from publisher.client.version import Version
from publisher.client.withdrawn import withdrawn_versions

__all__ = ["LIMITS", "Channel", "Downloaded", "UpdateClient"]

LIMITS = UpdaterConfig(
    max_root_rotations=64,
    max_delegations=8,
    root_max_length=128 * 1024,
    timestamp_max_length=16 * 1024,
    snapshot_max_length=256 * 1024,
    targets_max_length=2 * 1024 * 1024,
)
"""How much is read before it is verified: lengths in bytes, against endless data and endless chains."""

_DISTRUST = "do not install anything from here; tell the publisher"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Channel:
    """A verified state of one product's channel."""

    feed: Feed
    signatures: tuple[Signature, ...]
    """Who signed the channel's role."""
    withdrawn: tuple[Version, ...] = ()
    """The versions that the channel has taken back."""


@dataclass(frozen=True)
class Downloaded:
    """A verified file on this machine."""

    path: Path
    already_there: bool
    """True if the very same bytes were there before."""


@dataclass(frozen=True)
class _Session:
    """One consistent state of the repository, verified down to the role."""

    updater: Updater
    role_name: str
    role: Targets
    signatures: tuple[Signature, ...]

    def target(self, path: str) -> TargetFile | None:
        """The target, if the role itself lists it; whoever else lists that path is not believed."""
        found = self.updater.get_targetinfo(path)
        if found != self.role.targets.get(path):
            raise VerificationError(
                f"{path} is not signed by {self.role_name}, which alone may publish it",
                fix=_DISTRUST,
            )
        return found


class UpdateClient:
    """Fetches and verifies what one repository publishes.

    All methods raise ClientError and its subclasses, nothing else that a server or a disk can cause.
    """

    def __init__(
        self, url: str, root: bytes, state: Path, fetcher: FetcherInterface, now: datetime | None = None
    ) -> None:
        """
        `url` is the bucket's address (metadata at <url>/tuf/metadata/, targets at <url>/tuf/targets/), `root`
        the first trusted root metadata, `state` a directory of this client's own: it remembers the newest
        metadata seen, which is the protection against replays, so it must outlive the process. `now` is the
        moment at which expiry is judged, by default that of each session's start.
        """
        self._url = url.rstrip("/")
        self._root = root
        self._state = state
        self._fetcher = fetcher
        self._now = now
        self._session: _Session | None = None

    def fetch_feed(self, product: str, channel: str, platform: str) -> Feed:
        """The verified feed. See `fetch_channel`, which also tells who signed it."""
        return self.fetch_channel(product, channel, platform).feed

    def fetch_channel(self, product: str, channel: str, platform: str) -> Channel:
        """The newest verified state of a product's channel for one platform.

        Raises InputError if the repository has no such product, channel or platform; VerificationError (also
        expired) if anything does not verify; TransferError if the network or the disk fails.
        """
        for name, value in (("product", product), ("channel", channel), ("platform", platform)):
            if len(value) > 64 or not _SLUG.fullmatch(value):
                raise InputError(f"{value!a} is not the id of a {name}", fix="use small letters and hyphens")
        with self._working("check for updates"):
            self._session = None
            path = f"feed/{product}/{channel}/{platform}.json"
            session = self._start(product, channel, path)
            info = session.target(path)
            if info is None:
                raise _no_platform(session, product, channel, platform)
            feed = parse_feed(self._read_feed(session, info))
            if (feed.product, feed.channel, feed.platform) != (product, channel, platform):
                raise VerificationError(
                    f"the feed at {path} is that of {feed.product} {feed.channel} {feed.platform}",
                    fix=_DISTRUST,
                )
            self._session = session
            return Channel(feed, session.signatures, withdrawn_versions(session.role))

    def download(self, feed: Feed, to_dir: Path) -> Downloaded:
        """Fetch the file of the feed's release into `to_dir` under its plain name.

        The file appears whole and verified or not at all. A file of that name with the same bytes is left
        alone and reported; one with other bytes is never touched. Raises InputError for the latter, if nothing
        is published, or if it was taken back; VerificationError if TUF and the feed disagree or the bytes are
        wrong; TransferError.
        """
        if feed.release is None:
            raise InputError(f"nothing is published for {feed.product} {feed.channel} on {feed.platform} yet")
        artifact = feed.release.artifact
        role_name = f"{feed.product}.{feed.channel}"
        with self._working(f"download {artifact.file}"):
            if self._session is None or self._session.role_name != role_name:
                self._session = self._start(feed.product, feed.channel, artifact.target)
            if feed.release.version in withdrawn_versions(self._session.role):
                raise InputError(f"{feed.product} {feed.release.version} was taken back", fix="check for updates again")
            info = self._session.target(artifact.target)
            if info is None:
                raise VerificationError(
                    f"the feed names {artifact.target}, which {role_name} did not sign", fix=_DISTRUST
                )
            if info.length != artifact.size or info.hashes.get("sha256") != artifact.sha256:
                raise VerificationError(
                    f"the feed and the signed metadata disagree about the size or digest of {artifact.file}",
                    fix=_DISTRUST,
                )
            return _store(self._session.updater, info, to_dir, artifact.file)

    @contextlib.contextmanager
    def _working(self, doing: str) -> Iterator[None]:
        """One client at a time in the state directory, as python-tuf demands; plain words for errors."""
        with plain_errors(doing):
            self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._state / "lock"):
                try:
                    yield
                except UnsignedMetadataError:
                    if _needs_cryptography(self._root, self._metadata_dir / "targets.json"):
                        raise VerificationError(
                            "some of the channel's keys are not Ed25519, and checking those needs the Python package "
                            "cryptography",
                            fix="install it from your system's own packages, such as python3-cryptography on Debian",
                        ) from None
                    raise

    @property
    def _metadata_dir(self) -> Path:
        return self._state / "metadata"

    @property
    def _feeds_dir(self) -> Path:
        return self._state / "feeds"

    def _start(self, product: str, channel: str, path: str) -> _Session:
        """Bring the metadata up to date and verify the role that may publish `path`, duties included."""
        for directory in (self._metadata_dir, self._feeds_dir):
            if directory.is_symlink():
                raise InputError(f"{directory} is a symbolic link; it was not followed", fix="remove the link")
            directory.mkdir(mode=0o700, exist_ok=True)
        _refuse_what_is_no_root(self._root)
        updater = Updater(
            metadata_dir=str(self._metadata_dir),
            metadata_base_url=f"{self._url}/tuf/metadata/",
            target_dir=str(self._feeds_dir),
            target_base_url=f"{self._url}/tuf/targets/",
            fetcher=self._fetcher,
            config=LIMITS,
            bootstrap=self._root,
        )
        if self._now is not None:
            # python-tuf reads the clock itself and offers no other way in.
            updater._trusted_set.reference_time = self._now
        updater.refresh()
        targets = self._verified("targets").signed
        role_name = f"{product}.{channel}"
        if not targets.delegations or role_name not in (targets.delegations.roles or {}):
            raise _no_channel(targets, product, channel)
        if f"{role_name}.json" not in self._snapshot().meta:
            raise InputError(f"{product} {channel} has not published anything yet", fix="try again later")
        # Asking for a path makes python-tuf load and verify the roles that may publish it.
        updater.get_targetinfo(path)
        role = self._verified(role_name)
        return _Session(updater, role_name, role.signed, check_duties(targets, role_name, role))

    def _verified(self, role_name: str) -> Metadata[Targets]:
        """The metadata that python-tuf verified and kept in a file; the lock keeps others away from it.

        A role that python-tuf was not led to has no file, or one older than the snapshot says.
        """
        with contextlib.suppress(FileNotFoundError):
            path = self._metadata_dir / f"{quote(role_name, safe='')}.json"
            metadata = Metadata[Targets].from_bytes(path.read_bytes())
            if metadata.signed.version == self._snapshot().meta[f"{role_name}.json"].version:
                return metadata
        raise VerificationError(f"the channel's delegations do not lead to {role_name}", fix=_DISTRUST)

    def _snapshot(self) -> Snapshot:
        """The snapshot that python-tuf verified and kept."""
        return Metadata[Snapshot].from_bytes((self._metadata_dir / "snapshot.json").read_bytes()).signed

    def _read_feed(self, session: _Session, info: TargetFile) -> bytes:
        """The feed's bytes, from this machine if it holds them already."""
        if info.length > feeds.MAX_BYTES:
            raise VerificationError(f"the feed has {info.length} bytes; at most {feeds.MAX_BYTES} are read")
        kept = self._feeds_dir / quote(info.path, safe="")
        # Only a plain file is read, and a new one takes its place: no link is followed, no pipe is waited for.
        if not _is_plain_file(kept) or not session.updater.find_cached_target(info, str(kept)):
            with _part_in(self._feeds_dir) as part:
                session.updater.download_target(info, str(part))
                part.replace(kept)
        data = kept.read_bytes()
        info.verify_length_and_hashes(data)
        return data


def _store(updater: Updater, info: TargetFile, to_dir: Path, file: str) -> Downloaded:
    """Download beside the final name, verify what reached the disk, and only then give it its name."""
    final = to_dir / file
    if already := _same(info, final):
        return already
    to_dir.mkdir(parents=True, exist_ok=True)
    with _part_in(to_dir) as part:
        updater.download_target(info, filepath=str(part))
        with part.open("rb+") as written:
            info.verify_length_and_hashes(written)
            os.fsync(written.fileno())
        part.chmod(0o644)
        try:
            _rename_to_new(part, final)
        except FileExistsError:
            # Somebody was quicker; theirs stays, and is looked at like any file that was there before.
            if already := _same(info, final):
                return already
            raise TransferError(f"{final} comes and goes", fix="choose another directory with --to") from None
        return Downloaded(final, already_there=False)


@contextlib.contextmanager
def _part_in(directory: Path) -> Iterator[Path]:
    """A new empty file that is gone afterwards, unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=".tidegate-", dir=directory)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _is_plain_file(path: Path) -> bool:
    """True for a file itself: not for a link to one, nor for a pipe."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _same(info: TargetFile, final: Path) -> Downloaded | None:
    """The file if it has the wanted bytes, None if there is none. Raises InputError for anything else."""
    if final.is_symlink():
        raise InputError(
            f"{final} is a symbolic link; it was not followed",
            fix="remove the link, or choose another directory with --to",
        )
    try:
        if not _is_plain_file(final) and final.exists():
            raise IsADirectoryError
        with final.open("rb") as file:
            info.verify_length_and_hashes(file)
    except FileNotFoundError:
        return None
    except (RepositoryError, IsADirectoryError):
        raise InputError(
            f"{final} exists and is another file; it was not touched",
            fix="move it away, or choose another directory with --to",
        ) from None
    return Downloaded(final, already_there=True)


def _rename_to_new(part: Path, final: Path) -> None:
    """Rename, but never over an existing file."""
    try:
        os.link(part, final)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: the little gap between the look and the rename has to do.
        if os.path.lexists(final):
            raise FileExistsError(final) from None
        part.rename(final)


def _refuse_what_is_no_root(data: bytes) -> None:
    try:
        root = Metadata[Root].from_bytes(data).signed
        if root.type != Root.type:
            raise RepositoryError(f"it is {root.type} metadata")
    except RepositoryError as error:
        raise InputError(
            f"the trusted root is not TUF root metadata ({error})",
            fix="give --root the root.json that the publisher hands out",
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


def _no_channel(targets: Targets, product: str, channel: str) -> InputError:
    roles = targets.delegations.roles if targets.delegations else None
    names = sorted(name for name in roles or {} if "." in name)
    known = ", ".join(name.replace(".", " ") for name in names) or "none"
    return InputError(
        f"there is no product {product} with a channel {channel} here",
        fix=f"products and channels that are published here: {known}",
    )


def _no_platform(session: _Session, product: str, channel: str, platform: str) -> InputError:
    prefix, suffix = f"feed/{product}/{channel}/", ".json"
    paths = sorted(path for path in session.role.targets if path.startswith(prefix) and path.endswith(suffix))
    known = ", ".join(path[len(prefix) : -len(suffix)] for path in paths) or "none"
    return InputError(
        f"{product} {channel} publishes nothing for {platform}",
        fix=f"platforms that it publishes for: {known}",
    )
