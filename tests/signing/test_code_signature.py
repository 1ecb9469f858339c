"""Programs that carry a code signature, told by their headers."""

from __future__ import annotations

import struct
from importlib.resources import files

import pytest

from publisher.signing.code_signature import carries_code_signature


def pe(*, signed: bool, magic: int = 0x20B) -> bytes:
    directories = {0x10B: 96, 0x20B: 112}[magic]
    optional = bytearray(directories + 16 * 8)
    struct.pack_into("<H", optional, 0, magic)
    struct.pack_into("<I", optional, directories - 4, 16)
    if signed:
        struct.pack_into("<II", optional, directories + 4 * 8, 0x1000, 0x2400)
    dos = bytearray(0x80)
    dos[:2] = b"MZ"
    struct.pack_into("<I", dos, 0x3C, 0x80)
    return bytes(dos) + b"PE\0\0" + bytes(20) + bytes(optional)


def mach_o(*, signed: bool) -> bytes:
    commands = [struct.pack("<II", 0x19, 72) + bytes(64)]  # LC_SEGMENT_64
    if signed:
        commands.append(struct.pack("<IIII", 0x1D, 16, 0x8000, 0x200))
    header = b"\xcf\xfa\xed\xfe" + struct.pack("<IIIIIII", 0x0100000C, 0, 2, len(commands), 88, 0, 0)
    return header + b"".join(commands)


def universal(part: bytes) -> bytes:
    head = b"\xca\xfe\xba\xbe" + struct.pack(">IIIIII", 1, 0x0100000C, 0, 0x4000, len(part), 14)
    return head.ljust(0x4000, b"\0") + part


@pytest.mark.parametrize(
    ("program", "signed"),
    [
        (pe(signed=True), True),
        (pe(signed=False), False),
        (pe(signed=True, magic=0x10B), True),
        (mach_o(signed=True), True),
        (mach_o(signed=False), False),
        (universal(mach_o(signed=True)), True),
        (universal(mach_o(signed=False)), False),
        (b"\x7fELF" + bytes(100), False),
        (b"PK\x03\x04" + bytes(100), False),
        (b"", False),
    ],
)
def test_a_code_signature_is_told_by_the_headers(program: bytes, signed: bool) -> None:
    assert carries_code_signature(program) is signed


@pytest.mark.parametrize("whole", [pe(signed=True), mach_o(signed=True), universal(mach_o(signed=True))])
def test_a_program_that_is_cut_off_anywhere_is_no_error(whole: bytes) -> None:
    for length in range(min(len(whole), 600)):
        assert carries_code_signature(whole[:length]) in (True, False)


def test_a_real_windows_program_without_a_signature_is_told_as_such() -> None:
    program = files("setuptools").joinpath("cli-64.exe").read_bytes()
    assert program[:2] == b"MZ"
    assert not carries_code_signature(program)
