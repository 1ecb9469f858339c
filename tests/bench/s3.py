"""Publishing to a real S3 server, beside tools that copy the same bytes to the same server.

TIDEGATE_BENCH_MIB sets the size, for quick tries; the numbers that count are of 1,024 MiB.
Another comparison on the same server (of many small objects, say) is one more generator that `run` yields from,
with `Ground` for the server, the credentials and the tools.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from publisher.pipeline.artifacts import collect, hash_files
from tests.bench.measure import Result, seconds
from tests.support.project import Project
from tests.support.seaweed import SeaweedServer

FILES = 8
MIB = 1024 * 1024
ROUNDS = 3
TARGET = "at most 0.8 of aws s3 sync"
TOOLS = Path("build/bench-tools")
MEMORY_MIB = 300
CPU_SECONDS = 1.0

PUBLISH = """
import json, resource, sys, time
from datetime import datetime
from pathlib import Path
from publisher.content.load import load_catalog
from publisher.pipeline.deciding import ReleaseRequest
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.promote import apply_promote
from publisher.pipeline.release import plan_release
from publisher.pipeline.stage import apply_stage
from publisher.pipeline.progress import silent
from publisher.pipeline.writing import write_objects
from publisher.storage.open import open_storage

base, url, now = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
catalog = load_catalog([base / "content"], base / "site_config")
storage = open_storage(url)
keys = KeyRing(catalog.signers, base / "keys", lambda name: None)
root = (base / "site_config/root.json").read_bytes()
request = ReleaseRequest(catalog.find("node", "1.0.0"), "stable", base / "artifacts", root)
cpu, start = time.process_time(), time.perf_counter()
storage.prepare()
plan = plan_release(request, catalog, storage, keys, now)
planned = time.perf_counter()
written = ()
if not plan.nothing_to_do:
    written = apply_stage(plan.stage, storage).then(write_objects(plan.signatures, storage, silent)).keys
staged = time.perf_counter()
if not plan.nothing_to_do:
    written += apply_promote(plan.promote, catalog, storage, lambda: now).keys
