"""What channels have signed over time: the metadata versions that a listing shows, as far as signatures vouch for them.

A binary under a plain name is ours only if a channel's people have signed its digest. The minisign key alone, which one
person holds, cannot make it so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Targets

from publisher.channel.layout import METADATA, target_key
from publisher.channel.repository import Read, Repository, parse, verify_role_duties
from publisher.errors import VerificationError

_NAME = re.compile(r"([1-9][0-9]{0,9})\.([a-z0-9.-]+)\.json")

File = tuple[str, str, str]
"""Product, version, file name."""


@dataclass(frozen=True)
class History:
    """What can be proven of the past."""

    keys: frozenset[str]
    """Metadata objects of versions up to the current ones, and the targets that verified ones listed."""
    vouched: Mapping[File, frozenset[str]]
    """Binary -> digests that a channel's people have signed for it."""


def read_history(read: Read, repository: Repository, keys: Iterable[str] | None) -> History:
    """Read every metadata version in `keys`; without a listing, the current ones are all that is known."""
    proven: set[str] = set()
    vouched: dict[File, set[str]] = defaultdict(set)
    for metadata in repository.roles.values():
        _vouch(metadata.signed, vouched)
    current = {role: signed.version for role, (signed, _) in repository.signed.items()}
    for key in keys or ():
        match = _NAME.fullmatch(key.removeprefix(METADATA)) if key.startswith(METADATA) else None
        if match is None or match[2] not in current:
            continue
        number, role = int(match[1]), match[2]
        if role in ("root", "snapshot"):
            if number <= current[role]:
                proven.add(key)
            continue
        signed = _verified(read(key), role, repository)
        if signed is None or signed.version != number:
            continue
        if role != "targets":
            # One that is not live yet vouches for plain names too: they are made just before the flip.
            _vouch(signed, vouched)
        if number <= current[role]:
            proven.add(key)
            proven.update(
                target_key(path, target.hashes["sha256"])
                for path, target in signed.targets.items()
                if "sha256" in target.hashes
            )
    return History(frozenset(proven), {file: frozenset(digests) for file, digests in vouched.items()})


def released_file(path: str) -> File | None:
    """The binary that a target path names; None for feeds and everything else."""
    parts = path.split("/")
    return (parts[1], parts[3], parts[4]) if len(parts) == 5 and parts[0] == "artifacts" else None


def _vouch(signed: Targets, vouched: dict[File, set[str]]) -> None:
    for path, target in signed.targets.items():
        file, digest = released_file(path), target.hashes.get("sha256")
        if file is not None and digest is not None:
            vouched[file].add(digest)


def _verified(data: bytes | None, role: str, repository: Repository) -> Targets | None:
    """A version of `targets` or of a delegated role, if today's keys still vouch for it."""
    try:
        metadata: Metadata[Targets] = parse(data or b"", Targets, role)
        delegator = repository.root.signed if role == "targets" else repository.targets.signed
        delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        if role != "targets":
            verify_role_duties(repository.targets.signed, role, metadata)
    except (VerificationError, RepositoryError, ValueError):
        return None
    return metadata.signed
