"""Bundles: the part of a bucket that approving one candidate reads, as one file that an offline machine can work on.

The offline machine runs the same command on the bundle as on the bucket, with the same checks from its own trusted
root; what it adds, signatures and statements, is brought back and verified before it is stored.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from publisher.channel.candidates.approval import statement_key, verified_statement
from publisher.channel.candidates.candidate import BACK, SIGNATURES, STATEMENTS, Candidate
from publisher.channel.candidates.staged import read_signature
from publisher.errors import InputError, VerificationError
from publisher.model.values import Digest, Model
from publisher.pipeline.bucket_reader import SMALL, Readable, reader
from publisher.pipeline.candidates.review import CandidateReview
from publisher.pipeline.objects.planned import PlannedObject
from publisher.signing.public_keys import signed_by
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Body, ObjectMeta, Stat, Storage

LIMIT = 64 * 1024 * 1024
"""The largest bundle that is read, in bytes; real ones have some ten thousand."""


class Bundle(Model):
    """The file."""

    format: Literal["tidegate-bundle/1"] = "tidegate-bundle/1"
    """What this is."""
    role: str
    """The role of the candidate."""
    candidate: Digest
    """SHA-256 of its payload."""
    objects: dict[str, str]
    """Key in the bucket -> the object's bytes in base64."""

    def refuse_other(self, candidate: Candidate, name: str) -> None:
        """Raises InputError when the bundle is about another candidate than the bucket."""
        if (self.role, self.candidate) != (candidate.role, candidate.digest):
            raise InputError(
                f"{name} contains candidate {self.candidate[:12]} of {self.role},"
                f" but candidate {candidate.digest[:12]} is staged in the bucket",
                fix="export it again; signatures in the old bundle do not fit the new candidate",
            )


class Recorder:
    """A store that remembers which small objects were read, so that a bundle can hold just these."""

    def __init__(self, storage: Readable) -> None:
        self._storage = storage
        self.seen: dict[str, bytes] = {}

    def stat(self, key: str) -> Stat | None:
        return self._storage.stat(key)

    def list(self, prefix: str) -> Iterator[Stat]:
        return self._storage.list(prefix)

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        data, tag = self._storage.read(key, limit)
        self.seen[key] = data
        return data, tag


def read_bundle(path: Path) -> bytes:
    """A bundle's bytes, or so many that it cannot be one. Raises InputError."""
    try:
        with path.open("rb") as file:
            return file.read(LIMIT + 1)
    except OSError as error:
        raise InputError(f"cannot read the bundle {path}: {error.strerror}", fix="name the file") from error


def write_bundle(path: Path, data: bytes) -> None:
    """The file appears whole or stays as it was. Raises InputError."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise InputError(f"cannot write the bundle {path}: {error.strerror}") from error


def pack(role: str, digest: str, objects: Mapping[str, bytes]) -> bytes:
    """A bundle's bytes, by role and digest of the candidate."""
    packed = {key: base64.b64encode(data).decode() for key, data in sorted(objects.items())}
    return Bundle(role=role, candidate=digest, objects=packed).model_dump_json(indent=1).encode() + b"\n"


def unpack(data: bytes, name: str) -> tuple[Bundle, MemoryStorage]:
    """A bundle as a bucket to work on. Raises InputError when it is none."""
    storage = MemoryStorage(name)
    storage.prepare()
    try:
        if len(data) > LIMIT:
            raise ValueError
        bundle = Bundle.model_validate_json(data)
        for key, packed in bundle.objects.items():
            storage.create(key, Body.from_bytes(base64.b64decode(packed, validate=True)), ObjectMeta())
    except (ValueError, binascii.Error, InputError) as error:
        raise InputError(
            f"{name} is not a bundle of `publish approve --export`", fix="export it again and carry it whole"
        ) from error
    return bundle, storage


def repack(bundle: Bundle, storage: MemoryStorage) -> bytes:
    """The bundle with what was added to its bucket since."""
    objects = {stat.key: storage.read(stat.key, SMALL)[0] for stat in storage.list("")}
    return pack(bundle.role, bundle.candidate, objects)


def brought_back(review: CandidateReview, bundle: MemoryStorage, bucket: Storage) -> tuple[PlannedObject, ...]:
    """What a bundle adds to the bucket's candidate, every piece verified. Raises VerificationError for all else."""
    read, candidate = reader(bundle), review.staged.candidate
    objects: list[PlannedObject] = []
    for folder in (SIGNATURES, BACK):
        for stat in bundle.list(candidate.key(folder)):
            if bucket.stat(stat.key) is not None:
                continue
            signature = read_signature(read, stat.key)
            key, payload = review.may_sign.get(signature.keyid), review.payloads.get(folder)
            named = stat.key == candidate.key(folder + signature.keyid)
            if key is None or payload is None or not named or not signed_by(key, signature, payload):
                raise VerificationError(f"{stat.key} in the bundle is no valid signature by a key that may sign this")
            objects.append(PlannedObject.of(stat.key, Body.from_bytes(read(stat.key) or b"")))
    for stat in bundle.list(candidate.key(STATEMENTS)):
        if bucket.stat(stat.key) is None:
            data = read(stat.key) or b""
            if stat.key != statement_key(verified_statement(data, candidate, review.may_sign), candidate):
                raise VerificationError(f"{stat.key} in the bundle is not named after what it states")
            objects.append(PlannedObject.of(stat.key, Body.from_bytes(data)))
    return tuple(objects)
