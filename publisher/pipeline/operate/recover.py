"""`publish recover`: a state that the ledger told of, put back in the place of what somebody else published.

It needs the online keys and no meeting: nothing becomes live but what people signed, and what was live before. Thieves
of keys lose them only by a change of keys afterwards (`pipeline/roles/change.py`), which also brings back clients that
have seen numbers far ahead (TUF specification, 5.3.11).

Brakes are not put back: the newest that keys of today have signed stay, so that nobody with online keys alone ends a
hold. If a thief is among those who signed them, the channel's people lift what that thief stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tuf.api.metadata import Metadata, MetaFile, Root, Targets, Timestamp

from publisher.channel.brakes import ListedBrake, every_brake
from publisher.channel.layout import METADATA, TIMESTAMP_KEY
from publisher.channel.ledger.entries import Head, took_effect, verified_entry
from publisher.channel.ledger.recovery import (
    Claimed,
    distrusted,
    read_claimed,
    signers_of,
    state_of,
    versions_at,
    with_newest_brakes,
)
from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.channel.repository import Read, Repository, delegated_roles, follow_roots, read_repository
from publisher.channel.roles import RELEASE_FIELD
from publisher.errors import (
    InputError,
    RefusedByPolicy,
    SigningError,
    StorageConflict,
    StorageForeign,
    VerificationError,
)
from publisher.model.config.signer import Signers
from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import LAST_NUMBER, Entry, LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import Ledger, keys_ever_named, older_than, read_current_keys, read_ledger
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.storage.protocol import Storage
from publisher.wire.stopping.brakes import BRAKES
from publisher.wire.version import Version


@dataclass(frozen=True)
class AnnouncedState:
    """An entry that announced a state, and how it is named."""

    head: Head
    entry: Entry
    certain: bool
    """Whether it was live for sure: something was planned on it, or it is live. The last ones may have lost a race."""


@dataclass(frozen=True)
class Survey:
    """What was read in the bucket: what is live, and what could be put in its place."""

    claimed: Claimed
    refuted: str | None
    """Why what lies there does not verify, or is not the newest that was live; None when it does and is."""
    announced: Entry | None
    """The entry that told of it; None when none did."""
    states: tuple[AnnouncedState, ...]
    """What can be put back, the newest first."""
    ledger: Ledger
    current_keys: CurrentKeys

    @property
    def ours(self) -> bool:
        """Whether nothing speaks for somebody else having published."""
        return self.refuted is None and self.announced is not None


@dataclass(frozen=True)
class RecoverPlan:
    """Everything that puts a state back; the timestamp last."""

    entry: Entry | None
    """Whose state it is; None for what is live, kept."""
    publication: Publication
    changed: tuple[tuple[str, int | None, int], ...]
    """Role, its version before, as far as that is known, and from now on."""
    discarded: tuple[Entry, ...]
    """Later entries that made something live, and whose state is left behind."""
    distrusted: Mapping[str, tuple[str, ...]]
    """Role -> ids of keys that signed what is replaced."""
    ships: Mapping[str, str]
    """Channel role -> the version that it ships from then on."""
    kept: tuple[ListedBrake, ...]
    """What stays stopped although that state did not stop it: brakes are never put back."""
    kept_by: tuple[str, ...]
    """Ids of the keys that signed the brakes which say so."""

    @property
    def undone(self) -> tuple[Entry, ...]:
        """Rollbacks that are left behind, and that no recovery has undone already."""
        before = [
            (later.number, later.restored)
            for later in self.discarded
            if later.action is LedgerAction.RECOVER and later.restored is not None
        ]
        return tuple(
            entry
            for entry in self.discarded
            if entry.action is LedgerAction.ROLLBACK
            and not any(restored < entry.number < number for number, restored in before)
        )


def survey_bucket(storage: Readable, trusted_root: bytes, signers: Signers) -> Survey:
    """Look, verify and write nothing. Raises StorageError, and VerificationError when the roots do not verify."""
    read = reader(storage)
    tuple(follow_roots(read, trusted_root))
    claimed = read_claimed(read)
    refuted = None
    try:
        if read_repository(read, trusted_root) is None:
            refuted = "there is no timestamp.json"
    except (VerificationError, StorageForeign) as error:
        refuted = error.what
    ledger = read_ledger(storage)
    live = claimed.stamp.sha256 if claimed.stamp else None
    current_keys = read_current_keys(storage, trusted_root, signers)
    states = tuple(_states(ledger, live, current_keys))
    announced = next((past.entry for past in states if past.entry.result and past.entry.result.sha256 == live), None)
    newest = next((past.entry for past in states if past.certain), None)
    if announced is not None and newest is not None and announced.number < newest.number:
        refuted = refuted or older_than(newest)
    return Survey(claimed, refuted, announced, states, ledger, current_keys)


@dataclass(frozen=True)
class Recovery:
    """What plans of a recovery are made from."""

    survey: Survey
    storage: Readable
    trusted_root: bytes
    configuration: Configuration
    keys: KeyRing
    now: datetime

    def put_back(self, chosen: Head, *, disown: bool) -> RecoverPlan:
        """Put the chosen entry's state together, and sign it with the online keys, without writing.

        `disown` says that what is live is somebody else's although it verifies and an entry tells of it: a thief with
        an online key can write entries too. Raises InputError, RefusedByPolicy, VerificationError when the entry or a
        part of its state does not verify, SigningError, StorageConflict when somebody published since the survey.
        """
        survey = self.survey
        if survey.ours and not disown:
            assert survey.announced is not None
            raise InputError(
                f"what is live verifies, and entry {survey.announced.number} records it:"
                " there is nothing to recover from",
                fix="take a release back with `publish rollback`; if somebody else published it, add --disown",
            )
        if survey.ours and chosen not in {past.head for past in survey.states if past.certain}:
            raise InputError(
                f"the state of entry {chosen.number} may never have been live, and what is live now verifies",
                fix="choose an earlier entry, or run `publish promote`, which checks the rules",
            )
        read = reader(self.storage)
        roots = tuple(follow_roots(read, self.trusted_root))
        entries = _believed(survey, chosen)
        versions = versions_at(entries, chosen.number)
        tag = self._tag(read)
        state = state_of(read, roots, versions, survey.claimed)
        stopping = self._with_newest_brakes(state)
        if survey.ours:
            _refuse_insecure(state, self.configuration)
        stolen = {**distrusted(read, survey.claimed, stopping, versions), **_unknown_brakes(stopping, survey)}
        if survey.claimed.stamp in [entry.result for entry in entries]:
            stolen.pop(Timestamp.type, None)  # ours, which somebody has put back: it takes no key
        policy = self.configuration.policy_at(self.now)
        body = LedgerEntryBody.routine(LedgerAction.RECOVER, policy, restored=chosen.number, distrusted=stolen)
        entry = next(entry for entry in entries if entry.number == chosen.number)
        return self._signed(state, stopping, body, entry, tag)

    def adopt(self) -> RecoverPlan:
        """Keep what is live: an entry that tells of it again, and a timestamp on top, without writing.

        For a ledger that somebody has cut short. Raises InputError when what is live is known or does not verify,
        SigningError, StorageConflict when somebody published since the survey.
        """
        survey = self.survey
        if survey.ours or survey.refuted is not None:
            why = "the ledger has an entry for it" if survey.ours else f"it does not verify: {survey.refuted}"
            raise InputError(f"what is live cannot be adopted: {why}", fix="see `publish recover`")
        read = reader(self.storage)
        tag = self._tag(read)
        live = read_repository(read, self.trusted_root)
        assert live is not None  # else it would not verify
        snapshot = MetaFile(live.snapshot.signed.version)
        # As if the timestamp were not signed, so that a new one is.
        unsigned = Metadata(Timestamp(version=live.timestamp.signed.version, snapshot_meta=snapshot))
        stopping = self._with_newest_brakes(replace(live, timestamp=unsigned))
        body = LedgerEntryBody.routine(LedgerAction.RECOVER, self.configuration.policy_at(self.now))
        return self._signed(live, stopping, body, None, tag)

    def _with_newest_brakes(self, state: Repository) -> Repository:
        keys = (stat.key for stat in self.storage.list(METADATA))
        return with_newest_brakes(state, reader(self.storage), keys, self.survey.current_keys.targets)

    def _tag(self, read: Read) -> str | None:
        """Of the timestamp that was looked at, so that no other is replaced."""
        stat = self.storage.stat(TIMESTAMP_KEY)
        if read_claimed(read).data != self.survey.claimed.data:
            raise StorageConflict("somebody has just published", fix="run `publish recover` again")
        return stat.tag if stat is not None else None

    def _signed(
        self, before: Repository, state: Repository, body: LedgerEntryBody, entry: Entry | None, tag: str | None
    ) -> RecoverPlan:
        """`before` is the state as it was, `state` the one with today's brakes, which is made live."""
        bucket = Bucket.as_if(self.storage, self.trusted_root, state, tag)
        advance = bucket.advance(self.configuration.signers, self.keys.with_retired, self.now)
        try:
            metadata = advance.to(state.targets.signed, {}, signed_targets=state.targets)
        except SigningError as error:
            fix = "recover with the keys that clients accept now, stolen or not, and change keys afterwards"
            raise SigningError(error.what, fix=fix) from error
        publication = plan_publication(body, metadata, bucket, self.keys, self.now)
        # The whole state, so that the way to it never leads through what was replaced.
        whole = {**state.versions, **dict(metadata.changed)}
        number = entry.number if entry is not None else LAST_NUMBER
        brakes, known = state.roles.get(BRAKES), _brakes_in(before)
        return RecoverPlan(
            entry=entry,
            publication=publication.retold(roles=whole, base=self.survey.claimed.stamp),
            changed=tuple((role, _highest(role, self.survey), version) for role, version in sorted(whole.items())),
            discarded=tuple(past.entry for past in reversed(self.survey.states) if past.entry.number > number),
            distrusted=body.distrusted,
            ships={
                role: str(metadata.signed.unrecognized_fields[RELEASE_FIELD])
                for role, metadata in state.roles.items()
                if RELEASE_FIELD in metadata.signed.unrecognized_fields
            },
            kept=tuple(listed for listed in _brakes_in(state) if listed not in known),
            kept_by=signers_of(state.targets.signed, BRAKES, brakes) if brakes is not None else (),
        )


