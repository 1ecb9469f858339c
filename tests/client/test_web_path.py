"""Names in addresses are encoded once."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.wire.web_path import address_of, as_asked, web_path

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a/node-1.0.0_x~1.tar.gz", "a/node-1.0.0_x~1.tar.gz"),
        ("a/node+repack.zip", "a/node%2Brepack.zip"),
        ("a b/ü?.html", "a%20b/%C3%BC%3F.html"),
        ("100%+", "100%25%2B"),
    ],
)
def test_what_a_server_could_read_otherwise_is_encoded(key: str, path: str) -> None:
    assert web_path(key) == path
    assert address_of("https://dl.example.org/x/", key) == f"https://dl.example.org/x/{path}"


@given(NAMES)
def test_every_server_reads_the_same_name(key: str) -> None:
    address = address_of("https://dl.example.org", key)
    assert address.isascii()
    assert unquote(urlsplit(address).path) == unquote(urlsplit(address).path.replace("+", " ")) == f"/{key}"


@given(NAMES)
def test_what_is_encoded_stays_as_it_is_when_it_is_asked_for(key: str) -> None:
    address = address_of("https://dl.example.org:8443/c", key)
    assert as_asked(address) == address


def test_bare_names_of_other_libraries_are_encoded_when_they_are_asked_for() -> None:
    assert as_asked("http://[::1]:80/tuf/a+b c~.zip") == "http://[::1]:80/tuf/a%2Bb%20c~.zip"
