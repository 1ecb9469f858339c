"""What tests need of a real S3 server, whichever it is: buckets, users with policies, and plain clients."""

from __future__ import annotations

import itertools
import json
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"


@dataclass(frozen=True)
class Identity:
    """A user of the server, with the one key pair that it has."""

    name: str
    access_key: str
    secret_key: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the usual tools find this identity, and no other."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@dataclass
class S3Server:
    """A running server."""

    endpoint: str
    admin: Identity
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False, kw_only=True)

    def client(self, identity: Identity | None = None, service: str = "s3") -> Any:
        """A plain boto3 client, to look at the server from outside."""
        who = identity or self.admin
        return boto3.session.Session(who.access_key, who.secret_key, region_name=REGION).client(
            service,
            endpoint_url=self.endpoint,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 4, "mode": "standard"}),
        )

    def new_bucket(self, *, versioned: bool = False) -> str:
        """An empty bucket of its own."""
        name = f"bucket-{os.getpid()}-{next(self._numbers)}"
        client = self.client()
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def address(self, bucket: str, prefix: str = "") -> str:
        """What `--to` takes."""
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region={REGION}"

    def identity(self, name: str, statements: Sequence[dict[str, object]]) -> Identity:
        """A new user who may do what the policy statements say, and nothing else."""
        made = self.new_user(f"{name}-{next(self._numbers)}")
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam = self.client(service="iam")
            iam.put_user_policy(UserName=made.name, PolicyName="all", PolicyDocument=document)
        return made

    def new_user(self, name: str) -> Identity:
        """A user who may do nothing yet."""
        iam = self.client(service="iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Identity(name, key["AccessKeyId"], key["SecretAccessKey"])


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now, all held at once so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
