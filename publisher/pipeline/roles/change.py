"""`publish keys stage` and `publish keys promote`: changes of keys, thresholds and products, staged, signed, made live.

What belongs together is one set: a root, `targets`, and the roles that lost signers by it. Clients see all of it at
once, or nothing. A client fetches a new root before the timestamp; so everything is first made live signed by the old
keys as well, where these are at hand, and the root comes last: at each moment every client finds what its root accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tuf.api.metadata import Metadata, Root, Targets

from publisher.channel.advance import says_the_same, to_bytes
from publisher.channel.candidates.candidate import (
    Candidate,
    base_named,
    is_short_lived,
    number_is_its_own,
    read_candidate,
    read_pointer,
)
from publisher.channel.candidates.role_difference import difference
from publisher.channel.candidates.staged import Staged
from publisher.channel.keys.rotation import (
    RoleToSign,
    as_root,
    as_targets,
    first_targets,
    renewal,
    roles_to_sign,
)
from publisher.channel.layout import metadata_key, target_key
from publisher.channel.repository import Read, follow_roots, read_repository, verifies
from publisher.channel.roles import PASSING_FIELDS
from publisher.errors import ApprovalsMissing, StorageConflict
from publisher.model.config.signer import Signers
from publisher.model.configuration import Configuration
from publisher.model.records.candidate import CandidateRecord
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.candidates.numbering import Stagings, read_stagings
from publisher.pipeline.candidates.staged import staged_keys
from publisher.pipeline.configured_targets import configured_roles, minisign_public
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import Draft, append
from publisher.pipeline.objects.planned import PlannedObject, pinned_key_object
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.publication.self_check import update_as_client
from publisher.pipeline.publication.staging_pointer import clear_pointer, point_to, read_pointer_version
from publisher.signing.public_keys import described
from publisher.storage.protocol import Body, Storage
from publisher.wire.stopping.withdrawn import BACK_FIELD, WITHDRAWN_FIELD


@dataclass(frozen=True)
class StagedRole(Staged[Candidate]):
    """What a role of people waits to be signed for, with the signatures that are there."""

    to_sign: RoleToSign = field(kw_only=True)
    fresh: bool = field(kw_only=True)
    """Whether it has to be written first."""

    @property
    def difference(self) -> tuple[str, ...]:
        before = self.to_sign.before.signed if self.to_sign.before is not None else None
        return difference(self.to_sign.role, before, self.candidate.signed)

    @property
    def signed_by(self) -> tuple[str, ...]:
        """Persons with their duties whose signatures count."""
        keys = self.to_sign.may_sign
        return tuple(sorted(described(keys[keyid]) for keyid in self.to_sign.only_good(self.metadata).signatures))

    @property
    def missing(self) -> tuple[str, ...]:
        return self.to_sign.missing(self.metadata)


@dataclass(frozen=True)
class KeySet:
    """Everything that has to be signed so that the configuration holds, as staging has it or shall have it."""

    bucket: Bucket
    roles: tuple[StagedRole, ...]

    @property
    def root_to_be(self) -> Root:
        """The root once the set is live."""
        root = next(
            (staged.to_sign.signed for staged in self.roles if staged.to_sign.role == Root.type),
            self.bucket.root.signed,
        )
        assert isinstance(root, Root)
        return root

    @property
    def targets_to_be(self) -> Targets:
        """`targets` once the set is live."""
        staged = next((role.to_sign.signed for role in self.roles if role.to_sign.role == Targets.type), None)
        targets = staged if staged is not None or self.bucket.live is None else self.bucket.live.targets.signed
        assert isinstance(targets, Targets)
        return targets


def key_set(bucket: Bucket, configuration: Configuration, now: datetime, *, anew: bool = False) -> KeySet:
    """Compare the configuration with what is live. Raises StorageError, VerificationError.

    Before anything is published, that is the first `targets`. With `anew` nothing that lies in staging is looked at:
    each role gets a new candidate.
    """
    signers, configured = configuration.signers, configured_roles(configuration, now)
    if bucket.live is None:
        to_sign: tuple[RoleToSign, ...] = (first_targets(bucket.root, configured, signers, now),)
    else:
        to_sign = roles_to_sign(bucket.live, bucket.root, configured, signers, now)
    return KeySet(bucket, tuple(staged_role(role, bucket, signers, now, anew=anew) for role in to_sign))


def under_way(bucket: Bucket, configuration: Configuration, now: datetime) -> tuple[StagedRole, ...]:
    """Changes of keys and renewals that are staged and still what is wanted, each with who has signed it."""
    asked = {staged.to_sign.role: staged for staged in key_set(bucket, configuration, now).roles}
    staged = []
    live = bucket.live
    for role in (Root.type, Targets.type, *sorted(live.roles if live is not None else ())):
        pointer = read_pointer(bucket.read, role)
        if pointer.candidate is None or pointer.release is not None:
            continue
        role_staged = asked.get(role)
        if role_staged is None and live is not None:
            again = renewal(live, bucket.root, role, configuration.signers, now)
            role_staged = staged_role(again, bucket, configuration.signers, now)
        if role_staged is not None and not role_staged.fresh:
            staged.append(role_staged)
    return tuple(staged)


def signed_first_targets(bucket: Bucket, configuration: Configuration, now: datetime) -> Metadata[Targets] | None:
    """`targets` as enough people signed it before the first release, or None. Raises VerificationError if damaged."""
    [first] = key_set(bucket, configuration, now).roles
    return as_targets(first.to_sign.only_good(first.metadata)) if not first.fresh and not first.missing else None


def staged_role(
    to_sign: RoleToSign, bucket: Bucket, signers: Signers, now: datetime, *, anew: bool = False
) -> StagedRole:
    """The role's candidate: the one that is there, if it is what is wanted; else a new one."""
    role = to_sign.role
    there = None if anew else staged_keys(bucket.storage, role, signers)
    stagings = read_stagings(role, bucket, signers)
    if there is not None and _fits(there.candidate, to_sign, bucket.read, stagings, now):
        return StagedRole(there.candidate, there.signatures, to_sign=to_sign, fresh=False)
    if role != Root.type:
        to_sign.signed.version = stagings.number_after(there.candidate.signed.version if there else None)
    record = CandidateRecord(staged_at=now, because=to_sign.because)
    candidate = Candidate.parse(role, to_bytes(Metadata(to_sign.signed)), record)
    return StagedRole(candidate, to_sign=to_sign, fresh=True)