def _brakes_in(state: Repository) -> tuple[ListedBrake, ...]:
    return every_brake(state.roles[BRAKES].signed) if BRAKES in state.roles else ()


def _unknown_brakes(state: Repository, survey: Survey) -> dict[str, tuple[str, ...]]:
    """Who signed brakes that no entry tells of; nothing where one does."""
    brakes = state.roles.get(BRAKES)
    if brakes is None or any(past.entry.roles.get(BRAKES) == brakes.signed.version for past in survey.states):
        return {}
    return {BRAKES: signers_of(state.targets.signed, BRAKES, brakes)}


def _highest(role: str, survey: Survey) -> int | None:
    """The version in what is replaced, or, where that names none, the highest that an entry told of."""
    version = survey.claimed.version_of(role)
    versions = (past.entry.roles[role] for past in survey.states if role in past.entry.roles)
    return version if version is not None else max(versions, default=None)


def _refuse_insecure(state: Repository, configuration: Configuration) -> None:
    for role, metadata in state.roles.items():
        product = configuration.products.get(role.partition(".")[0])
        ships = metadata.signed.unrecognized_fields.get(RELEASE_FIELD)
        floor = product.min_secure if product is not None else None
        if floor is not None and ships is not None and Version.parse(str(ships)) < floor:
            raise RefusedByPolicy(
                f"that state ships {role} {ships}, which is below the security floor {floor}",
                fix="choose a later entry, or publish a fixed version under a higher number",
            )


