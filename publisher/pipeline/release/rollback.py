"""`publish rollback`: the rollback metadata that was signed together with a release, made live, and a withdrawal.

Clients go back only where both are signed: by the channel's people, when they approved the release, that it may be
taken back, and by whoever is on call that nobody should run it. So neither can send anybody to older software alone.
Both go live in one flip. No freeze holds it up, and it reads no content. TUF forbids older metadata, not older
software: this is a newer version of the channel's role that says again what was said before the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import only_good_signatures, says_enough
from publisher.channel.brakes import channel_brakes, read_notice
from publisher.channel.candidates.candidate import base_of, payload_digest
from publisher.channel.candidates.rollback_metadata import handed_out
from publisher.channel.layout import back_key, metadata_key
from publisher.channel.repository import Read, Repository, parse, withdrawn_by
from publisher.channel.roles import BASE_FIELD, RELEASE_FIELD
from publisher.errors import InputError, RefusedByPolicy, StorageConflict, UsageError, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.brakes.brake import BrakeOrder, BrakeToSign, brake_to_sign, write_beside_the_files
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.decide import Clock
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.operate.rollback_window import renewing
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.publication.self_check import verify_as_client
from publisher.pipeline.release.promote import PromoteRequest
from publisher.rules import english
from publisher.storage.protocol import Storage
from publisher.wire.errors import ClientError
from publisher.wire.feed_words import BackState, WithdrawalAction
from publisher.wire.stopping.brakes import BRAKES, Brake
from publisher.wire.stopping.withdrawn import BACK_FIELD, going_back
from publisher.wire.version import Version


@dataclass(frozen=True)
class RollbackPlan:
    """Everything that taking a release back will write; the timestamp last."""

    request: PromoteRequest
    version: Version
    """What is taken back."""
    back_to: str
    """The version that new clients get from then on."""
    backup: str | None
    """How whoever goes back restores a backup first; None where nobody has to."""
    platforms: tuple[str, ...]
    """Platforms that go back."""
    publication: Publication
    trusted_root: bytes
    brake: Brake
    """What withdraws it."""
    advises_back: bool
    """Whether that says to go back; an earlier withdrawal may advise something else, and clients may go back then."""
    signed_until: datetime
    """When the channel's role expires that is live from then on: with its rollback metadata, so earlier than usual."""


def plan_rollback(
    request: PromoteRequest,
    version: Version,
    configuration: Configuration,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    because: str | None,
) -> RollbackPlan:
    """Find and check the rollback metadata of the version that is live, without writing.

    `because` is what everybody reads of the withdrawal; None where brakes withdraw the version already. Raises
    UsageError where it is missing, InputError when the version is not live or no rollback metadata was signed with it,
    VerificationError when that is not good, RefusedByPolicy when users must not go back or it leads to an unsafe
    version, StorageConflict when somebody has taken its number, SigningError when keys of brakes, snapshot or timestamp
    are not here.
    """
    read, live = bucket.read, bucket.published(fix="there is nothing to take back")
    _refuse_forbidden(request, version, configuration, live)
    back = _verified_rollback_metadata(request, version, live, read, now)
    offered = handed_out(back.signed, read)
    _refuse_unsafe(request, version, configuration, live, offered)
    brake, withdrawal = _withdrawal(request, version, bucket, now, because)
    advance = bucket.advance(configuration.signers, keys.of, now)
    # By what clients accept now: a change of signers that waits to be signed must not stand in the way.
    try:
        shared = {BRAKES: withdrawal.content} if withdrawal is not None else {}
        metadata = advance.to(live.targets.signed, {request.role: back}, shared, signed_targets=live.targets)
    except StorageConflict as error:
        # Its number is signed, so it cannot go round what lies there, as what is staged anew can.
        key = metadata_key(request.role, back.signed.version)
        raise StorageConflict(
            error.what,
            fix=f"have the holder of the break-glass identity delete {key}, as"
            " docs/key-runbooks.md says, or publish a fixed version under a higher number",
        ) from error
    policy, product, channel = configuration.policy_at(now), request.product, request.channel
    body = LedgerEntryBody.routine(
        LedgerAction.ROLLBACK, policy, product=product, version=version, channel=channel, brake=brake.id
    )
    before = str(back.signed.unrecognized_fields.get(RELEASE_FIELD))
    return RollbackPlan(
        request=request,
        version=version,
        back_to=before,
        backup=_backup(back.signed, version),
        platforms=tuple(platform for platform, older in offered if str(older) == before),
        publication=plan_publication(
            body, metadata, bucket, keys, now, before=withdrawal.objects if withdrawal is not None else ()
        ),
        trusted_root=bucket.trusted_root,
        brake=brake,
        advises_back=withdrawal is not None or _advises_back(request, brake, bucket),
        signed_until=back.signed.expires,
    )


def _backup(back: Targets, version: Version) -> str | None:
    try:
        first = going_back(back).get(version)
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error
    return first.backup if first is not None else None


def _withdrawal(
    request: PromoteRequest, version: Version, bucket: Bucket, now: datetime, because: str | None
) -> tuple[Brake, BrakeToSign | None]:
    """What withdraws the version on all platforms, and advises to go back; the newest advice counts.

    Nothing to sign where brakes withdraw it already and no other reason is given. Raises UsageError.
    """
    withdrawn = channel_brakes(bucket.live, request.role).withdrawn
    there = next((brake for brake in reversed(withdrawn) if brake.version == version and not brake.platforms), None)
    if there is not None and because is None:
        return there, None
    if because is None:
        raise UsageError(
            f"{request.product} {version} is not withdrawn yet, and nobody goes back without a reason",
            fix="say what goes wrong with --because, in plain words that everybody may read",
        )
    order = BrakeOrder(request.product, request.channel, version, (), because, action=WithdrawalAction.GO_BACK)
    signed = brake_to_sign(order, bucket, now)
    return signed.brake, signed


