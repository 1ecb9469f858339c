"""Mitigations of a verified repository, and the notes that list one more or one less.

Pure. Clients read them the same way (`wire/advice/mitigation.py`): what cannot be read here is not shown there.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from tuf.api.metadata import Targets

from publisher.channel.layout import target_key
from publisher.channel.repository import Read, Repository
from publisher.errors import VerificationError
from publisher.model.records.channel_state import LiveMitigation
from publisher.model.values import format_time
from publisher.wire.advice.mitigation import MitigationNotice, mitigation_notice_of, mitigation_path
from publisher.wire.advice.notes import NOTES, NOTES_FIELD, ListedMitigation, listed_mitigations
from publisher.wire.advice.settings import SignedSetting
from publisher.wire.errors import ClientError


def listed_in(live: Repository | None, product: str) -> tuple[ListedMitigation, ...]:
    """What the live notes list for a product, ended or not. Raises VerificationError for what cannot be read."""
    notes = live.roles.get(NOTES) if live else None
    try:
        return listed_mitigations(notes.signed, product) if notes else ()
    except ClientError as error:
        raise VerificationError(error.what, fix="run `publish recover`: this program did not write that") from error


def mitigation_key(product: str, sha256: str) -> str:
    """The object of a mitigation's notice."""
    return target_key(mitigation_path(product), sha256)


def mitigation_keys(notes: Targets) -> frozenset[str]:
    """The objects of all notices that metadata of the role notes names; none of a product that cannot be read."""
    keys: set[str] = set()
    for product in _products(notes):
        with suppress(ClientError):
            keys.update(mitigation_key(product, item.id) for item in listed_mitigations(notes, product))
    return frozenset(keys)


def read_mitigation(read: Read, product: str, listed: ListedMitigation) -> MitigationNotice:
    """The notice of a mitigation, by the client's own parser. Raises VerificationError where it cannot be told."""
    key = mitigation_key(product, listed.id)
    data = read(key)
    if data is None:
        raise VerificationError(f"{key} is missing, although the notes name it")
    try:
        return mitigation_notice_of(listed, product, data)
    except ClientError as error:
        raise VerificationError(f"{key}: {error.what}") from error


def live_mitigations(
    read: Read, live: Repository, settings: Mapping[str, Sequence[tuple[str, SignedSetting]]], now: datetime
) -> tuple[LiveMitigation, ...]:
    """What clients of any channel show now, by product; what they leave out is left out here.

    `settings` are by product what its feeds sign, each with the platform of the feed.
    """
    mitigations: list[LiveMitigation] = []
    for product, signed in sorted(settings.items()):
        with suppress(VerificationError):
            for item in listed_in(live, product):
                if now < item.until and (mitigation := _shown(read, product, item, signed)) is not None:
                    mitigations.append(mitigation)
    return tuple(mitigations)


def _shown(
    read: Read, product: str, item: ListedMitigation, settings: Sequence[tuple[str, SignedSetting]]
) -> LiveMitigation | None:
    try:
        notice = read_mitigation(read, product, item)
    except VerificationError:
        return None
    for platform, setting in settings:
        if item.platforms and platform not in item.platforms:
            continue
        if setting.id == notice.setting and setting.allows(notice.value):
            limits = {"from": item.versions.first, "before": item.versions.before}
            return LiveMitigation(
                **limits,
                id=item.id,
                product=product,
                platforms=item.platforms,
                setting=setting.id,
                name=setting.name,
                how=setting.how,
                value=notice.value,
                because=notice.because,
                at=notice.at,
                until=item.until,
                fixed_in=notice.fixed_in,
            )
    return None


def notes_to_sign(
    live: Repository | None,
    now: datetime,
    product: str | None = None,
    added: Sequence[ListedMitigation] = (),
    ended: Collection[str] = (),
) -> Targets:
    """What the role notes says once these mitigations of a product are added, and those of these ids taken away.

    Those that are over are left out. What cannot be read of another product stays as it is.
    """
    current = live.roles.get(NOTES) if live else None
    signed = copy.deepcopy(current.signed) if current else Targets(version=1, expires=now)
    products = dict(signed.unrecognized_fields.get(NOTES_FIELD, {}))
    for name in {*products, *([product] if product else [])}:
        with suppress(ClientError):
            listed = [item for item in listed_mitigations(signed, name) if item.until > now and item.id not in ended]
            new = [item for item in added if name == product and item not in listed]
            products[name] = {"mitigations": [_fields(item) for item in (*listed, *new)]}
    signed.unrecognized_fields[NOTES_FIELD] = {
        name: products[name] for name in sorted(products) if products[name] != {"mitigations": []}
    }
    if not signed.unrecognized_fields[NOTES_FIELD]:
        del signed.unrecognized_fields[NOTES_FIELD]
    return signed


def _fields(item: ListedMitigation) -> dict[str, object]:
    """As the signed field has it."""
    limits = {"from": item.versions.first, "before": item.versions.before}
    return {
        "id": item.id,
        **{name: str(version) for name, version in limits.items() if version is not None},
        **({"platforms": list(item.platforms)} if item.platforms else {}),
        "until": format_time(item.until),
    }


def _products(notes: Targets) -> tuple[str, ...]:
    products = notes.unrecognized_fields.get(NOTES_FIELD)
    return tuple(products) if isinstance(products, dict) else ()
