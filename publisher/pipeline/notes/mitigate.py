"""`publish mitigate`: one person tells users of some versions which setting helps until a fix is out.

It needs the configuration and the bucket only. The role notes lists the mitigation and its notice; the setting itself
is one that the channel's people have signed in the feeds, so whoever holds a key of notes chooses among these alone.
When somebody else publishes in the same minute, it is planned anew on what they left, until it lands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuf.api.metadata import Targets

from publisher.channel.mitigations import listed_in, mitigation_key, notes_to_sign, read_mitigation
from publisher.channel.repository import Repository
from publisher.errors import InputError, StorageConflict, StorageForeign, VerificationError
from publisher.model.configuration import Configuration
from publisher.model.content.setting import Setting
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.model.records.notice import MitigationFile
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.notes.known_versions import live_versions, shipped_versions
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.publication.until_it_lands import until_it_lands
from publisher.rules import english
from publisher.storage.protocol import Body, Storage
from publisher.text.suggest import did_you_mean
from publisher.wire.advice.mitigation import mitigation_notice_of
from publisher.wire.advice.notes import MOST, NOTES, ListedMitigation
from publisher.wire.advice.settings import SignedSetting
from publisher.wire.advice.version_range import VersionRange
from publisher.wire.errors import ClientError
from publisher.wire.version import Version

LONGEST = timedelta(days=90)
"""A mitigation is for the time until a fix; whoever still needs it then decides again."""


@dataclass(frozen=True)
class MitigationOrder:
    """What somebody on call wants users to set, and the reason that everybody reads."""

    product: str
    versions: VersionRange
    platforms: tuple[str, ...]
    """Ids of platforms, ascending; empty: all."""
    setting: str
    """Id of the setting."""
    value: str
    because: str
    until: datetime
    """When it ends, UTC."""
    fixed_in: Version | None = None
    """The version that needs it no more, where that is known."""

    def notice(self, at: datetime) -> MitigationFile:
        """The same for clients, decided at `at`. Raises ValueError for a reason that cannot be quoted."""
        limits = {"from": self.versions.first, "before": self.versions.before}
        return MitigationFile.model_validate(
            {
                **limits,
                "product": self.product,
                "platforms": self.platforms,
                "setting": self.setting,
                "value": self.value,
                "because": self.because,
                "at": at,
                "until": self.until,
                "fixed_in": self.fixed_in,
            }
        )


@dataclass(frozen=True)
class MitigationReach:
    """Whom an order is about, and how they read it."""

    setting: SignedSetting
    """As the people of a channel have signed it."""
    newest: Version
    """The newest published version in its range that does not have the fix."""
    left_out: tuple[str, ...]
    """Channels whose live feeds do not let clients show it yet."""


@dataclass(frozen=True)
class MitigationPlan:
    """Everything that telling users will write; the timestamp last."""

    order: MitigationOrder
    reach: MitigationReach
    listed: ListedMitigation
    already: bool
    """Whether the very same words are live by now, so that nothing is left to do."""
    publication: Publication


@dataclass(frozen=True)
class EndPlan:
    """Everything that ending a mitigation will write; the timestamp last."""

    product: str
    listed: ListedMitigation
    publication: Publication


def check_mitigation(
    order: MitigationOrder, configuration: Configuration, bucket: Bucket, now: datetime
) -> MitigationReach:
    """Whom the order reaches. Raises InputError, with what to write instead, for one that clients could not show."""
    product = configuration.products[order.product]
    for platform in order.platforms:
        if platform not in product.platforms:
            raise InputError(
                f"{order.product} has no platform {platform}", fix=did_you_mean(platform, product.platforms)
            )
    _check_end(order, now)
    settings = {setting.id: setting for setting in product.settings}
    if order.setting not in settings:
        raise InputError(
            f"{order.product} has no setting {order.setting} in products.yaml",
            fix=did_you_mean(order.setting, settings)
            if settings
            else "add it under `settings` of the product, then publish a release, which signs it",
        )
    signed, left_out = _signed_setting(order, settings[order.setting], bucket)
    return MitigationReach(signed, _newest_concerned(order, bucket), left_out)


def _newest_concerned(order: MitigationOrder, bucket: Bucket) -> Version:
    """The newest version that it is about: a live one, or else the last that the ledger tells of. Raises InputError.

    The ledger grows without end, and is not read where what is live answers.
    """
    live = live_versions(order.product, bucket)
    if concerned := [version for version in live if _concerns(order, version)]:
        return max(concerned)
    known = set(live)
    for version in shipped_versions(order.product, bucket):
        if _concerns(order, version):
            return version
        known.add(version)
    raise InputError(
        f"no published version of {order.product} lies in the range ({order.versions})"
        + (f" and older than {order.fixed_in}, which has the fix" if order.fixed_in is not None else ""),
        fix="choose a range with one of the published versions: "
        + ", ".join(str(version) for version in sorted(known)[-5:]),
    )


def _check_end(order: MitigationOrder, now: datetime) -> None:
    if order.until <= now:
        raise InputError(
            f"--until {english.moment(order.until)} is over",
            fix="name a time in the future, like --until 14d",
        )
    if order.until > now + LONGEST:
        raise InputError(
            f"--until {english.moment(order.until)} is more than {LONGEST.days} days ahead",
            fix=f"name an earlier end, at most --until {LONGEST.days}d; it can be published again then",
        )


def _concerns(order: MitigationOrder, version: Version) -> bool:
    return version in order.versions and (order.fixed_in is None or version < order.fixed_in)


def _signed_setting(order: MitigationOrder, setting: Setting, bucket: Bucket) -> tuple[SignedSetting, tuple[str, ...]]:
    """The setting as feeds have it, and the channels in which some clients would leave the notice out."""
    configured = SignedSetting(setting.id, setting.name, setting.how, setting.values, setting.lowest, setting.highest)
    if not configured.allows(order.value):
        raise InputError(
            f"{setting.name} cannot be set to {order.value}",
            fix=f"choose from {configured.range_text}",
        )
    signed: SignedSetting | None = None
    left_out: list[str] = []
    live = bucket.published()
    for channel in sorted(role.partition(".")[2] for role in live.roles if role.startswith(f"{order.product}.")):
        for platform, feed in bucket.offered(order.product, channel).items():
            if order.platforms and platform not in order.platforms:
                continue
            item = next((item for item in feed.settings if item.id == setting.id), None)
            if item is not None and item.allows(order.value):
                signed = item
            elif channel not in left_out:
                left_out.append(channel)
    if signed is None:
        raise InputError(
            f"the people of no channel of {order.product} have signed {order.setting}={order.value} yet, so no client"
            " would show it",
            fix=f"run `publish announce {order.product}`, approve and promote it; a release signs its settings, too",
        )
    return signed, tuple(left_out)


def plan_mitigation(
    order: MitigationOrder, configuration: Configuration, bucket: Bucket, keys: KeyRing, now: datetime
) -> MitigationPlan:
    """Lay out what tells users, without writing.

    Raises InputError for an order that clients could not show, SigningError when the keys of notes, snapshot or
    timestamp are not here, StorageError when nothing is published yet, VerificationError.
    """
    live = bucket.published(fix="publish a release first: its feeds sign the settings")
    reach = check_mitigation(order, configuration, bucket, now)
    listed_now = listed_in(live, order.product)
    if (same := _already(order, listed_now, bucket)) is not None:
        return MitigationPlan(order, reach, same, True, Publication())
    if len([item for item in listed_now if item.until > now]) >= MOST:
        raise InputError(
            f"{order.product} has {MOST} mitigations, and clients read no more",
            fix="run `publish mitigate --end ID` for one that is no longer needed",
        )
    notice = Body.from_bytes(order.notice(now).to_bytes())
    listed = ListedMitigation(notice.sha256, order.versions, order.platforms, order.until)
    _refuse_unreadable(order, listed, notice)
    signed = notes_to_sign(live, now, order.product, [listed], ended=_replaced(order, listed_now, bucket))
    notice_object = PlannedObject.of(mitigation_key(order.product, listed.id), notice)
    publication = _publication(
        LedgerAction.MITIGATE, order.product, listed, signed, configuration, bucket, keys, now, notice_object
    )
    return MitigationPlan(order, reach, listed, False, publication)


def _replaced(order: MitigationOrder, listed_now: Sequence[ListedMitigation], bucket: Bucket) -> frozenset[str]:
    """Ids of mitigations that say something else of the same setting to the same users: the newest counts alone."""
    replaced = set()
    for item in listed_now:
        if (item.versions, item.platforms) != (order.versions, order.platforms):
            continue
        with suppress(VerificationError, StorageForeign):
            if read_mitigation(bucket.read, order.product, item).setting == order.setting:
                replaced.add(item.id)
    return frozenset(replaced)


def plan_end(name: str, configuration: Configuration, bucket: Bucket, keys: KeyRing, now: datetime) -> EndPlan:
    """Lay out what ends a mitigation, given by its id or the first digits of it, without writing.

    Raises InputError where none or several have it, SigningError, StorageError, VerificationError.
    """
    live = bucket.published(fix="there is no mitigation to end")
    product, listed = find_mitigation(name, configuration, live)
    signed = notes_to_sign(live, now, ended={listed.id})
    publication = _publication(
        LedgerAction.END_MITIGATION, product, listed, signed, configuration, bucket, keys, now, None
    )
    return EndPlan(product, listed, publication)


def find_mitigation(name: str, configuration: Configuration, live: Repository) -> tuple[str, ListedMitigation]:
    """Product and mitigation of an id, or of the first digits of one. Raises InputError, VerificationError."""
    all_listed = [(product, item) for product in sorted(configuration.products) for item in listed_in(live, product)]
    matching = [(product, item) for product, item in all_listed if item.id.startswith(name.lower())]
    if len(matching) != 1 or len(name) < FEWEST:
        ids = ", ".join(f"{item.id[:12]} of {product}" for product, item in all_listed[:10])
        raise InputError(
            f"--end {name} names no mitigation" if not matching else f"--end {name} names no single mitigation",
            fix=f"choose from {ids}" if ids else "check `publish status`: no mitigation is live",
        )
    return matching[0]


FEWEST = 8
"""So many digits of an id are needed at least."""


def _already(order: MitigationOrder, listed: tuple[ListedMitigation, ...], bucket: Bucket) -> ListedMitigation | None:
    """The mitigation that says the same, which a run before this one has made live; None where there is none."""
    for item in listed:
        try:
            notice = read_mitigation(bucket.read, order.product, item)
        except (VerificationError, StorageForeign):
            continue
        if Body.from_bytes(order.notice(notice.at).to_bytes()).sha256 == item.id:
            return item
    return None


def _refuse_unreadable(order: MitigationOrder, listed: ListedMitigation, notice: Body) -> None:
    try:
        mitigation_notice_of(listed, order.product, b"".join(notice.chunks()))
    except ClientError as error:
        raise InputError(f"clients would refuse the notice: {error.what}", fix="name fewer platforms") from error


def _publication(
    action: LedgerAction,
    product: str,
    listed: ListedMitigation,
    signed: Targets,
    configuration: Configuration,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    notice: PlannedObject | None,
) -> Publication:
    targets = bucket.published().targets
    advance = bucket.advance(configuration.signers, keys.of, now)
    # By what clients accept now: a change of signers that waits to be signed must not stand in the way.
    metadata = advance.to(targets.signed, {}, {NOTES: signed}, signed_targets=targets)
    body = LedgerEntryBody.routine(action, configuration.policy_at(now), product=product, mitigation=listed.id)
    return plan_publication(body, metadata, bucket, keys, now, before=[] if notice is None else [notice])


def mitigate(
    order: MitigationOrder,
    configuration: Configuration,
    storage: Storage,
    trusted_root: bytes,
    keys: KeyRing,
    clock: Callable[[], datetime],
) -> tuple[MitigationPlan, Written]:
    """Plan and apply until it lands, then read it back. Raises as `plan_mitigation`, StorageConflict if it is lost."""
    plan, written = until_it_lands(
        storage,
        trusted_root,
        lambda bucket: plan_mitigation(order, configuration, bucket, keys, clock()),
        lambda planned: planned.publication.apply(storage),
    )
    if plan.listed not in listed_in(Bucket(storage, trusted_root).live, order.product):
        raise StorageConflict(
            f"the mitigation of {order.product} was live, and somebody else's change has removed it",
            fix="run the command again, and read `publish log`",
        )
    return plan, written


def end_mitigation(
    name: str,
    configuration: Configuration,
    storage: Storage,
    trusted_root: bytes,
    keys: KeyRing,
    clock: Callable[[], datetime],
) -> tuple[EndPlan, Written]:
    """The same for ending one. Raises as `plan_end`."""
    return until_it_lands(
        storage,
        trusted_root,
        lambda bucket: plan_end(name, configuration, bucket, keys, clock()),
        lambda planned: planned.publication.apply(storage),
    )
