"""After publishing: download everything again as a client that has never been here before (R47)."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from publisher.client.errors import ClientError
from publisher.client.fetch import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import VerificationError
from publisher.model.release import Release


def verify_as_client(
    url: str, root: bytes, release: Release, channel: str, platforms: Sequence[str], now: datetime
) -> None:
    """Fetch feed and file of each platform with a fresh client.

    Raises VerificationError when one of them does not verify or does not offer `release`.
    """
    with tempfile.TemporaryDirectory(prefix="tidegate-check-") as scratch:
        for platform in platforms:
            client = UpdateClient(url, root, Path(scratch) / "state", fetcher_for(url), now)
            try:
                feed = client.fetch_feed(release.product, channel, platform)
                if feed.release is None or str(feed.release.version) != str(release.version):
                    raise VerificationError(f"the feed for {platform} does not offer {release.version}")
                downloaded = client.download(feed, Path(scratch) / platform)
            except ClientError as error:
                raise VerificationError(f"{platform}: {error.what}", fix=error.fix) from error
            downloaded.path.unlink()
