"""How bytes are fetched: https, http on this machine only, and directories.

TUF verifies every byte, so a fetcher need not be trusted. It must still be bounded: `download_file` of the
TUF interface counts the bytes and stops at the length that the caller allows; chunks are small so that it
stops soon. `deadlines` bounds the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient.fetcher import FetcherInterface
from urllib3.exceptions import (
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    PoolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util import Url

from publisher.client.durable_files import open_plain
from publisher.client.network.address import Proxy, is_safe, parsed, proxy_for
from publisher.client.network.deadlines import CHUNK, Limits, Pace, keep_pace, paced
from publisher.client.network.failures import DirectoryUnreadable, ProxyRefused, StatusError, Unreachable
from publisher.client.network.http_fields import continues, retry_after, server_time
from publisher.client.network.ranges import RangeFetcher
from publisher.wire.errors import ClientInputError
from publisher.wire.web_path import as_asked

__all__ = ["DirectoryFetcher", "WebFetcher", "fetcher_for"]

_FILES = ("/tuf/targets/artifacts/", "/releases/")
"""Below them lie files of any size, for clients and for people; everything else is small."""

MAX_CONNECTIONS = 8
"""Connections to one host that are kept open; an auditor reads several pages of a site at once."""

MAX_REDIRECTS = 5
"""How often one request follows "the file is over there"."""


def fetcher_for(
    url: str, *, proxies: Mapping[str, str] | None = None, user_agent: str = "tidegate", retries: int = 3
) -> FetcherInterface:
    """The fetcher for a channel at `url`: https, http on this machine, or file.

    `proxies` are those of `urllib.request.getproxies()`; a connection that fails is made again `retries` times, with
    short pauses. Raises ClientInputError for any other address.
    """
    if url.startswith("file:"):
        return DirectoryFetcher(url)
    address = _channel_address(url)
    # An odd proxy is told before anything is asked.
    proxy_for(address, proxies or {})
    return WebFetcher(proxies or {}, user_agent, retries=retries)


def _channel_address(url: str) -> Url:
    scheme, _, rest = url.partition("://")
    if scheme not in ("https", "http") or not rest:
        raise ClientInputError(
            f"the address {url} cannot be used",
            fix="use https://..., or file:///... for a directory on this machine",
        )
    if any(sign in url for sign in "?#@"):
        raise ClientInputError(
            f"the channel's address {url} may have only a scheme, a host and a path",
            fix="leave out the user name, the question mark and the hash sign",
        )
    try:
        address = parsed(url)
    except ValueError as error:
        raise ClientInputError(
            f"the address {url} cannot be used: {error}", fix="check the address given with --url"
        ) from None
    if not is_safe(address):
        raise ClientInputError(
            f"the address {url} is not encrypted", fix="use https://; http:// is only for this machine"
        )
    return address


class DirectoryFetcher(RangeFetcher):
    """A bucket in a directory, by file: addresses. What is missing is "404", as on the web."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.netloc not in ("", "localhost"):
            raise ClientInputError(
                f"the address {base_url} names another machine", fix="write three slashes: file:///directory"
            )
        if parts.query or parts.fragment:
            raise ClientInputError(
                f"the channel's address {base_url} may have only a directory",
                fix="write a question mark as %3F and a hash sign as %23",
            )
        self._base_url = base_url.rstrip("/") + "/"
        self._base = Path(url2pathname(parts.path)).resolve()
        if not self._base.is_dir():
            raise ClientInputError(f"{self._base} is not a directory", fix="check the address given with --url")

    def fetch_rest(self, url: str, start: int, length: int) -> Iterator[tuple[int, bytes]]:
        place = start
        for chunk in self._read(url, start):
            yield place, chunk
            place += len(chunk)

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._read(url, 0)

    def _read(self, url: str, start: int) -> Iterator[bytes]:
        path = self._path(url)
        try:
            with open_plain(path) as file:
                file.seek(start)
                while chunk := file.read(CHUNK):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise DownloadHTTPError(f"{path} does not exist", 404) from None
        except OSError as error:
            raise DirectoryUnreadable(f"{path} cannot be read: {error.strerror}") from error

    def _path(self, url: str) -> Path:
        """The file for `url`; following symbolic links must not lead out of the directory."""
        if url.startswith(self._base_url):
            try:
                path = (self._base / unquote(url[len(self._base_url) :])).resolve()
            except (ValueError, OSError) as error:
                raise DirectoryUnreadable(f"{url!a} is not a file: {error}") from None
            if path.is_relative_to(self._base):
                return path
        raise DirectoryUnreadable(f"{url} is outside {self._base_url}")


