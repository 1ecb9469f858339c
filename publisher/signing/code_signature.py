"""Whether a program carries the signature of a code-signing service: PE (Authenticode) and Mach-O files.

Such a signature holds a time and a secret, so a build never gives the same bytes again. Nothing is verified here.
Sources: Microsoft, "PE Format", Optional Header Data Directories (index 4, Certificate Table); Apple, mach-o/loader.h
and mach-o/fat.h.
"""

from __future__ import annotations

import struct

HEAD = 4 * 1024 * 1024
"""How many bytes of a file suffice to tell; headers and the first part of a universal binary lie within."""

_CERTIFICATE_TABLE = 4
_LC_CODE_SIGNATURE = 0x1D
_COMMANDS_LIMIT = 1024


def carries_code_signature(head: bytes) -> bool:
    """Whether a program that begins with `head` says that it is signed; False for whatever is no such program."""
    try:
        return _pe(head) or _mach_o(head)
    except struct.error:
        return False


def _pe(head: bytes) -> bool:
    if head[:2] != b"MZ":
        return False
    (start,) = struct.unpack_from("<I", head, 0x3C)
    if head[start : start + 4] != b"PE\0\0":
        return False
    optional = start + 24
    (magic,) = struct.unpack_from("<H", head, optional)
    directories = {0x10B: 96, 0x20B: 112}.get(magic)  # PE32, PE32+
    if directories is None:
        return False
    (count,) = struct.unpack_from("<I", head, optional + directories - 4)
    if count <= _CERTIFICATE_TABLE:
        return False
    _, size = struct.unpack_from("<II", head, optional + directories + 8 * _CERTIFICATE_TABLE)
    return bool(size)


def _mach_o(head: bytes) -> bool:
    if head[:4] == b"\xca\xfe\xba\xbe":  # universal: big-endian, one entry an architecture
        count, _, _, offset = struct.unpack_from(">IIII", head, 4)
        return bool(count) and _thin_mach_o(head, offset)
    return _thin_mach_o(head, 0)


def _thin_mach_o(head: bytes, start: int) -> bool:
    sizes = {b"\xcf\xfa\xed\xfe": 32, b"\xce\xfa\xed\xfe": 28}  # 64 and 32 bits, little-endian
    header = sizes.get(head[start : start + 4])
    if header is None:
        return False
    (commands,) = struct.unpack_from("<I", head, start + 16)
    place = start + header
    for _ in range(min(commands, _COMMANDS_LIMIT)):
        command, size = struct.unpack_from("<II", head, place)
        if command == _LC_CODE_SIGNATURE:
            return True
        place += max(size, 8)
    return False
