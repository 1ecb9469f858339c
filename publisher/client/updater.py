"""The update channel as a client sees it: python-tuf does the verifying, this adds what TUF does not know.

The order of the work is that of the TUF specification, section 5 (root, timestamp, snapshot, targets,
delegated role, target). On top of it:

- a product's feed and files must come from the role `<product>.<channel>` and from no other delegation;
- that role must be signed by the persons and duties that its delegation requires (`duties`);
- the feed must be that of the product, channel and platform asked for, and agree with TUF about the file;
- nothing is read beyond our own caps (`limits`), nothing older than was seen is believed (`rollback_protection`),
  nothing is offered while the brakes have expired, and what they stopped stays stopped until the channel's role lifts
  it (`brakes.remembered`).

Requests of one check: 2 when nothing is new (next root, timestamp), 6 for a new release (and snapshot,
targets, the role, the feed), 1 more for new brakes, 1 for new notes, 1 for each notice that concerns this client, 1 for
the file. What fails may be asked for again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import TargetFile, Targets
from tuf.ngclient import FetcherInterface

from publisher.client.brakes.notices import Notices
from publisher.client.durable_files import is_plain_file, new_part, open_plain, remove_leftovers
from publisher.client.metadata.kept import KeptMetadata
from publisher.client.metadata.trusted import Clock
from publisher.client.mitigations.advice import MitigationNotices
from publisher.client.network.address import is_safe, parsed
from publisher.client.network.patience import ServerPatience, impatient
from publisher.client.session import DISTRUST, ChannelSource, Session, start_session
from publisher.client.state_lock import locked
from publisher.client.transfer.download import Downloaded, Remote, already_there, keep
from publisher.client.transfer.part_file import open_part, remove_parts
from publisher.client.tuf_errors import plain_errors, sent_wrong_bytes
from publisher.client.verified_channel import VerifiedChannel
from publisher.wire import feed_parser as feeds
from publisher.wire.advice.mitigation import Advice
from publisher.wire.errors import (
    ClientError,
    ClientInputError,
    ClientVerificationError,
    Code,
    ExpiredError,
    TransferError,
)
from publisher.wire.feed_parser import ParsedFeed, parse_feed
from publisher.wire.feed_words import BackState, BrakeKind
from publisher.wire.stopping.brakes import Brake
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.stopping.withdrawn import GoingBack, going_back, withdrawn_versions
from publisher.wire.version import Version
from publisher.wire.web_path import as_asked

__all__ = ["Clock", "Downloaded", "UpdateClient"]

_OFFLINE = (Code.UNREACHABLE, Code.TOO_SLOW, Code.PROXY)
"""What stops a client on the way to the channel; a file that is missing there is the channel's own failure."""

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

EVERYWHERE = "any"
"""The platform of files that run anywhere."""


