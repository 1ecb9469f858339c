"""Programs that a code-signing service has signed: PE (Authenticode) and Mach-O files.

Such a signature holds a time and a secret, so no build gives the same bytes again. Of a PE file what was built can be
compared all the same, without the places that signing changes; of a Mach-O file it cannot, so only its kind is told.
Nothing is verified here. Sources: Microsoft, "PE Format" (Optional Header Data Directories, index 4, Certificate Table)
and "Windows Authenticode Portable Executable Signature Format"; Apple, mach-o/loader.h and mach-o/fat.h.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import BinaryIO

HEAD = 4 * 1024 * 1024
"""How many bytes of a file are read to tell what it is; headers and the first part of a universal binary lie within."""

CHUNK = 1024 * 1024

_CERTIFICATE_TABLE = 4
_LC_CODE_SIGNATURE = 0x1D
_COMMANDS_LIMIT = 1024
_ALIGNMENT = 8
"""Signing fills a PE file up to a multiple of this many bytes before it adds the table."""


@dataclass(frozen=True)
class Program:
    """A program, apart from what signing changes."""

    kind: str
    """`pe` or `mach-o`."""
    signed: bool
    """Whether it says that it carries a code signature."""
    unsigned_sha256: str | None
    """Of a PE file without what signing changes; None for a Mach-O file."""


def read_program(stream: BinaryIO) -> Program | None:
    """What a file is, read to its end; None for whatever is neither a PE nor a Mach-O file."""
    head = stream.read(HEAD)
    try:
        pe = _pe(head)
        if pe is not None:
            return Program("pe", bool(pe.size), _without_signature(pe, head, stream))
        signed = _mach_o(head)
    except struct.error:
        return None
    return None if signed is None else Program("mach-o", signed, None)


@dataclass(frozen=True)
class _Pe:
    checksum: int
    """Where the checksum lies, as an offset in the file."""
    entry: int
    """Where the directory names the certificate table."""
    table: int
    """Where that table begins."""
    size: int
    """Its bytes; 0 for a file that is not signed."""


def _pe(head: bytes) -> _Pe | None:
    if head[:2] != b"MZ":
        return None
    (start,) = struct.unpack_from("<I", head, 0x3C)
    if head[start : start + 4] != b"PE\0\0":
        return None
    optional = start + 24
    (magic,) = struct.unpack_from("<H", head, optional)
    directories = {0x10B: 96, 0x20B: 112}.get(magic)  # PE32, PE32+
    if directories is None:
        return None
    (count,) = struct.unpack_from("<I", head, optional + directories - 4)
    if count <= _CERTIFICATE_TABLE:
        return None
    entry = optional + directories + 8 * _CERTIFICATE_TABLE
    table, size = struct.unpack_from("<II", head, entry)
    return _Pe(optional + 64, entry, table, size)


def _without_signature(pe: _Pe, head: bytes, stream: BinaryIO) -> str:
    """SHA-256 of the file without checksum, directory entry and certificate table, filled up as signing does."""
    plain = bytearray(head)
    plain[pe.checksum : pe.checksum + 4] = bytes(4)
    plain[pe.entry : pe.entry + 8] = bytes(8)
    digest, length = hashlib.sha256(), 0
    chunk = bytes(plain)
    while chunk:
        digest.update(chunk[: max(pe.table - length, 0)] if pe.size else chunk)
        length += len(chunk)
        chunk = stream.read(CHUNK)
    if pe.size and length != pe.table + pe.size:
        digest.update(b"something follows the table, which is the last part of a file that was signed")
    built = pe.table if pe.size else length
    digest.update(bytes(-built % _ALIGNMENT))
    return digest.hexdigest()


def _mach_o(head: bytes) -> bool | None:
    """Whether it is signed; None for another kind of file."""
    if head[:4] == b"\xca\xfe\xba\xbe":  # universal: big-endian, one entry an architecture
        count, _, _, offset = struct.unpack_from(">IIII", head, 4)
        return _thin_mach_o(head, offset) if count else None
    return _thin_mach_o(head, 0)


def _thin_mach_o(head: bytes, start: int) -> bool | None:
    sizes = {b"\xcf\xfa\xed\xfe": 32, b"\xce\xfa\xed\xfe": 28}  # 64 and 32 bits, little-endian
    header = sizes.get(head[start : start + 4])
    if header is None:
        return None
    (commands,) = struct.unpack_from("<I", head, start + 16)
    place = start + header
    for _ in range(min(commands, _COMMANDS_LIMIT)):
        command, size = struct.unpack_from("<II", head, place)
        if command == _LC_CODE_SIGNATURE:
            return True
        place += max(size, 8)
    return False
