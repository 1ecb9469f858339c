"""`s3://bucket/prefix?endpoint=URL&region=...`: what it may say, and what is refused before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from publisher.errors import InputError, StorageError
from publisher.storage.protocol import check_key

FORM = "s3://BUCKET/PREFIX?endpoint=URL&region=REGION"
OPTIONS = ("endpoint", "region", "profile", "style")
STYLES = ("path", "virtual")

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_WORD = re.compile(r"[A-Za-z0-9_.@+-]+")


@dataclass(frozen=True)
class S3Address:
    """Where a bucket is. Credentials are never part of it: they come the usual AWS ways."""

    bucket: str
    prefix: str = ""
    """Empty, or ends with a slash; in front of every key."""
    endpoint: str | None = None
    """The server's URL; without it, Amazon's or what the AWS configuration says."""
    region: str | None = None
    profile: str | None = None
    """The profile of the AWS configuration that has the credentials."""
    style: str | None = None
    """`path` or `virtual`: whether the bucket is in the URL's path or in its host name. Own endpoints get `path`."""

    @property
    def place(self) -> str:
        """Bucket and prefix, for messages."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def url(self) -> str:
        """The whole address, as `parse` reads it."""
        options = {name: value for name in OPTIONS if (value := getattr(self, name))}
        query = "?" + urlencode(options, safe=":/", quote_via=quote) if options else ""
        return f"s3://{self.bucket}/{quote(self.prefix)}".rstrip("/") + query

    @classmethod
    def parse(cls, url: str) -> S3Address:
        """Raises InputError, which never repeats what may be a password."""
        try:
            parts = urlsplit(url)
            options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        except ValueError as error:
            raise InputError("this address of a bucket cannot be understood", fix=f"write {FORM}") from error
        if "@" in parts.netloc:
            raise InputError(
                "an s3:// address must not contain a user name or password",
                fix="give credentials the AWS way: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
            )
        if parts.fragment or not _BUCKET.fullmatch(parts.netloc) or ".." in parts.netloc:
            raise InputError(
                f"{parts.netloc!r} is not a bucket's name: 3 to 63 small letters, digits, dots and hyphens",
                fix=f"write {FORM}",
            )
        given: dict[str, str] = {}
        for name, value in options:
            if name not in OPTIONS:
                raise InputError(f"an s3:// address has no option {name!r}", fix=f"choose from {', '.join(OPTIONS)}")
            if name in given or not value:
                raise InputError(f"the option {name!r} of the s3:// address is given twice or is empty")
            given[name] = value
        for name in ("region", "profile"):
            if name in given and not _WORD.fullmatch(given[name]):
                raise InputError(f"the option {name!r} of the s3:// address is not a name")
        if given.get("style", "path") not in STYLES:
            raise InputError("the option 'style' of the s3:// address is path or virtual")
        prefix = unquote(parts.path).removeprefix("/").removesuffix("/")
        if prefix:
            check_key(prefix)
        if "endpoint" in given:
            given["endpoint"] = _endpoint(given["endpoint"])
        return cls(parts.netloc, prefix + "/" if prefix else "", **given)


def _endpoint(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InputError(
            "the endpoint of the s3:// address is not the plain URL of a server",
            fix="write endpoint=https://HOST or endpoint=https://HOST:PORT, without user, path or query",
        )
    return url.rstrip("/")


def refuse_plain(endpoint: str) -> None:
    """Raise StorageError for a server without TLS that is not this machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or _is_loopback(parts.hostname or ""):
        return
    raise StorageError(
        f"the endpoint {parts.scheme}://{parts.netloc} has no TLS and is not this machine; nothing was sent to it",
        fix="use its https:// address",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
