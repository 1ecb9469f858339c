"""What channels have signed over time: the metadata versions that a listing shows, as far as signatures vouch for them.

A binary under a plain name is ours only if a channel's people have signed its digest. The minisign key alone, which one
person holds, cannot make it so. Keys change: what was signed by those that an earlier `targets` named is ours as well,
and is told apart from what today's keys vouch for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets

from publisher.channel.brakes import notice_keys, withdrawn_versions_in
from publisher.channel.layout import BACK, MINISIGN_TARGET, metadata_key, numbered, target_key
from publisher.channel.mitigations import mitigation_keys
from publisher.channel.repository import Read, Repository, parse, verifies, verify_role_duties
from publisher.channel.state import read_target
from publisher.errors import VerificationError
from publisher.wire.advice.notes import NOTES
from publisher.wire.stopping.brakes import BRAKES

FEW = 32
"""Earlier versions of `targets` that are asked for where nothing can be listed."""

File = tuple[str, str, str]
"""Product, version, file name."""

Vouched = Mapping[File, Mapping[str, int]]
"""Binary -> the digests that a channel's people have signed for it, with the size that each has."""


@dataclass(frozen=True)
class ProvenHistory:
    """What can be proven of the past."""

    keys: frozenset[str]
    """Metadata objects of versions up to the current ones, and the targets that they listed; each was verified."""
    coming: frozenset[str]
    """The same of versions after the current ones: signed by keys that count today, and not live yet."""
    vouched: Vouched
    """By keys that count today."""
    vouched_before: Vouched
    """By keys that counted then."""
    minisign_before: tuple[bytes, ...]
    """Public keys for checks by hand that were pinned before today's, the newest first."""
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    """Product and version of all that was ever withdrawn."""

    def size_of(self, file: File) -> int | None:
        """How large a binary may be at most; None when nobody has ever vouched for one of that name."""
        sizes = (*self.vouched.get(file, {}).values(), *self.vouched_before.get(file, {}).values())
        return max(sizes, default=None)


def read_history(
    read: Read, repository: Repository, keys: Iterable[str] | None, roots: Sequence[Metadata[Root]]
) -> ProvenHistory:
    """Read every metadata version in `keys`; without a listing, little more than the current ones is known.

    `roots` are the trusted one and all that follow. `read` is asked for what strangers may have written.
    """
    current = {role: signed.version for role, (signed, _) in repository.signed.items()}
    keys = tuple(keys) if keys is not None else None
    named = sorted(_named(keys, current), key=lambda entry: entry[1:])
    earlier = earlier_targets(read, repository, named if keys is not None else None, roots)
    book = _Book()
    for metadata in repository.roles.values():
        _vouch(metadata.signed, book.vouched)
    if BRAKES in repository.roles:  # also where nothing can be listed
        book.withdrawn.update(withdrawn_versions_in(repository.roles[BRAKES].signed))
    older_roots = _roots_before(read, roots[0])
    for key, number, role in named:
        if role == Root.type:
            if number in older_roots or any(root.signed.version == number for root in roots):
                book.keys.add(key)
        elif role == Snapshot.type:
            if _is_snapshot(read(key), number, roots):
                book.proven(number <= current[role]).add(key)
        else:
            book.targets(key, number, role, read(key), repository, current, earlier)
    book.keys.update(_only_taken_back_to(read, keys, repository, earlier))
    return ProvenHistory(
        frozenset(book.keys),
        frozenset(book.coming - book.keys),
        book.vouched,
        book.vouched_before,
        tuple(_minisign_keys(read, repository, earlier)),
        frozenset(book.withdrawn),
    )


