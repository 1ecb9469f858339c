"""Memory stays bounded whatever the size of a file. Long: `make nightly` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.seaweed import SeaweedServer

pytestmark = [pytest.mark.system, pytest.mark.nightly]

GIB = 1024 * 1024 * 1024
LIMIT_MIB = 300

WRITE = """
import hashlib, sys
from pathlib import Path
from publisher.storage.open import open_storage
from publisher.storage.protocol import CHUNK, Body, ObjectMeta
from publisher.storage.s3.store import S3Storage
from publisher.storage.s3.address import S3Address

url, path, in_parts = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "parts"
how = {} if in_parts else {"stream_limit": 2 * 1024 ** 3}
storage = S3Storage(S3Address.parse(url), **how)
storage.prepare()
with path.open("rb") as file:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
body = Body.from_file(path, path.stat().st_size, digest)
assert storage.create("big", body, ObjectMeta()) is True
assert storage.create("big", body, ObjectMeta()) is False
found = hashlib.sha256()
with storage.open("big", 2**30) as stream:
    while chunk := stream.read(CHUNK):
        found.update(chunk)
assert found.hexdigest() == digest
# Not ru_maxrss, which Linux carries over from the process that started this one.
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:")) // 1024)
"""


@pytest.mark.parametrize("way", ["parts", "one piece"])
def test_a_file_of_one_gibibyte(seaweed: SeaweedServer, tmp_path: Path, way: str) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        for number in range(0, GIB, 64 * 1024 * 1024):
            file.seek(number)
            file.write(number.to_bytes(8, "big") * 1000)
        file.truncate(GIB)
    url = seaweed.address(seaweed.new_bucket())
    words = [sys.executable, "-c", WRITE, url, str(path), way]
    environment = {**os.environ, **seaweed.admin.environment}
    ran = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    most = int(ran.stdout)
    assert most < LIMIT_MIB