def apply_recover(plan: RecoverPlan, storage: Storage) -> Written:
    """Write, log and flip. Raises StorageConflict when somebody has just published."""
    return plan.publication.apply(storage)


def still_trusted(
    storage: Readable, trusted_root: bytes, signers: Signers, root: Root, targets: Targets
) -> dict[str, tuple[str, ...]]:
    """Role -> ids of keys that signed what recoveries replaced, and that `root` and `targets` accept all the same.

    By entries that keys of ours have signed, replaced ones too: a recovery is told of with the very keys that change.
    """
    accepted: dict[str, set[str]] = {}
    delegated = delegated_roles(targets)
    keys = keys_ever_named(storage, trusted_root, signers)
    for logged in read_ledger(storage).logged:
        try:
            distrusted_then = verified_entry(logged, keys).distrusted
        except VerificationError:
            continue
        for role, keyids in distrusted_then.items():
            named = root.roles.get(role) or delegated.get(role)
            accepted.setdefault(role, set()).update(set(keyids) & set(named.keyids if named else ()))
    return {role: tuple(sorted(keyids)) for role, keyids in sorted(accepted.items()) if keyids}


def _states(ledger: Ledger, live: str | None, current_keys: CurrentKeys) -> Iterator[AnnouncedState]:
    entries: list[tuple[Head, Entry]] = []
    for logged in ledger.logged:
        with suppress(VerificationError):
            entries.append((logged.head, current_keys.entry(logged)))
    seen = took_effect((entry for _, entry in entries), live)
    last = max(seen, default=0)
    for head, entry in reversed(entries):
        if entry.result is not None and (entry.number in seen or entry.number > last):
            yield AnnouncedState(head, entry, entry.number in seen)


def _believed(survey: Survey, chosen: Head) -> list[Entry]:
    """Entries up to the chosen one that are believed. Whatever lies among them can take nothing from what these say.

    Raises VerificationError when the chosen one is not the one that was named, or is not believed.
    """
    ledger = survey.ledger
    fix = "name it as `publish recover` lists it; if it was lost, bring it back from the bucket's version history"
    there = next((logged for logged in ledger.logged if logged.number == chosen.number), None)
    if there is None or there.head != chosen:
        what = "is missing" if there is None else f"is not the one that was named: its SHA-256 is {there.head.sha256}"
        raise VerificationError(f"entry {chosen.number} {what}", fix=fix)
    believed = []
    for logged in ledger.logged:
        if logged.number > chosen.number:
            break
        try:
            believed.append(survey.current_keys.entry(logged))
        except VerificationError as error:
            if logged.number == chosen.number:
                raise VerificationError(
                    f"entry {chosen.number} is not signed by a key that may sign it today: {error.what}", fix=fix
                ) from error
    return believed