class WebFetcher(RangeFetcher):
    """A bucket on the web; safe for threads. Certificates are checked against those of the operating system."""

    server_time: datetime | None = None
    """What the clock of the server that answered last shows, UTC. Nobody has signed it."""

    def __init__(
        self, proxies: Mapping[str, str], user_agent: str, *, retries: int = 3, limits: Limits | None = None
    ) -> None:
        self._proxies = dict(proxies)
        self._headers = {"User-Agent": user_agent}
        # Connections only; whether to wait for a server that asks for time is for `patience` to say.
        # A proxy that refuses a password ("other" errors) is asked once, since it may count the attempts.
        self._retries = urllib3.Retry(retries, other=0, backoff_factor=0.2, respect_retry_after_header=False)
        self._limits = limits or Limits()
        self._pools: dict[Proxy | None, urllib3.PoolManager] = {}

    def fetch_rest(self, url: str, start: int, length: int) -> Iterator[tuple[int, bytes]]:
        return self._chunks(as_asked(url), start, length, small=False)

    def _fetch(self, url: str) -> Iterator[bytes]:
        url = as_asked(url)
        for _, chunk in self._chunks(url, 0, 0, small=not any(folder in url for folder in _FILES)):
            yield chunk

    def _chunks(self, url: str, start: int, length: int, *, small: bool) -> Iterator[tuple[int, bytes]]:
        """The bytes from `start` on, or from 0 where the server does not do that, each chunk with its place."""
        pace = Pace(url, self._limits, small=small)
        with self._plain_errors(url):
            with keep_pace(pace):
                response, place = self._get_rest(url, start, length) if start else (self._get(url), 0)
            try:
                self.server_time = server_time(response.headers)
                if response.status == 407:
                    raise ProxyRefused(self._wants_password(url))
                if response.status >= 400:
                    raise StatusError(url, response.status, retry_after(response.headers))
                # As stored: a server that labels a .tar.gz as compressed text must not change its bytes.
                for chunk in response.stream(CHUNK, decode_content=False):
                    pace.received(len(chunk))
                    yield place, chunk
                    place += len(chunk)
            finally:
                response.close()

    def _get_rest(self, url: str, start: int, length: int) -> tuple[urllib3.BaseHTTPResponse, int]:
        """An answer, and the place in the file that its first byte has."""
        response = self._get(url, {"Range": f"bytes={start}-"})
        if response.status == 206 and continues(response.headers, start, length):
            return response, start
        if response.status in (206, 416):
            # Another part than was asked for, or none: of another file, then.
            response.close()
            response = self._get(url)
        return response, 0

    @contextmanager
    def _plain_errors(self, url: str) -> Iterator[None]:
        """Whatever urllib3 raises, as a DownloadError that names the address once."""
        try:
            yield
        except HTTPError as error:
            reason = error.reason if isinstance(error, MaxRetryError) else error
            # A refused connection counts as a timeout for urllib3.
            if isinstance(reason, ProxyError) and " 407" in str(reason.original_error):
                raise ProxyRefused(self._wants_password(url)) from error
            if isinstance(reason, HTTPTimeoutError) and not isinstance(reason, NewConnectionError):
                raise SlowRetrievalError(f"{url} did not answer within {self._limits.wait:g} seconds") from error
            kind = DownloadError if isinstance(reason, SSLError) else Unreachable
            raise kind(f"{url}: {_plain(reason)}") from error
        except ValueError as error:
            raise DownloadError(f"{url}: the answer is malformed ({error})") from error

    def _get(self, url: str, fields: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        """Follow redirects by hand, so that none leads from https to something weaker."""
        address = _parsed(url)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._pool(address).request(
                "GET",
                address.url,
                headers={**self._headers, **(fields or {})},
                preload_content=False,
                redirect=False,
                retries=self._retries,
                timeout=urllib3.Timeout(self._limits.wait),
            )
            location = response.get_redirect_location()
            if not location:
                return response
            response.close()
            target = _redirected(address.url, location)
            if not is_safe(target) or address.scheme != target.scheme:
                raise DownloadError(f"{address.url} redirects to {target.url}, which is not encrypted")
            address = target
        raise DownloadError(f"{url} redirects more than {MAX_REDIRECTS} times")

    def _pool(self, address: Url) -> urllib3.PoolManager:
        proxy = proxy_for(address, self._proxies)
        if proxy not in self._pools:
            self._pools[proxy] = paced(_manager(proxy))
        return self._pools[proxy]

    def _wants_password(self, url: str) -> str:
        proxy = proxy_for(_parsed(url), self._proxies)
        if proxy is None:
            return f"{url} got the answer of a proxy that requires a user name and a password"
        if proxy.authorization is None:
            return f"the proxy {proxy.url} requires a user name and a password"
        return f"the proxy {proxy.url} does not accept this user name and password"


def _manager(proxy: Proxy | None) -> urllib3.PoolManager:
    if proxy is None:
        return urllib3.PoolManager(maxsize=MAX_CONNECTIONS)
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    return urllib3.ProxyManager(proxy.url, maxsize=MAX_CONNECTIONS, proxy_headers=headers)


def _parsed(url: str) -> Url:
    try:
        return parsed(url)
    except ValueError as error:
        raise DownloadError(f"{url!a} is not a usable address: {error}") from None


def _redirected(url: str, location: str) -> Url:
    try:
        return parsed(urljoin(url, location))
    except ValueError:
        raise DownloadError(f"{url} redirects to {location!a}, which is not an address") from None


def _plain(reason: object) -> str:
    """urllib3's reasons, in plain words."""
    if isinstance(reason, NameResolutionError):
        return "the host's name cannot be resolved"
    if isinstance(reason, SSLError):
        clock = "has expired" in str(reason) or "not yet valid" in str(reason)
        by = ", by this machine's clock, which may be wrong" if clock else ""
        return f"the host's certificate is not accepted ({reason}){by}"
    if isinstance(reason, ProxyError):
        return "the proxy does not answer"
    if isinstance(reason, NewConnectionError):
        return "the host does not accept connections"
    words = str(reason)
    if isinstance(reason, PoolError):
        # These begin with the pool's address, which has been named already.
        words = words.partition(": ")[2] or words
    return f"the connection broke ({words})"
