"""Whether bytes hold a private key: the one test that whatever builds, uploads or publishes files asks.

It looks for how keys are kept, not for secrets in general: PEM and DER (plain or encrypted), OpenSSH, PuTTY, PGP,
PKCS#12, minisign and signify, age, JWK, and the JSON of securesystemslib.
"""

from __future__ import annotations

import re

LARGEST = 256 * 1024
"""Bytes; no file that is a key is larger, so larger programs need not be read. A key in a text may lie anywhere."""

_BREAK = rb"(?:\s|\\[nr]?|<br ?/?>|(?<=[\n>])[>#*|+/;]|[\"'][\s,.+]*[\"'])+"
"""What stands between the lines of a key: also where it was put into JSON, a program, HTML or a quotation."""

_TEXTS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    # A line of base64 or of headers must follow, so that a text that only names the mark is no key.
    (
        "a private key (PEM)",
        re.compile(rb"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----" + _BREAK + rb"[A-Za-z0-9+/]{16}"),
    ),
    (
        "a private key (PEM)",
        re.compile(rb"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----" + _BREAK + rb"[A-Z][A-Za-z-]+: "),
    ),
    ("a private key (PGP)", re.compile(rb"-----BEGIN PGP PRIVATE KEY BLOCK-----\s")),
    ("a private key (SSH)", re.compile(rb"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\s|PuTTY-User-Key-File-[0-9]: ")),
    # "Ed", then the derivation ("Sc" or none, signify's "BK"), then far more than the 42 bytes of a public key.
    ("a minisign secret key", re.compile(rb"RW(RTY0Iy|QAAEIy|RCS)[A-Za-z0-9+/]{120}")),
    ("an age secret key", re.compile(rb"AGE-SECRET-KEY-1[A-Z0-9]{20}")),
    ("a private key (securesystemslib)", re.compile(rb"\A\s*[0-9a-f]{32}@@@@[0-9]+@@@@[0-9a-f]{64}@@@@")),
)

_FIELDS: tuple[tuple[str, re.Pattern[bytes], tuple[bytes, ...]], ...] = (
    ("a private key (securesystemslib)", re.compile(rb'"private"\s*:\s*"[^"\s]{16}'), (b'"keyval"', b'"keytype"')),
    ("a private key (JWK)", re.compile(rb'"d"\s*:\s*"[A-Za-z0-9_-]{16}'), (b'"kty"',)),
)
"""A secret of JSON, and words of which one stands near it."""

_NEAR = 4000
"""How near, in bytes."""

_SEQUENCE = rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)"
_DER = re.compile(
    rb"\A" + _SEQUENCE + rb"(?:"
    rb"\x02\x01[\x00\x01]" + _SEQUENCE + rb"\x06[\x03-\x0b]"  # PKCS#8 (RFC 5958)
    rb"|\x02\x01\x00\x02\x82"  # RSA (RFC 8017, A.1.2)
    rb"|\x02\x01\x01\x04[\x1c-\x42]"  # EC (RFC 5915)
    rb"|" + _SEQUENCE + rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05"  # encrypted PKCS#8
    rb"|" + _SEQUENCE + rb"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"  # the same, with the older ciphers
    rb"|\x02\x01\x03\x30[\s\S]{1,8}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"  # PKCS#12
    rb")",
    re.DOTALL,
)


def private_key_in(content: bytes) -> str | None:
    """What kind of private key the bytes hold, in words that follow "holds"; None when they hold none."""
    if _DER.match(content):
        return "a private key (DER)"
    # A file in UTF-16 has a NUL beside each letter.
    for text in (content, content.replace(b"\0", b"")) if b"\0" in content else (content,):
        for kind, pattern in _TEXTS:
            if pattern.search(text):
                return kind
        for kind, pattern, beside in _FIELDS:
            if any(_stands_near(text, match, beside) for match in pattern.finditer(text)):
                return kind
    return None


def _stands_near(text: bytes, match: re.Match[bytes], words: tuple[bytes, ...]) -> bool:
    around = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
    return any(word in around for word in words)
