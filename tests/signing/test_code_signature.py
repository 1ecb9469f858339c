"""Programs that carry a code signature, told by their headers, and compared without it."""

from __future__ import annotations

import io
import struct
from importlib.resources import files

import pytest

from publisher.signing.code_signature import Program, read_program


def pe(*, signed: bool, magic: int = 0x20B, code: bytes = b"code" * 9 + b"x") -> bytes:
    """A PE file as a linker leaves it, or as a signing service gives it back."""
    directories = {0x10B: 96, 0x20B: 112}[magic]
    optional = bytearray(directories + 16 * 8)
    struct.pack_into("<H", optional, 0, magic)
    struct.pack_into("<I", optional, directories - 4, 16)
    dos = bytearray(0x80)
    dos[:2] = b"MZ"
    struct.pack_into("<I", dos, 0x3C, 0x80)
    before = bytes(dos) + b"PE\0\0" + bytes(20)
    table = b"\x10\0\0\0certificates"
    body = code + bytes(-(len(before) + len(optional) + len(code)) % 8 if signed else 0)
    if signed:
        place = len(before) + len(optional) + len(body)
        struct.pack_into("<II", optional, directories + 4 * 8, place, len(table))
        struct.pack_into("<I", optional, 64, 0x1234)
    return before + bytes(optional) + body + (table if signed else b"")


def mach_o(*, signed: bool) -> bytes:
    commands = [struct.pack("<II", 0x19, 72) + bytes(64)]  # LC_SEGMENT_64
    if signed:
        commands.append(struct.pack("<IIII", 0x1D, 16, 0x8000, 0x200))
    header = b"\xcf\xfa\xed\xfe" + struct.pack("<IIIIIII", 0x0100000C, 0, 2, len(commands), 88, 0, 0)
    return header + b"".join(commands)


def universal(part: bytes) -> bytes:
    head = b"\xca\xfe\xba\xbe" + struct.pack(">IIIIII", 1, 0x0100000C, 0, 0x4000, len(part), 14)
    return head.ljust(0x4000, b"\0") + part


def read(data: bytes) -> Program | None:
    return read_program(io.BytesIO(data))


@pytest.mark.parametrize(
    ("program", "kind", "signed"),
    [
        (pe(signed=True), "pe", True),
        (pe(signed=False), "pe", False),
        (pe(signed=True, magic=0x10B), "pe", True),
        (mach_o(signed=True), "mach-o", True),
        (mach_o(signed=False), "mach-o", False),
        (universal(mach_o(signed=True)), "mach-o", True),
        (universal(mach_o(signed=False)), "mach-o", False),
    ],
)
def test_kind_and_code_signature_are_told_by_the_headers(program: bytes, kind: str, signed: bool) -> None:
    told = read(program)
    assert told is not None
    assert (told.kind, told.signed) == (kind, signed)


@pytest.mark.parametrize("data", [b"\x7fELF" + bytes(100), b"PK\x03\x04" + bytes(100), b"#!/bin/sh\n", b""])
def test_other_files_are_no_programs_that_are_signed(data: bytes) -> None:
    assert read(data) is None


@pytest.mark.parametrize("magic", [0x10B, 0x20B])
@pytest.mark.parametrize("code", [b"", b"x" * 7, b"x" * 8, b"x" * 5_000_001])
def test_a_windows_program_is_the_same_with_and_without_its_signature(magic: int, code: bytes) -> None:
    built, published = (read(pe(signed=signed, magic=magic, code=code)) for signed in (False, True))
    assert built is not None
    assert published is not None
    assert built.unsigned_sha256 == published.unsigned_sha256


def test_one_changed_byte_beside_the_signature_is_a_difference() -> None:
    published = bytearray(pe(signed=True))
    built = read(pe(signed=False))
    assert built is not None
    table = len(published) - len(b"\x10\0\0\0certificates")
    free = {*range(0x80 + 24 + 64, 0x80 + 24 + 68), *range(0x80 + 24 + 112 + 32, 0x80 + 24 + 112 + 40)}
    for place in set(range(0x80 + 24 + 2, table)) - free - set(range(0x80 + 24 + 108, 0x80 + 24 + 112)):
        changed = bytearray(published)
        changed[place] ^= 1
        told = read(bytes(changed))
        assert told is None or told.unsigned_sha256 != built.unsigned_sha256, place


def test_what_follows_the_table_is_a_difference() -> None:
    built, longer = read(pe(signed=False)), read(pe(signed=True) + b"echo owned\n")
    assert built is not None
    assert longer is not None
    assert longer.unsigned_sha256 != built.unsigned_sha256


@pytest.mark.parametrize("whole", [pe(signed=True), mach_o(signed=True), universal(mach_o(signed=True))])
def test_a_program_that_is_cut_off_anywhere_is_no_error(whole: bytes) -> None:
    for length in range(min(len(whole), 600)):
        read(whole[:length])


def test_a_real_windows_program_without_a_signature_is_told_as_such() -> None:
    program = read(files("setuptools").joinpath("cli-64.exe").read_bytes())
    assert program is not None
    assert (program.kind, program.signed) == ("pe", False)
