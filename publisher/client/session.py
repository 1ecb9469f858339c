"""One consistent state of a channel, verified down to the role that ships it.

`trusted_metadata` does what the TUF specification asks of a client (section 5). On top of it, this module asks for the
role of one product's channel, its duties, and what the brakes stop on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import ExpiredMetadataError
from tuf.api.metadata import Metadata, Signed, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater

from publisher.client.brakes.remembered import (
    RememberedBrake,
    after_check,
    in_force,
    read_remembered,
    write_remembered,
)
from publisher.client.durable_files import remove_leftovers
from publisher.client.metadata.trusted import (
    Clock,
    MetadataSource,
    TrustedMetadata,
    load_delegated,
    make_directory,
    role_seen,
    up_to_date,
)
from publisher.client.mitigations.notes_role import VerifiedNotes, load_notes
from publisher.client.network.patience import ServerPatience
from publisher.wire.duties import Signature, check_duties
from publisher.wire.errors import ClientInputError, ClientVerificationError, Code, ExpiredError
from publisher.wire.stopping.brakes import (
    BRAKES,
    ChannelBrakes,
    brakes_of,
    candidate_digest,
    lifted_by,
    silenced_by,
)

__all__ = ["DISTRUST", "ChannelSource", "Session", "start_session"]

DISTRUST = "do not install anything from here; tell the publisher"


@dataclass(frozen=True)
class ChannelSource:
    """Where a channel is, what is trusted from the start, and where to remember what was seen."""

    url: str
    """The bucket's address, without a slash at its end."""
    root: bytes
    state: Path
    fetcher: FetcherInterface
    clock: Clock
    patience: ServerPatience
    offline: bool = False
    """Whether `fetcher` asks nobody."""

    @property
    def metadata(self) -> MetadataSource:
        return MetadataSource(
            url=f"{self.url}/tuf/metadata/",
            root=self.root,
            directory=self.state / "metadata",
            record=self.state / "seen.json",
            fetcher=self.fetcher,
            clock=self.clock,
            patience=self.patience,
            offline=self.offline,
        )

    @property
    def feeds_dir(self) -> Path:
        return self.state / "feeds"

    @property
    def brakes_dir(self) -> Path:
        """Holds and withdrawals that were seen, by channel, and their notices."""
        return self.state / "brakes"


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
    brakes: ChannelBrakes
    """What is stopped on the channel, listed now or remembered, and not lifted."""
    remembered: tuple[RememberedBrake, ...]
    """What this machine remembers of that after the check."""
    notes: VerifiedNotes
    """What the role notes says, as far as it can be believed."""

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
    for directory in (source.feeds_dir, source.brakes_dir):
        make_directory(directory)
    role_name = f"{product}.{channel}"
    record = source.brakes_dir / f"{role_name}.json"
    remembered = read_remembered(record)
    with up_to_date(source.metadata) as metadata:
        session = _verify(source.metadata, metadata, role_name, path, remembered, even_silenced)
    # Only now it is sure that nothing older was replayed. Whoever is killed in between has answered nothing yet.
    if session.remembered != remembered and not source.offline:
        # Whoever keeps a notice at this moment, without the lock, may have to fetch it once more.
        remove_leftovers(source.brakes_dir)
        write_remembered(record, session.remembered)
    return session


def _verify(
    source: MetadataSource,
    metadata: TrustedMetadata,
    role_name: str,
    path: str,
    remembered: tuple[RememberedBrake, ...],
    even_silenced: bool,
) -> Session:
    """The session. The roles that it rests on are added to those of `metadata`."""
    updater = metadata.updater
    trusted = updater._trusted_set
    targets = trusted.targets
    names = [name.removesuffix(".json") for name in trusted.snapshot.meta]
    _refuse_unpublished(targets, names, role_name)
    # Asking for a path makes python-tuf load and verify the roles that may publish it.
    updater.get_targetinfo(path)
    needed: list[Signed] = [trusted.root, trusted.timestamp, trusted.snapshot, trusted.targets]
    signatures: tuple[Signature, ...] = ()
    listed, brakes_keys = ChannelBrakes(), frozenset[str]()
    silenced = False
    for name in names:
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
        delegated = _verified(source, updater, name)
        signed_by = check_duties(targets, name, delegated)
        metadata.roles[name] = role_seen(delegated.signed, targets, name)
        needed.append(delegated.signed)
        if name == role_name:
            role, signatures = delegated.signed, signed_by
        elif name == BRAKES:
            listed = brakes_of(delegated.signed, role_name)
            brakes_keys = frozenset(signature.keyid for signature in signed_by)
    _refuse_rejected(role, role_name, listed)
    lifted = frozenset(lifted_by(role))
    remembered = after_check(remembered, listed, brakes_keys, _keys_of(targets, BRAKES), lifted)
    return Session(
        updater,
        role_name,
        role,
        signatures,
        valid_until=min(signed.expires for signed in needed),
        checked_at=trusted.reference_time,
        reached_at=metadata.reached_at,
        silenced=silenced,
        brakes=in_force(remembered, listed, lifted),
        remembered=remembered,
        notes=load_notes(source, metadata, names),
    )


def _load_brakes(updater: Updater) -> None:
    try:
        load_delegated(updater, BRAKES)
    except ExpiredMetadataError as error:
        raise ExpiredError(
            "the brakes of this channel have expired, so it is unclear whether a release is on hold;"
            " nothing is offered until they are renewed",
            fix="keep what you run, and tell the publisher if this goes on",
        ) from error


def _keys_of(targets: Targets, role_name: str) -> frozenset[str]:
    """Ids of the keys that count for a delegated role; none where nobody delegates to it."""
    roles = (targets.delegations.roles if targets.delegations else None) or {}
    return frozenset(roles[role_name].keyids) if role_name in roles else frozenset()


def _refuse_rejected(role: Targets, role_name: str, listed: ChannelBrakes) -> None:
    """Refuse metadata of the channel that somebody said no to, whoever has signed it meanwhile."""
    if candidate_digest(role) in listed.rejected:
        raise ClientVerificationError(
            f"the publisher has rejected the state of {role_name} that the server offers; nothing of it is used",
            fix="keep what you run, try again later, and tell the publisher if this goes on",
            code=Code.REJECTED,
        )


def _verified(source: MetadataSource, updater: Updater, role_name: str) -> Metadata[Targets]:
    """The metadata that python-tuf verified and kept in a file; the lock keeps others away from it."""
    if not updater._trusted_set.contains(role_name, Targets.type):
        raise ClientVerificationError(f"the channel's delegations do not lead to {role_name}", fix=DISTRUST)
    path = source.directory / f"{quote(role_name, safe='')}.json"
    return Metadata[Targets].from_bytes(path.read_bytes())


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
