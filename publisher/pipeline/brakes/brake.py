"""`publish hold` and `publish withdraw`: one person stops a version; only the channel's people let it go again (R81).

It needs the configuration and the bucket only: neither content nor a freeze can be in its way. What clients are told is
signed by the role brakes and flipped at once; when somebody else publishes in the same minute, it is planned anew on
what they left, until it lands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuf.api.metadata import Targets

from publisher.channel.brakes import channel_brakes, lifted_ids, notice_key, read_notice, with_brakes
from publisher.channel.candidates.candidate import payload_digest, read_pointer
from publisher.channel.layout import back_key, channel_role, release_key
from publisher.channel.manifests import WITHDRAWN_FILE, withdrawn_text
from publisher.channel.repository import Repository, withdrawn_by
from publisher.channel.roles import RELEASE_FIELD
from publisher.errors import InputError, StorageConflict, StorageError, StorageForeign, VerificationError
from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import SHIPS, LedgerAction, LedgerEntryBody
from publisher.model.records.notice import NoticeFile
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import from_the_end
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.publication.until_it_lands import until_it_lands
from publisher.rules import english
from publisher.storage.protocol import Body, Storage
from publisher.text.suggest import did_you_mean
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.stopping.brakes import BRAKES, Brake
from publisher.wire.version import Version

LATEST_UPDATE = timedelta(days=14)
"""A promise that lies further ahead is none: a hold without one would be forgotten (R82)."""


@dataclass(frozen=True)
class BrakeOrder:
    """What somebody on call wants stopped on a channel, and the reason that everybody reads."""

    product: str
    channel: str
    version: Version
    platforms: tuple[str, ...]
    """Ids of platforms, ascending; empty: all."""
    because: str
    next_update: datetime | None = None
    """For a hold: when users hear more, UTC."""
    action: WithdrawalAction | None = None
    """For a withdrawal: what whoever runs the version should do."""
    replaced_by: Version | None = None
    """For a withdrawal: the version to run instead."""

    @property
    def kind(self) -> BrakeKind:
        return BrakeKind.HOLD if self.action is None else BrakeKind.WITHDRAWAL

    @property
    def role(self) -> str:
        return channel_role(self.product, self.channel)

    def notice(self, at: datetime) -> NoticeFile:
        """The same for clients, decided at `at`."""
        return NoticeFile(
            kind=self.kind,
            product=self.product,
            channel=self.channel,
            version=self.version,
            platforms=self.platforms,
            at=at,
            because=self.because,
            next_update=self.next_update,
            action=self.action,
            replaced_by=self.replaced_by,
        )


@dataclass(frozen=True)
class BrakePlan:
    """Everything that stopping the version will write; the timestamp last."""

    order: BrakeOrder
    brake: Brake
    already: bool
    """Whether a brake of the very same words stops it by now, so that nothing is left to do."""
    left: Mapping[str, Version | None]
    """Platform -> what new installs are offered from then on; None where that is nothing."""
    publication: Publication


def version_offered(product: str, channel: str, bucket: Bucket) -> Version:
    """The newest version that a channel offers now. Raises InputError where it offers nothing that could be stopped."""
    releases = [feed.release.version for feed in bucket.offered(product, channel).values() if feed.release]
    if not releases:
        raise InputError(
            f"{product} {channel} offers nothing now, so there is nothing to hold",
            fix="name the version that shall not go out, as PRODUCT@VERSION",
        )
    return max(releases)


def check_order(order: BrakeOrder, configuration: Configuration, bucket: Bucket, now: datetime) -> None:
    """Raise InputError, with what to write instead, for an order that would stop nothing, or advise what cannot be."""
    product = configuration.products[order.product]
    for platform in order.platforms:
        if platform not in product.platforms:
            raise InputError(
                f"{order.product} has no platform {platform}", fix=did_you_mean(platform, product.platforms)
            )
    if order.next_update is not None and order.next_update <= now:
        raise InputError(
            f"the next update is promised for {english.moment(order.next_update)}, which is over",
            fix="name a time in the future, like --next-update 6h",
        )
    if order.next_update is not None and order.next_update > now + LATEST_UPDATE:
        raise InputError(
            f"the next update is promised for {english.moment(order.next_update)}, which is too far ahead",
            fix=f"name a time within {LATEST_UPDATE.days} days, and hold it again then",
        )
    offered, where = bucket.offered(order.product, order.channel), f"{order.product} {order.channel}"
    known = _offers(order.version, order.platforms, offered) or _was_published(order, bucket)
    if order.kind is BrakeKind.HOLD and not (known or _is_staged(order, bucket)):
        raise InputError(
            f"{where} neither offers {order.version} nor has it staged, so a hold would stop nothing",
            fix=f"leave the version out to hold what is offered now: publish hold {order.product}",
        )
    if order.kind is BrakeKind.WITHDRAWAL and not known:
        raise InputError(
            f"{order.version} was never published in {where}, so nobody runs it",
            fix="check the version with `publish log`; what is only staged is stopped by `publish hold`",
        )
    if order.replaced_by is not None:
        _check_replacement(order, order.replaced_by, configuration, bucket)
    elif order.action is WithdrawalAction.GO_BACK and not _can_go_back(order, bucket):
        raise InputError(
            f"--action go-back: no rollback metadata leads from {order.version} to an older version in {where}",
            fix="say stop or keep-running, and publish a fixed version under a higher number",
        )
    elif order.action is WithdrawalAction.UPDATE and not _newer(order, bucket):
        raise InputError(
            f"--action update: {where} offers nothing newer than {order.version} to update to",
            fix="say stop or keep-running now, and withdraw again with update once the fix is live",
        )


def _can_go_back(order: BrakeOrder, bucket: Bucket) -> bool:
    """Whether the channel has taken the version back, or its people have signed how it may be."""
    live = bucket.live
    role = live.roles.get(order.role) if live else None
    if role is None:
        return False
    if order.version in withdrawn_by(role.signed):
        return True
    ships = role.signed.unrecognized_fields.get(RELEASE_FIELD) == str(order.version)
    return ships and bucket.read(back_key(order.role, payload_digest(role.signed))) is not None


def _newer(order: BrakeOrder, bucket: Bucket) -> bool:
    stopped = channel_brakes(bucket.live, order.role)
    return any(
        feed.release is not None
        and feed.release.version > order.version
        and not stopped.stops(feed.release.version, platform)
        for platform, feed in _concerned(order, bucket).items()
    )


def _check_replacement(order: BrakeOrder, replacement: Version, configuration: Configuration, bucket: Bucket) -> None:
    """The version to run instead must be one that clients can be offered. Raises InputError."""
    where, stopped = f"{order.product} {order.channel}", channel_brakes(bucket.live, order.role)
    floor = configuration.products[order.product].min_secure
    concerned = _concerned(order, bucket)
    missing = [platform for platform, feed in concerned.items() if not _names(feed, replacement)]
    fix = "name a version that is live, newer and sound, or leave --replaced-by out"
    if replacement <= order.version:
        raise InputError(f"--replaced-by {replacement} is not newer than {order.version}", fix=fix)
    if missing or not concerned:
        raise InputError(
            f"--replaced-by {replacement}: {where} does not offer it"
            + (f" on {english.listed(missing)}" if missing else ""),
            fix="publish it first; what the channel's people have not signed cannot be advised",
        )
    if any(stopped.withdrawal_of(replacement, platform) for platform in concerned):
        raise InputError(f"--replaced-by {replacement} is withdrawn itself", fix=fix)
    if any(stopped.hold_of(replacement, platform) for platform in concerned):
        raise InputError(f"--replaced-by {replacement} is on hold", fix=fix)
    if floor is not None and replacement < floor:
        raise InputError(f"--replaced-by {replacement} is below the security floor {floor}", fix=fix)


def _concerned(order: BrakeOrder, bucket: Bucket) -> Mapping[str, ParsedFeed]:
    offered = bucket.offered(order.product, order.channel)
    return {platform: feed for platform, feed in offered.items() if not order.platforms or platform in order.platforms}


def _names(feed: ParsedFeed, version: Version) -> bool:
    return feed.release is not None and feed.release.version == version


def _offers(version: Version, platforms: Sequence[str], offered: Mapping[str, ParsedFeed]) -> bool:
    return any(_names(feed, version) for platform, feed in offered.items() if not platforms or platform in platforms)


def _was_published(order: BrakeOrder, bucket: Bucket) -> bool:
    """Whether the channel has ever shipped it: what it took back names it, or the ledger tells of it."""
    live = bucket.live
    role = live.roles.get(order.role) if live else None
    if role is not None and order.version in withdrawn_by(role.signed):
        return True
    return any(
        logged.entry is not None
        and logged.entry.action in SHIPS
        and not logged.entry.refused
        and logged.entry.release == (order.role, order.version)
        for logged in from_the_end(bucket.storage)
    )


def _is_staged(order: BrakeOrder, bucket: Bucket) -> bool:
    try:
        return read_pointer(bucket.read, order.role).release == order.version
    except (VerificationError, StorageForeign):
        return False


def plan_brake(
    order: BrakeOrder, configuration: Configuration, bucket: Bucket, keys: KeyRing, now: datetime
) -> BrakePlan:
    """Lay out what stops the version, without writing.

    Raises InputError for an order that binds nothing, SigningError when the keys of brakes, snapshot or timestamp are
    not here, StorageError when nothing is published yet, VerificationError.
    """
    live = bucket.published(fix="there is nothing to stop")
    check_order(order, configuration, bucket, now)
    left = offered_once_stopped(order, bucket)
    if (same := _already(order, live, bucket)) is not None:
        return BrakePlan(order, same, True, left, Publication())
    signed = brake_to_sign(order, bucket, now)
    metadata = bucket.advance(configuration.signers, keys.of, now).to(
        live.targets.signed, {}, {BRAKES: signed.content}, signed_targets=live.targets
    )
    body = LedgerEntryBody.routine(
        LedgerAction.HOLD if order.kind is BrakeKind.HOLD else LedgerAction.WITHDRAW,
        configuration.policy_at(now),
        product=order.product,
        version=order.version,
        channel=order.channel,
        brake=signed.brake.id,
    )
    publication = plan_publication(body, metadata, bucket, keys, now, before=signed.objects)
    return BrakePlan(order, signed.brake, False, left, publication)


@dataclass(frozen=True)
class BrakeToSign:
    """A brake and what it takes to put it on."""

    brake: Brake
    content: Targets
    """What the role brakes says then."""
    objects: tuple[PlannedObject, ...]
    """What is written before it is live: the notice."""


def brake_to_sign(order: BrakeOrder, bucket: Bucket, now: datetime) -> BrakeToSign:
    """What puts the order into effect on what is live. Raises VerificationError where brakes cannot be read."""
    at, hold = now, order.kind is BrakeKind.HOLD
    lifted = lifted_ids(bucket.live, order.role)
    # The very same words of the same second, lifted by then, would be let go at once.
    while (notice := Body.from_bytes(order.notice(at).to_bytes())).sha256 in lifted:
        at += timedelta(seconds=1)
    brake = Brake(notice.sha256, order.version, order.platforms)
    content = with_brakes(
        bucket.live, order.role, now, holds=(brake,) if hold else (), withdrawn=() if hold else (brake,)
    )
    notice_object = PlannedObject.of(notice_key(order.product, order.channel, brake.id), notice)
    return BrakeToSign(brake, content, (notice_object,))


def write_beside_the_files(product: str, version: Version, storage: Storage) -> Written:
    """WITHDRAWN.txt, for whoever looks at the files by hand and not at metadata.

    It is written once the withdrawal is live, since it stops nobody by itself: whatever somebody has put in its place
    must not keep a withdrawal from landing. `publish verify` names what is wrong there.
    """
    text = Body.from_bytes(withdrawn_text(product, str(version)))
    planned = PlannedObject.of(release_key(product, str(version), WITHDRAWN_FILE), text)
    try:
        return write_objects([planned], storage, silent)
    except StorageError:
        return Written()


def _already(order: BrakeOrder, live: Repository, bucket: Bucket) -> Brake | None:
    """The brake that says the same, which a run before this one has made live; None where there is none."""
    stopped = channel_brakes(live, order.role)
    for brake in reversed((*stopped.holds, *stopped.withdrawn)):
        if (brake.version, brake.platforms) != (order.version, order.platforms):
            continue
        try:
            notice = read_notice(bucket.read, order.product, order.channel, brake)
        except (VerificationError, StorageForeign):
            continue
        if Body.from_bytes(order.notice(notice.at).to_bytes()).sha256 == brake.id:
            return brake
    return None


def offered_once_stopped(order: BrakeOrder, bucket: Bucket) -> dict[str, Version | None]:
    """Platform -> what new installs are offered once the order holds; None where that is nothing."""
    stopped = channel_brakes(bucket.live, order.role)
    left: dict[str, Version | None] = {}
    for platform, feed in sorted(_concerned(order, bucket).items()):
        versions = [release.version for release in (feed.release, feed.previous) if release is not None]
        free = [version for version in versions if version != order.version and not stopped.stops(version, platform)]
        left[platform] = free[0] if free else None
    return left


def apply_brake(plan: BrakePlan, storage: Storage) -> Written:
    """Write the notice and the metadata, log, and flip. Raises StorageConflict when somebody published meanwhile."""
    return plan.publication.apply(storage)


def stop(
    order: BrakeOrder,
    configuration: Configuration,
    storage: Storage,
    trusted_root: bytes,
    keys: KeyRing,
    clock: Callable[[], datetime],
) -> tuple[BrakePlan, Written]:
    """Plan and apply until it lands, then read it back. Raises as `plan_brake`, and StorageError where it is lost."""
    plan, written = until_it_lands(
        storage,
        trusted_root,
        lambda bucket: plan_brake(order, configuration, bucket, keys, clock()),
        lambda planned: apply_brake(planned, storage),
    )
    stopped = channel_brakes(Bucket(storage, trusted_root).live, order.role)
    if plan.brake not in (*stopped.holds, *stopped.withdrawn):
        raise StorageConflict(
            f"the brake on {order.product} {order.version} was live, and somebody else's change has removed it",
            fix="run the command again, and read `publish log`",
        )
    if order.kind is BrakeKind.WITHDRAWAL:
        written = written.then(write_beside_the_files(order.product, order.version, storage))
    return plan, written
