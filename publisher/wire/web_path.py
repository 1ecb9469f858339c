"""Names in addresses: encoded once, and here, whoever writes the address or asks for it.

Amazon S3 reads a bare plus in a path as a blank, as forms do, and answers that there is no such file. RFC 3986 (3.3)
has no such rule, so a server that follows it takes `%2B` for the same file; encoded, both find it.
"""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["address_of", "as_asked", "web_path"]


def web_path(key: str) -> str:
    """The path of an object: UTF-8, percent-encoded but for letters, digits, slashes and `-._~` (RFC 3986, 2.3)."""
    return quote(key, safe="/")


def address_of(origin: str, key: str) -> str:
    """Where the object lies below an origin such as `https://dl.example.org/channel`."""
    return f"{origin.rstrip('/')}/{web_path(key)}"


def as_asked(url: str) -> str:
    """An address whose path may hold bare names, as python-tuf makes it; what is encoded already stays."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host}{slash}{quote(path, safe='/%')}"