class UpdateClient:
    """Fetches and verifies what one repository publishes.

    All methods raise ClientError and its subclasses, nothing else that a server or a disk can cause.
    """

    def __init__(
        self,
        url: str,
        root: bytes,
        state: Path,
        fetcher: FetcherInterface,
        clock: Clock,
        patience: ServerPatience | None = None,
    ) -> None:
        """
        `url` is the bucket's address (metadata at <url>/tuf/metadata/, targets at <url>/tuf/targets/), `root`
        the first trusted root metadata, `state` a directory of this client's own: it remembers the newest
        metadata seen, which is the protection against replays, so it must outlive the process. `clock` gives
        the moments at which expiry is judged. `patience` is for servers that fail or ask to wait; without it
        nothing is asked for twice.
        """
        self._source = ChannelSource(url.rstrip("/"), root, state, fetcher, clock, patience or impatient(clock))
        self._session: Session | None = None
        self._platforms: tuple[str, ...] = ()

    def fetch_feed(self, product: str, channel: str, platform: str) -> ParsedFeed:
        """The verified feed. See `fetch_channel`, which also tells who signed it."""
        return self.fetch_channel(product, channel, platform).feed

    def fetch_channel(self, product: str, channel: str, platform: str) -> VerifiedChannel:
        """The newest verified state of a product's channel for one platform.

        A channel without files for the platform answers with those that run anywhere, if it has such. Raises
        ClientInputError if the repository has no such product, channel or platform; ClientVerificationError
        (also expired) if anything does not verify; TransferError if the network fails, LocalError if the disk does.
        """
        self._session = None
        self._session, verified = self._verify(self._source, product, channel, platform)
        self._platforms = (platform,)
        return verified

    def fetch_or_recall(self, product: str, channel: str, platform: str) -> VerifiedChannel:
        """The newest verified state to report on, not to install from: brakes that have expired are reported too.

        While the channel cannot be reached it is the state that this machine verified last, verified again as of now.
        Raises what `fetch_channel` raises: TransferError if nothing is kept, ExpiredError if what is kept is too old.
        """
        try:
            return self._verify(self._source, product, channel, platform, even_silenced=True)[1]
        except TransferError as error:
            if error.code not in _OFFLINE:
                raise
            unreachable = error
        kept = replace(self._source, fetcher=KeptMetadata(self._source.metadata.directory), offline=True)
        try:
            return self._verify(kept, product, channel, platform, even_silenced=True)[1]
        except ExpiredError:
            raise ExpiredError(
                f"{unreachable.what}; the state that this machine verified last has expired",
                fix="keep what you run, check the network, then try again",
            ) from unreachable
        except ClientError:
            raise unreachable from None

    def _verify(
        self, source: ChannelSource, product: str, channel: str, platform: str, *, even_silenced: bool = False
    ) -> tuple[Session, VerifiedChannel]:
        for name, value in (("product", product), ("channel", channel), ("platform", platform)):
            if len(value) > 64 or not _SLUG.fullmatch(value):
                raise ClientInputError(f"{value!a} is not the id of a {name}", fix="use small letters and hyphens")
        with plain_errors("check for updates"), self._locked():
            asked, path = platform, _feed_path(product, channel, platform)
            session = start_session(source, product, channel, path, even_silenced=even_silenced)
            info = session.target(path)
            if info is None and (info := session.target(_feed_path(product, channel, EVERYWHERE))) is not None:
                platform = EVERYWHERE
            if info is None:
                raise _no_platform(session, product, channel, platform)
            feed = parse_feed(_read_feed(source, info))
            if (feed.product, feed.channel, feed.platform) != (product, channel, platform):
                raise ClientVerificationError(
                    f"the feed at {info.path} is for {feed.product} {feed.channel} {feed.platform}",
                    fix=DISTRUST,
                )
            return session, VerifiedChannel(
                feed=feed,
                signatures=session.signatures,
                checked_at=session.checked_at,
                valid_until=session.valid_until,
                taken_back=_taken_back(session.role),
                reached_at=session.reached_at,
                silenced=session.silenced,
                brakes=session.brakes,
                platform=asked,
                notes=session.notes,
            )

    def fetch_notice(self, channel: VerifiedChannel, kind: BrakeKind, brake: Brake) -> BrakeNotice | None:
        """The reason for a brake of a verified state; None if it cannot be had. See `Notices`."""
        source, brakes = self._source, channel.brakes
        notices = Notices(
            channel.feed.product,
            channel.feed.channel,
            f"{source.url}/tuf/targets/",
            source.brakes_dir,
            self._fetcher_after(channel),
        )
        return notices.read(kind, brake, {other.id for other in (*brakes.holds, *brakes.withdrawn)})

    def fetch_advice(self, channel: VerifiedChannel, current: Version | None) -> Advice:
        """What helps whoever runs `current` until a fix is out; nothing before an install. Raises LocalError."""
        if current is None:
            return Advice()
        source = self._source
        advice_dir, fetcher = source.state / "mitigations", self._fetcher_after(channel)
        notices = MitigationNotices(f"{source.url}/tuf/targets/", advice_dir, fetcher)
        with plain_errors("check for advice"), self._locked():
            return notices.advice(channel.notes, channel.feed, current, channel.platform, channel.checked_at)

    def _fetcher_after(self, channel: VerifiedChannel) -> FetcherInterface | None:
        """None where the channel could not be reached a moment ago: nobody waits for it again."""
        return None if channel.recalled else self._source.fetcher

    def download(self, feed: ParsedFeed, to_dir: Path) -> Downloaded:
        """Fetch the file of the feed's release into `to_dir` under its plain name.

        The file appears whole and verified or not at all; its bytes arrive beside it, and a run that is stopped
        leaves them to the next one. They come from the channel's own address, or from one that the feed names if that
        fails. A file of that name with the same bytes is left alone and reported; one with other bytes is never
        touched. Raises ClientInputError for the latter, if nothing is published, or if it was taken back, withdrawn or
        put on hold; ClientVerificationError if TUF and the feed disagree, the bytes are wrong or everything has expired
        meanwhile; TransferError; LocalError.
        """
        with self._working_on(feed) as info:
            self._refuse_stopped(feed)
            final = to_dir / info.path.rpartition("/")[2]
            if there := already_there(info, final):
                remove_parts(final, self._source.clock())
                return there
            to_dir.mkdir(parents=True, exist_ok=True)
            with open_part(final, info, self._source.clock()) as part:
                fetcher, patience = self._source.fetcher, self._source.patience.fresh()
                _, failures = patience.first_of(
                    _addresses(self._source, feed, info), lambda address: part.receive(fetcher, address)
                )
                self._still_valid(feed, info)
                self._refuse_stopped(feed)
                refused = tuple(address for address, failure in failures.items() if sent_wrong_bytes(failure))
                return replace(keep(part.path, info, final), refused=refused)

    def check_file(self, feed: ParsedFeed) -> None:
        """Fetch and verify the file of the feed's release as `download` does, and keep none of it."""
        with self._working_on(feed) as info:
            remote = _remote(self._source, info)
            self._source.patience.fresh().first_of([remote.address], lambda _: remote.check())
            self._still_valid(feed, info)

    @contextlib.contextmanager
    def _working_on(self, feed: ParsedFeed) -> Iterator[TargetFile]:
        """The file of the feed's release as its role signed it; plain words for errors."""
        if feed.release is None:
            raise ClientInputError(
                f"nothing is published for {feed.product} {feed.channel} on {feed.platform} yet",
                code=Code.NOT_PUBLISHED,
            )
        with plain_errors(f"download {feed.release.artifact.file}"):
            yield self._signed_file(feed)

    def _signed_file(self, feed: ParsedFeed) -> TargetFile:
        assert feed.release is not None
        artifact = feed.release.artifact
        role_name = f"{feed.product}.{feed.channel}"
        # The lock is held while metadata is brought up to date; a slow file does not keep other processes waiting.
        with self._locked():
            if self._session is None or self._session.role_name != role_name:
                self._session = start_session(self._source, feed.product, feed.channel, artifact.target)
            if feed.release.version in withdrawn_versions(self._session.role):
                raise ClientInputError(
                    f"{feed.product} {feed.release.version} was taken back",
                    fix="check for updates again",
                    code=Code.NOT_PUBLISHED,
                )
            info = self._session.target(artifact.target)
        if info is None:
            raise ClientVerificationError(
                f"the feed names {artifact.target}, which {role_name} did not sign", fix=DISTRUST
            )
        if info.length != artifact.size or info.hashes.get("sha256") != artifact.sha256:
            raise ClientVerificationError(
                f"the feed and the signed metadata disagree about the size or digest of {artifact.file}",
                fix=DISTRUST,
            )
        return info

    def _refuse_stopped(self, feed: ParsedFeed) -> None:
        """Refuse what the newest verified state has on hold or withdrawn, whenever the feed was asked for."""
        assert self._session is not None and feed.release is not None
        version, brakes = feed.release.version, self._session.brakes
        # Files that run anywhere are stopped under that name, and under the name of the machine.
        platforms = (*self._platforms, feed.platform)
        if brakes.withdrawal_of(version, *platforms) is not None:
            raise ClientInputError(
                f"{feed.product} {version} was withdrawn; nobody should install it",
                fix="check for updates again",
                code=Code.WITHDRAWN,
            )
        if brakes.hold_of(version, *platforms) is not None:
            raise ClientInputError(
                f"{feed.product} {version} is on hold",
                fix="keep what you run, and check for updates again later",
                code=Code.HELD,
            )

    def _still_valid(self, feed: ParsedFeed, info: TargetFile) -> None:
        """Judge expiry again: a slow server may have taken longer than the signatures last.

        When they have expired, the channel is asked again, and must still offer this very file.
        """
        assert self._session is not None
        if max(self._source.clock(), self._session.checked_at) < self._session.valid_until:
            return
        self._session = None
        if self._signed_file(feed) != info:
            raise ClientVerificationError(
                "the channel has just published a different file", fix="run the command again"
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One client at a time in the state directory, as python-tuf demands."""
        self._source.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._source.state / "lock"):
            yield


def _taken_back(role: Targets) -> dict[Version, GoingBack]:
    ways = going_back(role)
    return {version: ways.get(version, GoingBack(BackState.COMPATIBLE)) for version in withdrawn_versions(role)}


def _read_feed(source: ChannelSource, info: TargetFile) -> bytes:
    """The feed's bytes, from this machine if it holds them already."""
    if info.length > feeds.MAX_BYTES:
        raise ClientVerificationError(
            f"the feed has {info.length} bytes; at most {feeds.MAX_BYTES} are read", code=Code.TOO_LARGE
        )
    kept = source.feeds_dir / quote(info.path, safe="")
    # Only a plain file is read, and a new one takes its place: no link is followed, no pipe is waited for.
    if is_plain_file(kept):
        with contextlib.suppress(LengthOrHashMismatchError), open_plain(kept) as file:
            data = file.read(feeds.MAX_BYTES + 1)
            info.verify_length_and_hashes(data)
            return data
    remove_leftovers(source.feeds_dir)
    with new_part(source.feeds_dir) as part:
        remote = _remote(source, info)
        source.patience.fresh().first_of([remote.address], lambda _: remote.write_to(part))
        part.replace(kept)
    return kept.read_bytes()


def _remote(source: ChannelSource, info: TargetFile) -> Remote:
    """The target under a name with its digest (TUF specification, 6.2)."""
    return Remote(source.fetcher, f"{source.url}/tuf/targets/{quote(info.get_prefixed_paths()[0])}", info)


def _addresses(source: ChannelSource, feed: ParsedFeed, info: TargetFile) -> list[str]:
    """Where the file is: the channel's own address, then those that its signed feed names, each once.

    A channel in a directory is read without a network.
    """
    assert feed.release is not None
    own = as_asked(_remote(source, info).address)
    if own.startswith("file:"):
        return [own]
    mirrors = [as_asked(url) for url in feed.release.artifact.urls]
    return list(dict.fromkeys([own, *(url for url in mirrors if _is_safe(url))]))


def _is_safe(url: str) -> bool:
    try:
        return is_safe(parsed(url))
    except ValueError:
        return False


def _feed_path(product: str, channel: str, platform: str) -> str:
    return f"feed/{product}/{channel}/{platform}.json"


def _no_platform(session: Session, product: str, channel: str, platform: str) -> ClientInputError:
    prefix, suffix = f"feed/{product}/{channel}/", ".json"
    paths = sorted(path for path in session.role.targets if path.startswith(prefix) and path.endswith(suffix))
    known = ", ".join(path[len(prefix) : -len(suffix)] for path in paths) or "none"
    return ClientInputError(
        f"{product} {channel} has no release for {platform}",
        fix=f"choose one of its platforms: {known}",
        code=Code.NOT_PUBLISHED,
    )