done = time.perf_counter()
print(json.dumps({
    "seconds": done - start, "plan": planned - start, "stage": staged - planned, "promote": done - staged,
    "cpu": time.process_time() - cpu, "written": len(written),
    "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


@dataclass(frozen=True)
class Ground:
    """The server and what publishes to it."""

    server: SeaweedServer
    scratch: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of every program here: our own and the others'."""
        return {**os.environ, **self.server.admin.environment, "PYTHONPATH": str(Path.cwd())}

    def timed(self, words: Sequence[str | Path]) -> float:
        """Seconds of a program that must succeed."""
        return seconds(
            lambda: subprocess.run(
                [str(word) for word in words], check=True, env=self.environment, capture_output=True, timeout=600
            )
        )


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """Everything, on one server."""
    with SeaweedServer.started(scratch / "s3") as server:
        yield from big_files(Ground(server, scratch))


def big_files(ground: Ground) -> Iterator[tuple[str, Result]]:
    """A release in 8 files: staged and promoted, its memory, and the same once more."""
    mib = int(os.environ.get("TIDEGATE_BENCH_MIB", "1024"))
    name = f"stage + promote {mib} MiB in {FILES} files"
    project = _project(ground.scratch / "release", mib * MIB // FILES)
    files = project.base / "artifacts"
    now = datetime.now(UTC)
    aws, rclone = _aws(), shutil.which("rclone")

    mine: list[dict[str, float]] = []
    theirs: dict[str, list[float]] = {"aws s3 sync": [], "rclone": []}
    for _ in range(ROUNDS):
        url = ground.server.address(ground.server.new_bucket(), "node")
        mine.append(_publish(ground, project, url, now))
        if aws:
            theirs["aws s3 sync"].append(ground.timed([*_sync(aws, files, ground)]))
        if rclone:
            theirs["rclone"].append(ground.timed(_rclone(rclone, files, ground)))
    again = _publish(ground, project, url, now)

    ours = statistics.median(one["seconds"] for one in mine)
    parts = _parts(ground, project, files)
    says = f"plan (hash, sign) {_middle(mine, 'plan')} s, stage {_middle(mine, 'stage')} s, promote with the self-check"
    limits = ", ".join(f"{what} {value:.2f} s" for what, value in parts.items())
    note = (
        f"median of {ROUNDS}: {says} {_middle(mine, 'promote')} s; alone: {limits}; the longest of these is the limit:"
        f" {max(parts, key=lambda what: parts[what])}"
    )
    for tool, missing in (("aws s3 sync", "awscli cannot be installed"), ("rclone", "rclone is not installed")):
        times = theirs[tool]
        other = statistics.median(times) if times else 0.0
        ratio = round(ours / other, 3) if other else 0.0
        main = tool == "aws s3 sync"
        yield (
            name if main else f"{name}, rclone",
            Result(
                round(ours, 3),
                round(other, 3),
                ratio,
                TARGET if main else "for comparison",
                bool(times) and ratio <= 0.8 if main else True,
                f"theirs: {tool}; {note}" if times else f"not compared: {missing}; {note}",
            ),
        )
    most = max(one["rss"] for one in mine)
    yield (
        f"memory, {mib} MiB",
        Result(
            round(most, 1),
            MEMORY_MIB,
            round(most / MEMORY_MIB, 3),
            "under 300 MB",
            most < MEMORY_MIB,
            "MiB, not seconds: the largest resident size of the publishing process; theirs: the limit",
        ),
    )
    yield (
        "publish again, nothing changed",
        Result(
            round(again["cpu"], 3),
            CPU_SECONDS,
            round(again["cpu"] / CPU_SECONDS, 3),
            "no object written, under 1 s of CPU",
            again["cpu"] < CPU_SECONDS and again["written"] == 0,
            f"CPU seconds, of which hashing {mib} MiB takes {parts['hash']:.2f} s; {again['written']:.0f} objects"
            f" written, {again['seconds']:.2f} s by the wall; theirs: the limit",
        ),
    )


def _project(base: Path, size: int) -> Project:
    """A release of 8 platforms, with files that do not compress."""
    project = Project(base)
    platforms = [f"linux-{name}" for name in ("386", "amd64", "arm", "arm64", "ppc64le", "riscv64", "s390x", "mips64")]
    products = project.config / "products.yaml"
    text = products.read_text()
    products.write_text(text.replace("linux-amd64, windows-amd64", ", ".join(platforms)))
    project.add_release("1.0.0")
    release = project.content / "releases/node/1.0.0.yaml"
    head = release.read_text().partition("artifacts:")[0]
    lines = "".join(f'  - {{file: "node-{one}.bin", platform: {one}}}\n' for one in platforms)
    release.write_text(f"{head}artifacts:\n{lines}")
    files = base / "artifacts"
    files.mkdir()
    for one in platforms:
        with (files / f"node-{one}.bin").open("wb") as file:
            for start in range(0, size, MIB):
                file.write(os.urandom(min(MIB, size - start)))
    return project


def _publish(ground: Ground, project: Project, url: str, now: datetime) -> dict[str, float]:
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", PUBLISH, project.base, url, now.isoformat()],
        check=True,
        env=ground.environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    found: dict[str, float] = json.loads(ran.stdout)
    return {**found, "seconds": time.perf_counter() - start if found["written"] else found["seconds"]}


def _parts(ground: Ground, project: Project, files: Path) -> dict[str, float]:
    """What the single parts cost alone."""
    release = project.release("1.0.0")
    client, bucket = ground.server.client(), ground.server.new_bucket()
    paths = sorted(files.iterdir())

    def send() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda path: client.upload_file(str(path), bucket, path.name), paths))

    def fetch() -> None:
        for path in paths:
            with client.get_object(Bucket=bucket, Key=path.name)["Body"] as stream:
                while stream.read(MIB):
                    pass

    return {
        "hash": seconds(lambda: hash_files(collect(release, files), lambda _: None)),
        "upload by plain boto3 (wire and server)": seconds(send),
        "download by plain boto3 (wire and server)": seconds(fetch),
    }


def _middle(runs: Sequence[dict[str, float]], what: str) -> str:
    return f"{statistics.median(one[what] for one in runs):.2f}"


def _sync(aws: Path, files: Path, ground: Ground) -> list[str | Path]:
    target = f"s3://{ground.server.new_bucket()}/node/"
    return [aws, "--endpoint-url", ground.server.endpoint, "s3", "sync", "--only-show-errors", files, target]


def _rclone(rclone: str, files: Path, ground: Ground) -> list[str | Path]:
    remote = f":s3,provider=Other,env_auth=true,endpoint='{ground.server.endpoint}':{ground.server.new_bucket()}/node"
    return [rclone, "--config", os.devnull, "copy", files, remote]


def _aws() -> Path | None:
    """The AWS command line in an environment of its own; None where it cannot be installed."""
    aws = (TOOLS / "bin/aws").absolute()
    if not aws.exists():
        venv.create(TOOLS, with_pip=True)
        pip = [str(TOOLS / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "awscli"]
        if subprocess.run(pip, check=False, timeout=300).returncode != 0:
            return None
    return aws
