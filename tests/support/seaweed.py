"""A real S3 server on this machine: SeaweedFS from its PyPI wheel, one throw-away process with all its parts.

    with SeaweedServer.started(directory) as server:
        bucket = server.new_bucket()
        server.admin, server.identity("reader", ["Read"])

It listens on 127.0.0.1 only, on free ports, keeps its data in the directory given, and is killed at the end: its clean
stop takes a quarter of a minute, and nothing in it is worth keeping.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.s3_server import Identity, S3Server, free_ports
from tests.support.system import skip_system

READY_SECONDS = 60
LISTENERS = ("master", "master.port.grpc", "volume", "volume.port.grpc", "filer", "filer.port.grpc", "s3.port.grpc")


@dataclass
class SeaweedServer(S3Server):
    """A running server."""

    process: subprocess.Popen[bytes] = field(repr=False)
    log: Path = field(repr=False)

    @classmethod
    @contextmanager
    def started(cls, directory: Path) -> Iterator[SeaweedServer]:
        """A new server with its data in `directory`; skips the test where the wheel is missing."""
        program = _program()
        directory.mkdir(parents=True, exist_ok=True)
        port, *others = free_ports(1 + len(LISTENERS))
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


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        skip_system("SeaweedFS is not installed; `make test` does that")
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
