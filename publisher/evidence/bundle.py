"""Everything that a decision rested on, as one thing: a canonical manifest, and the files that it lists.

The manifest follows from the files alone, so whoever has read them can make it again, and its digest stands for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError

from publisher.errors import InputError, VerificationError
from publisher.evidence.kinds import KINDS
from publisher.model.records.evidence import EvidenceEntry, EvidenceManifest, Facts

LIMIT = 4 * 1024 * 1024
"""The largest file of evidence, in bytes."""

MOST = 8
"""Files of a bundle; with all of them as large as may be, it still fits into what goes to an offline machine."""


@dataclass(frozen=True)
class EvidenceFile:
    """A file of evidence, as it was handed over."""

    kind: str
    """The name of its kind."""
    name: str
    """Without folders."""
    data: bytes


@dataclass(frozen=True)
class EvidenceItem:
    """A file of a bundle, read."""

    entry: EvidenceEntry
    """Its line of the manifest."""
    data: bytes
    facts: Facts
    """What it says."""

    @classmethod
    def of(cls, file: EvidenceFile) -> Self:
        """Read a file by its kind, which must be known. Raises InputError."""
        if len(file.data) > LIMIT:
            raise InputError(f"{file.name} is larger than {LIMIT:,} bytes", fix="give the list or report alone")
        facts = KINDS[file.kind].read(file.data, file.name)
        try:
            entry = EvidenceEntry(
                kind=file.kind,
                file=file.name,
                sha256=hashlib.sha256(file.data).hexdigest(),
                size=len(file.data),
                made_at=facts.made_at,
                subjects=facts.subjects,
                signer=facts.signer,
            )
        except ValidationError as error:
            raise InputError(f"a file of {file.kind} has a name that cannot be recorded", fix="rename it") from error
        return cls(entry, file.data, facts)


@dataclass(frozen=True)
class EvidenceBundle:
    """Files of evidence in the order of their manifest."""

    items: tuple[EvidenceItem, ...] = ()

    @classmethod
    def of(cls, files: Iterable[EvidenceFile]) -> Self:
        """A bundle of files, each once. Raises InputError for what is too large, too much or cannot be read."""
        items = {(item.entry.kind, item.entry.file, item.entry.sha256): item for item in map(EvidenceItem.of, files)}
        if len(items) > MOST:
            raise InputError(
                f"there are {len(items)} files of evidence, and {MOST} at most travel with a release",
                fix="put those of one kind into one file",
            )
        return cls(tuple(items[key] for key in sorted(items)))

    @classmethod
    def read(cls, manifest: bytes, read: Callable[[str], bytes | None]) -> Self:
        """The bundle of a manifest; `read` gives the bytes of a file by its SHA-256.

        Raises VerificationError, as the end of a sentence, where the files are not those that make this manifest.
        """
        try:
            entries = EvidenceManifest.model_validate_json(manifest).files
        except ValidationError as error:
            raise VerificationError("has a manifest that cannot be read") from error
        if len(entries) > MOST:
            raise VerificationError(f"lists more than {MOST} files")
        files = []
        for entry in entries:
            if entry.kind not in KINDS:
                raise VerificationError(f"is of the kind {entry.kind}, which this version of the program cannot read")
            data = read(entry.sha256)
            if data is None:
                raise VerificationError(f"lacks its file {entry.file}")
            if hashlib.sha256(data).hexdigest() != entry.sha256:
                raise VerificationError(f"has a different file under the name {entry.file}")
            files.append(EvidenceFile(entry.kind, entry.file, data))
        try:
            bundle = cls.of(files)
        except InputError as error:
            raise VerificationError(f"has a file that cannot be read: {error.what}") from error
        if bundle.manifest != manifest:
            raise VerificationError("has files that do not fit its manifest")
        return bundle

    @property
    def manifest(self) -> bytes:
        listed = EvidenceManifest(files=tuple(item.entry for item in self.items))
        return listed.model_dump_json(exclude_none=True).encode() + b"\n"

    @property
    def digest(self) -> str | None:
        """SHA-256 of the manifest, which stands for everything in the bundle; None for an empty one."""
        return hashlib.sha256(self.manifest).hexdigest() if self.items else None

    @property
    def facts(self) -> tuple[Facts, ...]:
        return tuple(item.facts for item in self.items)