def _advises_back(request: PromoteRequest, brake: Brake, bucket: Bucket) -> bool:
    try:
        notice = read_notice(bucket.read, request.product, request.channel, brake)
    except VerificationError:
        return False
    return notice.action is WithdrawalAction.GO_BACK


def apply_rollback(plan: RollbackPlan, storage: Storage, clock: Clock) -> Written:
    """Write, log, flip, and verify as a new client. Raises StorageConflict when somebody published meanwhile."""
    written = plan.publication.apply(storage)
    request = plan.request
    product, channel = request.product, request.channel
    written = written.then(write_beside_the_files(product, plan.version, storage))
    verify_as_client(storage, plan.trusted_root, product, plan.back_to, channel, plan.platforms, clock())
    return written


def _verified_rollback_metadata(
    request: PromoteRequest, version: Version, live: Repository, read: Read, now: datetime
) -> Metadata[Targets]:
    release = f"{request.product}@{version}"
    current = live.roles.get(request.role)
    offered = current.signed.unrecognized_fields.get(RELEASE_FIELD) if current else None
    if current is None or offered != str(version):
        raise InputError(
            f"{request.role} does not ship {release} now: {offered or 'nothing'} is live",
            fix="see `publish status`; only the live release can be taken back",
        )
    data = read(back_key(request.role, payload_digest(current.signed)))
    if data is None:
        raise InputError(
            f"{release} has no signed rollback metadata, since it is a first release, users must not go back from it,"
            " or the policy asks for none",
            fix=instead(request, version),
        )
    back = parse(data, Targets, "the rollback metadata")
    back = only_good_signatures(request.role, back, live.targets.signed)
    if back.signed.unrecognized_fields.get(BASE_FIELD) != base_of(live, request.role):
        raise VerificationError("the rollback metadata was not made for what is live", fix="see `publish log`")
    if back.signed.unrecognized_fields.get(BACK_FIELD) != str(version):
        raise VerificationError(
            f"the stored rollback metadata was not signed to take {release} back",
            fix="publish a fixed version under a higher number, and find out who wrote to back/",
        )
    if not says_enough(live.targets.signed, request.role, back):
        raise VerificationError(
            f"the rollback metadata of {release} has lost signatures",
            fix="bring it back from the bucket's version history, and find out who wrote to back/",
        )
    if back.signed.expires <= now:
        raise VerificationError(
            f"the rollback metadata of {release} expired on {english.moment(back.signed.expires)}",
            fix=f"run `{renewing(request.product, request.channel)}`, which the channel's people approve, or"
            f" {instead(request, version)}",
        )
    return back


def instead(request: PromoteRequest, version: Version) -> str:
    """What helps where a version cannot be taken back, as a fix."""
    hold = f"publish hold {request.product}@{version} --channel {request.channel}"
    return f"run `{hold}` so that nobody else gets it, then publish a fixed version under a higher number"


def _refuse_forbidden(
    request: PromoteRequest, version: Version, configuration: Configuration, live: Repository
) -> None:
    """Say why no rollback metadata was signed with the live release, where the content can be read."""
    release = configuration.find(request.product, str(version)) if isinstance(configuration, Catalog) else None
    current = live.roles.get(request.role)
    if release is None or current is None or current.signed.unrecognized_fields.get(RELEASE_FIELD) != str(version):
        return
    if release.back_state is BackState.FORBIDDEN:
        raise RefusedByPolicy(
            f'users must not go back from {release.id}: "{release.back_forbidden_because}"',
            fix=instead(request, version),
        )


def _refuse_unsafe(
    request: PromoteRequest,
    version: Version,
    configuration: Configuration,
    live: Repository,
    offered: Sequence[tuple[str, Version]],
) -> None:
    """Nobody is taken back to what is below the security floor, withdrawn on a platform, or named by an advisory.

    An advisory that names both versions stops nothing: whoever goes back is no worse off. Raises RefusedByPolicy.
    """
    floor, stopped = configuration.products[request.product].min_secure, channel_brakes(live, request.role)
    current = live.roles.get(request.role)
    taken_back = withdrawn_by(current.signed if current is not None else None)
    for platform, older in offered:
        if floor is not None and older < floor:
            unsafe = f"which is below the security floor {floor}"
        elif older in taken_back:
            unsafe = "which was taken back itself"
        elif stopped.withdrawal_of(older, platform) is not None:
            unsafe = f"which is withdrawn on {platform}"
        elif reopened := _reopened(request.product, version, older, configuration):
            unsafe = f"which is unsafe ({english.listed(reopened)})"
        else:
            continue
        raise RefusedByPolicy(
            f"taking {request.product}@{version} back would hand out {older}, {unsafe}",
            fix=instead(request, version),
        )


def _reopened(product: str, version: Version, older: Version, configuration: Configuration) -> list[str]:
    """Advisories, as words, that name the older version and not the one that is taken back."""
    if not isinstance(configuration, Catalog):
        return []
    return [
        f"advisory {advisory.id}"
        for advisory in configuration.affecting(product, older)
        if not advisory.affects(version)
    ]
