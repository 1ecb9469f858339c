"""Checksums of S3: what goes with a write, and what a stored one says about the bytes."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from publisher.storage.protocol import Body

MIB = 1024 * 1024
PART_SIZE = 16 * MIB
MAX_PARTS = 10_000
MAX_PART_SIZE = 64 * MIB
"""Parts are held in memory while they are sent, so larger ones would break the promise of bounded memory."""


def part_size_of(size: int, part_size: int = PART_SIZE) -> int:
    """The size of the parts of a body; the same body is always cut in the same way."""
    whole = -(-size // MAX_PARTS)
    return max(part_size, -(-whole // MIB) * MIB)


def base64_of(sha256: str) -> str:
    """A hexadecimal digest as S3 writes it."""
    return b64encode(bytes.fromhex(sha256)).decode()


def composite(digests: list[bytes]) -> str:
    """S3's checksum of an object in parts: the SHA-256 of their SHA-256s, and how many they are."""
    return f"{b64encode(hashlib.sha256(b''.join(digests)).digest()).decode()}-{len(digests)}"


def composite_of(body: Body, part_size: int) -> str:
    """What the composite checksum of a body is, by reading it. Raises InputError."""
    digests = []
    with body.open() as reader:
        left = body.size
        while left:
            part = hashlib.sha256()
            left_of_part = min(part_size, left)
            left -= left_of_part
            while left_of_part:
                chunk = reader.read(min(MIB, left_of_part))
                part.update(chunk)
                left_of_part -= len(chunk)
            digests.append(part.digest())
    return composite(digests)


def sums(data: bytes | bytearray, sha256: str, *, md5: bool) -> dict[str, str]:
    """The arguments of a write by which the store notices damage; MD5 too where SHA-256 is not looked at."""
    arguments = {"ChecksumSHA256": base64_of(sha256)}
    if md5:
        arguments["ContentMD5"] = b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    return arguments


def stored_sha256(answer: Mapping[str, Any]) -> str:
    """The SHA-256 that the store computed, in base64, `-N` after it if it is of N parts; empty if it has none."""
    return str(answer.get("ChecksumSHA256") or "")


def tag_in(answer: Mapping[str, Any]) -> str:
    """The ETag without its quotes, which not every store writes everywhere."""
    return str(answer.get("ETag", "")).removeprefix("W/").strip('"')
