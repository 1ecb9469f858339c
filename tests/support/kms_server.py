"""A KMS that speaks the protocol of AWS: moto's server, one throw-away process on this machine.

    with KmsServer.started(directory) as server:
        key = server.new_key()
        environment = server.environment

moto hashes what it is asked to sign even where it is told that it gets a digest, and then nobody can verify it. Here it
signs digests as AWS does, and nothing else of it is changed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.system import skip_system

REGION = "eu-central-1"
ROOT = Path(__file__).parents[2]
READY_SECONDS = 60


@dataclass
class KmsServer:
    """A running server."""

    endpoint: str
    process: subprocess.Popen[bytes] = field(repr=False)

    @classmethod
    @contextmanager
    def started(cls, directory: Path) -> Iterator[KmsServer]:
        """A new server without any key; skips the test where moto is missing."""
        try:
            import moto.server  # noqa: F401, PLC0415 - whether it is there
        except ImportError:
            skip_system("moto is not installed; `make test` does that")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = directory / "moto.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.kms_server", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )
        try:
            server = cls(f"http://127.0.0.1:{port}", process)
            server._wait(log)
            yield server
        finally:
            server.stop()

    def stop(self) -> None:
        """End it, as if it were gone."""
        self.process.kill()
        self.process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs find the KMS, and nobody's other credentials."""
        return self.environment_of("admin", "admin-secret")

    def environment_of(self, access: str, secret: str) -> dict[str, str]:
        """The same for somebody else."""
        return {
            "AWS_ENDPOINT_URL_KMS": self.endpoint,
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
        }

    def client(self, service: str = "kms") -> Any:
        """A plain boto3 client of somebody who may do all."""
        session = boto3.session.Session("admin", "admin-secret", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint, config=Config(retries={"total_max_attempts": 2}))

    def new_key(self, kind: str = "ECC_NIST_P256") -> str:
        """The id of a new key for signing."""
        made = self.client().create_key(KeyUsage="SIGN_VERIFY", KeySpec=kind)
        return str(made["KeyMetadata"]["KeyId"])

    @contextmanager
    def asking_who(self) -> Iterator[dict[str, str]]:
        """While this lasts, only those may do something whom a policy allows; gives the environment of one without."""
        iam = self.client("iam")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        self._ask_who_after(0)
        try:
            yield self.environment_of(key["AccessKeyId"], key["SecretAccessKey"])
        finally:
            self._ask_who_after(10_000_000)

    def _ask_who_after(self, requests: int) -> None:
        self._request("/moto-api/reset-auth", str(requests).encode())

    def _request(self, path: str, data: bytes | None = None) -> dict[str, object]:
        request = urllib.request.Request(self.endpoint + path, data, {"Content-Type": "text/plain"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            found = json.loads(answer.read())
            assert isinstance(found, dict)
            return found

    def _wait(self, log: Path) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with suppress(OSError):
                self._request("/moto-api/data.json")
                return
            time.sleep(0.05)
        raise RuntimeError(f"moto did not become ready:\n{log.read_text(errors='replace')[-2000:]}")


def _serve(port: str) -> None:
    """The server's own process."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only this process needs them
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415
    from moto.kms.utils import ECDSAPrivateKey  # noqa: PLC0415
    from moto.server import main  # noqa: PLC0415

    def sign(self: Any, message: bytes, signing_algorithm: str) -> bytes:
        assert signing_algorithm == "ECDSA_SHA_256"
        signed = self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
        assert isinstance(signed, bytes)
        return signed

    setattr(ECDSAPrivateKey, "sign", sign)  # noqa: B010 - mypy refuses the assignment
    main(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    _serve(sys.argv[1])
