"""Private keys as people paste them, which the look for them has to know."""

from __future__ import annotations

import pytest

from publisher.signing.private_keys import private_key_in

BODY = b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"


@pytest.mark.parametrize(
    "text",
    [
        b'{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + BODY + b'\\n-----END PRIVATE KEY-----\\n"}',
        b"> -----BEGIN RSA PRIVATE KEY-----\n> " + BODY + b"\n",
        b"-----BEGIN EC PRIVATE KEY-----<br>" + BODY,
        b'"-----BEGIN PRIVATE KEY-----\\n" +\n  "' + BODY + b'\\n"',
        b"-----BEGIN OPENSSH PRIVATE KEY-----\\\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
    ],
    ids=["a service account in JSON", "quoted", "a line break of HTML", "strings of a program", "continued lines"],
)
def test_a_key_in_the_spelling_of_another_format_is_found(text: bytes) -> None:
    assert private_key_in(text)


@pytest.mark.parametrize("before", [b"A line of a log.\n" * 20_000, "A line of a log.\n".encode("utf-16") * 20_000])
def test_a_key_far_down_in_a_long_text_is_found(before: bytes) -> None:
    assert private_key_in(before + b"-----BEGIN PRIVATE KEY-----\n" + BODY + b"\n")
