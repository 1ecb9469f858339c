"""A place on the real S3 server: a prefix of a bucket that anybody may read, and what clients see there."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.channel.audit.channel import Audit, audit
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.pipeline.operate.verify import StoreSource
from publisher.storage.s3.address import S3Address
from publisher.storage.s3.probe import Capabilities
from publisher.storage.s3.retry import Patience
from publisher.storage.s3.store import S3Storage
from tests.support.project import Project

if TYPE_CHECKING:
    from tests.support.seaweed import SeaweedServer

PLATFORMS = ("linux-amd64", "windows-amd64")
QUICK = Patience(attempts=6, first=0.02, longest=0.3)

_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """One prefix; may be sent to another process."""

    endpoint: str
    bucket: str
    prefix: str
    capabilities: Capabilities
    """Tried out once, not in every process."""
    how: dict[str, Any] = field(default_factory=dict)
    """More arguments of S3Storage."""

    @property
    def url(self) -> str:
        """Where the public reads it."""
        return f"{self.endpoint}/{self.bucket}/{self.prefix}"

    @property
    def address(self) -> str:
        """What `--to` takes."""
        return S3Address(self.bucket, self.prefix + "/", self.endpoint).url

    def storage(self) -> S3Storage:
        """Open it, with the credentials of the environment."""
        address = S3Address(self.bucket, self.prefix + "/", self.endpoint)
        return S3Storage(address, patience=QUICK, capabilities=self.capabilities, **self.how)

    def prepared(self) -> S3Storage:
        """Open it for the first release."""
        storage = self.storage()
        storage.prepare()
        return storage

    def expires(self, role: str = "timestamp") -> datetime:
        """Until when the public's timestamp is good."""
        with urllib.request.urlopen(f"{self.url}/tuf/metadata/{role}.json", timeout=10) as answer:
            return datetime.fromisoformat(json.load(answer)["signed"]["expires"])

    def versions(self, project: Project, state: Path) -> set[str]:
        """What a client is offered on each platform, with the file downloaded and verified."""
        found: set[str] = set()
        for platform in PLATFORMS:
            client = UpdateClient(self.url, project.root, state, fetcher_for(self.url), lambda: project.now)
            feed = client.fetch_feed("node", "stable", platform)
            assert feed.release is not None
            client.download(feed, state / "files")
            found.add(str(feed.release.version))
        return found

    def audit(self, project: Project) -> Audit:
        """As the publisher sees it, with a listing."""
        return audit(StoreSource(self.storage()), project.root, project.now)


@dataclass(frozen=True)
class Places:
    """Makes places in one bucket; tests take one each."""

    server: SeaweedServer
    bucket: str
    capabilities: Capabilities

    @classmethod
    def made(cls, server: SeaweedServer) -> Places:
        """A new bucket that anybody may read, but for staging/. Needs the server's credentials in the environment."""
        bucket = server.new_bucket()
        let_everybody_read(server, bucket)
        return cls(server, bucket, S3Storage(S3Address(bucket, "known/", server.endpoint)).capabilities)

    def new(self, **how: Any) -> Place:
        """An empty place."""
        return Place(self.server.endpoint, self.bucket, f"place-{next(_numbers)}", self.capabilities, how)

    def copier(self, template: Place) -> Callable[[], Place]:
        """A function that makes places with the same objects, copied by the server."""
        client = self.server.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=template.prefix + "/")
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]

        def copy() -> Place:
            place = self.new(**template.how)

            def one(key: str) -> None:
                target = place.prefix + key.removeprefix(template.prefix)
                client.copy_object(Bucket=self.bucket, Key=target, CopySource={"Bucket": self.bucket, "Key": key})

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(one, keys))
            return place

        return copy


def let_everybody_read(server: SeaweedServer, bucket: str) -> None:
    """Anonymous GET of everything that clients and people read."""
    resources = [f"arn:aws:s3:::{bucket}/{below}*" for below in ("*/tuf/", "*/releases/", "tuf/", "releases/")]
    statement = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": resources}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    server.client().put_bucket_policy(Bucket=bucket, Policy=document)
