"""What channels have signed over time: the metadata versions that a listing shows, as far as signatures vouch for them.

A binary under a plain name is ours only if a channel's people have signed its digest. The minisign key alone, which one
person holds, cannot make it so. Keys change: what was signed by those that an earlier `targets` named is ours as well,
and is told apart from what today's keys vouch for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

from publisher.channel.layout import MINISIGN_TARGET, metadata_key, numbered, target_key
from publisher.channel.repository import Read, Repository, follow_roots, parse, verify_role_duties
from publisher.channel.state import read_target
from publisher.errors import VerificationError

FEW = 32
"""Earlier versions of `targets` that are asked for where nothing can be listed."""

File = tuple[str, str, str]
"""Product, version, file name."""


@dataclass(frozen=True)
class History:
    """What can be proven of the past."""

    keys: frozenset[str]
    """Metadata objects of versions up to the current ones, and the targets that verified ones listed."""
    vouched: Mapping[File, frozenset[str]]
    """Binary -> digests that a channel's people have signed for it, with keys that count today."""
    vouched_before: Mapping[File, frozenset[str]]
    """The same, with keys that counted then."""
    minisign_before: tuple[bytes, ...]
    """Public keys for checks by hand that were pinned before today's, the newest first."""


def read_history(read: Read, repository: Repository, keys: Iterable[str] | None, trusted_root: bytes) -> History:
    """Read every metadata version in `keys`; without a listing, little more than the current ones is known."""
    proven: set[str] = set()
    vouched: dict[File, set[str]] = defaultdict(set)
    vouched_before: dict[File, set[str]] = defaultdict(set)
    for metadata in repository.roles.values():
        _vouch(metadata.signed, vouched)
    current = {role: signed.version for role, (signed, _) in repository.signed.items()}
    named = list(_named(keys, current))
    earlier = _earlier_targets(read, repository, named if keys is not None else None, trusted_root)
    for key, number, role in named:
        if role in ("root", "snapshot"):
            if number <= current[role]:
                proven.add(key)
            continue
        data = read(key)
        signed = _verified(data, role, repository.root.signed if role == Targets.type else repository.targets.signed)
        book = vouched
        if signed is None and number < current[role]:
            signed, book = earlier.get(number) if role == "targets" else _then(data, role, earlier), vouched_before
        if signed is None or signed.version != number:
            continue
        if role != "targets":
            # One that is not live yet vouches for plain names too: they are made just before the flip.
            _vouch(signed, book)
        if number <= current[role]:
            proven.add(key)
            proven.update(
                target_key(path, target.hashes["sha256"])
                for path, target in signed.targets.items()
                if "sha256" in target.hashes
            )
    return History(
        frozenset(proven),
        {file: frozenset(digests) for file, digests in vouched.items()},
        {file: frozenset(digests) for file, digests in vouched_before.items()},
        tuple(_minisign_keys(read, repository, earlier)),
    )


def _named(keys: Iterable[str] | None, current: Mapping[str, int]) -> Iterator[tuple[str, int, str]]:
    """Metadata objects with number and role, of the roles that there are."""
    for key in keys or ():
        found = numbered(key)
        if found is not None and found[1] in current:
            yield key, *found


def _earlier_targets(
    read: Read, repository: Repository, named: Iterable[tuple[str, int, str]] | None, trusted_root: bytes
) -> dict[int, Targets]:
    """Versions of `targets` before today's that a root of their time vouched for, the newest first."""
    today = repository.targets.signed.version
    numbers = {number for _, number, role in named if role == Targets.type} if named is not None else set()
    roots = [root.signed for root in follow_roots(read, trusted_root)]
    found: dict[int, Targets] = {}
    for number in sorted(numbers if named is not None else range(max(1, today - FEW), today), reverse=True):
        data = read(metadata_key(Targets.type, number)) if number < today else None
        signed = next((one for root in reversed(roots) if (one := _verified(data, Targets.type, root))), None)
        if signed is not None and signed.version == number:
            found[number] = signed
    return found


def _then(data: bytes | None, role: str, earlier: Mapping[int, Targets]) -> Targets | None:
    """A version of a delegated role that an earlier `targets` vouched for."""
    return next((one for targets in earlier.values() if (one := _verified(data, role, targets))), None)


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


def _vouch(signed: Targets, vouched: dict[File, set[str]]) -> None:
    for path, target in signed.targets.items():
        file, digest = released_file(path), target.hashes.get("sha256")
        if file is not None and digest is not None:
            vouched[file].add(digest)


def _verified(data: bytes | None, role: str, judge: Root | Targets) -> Targets | None:
    """A version of `targets` (by a root) or of a delegated role (by `targets`), if those keys vouch for it."""
    try:
        metadata: Metadata[Targets] = parse(data or b"", Targets, role)
        judge.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        if isinstance(judge, Targets):
            verify_role_duties(judge, role, metadata)
    except (VerificationError, RepositoryError, ValueError):
        return None
    return metadata.signed