def works_on(to_sign: RoleToSign, storage: Readable, signers: Signers, now: datetime) -> str | None:
    """What else a role works on that is made for what is live; None where that is nothing, or has no base any more.

    Nor is it a renewal that another one can replace: it changes nothing, and nobody has signed it in time.
    """
    role, before = to_sign.role, to_sign.before
    pointer = read_pointer(reader(storage), role)
    if pointer.candidate is None:
        return None
    candidate = read_candidate(reader(storage), Candidate, role, pointer.candidate)
    if candidate.base != (base_named(before) if before is not None else None):
        return None
    if pointer.release is not None:
        return str(pointer.release)
    if before is not None and says_the_same(candidate.signed, before.signed):
        renews_too = says_the_same(to_sign.signed, before.signed)
        if renews_too or is_short_lived(candidate, signers, now):
            return None
    return f"candidate {candidate.digest[:12]}"


def stage_roles(
    keys_to_sign: KeySet, storage: Storage, configuration: Configuration, keys: KeyRing, now: datetime, *, replace: bool
) -> Written:
    """Write the candidates that are not there yet, and make each the one that its role works on.

    Raises StorageConflict when a role works on something else and `replace` is not given.
    """
    if any(staged.fresh for staged in keys_to_sign.roles):
        storage.prepare()
    fresh = [
        (staged, read_pointer_version(storage, staged.to_sign.role, replacing=replace))
        for staged in keys_to_sign.roles
        if staged.fresh
    ]
    for staged, _ in fresh:
        role = staged.to_sign.role
        if not replace and (other := works_on(staged.to_sign, storage, configuration.signers, now)) is not None:
            raise StorageConflict(
                f"{role} is working on {other}",
                fix="promote that first, or supersede it with --replace; its signatures are then void",
            )
    written = Written()
    for staged, held in fresh:
        objects = [PlannedObject.of(key, Body.from_bytes(data)) for key, data in staged.candidate.objects()]
        written = written.then(write_objects(objects, storage, silent))
        role, digest = staged.to_sign.role, staged.candidate.digest
        policy, roles = configuration.policy_at(now), {role: staged.candidate.signed.version}
        body = LedgerEntryBody.routine(LedgerAction.STAGE, policy, candidate=digest, roles=roles)
        written = written.then(point_to(held, storage, digest, now))
        written = written.then(append(Draft(body, now, keys.for_ledger(role)), storage))
    return written


@dataclass(frozen=True)
class KeysPlan:
    """Everything that makes a set live, in order."""

    done_with: Mapping[str, str]
    """Role -> digest of the candidate that it need not work on any more afterwards."""
    publication: Publication
    """It flips nothing when only a root is new, which clients find by its number."""
    entry: Draft | None
    """What the ledger is told where there is no flip."""
    after: tuple[PlannedObject, ...]
    """Written once clients see the flip: a root that must not be there before."""
    root_first: bool
    """Whether clients may find nothing acceptable for the moment between root and timestamp: an old key is not here."""