@dataclass
class _Book:
    keys: set[str] = field(default_factory=set)
    coming: set[str] = field(default_factory=set)
    vouched: dict[File, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    vouched_before: dict[File, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    withdrawn: set[tuple[str, str]] = field(default_factory=set)

    def proven(self, past: bool) -> set[str]:
        return self.keys if past else self.coming

    def targets(
        self,
        key: str,
        number: int,
        role: str,
        data: bytes | None,
        repository: Repository,
        current: Mapping[str, int],
        earlier: Mapping[int, Targets],
    ) -> None:
        """Note a version of `targets` or of a delegated role, if keys of today or of its time vouch for it."""
        book = self.vouched
        signed = verified_by(data, role, repository.root.signed if role == Targets.type else repository.targets.signed)
        if signed is None and number < current[role]:
            signed, book = (
                earlier.get(number) if role == Targets.type else verified_then(data, role, earlier),
                self.vouched_before,
            )
        if signed is None or signed.version != number:
            return
        if role != Targets.type:
            # One that is not live yet vouches for plain names too: they are made just before the flip.
            _vouch(signed, book)
        proven = self.proven(number <= current[role])
        proven.add(key)
        listed = {path: target.hashes.get("sha256") for path, target in signed.targets.items()}
        proven.update(target_key(path, sha256) for path, sha256 in listed.items() if sha256 is not None)
        if role == BRAKES:
            proven.update(notice_keys(signed))
            self.withdrawn.update(withdrawn_versions_in(signed))
        elif role == NOTES:
            proven.update(mitigation_keys(signed))


def _only_taken_back_to(
    read: Read, keys: Iterable[str] | None, repository: Repository, earlier: Mapping[int, Targets]
) -> Iterator[str]:
    """Feeds that signed rollback metadata leads to, some of which were never live: they have later requirements."""
    for key in keys or ():
        role = key.removeprefix(BACK).partition("/")[0]
        if not key.startswith(BACK) or role not in repository.roles:
            continue
        data = read(key)
        signed = verified_by(data, role, repository.targets.signed) or verified_then(data, role, earlier)
        for path, target in signed.targets.items() if signed is not None else ():
            if path.startswith("feed/") and (sha256 := target.hashes.get("sha256")) is not None:
                yield target_key(path, sha256)


def _named(keys: Iterable[str] | None, current: Mapping[str, int]) -> Iterator[tuple[str, int, str]]:
    """Metadata objects with number and role, of the roles that there are."""
    for key in keys or ():
        role_version = numbered(key)
        if role_version is not None and role_version[1] in current:
            yield key, *role_version


def _roots_before(read: Read, trusted: Metadata[Root]) -> frozenset[int]:
    """Versions before the trusted root: each signed by its own keys, and followed by one that these have signed."""
    proven = set()
    following = trusted
    for number in range(trusted.signed.version - 1, 0, -1):
        try:
            root = parse(read(metadata_key(Root.type, number)) or b"", Root, Root.type)
        except VerificationError:
            break
        if root.signed.version != number or not all(
            verifies(root.signed, Root.type, signed) for signed in (root, following)
        ):
            break
        proven.add(number)
        following = root
    return frozenset(proven)


def _is_snapshot(data: bytes | None, number: int, roots: Sequence[Metadata[Root]]) -> bool:
    """Whether that is the snapshot of this number, signed by the keys that one of the roots names."""
    try:
        snapshot = parse(data or b"", Snapshot, Snapshot.type)
    except VerificationError:
        return False
    return snapshot.signed.version == number and any(verifies(root.signed, Snapshot.type, snapshot) for root in roots)


def earlier_targets(
    read: Read,
    repository: Repository,
    named: Iterable[tuple[str, int, str]] | None,
    roots: Sequence[Metadata[Root]],
) -> dict[int, Targets]:
    """Versions of `targets` before today's that a root of their time vouched for, the newest first."""
    today = repository.targets.signed.version
    numbers = {number for _, number, role in named if role == Targets.type} if named is not None else set()
    earlier: dict[int, Targets] = {}
    for number in sorted(numbers if named is not None else range(max(1, today - FEW), today), reverse=True):
        data = read(metadata_key(Targets.type, number)) if number < today else None
        judges = (root.signed for root in reversed(roots))
        signed = next((targets for root in judges if (targets := verified_by(data, Targets.type, root))), None)
        if signed is not None and signed.version == number:
            earlier[number] = signed
    return earlier


def verified_then(data: bytes | None, role: str, earlier: Mapping[int, Targets]) -> Targets | None:
    """A version of a delegated role that an earlier `targets` vouched for."""
    return next((signed for targets in earlier.values() if (signed := verified_by(data, role, targets))), None)


def _minisign_keys(read: Read, repository: Repository, earlier: Mapping[int, Targets]) -> Iterator[bytes]:
    today = repository.targets.signed.targets.get(MINISIGN_TARGET)
    seen = {today.hashes.get("sha256")} if today else set()
    for targets in earlier.values():
        target = targets.targets.get(MINISIGN_TARGET)
        sha256 = target.hashes.get("sha256") if target else None
        if target is None or sha256 is None or sha256 in seen:
            continue
        seen.add(sha256)
        try:
            yield read_target(read, MINISIGN_TARGET, target.length, sha256)
        except VerificationError:
            continue


def released_file(path: str) -> File | None:
    """The binary that a target path names; None for feeds and everything else."""
    parts = path.split("/")
    return (parts[1], parts[3], parts[4]) if len(parts) == 5 and parts[0] == "artifacts" else None


def _vouch(signed: Targets, vouched: dict[File, dict[str, int]]) -> None:
    for path, target in signed.targets.items():
        file, digest = released_file(path), target.hashes.get("sha256")
        if file is not None and digest is not None:
            vouched[file][digest] = target.length


def verified_by(data: bytes | None, role: str, judge: Root | Targets) -> Targets | None:
    """A version of `targets` (by a root) or of a delegated role (by `targets`), if those keys vouch for it."""
    try:
        metadata: Metadata[Targets] = parse(data or b"", Targets, role)
        judge.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        if isinstance(judge, Targets):
            verify_role_duties(judge, role, metadata)
    except (VerificationError, RepositoryError, ValueError):
        return None
    return metadata.signed
