"""Addresses: one parser judges them and the same one is followed, urllib3's.

Two parsers disagree about odd addresses (backslashes, blanks, a second at sign), and then one host is judged and
another asked. So what is odd is refused, and what is left is read by the library that makes the connection.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

# typeshed does not list it. It takes the mapping; on some systems `proxy_bypass` asks the system by itself.
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from publisher.wire.errors import ClientInputError

__all__ = ["Proxy", "is_safe", "parsed", "proxy_for"]

_PLAIN = re.compile(r"[A-Za-z]+://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?")
"""A scheme, a host of plain characters (RFC 3986, 3.2.2) and a path; no user, no backslash, nothing beyond ASCII."""


@dataclass(frozen=True)
class Proxy:
    """A proxy as an environment names it."""

    url: str
    """Without user name and password, which must not get into messages."""
    authorization: str | None
    """The value of the header Proxy-Authorization."""


def parsed(url: str) -> Url:
    """The address as it will be followed. Raises ValueError for one that two parsers might read differently."""
    if not _PLAIN.fullmatch(url):
        raise ValueError("it may have only a scheme, a host and a path of plain characters")
    try:
        address = parse_url(url)
    except LocationParseError as error:
        raise ValueError(str(error)) from None
    if not address.host or address.auth is not None:
        raise ValueError("it has no host")
    return address


def is_safe(address: Url) -> bool:
    """True for https, and for http on this machine, where nobody can be in between."""
    return address.scheme == "https" or (address.scheme == "http" and _is_this_machine(address.host or ""))


def proxy_for(address: Url, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy for an address, of those of `urllib.request.getproxies()`. Raises ClientInputError for an odd one."""
    host = (address.host or "").strip("[]")
    if _is_this_machine(host) or proxy_bypass_environment(host, dict(proxies)):
        return None
    text = proxies.get(address.scheme or "") or proxies.get("all")
    return _proxy(text) if text else None


def _proxy(text: str) -> Proxy:
    """Read `http://user:password@host:port`; the scheme may be missing, the user too."""
    fix = "write it as http://proxy.example:3128, or with http://USER:PASSWORD@ in front of the host"
    try:
        address = parse_url(text if "://" in text else f"http://{text}")
    except LocationParseError:
        raise ClientInputError("the proxy's address cannot be read", fix=fix) from None
    if address.scheme not in ("http", "https"):
        raise ClientInputError(f"a proxy with the scheme {address.scheme} cannot be used", fix=fix)
    if not address.host:
        raise ClientInputError("the proxy's address has no host", fix=fix)
    url = Url(scheme=address.scheme, host=address.host, port=address.port).url
    if address.auth is None:
        return Proxy(url, None)
    user, _, password = address.auth.partition(":")
    token = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode())
    return Proxy(url, f"Basic {token.decode('ascii')}")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
