"""Before any work: can this place be published to, by these credentials, safely, and can clients read it?

Every answer is found by trying. Nothing of what clients see is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from publisher.errors import StorageError
from publisher.rules.english import capitalised
from publisher.storage.protocol import Storage

if TYPE_CHECKING:  # boto3 is loaded for s3:// addresses alone
    from publisher.storage.s3.probe import Capabilities, ProbeResults
    from publisher.storage.s3.store import S3Storage

SKEW_WARNING = timedelta(seconds=60)
SKEW_LIMIT = timedelta(minutes=15)
"""Servers refuse signed requests beyond this."""

PUBLIC_SECONDS = 15
"""How long the public address may take for each next byte, which may be asked for twice."""

LOOK_FIX = (
    "check the first address of `downloads` in endpoints.yaml, and the web server there;"
    " for a rehearsal, name the bucket with --to, which skips this check"
)


class CheckOutcome(StrEnum):
    """How a check ended."""

    PASS = "pass"
    WARN = "warn"
    """Works, in a slower or less comfortable way."""
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    name: str
    outcome: CheckOutcome
    says: str
    fix: str = ""


@dataclass(frozen=True)
class PreflightReport:
    """What a preflight has found, in the order of trying; after a failure of access nothing more is tried."""

    url: str
    checks: tuple[Check, ...]
    capabilities: Capabilities | None = None
    """What the store keeps to; None where that was not found out, or is no question."""

    @property
    def ok(self) -> bool:
        """Whether work may begin."""
        return all(check.outcome is not CheckOutcome.FAIL for check in self.checks)

    @property
    def error(self) -> StorageError | None:
        """Every failure as one error; None when there is none."""
        failed = [check for check in self.checks if check.outcome is CheckOutcome.FAIL]
        if not failed:
            return None
        return StorageError("\n".join(check.says for check in failed), fix=next((c.fix for c in failed if c.fix), ""))


def preflight(
    storage: Storage, now: datetime, public: str | None = None, proxies: Mapping[str, str] | None = None
) -> PreflightReport:
    """Try a place out. `now` is this machine's clock; `public` is the URL under which clients see the bucket.

    `proxies` are those of `urllib.request.getproxies()`, for the look from outside. Never raises for what it finds.
    An S3Storage remembers what its store keeps to, and writes accordingly.
    """
    if not storage.url.startswith("s3:"):
        says = f"{storage.url} keeps its conditions by itself."
        return PreflightReport(storage.url, (Check("place", CheckOutcome.PASS, says),))
    from publisher.storage.s3.store import S3Storage  # noqa: PLC0415 - boto3 is loaded for s3:// addresses alone

    assert isinstance(storage, S3Storage)
    return _S3Preflight(storage, now, public, proxies or {}).report()


class _S3Preflight:
    def __init__(self, storage: S3Storage, now: datetime, public: str | None, proxies: Mapping[str, str]) -> None:
        self._storage = storage
        self._now = now
        self._public = public
        self._proxies = proxies
        self._place = storage.bucket.address.place
        self._endpoint = storage.bucket.endpoint

    def report(self) -> PreflightReport:
        checks: list[Check] = []
        capabilities = None
        try:
            ours = self._storage.is_prepared()
            checks.append(_passed("access", f"{self._endpoint} accepts the credentials for {self._place}."))
            says = "is a Tidegate bucket" if ours else "is empty and will become a Tidegate bucket"
            checks.append(_passed("place", f"{self._place} {says}."))
        except StorageError as error:
            checks.append(_failed("access", error))
        checks.extend(self._clock())
        if all(check.outcome is not CheckOutcome.FAIL for check in checks):
            try:
                measured = self._storage.measure(self._public_probe)
            except StorageError as error:
                checks.append(_failed("write", error))
            else:
                capabilities = measured.capabilities
                checks.extend(self._measured(measured))
        return PreflightReport(self._storage.url, tuple(checks), capabilities)

    def _clock(self) -> Iterator[Check]:
        theirs = self._storage.bucket.server_date
        if theirs is None:
            return
        skew = abs(self._now - theirs)
        says = f"This machine's clock and that of {self._endpoint} differ by {int(skew.total_seconds())} seconds"
        fix = "set the clock, best by NTP; expiry times of signed metadata depend on it too"
        if skew > SKEW_LIMIT:
            yield Check("clock", CheckOutcome.FAIL, f"{says}; requests are refused.", fix)
        elif skew > SKEW_WARNING:
            yield Check("clock", CheckOutcome.WARN, f"{says}.", fix)
        else:
            yield _passed("clock", f"{says}.")

    def _measured(self, measured: ProbeResults) -> Iterator[Check]:
        capabilities = measured.capabilities
        yield _passed("write", f"A probe was written to {self._place}.")
        yield self._required("create once", capabilities.create, "`If-None-Match: *` is kept, in races too.")
        if capabilities.create:
            yield self._required("compare and swap", capabilities.replace, "`If-Match` is kept, in races too.")
        yield _kept(
            "large files",
            capabilities.complete,
            "Conditions are kept when a multipart upload is completed, and a claim keeps publishers apart.",
            f"{self._endpoint} ignores conditions when a multipart upload is completed; claims keep publishers apart.",
        )
        yield _kept(
            "copies",
            capabilities.copy,
            "Conditions are kept for copies inside the server.",
            f"{self._endpoint} ignores conditions of copies, so a copy is downloaded and uploaded again.",
        )
        yield _kept(
            "checksums",
            capabilities.sha256 or capabilities.md5,
            f"A wrong {'SHA-256' if capabilities.sha256 else 'MD5'} is refused.",
            f"{self._endpoint} does not check checksums, so everything is read back after writing.",
        )
        if measured.not_deleted is None:
            yield _passed("delete", "The probe was deleted again.")
        else:
            yield _failed("delete", measured.not_deleted)
        if measured.public is not None:
            problem = measured.public
            yield _failed("public", problem) if isinstance(problem, StorageError) else _passed("public", problem)

    def _required(self, name: str, kept: bool, says: str) -> Check:
        if kept:
            return _passed(name, says)
        from publisher.storage.s3.probe import unsafe  # noqa: PLC0415 - boto3 is loaded for s3:// addresses alone

        return _failed(name, unsafe(self._place, self._endpoint, self._storage.capabilities.problem))

    def _public_probe(self, key: str, data: bytes) -> str | StorageError | None:
        """Whether clients can read a probe under the public URL; asked as they ask, redirects and proxies included."""
        if self._public is None:
            return None
        # python-tuf loads boto3 where it is installed, which is for s3:// addresses alone.
        from tuf.api.exceptions import (  # noqa: PLC0415 - see above
            DownloadError,
            DownloadHTTPError,
            DownloadLengthMismatchError,
        )

        from publisher.client.network.deadlines import Limits  # noqa: PLC0415 - see above
        from publisher.client.network.http import WebFetcher  # noqa: PLC0415 - see above
        from publisher.wire.web_path import address_of  # noqa: PLC0415 - see above

        fetcher = WebFetcher(self._proxies, "tidegate", retries=1, limits=Limits(wait=PUBLIC_SECONDS))
        url = address_of(self._public, key)
        try:
            same = fetcher.download_bytes(url, len(data)) == data
        except DownloadHTTPError as error:
            return self._unread(f"status {error.status_code}")
        except DownloadLengthMismatchError:
            same = False
        except DownloadError as error:
            return StorageError(
                f"clients cannot reach {self._public}: {str(error).removeprefix(f'{url}: ')}", fix=LOOK_FIX
            )
        return f"{self._public} serves what is written to {self._place}." if same else self._unread("other bytes")

    def _unread(self, what: str) -> StorageError:
        return StorageError(
            f"clients cannot read {self._place} at {self._public}: a probe that was just written gets {what}",
            fix=f"{LOOK_FIX}; anybody must be allowed to read, names that begin with a dot too:"
            " `publish bucket policy` prints what is needed",
        )


def _passed(name: str, says: str) -> Check:
    return Check(name, CheckOutcome.PASS, says)


def _failed(name: str, error: StorageError) -> Check:
    return Check(name, CheckOutcome.FAIL, f"{capitalised(error.what)}.", error.fix)


def _kept(name: str, kept: bool, says: str, otherwise: str) -> Check:
    return _passed(name, says) if kept else Check(name, CheckOutcome.WARN, otherwise)