def plan_keys(key_set: KeySet, configuration: Configuration, keys: KeyRing, now: datetime) -> KeysPlan:
    """Check that everybody has signed, and lay out what makes the set live, without writing.

    Raises ApprovalsMissing with all that is missing, StorageError when nothing is published yet.
    """
    bucket = key_set.bucket
    live = bucket.published(fix="publish a release; what people have signed goes live with it")
    if lacking := [
        f"{staged.to_sign.role} needs {' and '.join(staged.missing)}" for staged in key_set.roles if staged.missing
    ]:
        raise ApprovalsMissing("; ".join(lacking), fix="ask each of them to run `publish approve ROLE --key KEY`")
    by_role = {staged.to_sign.role: staged.to_sign.only_good(staged.metadata) for staged in key_set.roles}
    new_root = as_root(by_role.pop(Root.type)) if Root.type in by_role else None
    signed_targets = as_targets(by_role.pop(Targets.type)) if Targets.type in by_role else None
    signed = {role: as_targets(metadata) for role, metadata in by_role.items()}
    advance = bucket.advance(configuration.signers, keys.with_retired, now, new_root)
    targets = signed_targets or live.targets
    metadata = advance.to(targets.signed, signed, signed_targets=targets)
    body = LedgerEntryBody.routine(LedgerAction.KEYS, configuration.policy_at(now))
    pinned = _pinned(signed_targets, configuration) if signed_targets is not None else ()
    publication = plan_publication(body, metadata, bucket, keys, now, before=pinned)
    # The whole state, so that whoever goes back in the ledger need not go beyond a change of keys.
    whole = {**live.versions, **dict(metadata.changed)}
    if new_root is None:
        return KeysPlan(_done(key_set), publication.retold(roles=whole), None, (), root_first=False)
    version = new_root.signed.version
    publication = publication.retold(roles={Root.type: version, **whole})
    root = PlannedObject.of(metadata_key(Root.type, version), Body.from_bytes(to_bytes(new_root)))
    timestamp = metadata.timestamp
    root_first = timestamp is not None and not _accepted_before(bucket.root.signed, dict(metadata.objects), timestamp)
    alone = body.planned_on(live.stamp).model_copy(update={"roles": {Root.type: version}})
    return KeysPlan(
        done_with=_done(key_set),
        publication=replace(
            publication,
            objects=(*((root,) if root_first else ()), *publication.objects),
            changed_roles=((Root.type, version), *metadata.changed),
        ),
        entry=None if timestamp is not None else Draft(alone, now, keys.for_ledger(Root.type)),
        after=() if root_first else (root,),
        root_first=root_first,
    )


def verify_for_all(storage: Storage, trusted_root: bytes, now: datetime) -> int:
    """Update as a client of every root there ever was; returns how many there are. Raises VerificationError."""
    read = reader(storage)
    live = read_repository(read, trusted_root)
    roles = live.roles.values() if live is not None else ()
    feeds = [path for role in roles for path in role.signed.targets if path.startswith("feed/")]
    roots = list(follow_roots(read, trusted_root))
    for number, root in enumerate(roots):
        data = trusted_root if number == 0 else read(metadata_key(Root.type, root.signed.version)) or b""
        update_as_client(storage, data, feeds, now, live="the new keys are live")
    return len(roots)


def _pinned(targets: Metadata[Targets], configuration: Configuration) -> tuple[PlannedObject, ...]:
    """The public key file that new targets pin, which must be there before them; nothing for a mere renewal."""
    planned = pinned_key_object(minisign_public(configuration))
    names = {target_key(path, target.hashes["sha256"]) for path, target in targets.signed.targets.items()}
    return (planned,) if planned.key in names else ()


def _done(key_set: KeySet) -> dict[str, str]:
    return {staged.to_sign.role: staged.candidate.digest for staged in key_set.roles}


def apply_keys(plan: KeysPlan, storage: Storage) -> Written:
    """Write, log, flip, write the root, and clear the pointers. Raises StorageConflict."""
    written = plan.publication.apply(storage)
    if plan.entry is not None:
        written = written.then(append(plan.entry, storage))
    written = written.then(write_objects(plan.after, storage, silent))
    for role, digest in plan.done_with.items():
        written = written.then(clear_pointer(role, digest, storage))
    return written


def _fits(candidate: Candidate, to_sign: RoleToSign, read: Read, stagings: Stagings, now: datetime) -> bool:
    """What lies in staging is nobody's word: it is taken up only if it is what this run would make."""
    signed = candidate.signed
    left = signed.expires - now
    fields, asked = signed.unrecognized_fields, to_sign.signed.unrecognized_fields
    return (
        says_the_same(signed, to_sign.signed)
        and all(fields.get(name) == asked.get(name) for name in (*PASSING_FIELDS, BACK_FIELD, WITHDRAWN_FIELD))
        and _is_next(candidate, to_sign, read, stagings)
        and signed.expires <= to_sign.signed.expires
        and left >= (to_sign.signed.expires - now) / 2
    )


def _is_next(candidate: Candidate, to_sign: RoleToSign, read: Read, stagings: Stagings) -> bool:
    if candidate.role == Root.type:
        return candidate.signed.version == to_sign.signed.version
    number = candidate.signed.version
    return stagings.may_have(number, candidate.digest) and number_is_its_own(candidate, read)


def _accepted_before(root: Root, objects: dict[str, bytes], timestamp: bytes) -> bool:
    """Whether clients that know the old root only accept the new timestamp, snapshot and targets."""
    metadata = [("timestamp", timestamp)]
    for key, data in objects.items():
        role = key.rpartition("/")[2].split(".")[1]
        if role in ("snapshot", "targets") and key.endswith(f".{role}.json"):
            metadata.append((role, data))
    return all(verifies(root, role, Metadata.from_bytes(data)) for role, data in metadata)
