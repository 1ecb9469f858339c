"""Publishing to a real S3 server, beside tools that copy the same bytes to the same server.

TIDEGATE_BENCH_MIB sets the size, for quick tries; the numbers that count are of 1,024 MiB.
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

from publisher.pipeline.artifacts.built_files import collect, hash_files
from tests.bench.measure import Result, seconds
from tests.support.project import Project
from tests.support.seaweed import SeaweedServer

FILES = 8
MIB = 1024 * 1024
ROUNDS = 3
PAGES = 2000
AWS = "aws s3 sync"
RCLONE = "rclone copy"
LIMIT = 0.8
TARGET = f"at most {LIMIT} of {AWS}"
TOOLS = Path("build/bench-tools")
MEMORY_MIB = 300
CPU_SECONDS = 1.0

PUBLISH = """
import json, resource, sys, time
from datetime import datetime
from pathlib import Path
from publisher.content.load import load_catalog
from publisher.pipeline.decide import ReleaseRequest
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.release.promote import apply_promote
from publisher.pipeline.release.release import plan_release
from publisher.pipeline.release.stage import apply_stage
from publisher.pipeline.progress import silent
from publisher.pipeline.objects.writing import write_objects
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

UPLOAD = """
import sys
from pathlib import Path
from publisher.pipeline.site.files import read_site
from publisher.pipeline.site.upload import apply_upload, plan_upload
from publisher.storage.open import open_storage

storage = open_storage(sys.argv[2])
apply_upload(plan_upload(read_site(Path(sys.argv[1])), storage), storage)
"""


@dataclass(frozen=True)
class Ground:
    """The server and what publishes to it."""

    server: SeaweedServer
    scratch: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of every program here: our own and the others'."""
        mine = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}  # rclone stumbles over it
        return {**mine, **self.server.admin.environment, "PYTHONPATH": str(Path.cwd())}

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
        ground = Ground(server, scratch)
        yield from big_files(ground)
        yield from small_objects(ground)


def big_files(ground: Ground) -> Iterator[tuple[str, Result]]:
    """A release in 8 files: staged and promoted, its memory, and the same once more."""
    mib = int(os.environ.get("TIDEGATE_BENCH_MIB", "1024"))
    name = f"stage + promote {mib} MiB in {FILES} files"
    project = _project(ground.scratch / "release", mib * MIB // FILES)
    files = project.base / "artifacts"
    now = datetime.now(UTC)

    mine: list[dict[str, float]] = []
    theirs: dict[str, list[float]] = {AWS: [], RCLONE: []}
    for _ in range(ROUNDS):
        url = ground.server.address(ground.server.new_bucket(), "node")
        mine.append(_publish(ground, project, url, now))
        for tool, words in _others(files, ground).items():
            theirs[tool].append(ground.timed(words))
    again = _publish(ground, project, url, now)

    ours = statistics.median(one["seconds"] for one in mine)
    parts = _parts(ground, project, files)
    says = (
        f"plan (try out the store, hash, sign) {_middle(mine, 'plan')} s, stage {_middle(mine, 'stage')} s,"
        f" promote with the self-check {_middle(mine, 'promote')} s"
    )
    limits = ", ".join(f"{what} {value:.2f} s" for what, value in parts.items())
    note = (
        f"median of {ROUNDS}: {says}; alone: {limits}; the longest of these is the limit:"
        f" {max(parts, key=lambda what: parts[what])}"
    )
    yield name, _against(ours, theirs[AWS], AWS, TARGET, note)
    yield f"{name}, rclone", _against(ours, theirs[RCLONE], RCLONE, None, note)
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


def small_objects(ground: Ground) -> Iterator[tuple[str, Result]]:
    """A site of many small pages, uploaded into an empty bucket, and once more unchanged."""
    pages = ground.scratch / "site"
    for number in range(PAGES):
        page = pages / f"part-{number % 40}" / f"{number}/index.html"
        page.parent.mkdir(parents=True)
        page.write_bytes(os.urandom(2048).hex().encode())
    mine: list[float] = []
    theirs: dict[str, list[float]] = {AWS: [], RCLONE: []}
    again: list[float] = []
    theirs_again: dict[str, list[float]] = {AWS: [], RCLONE: []}
    for _ in range(ROUNDS):
        words: list[str | Path] = [
            sys.executable,
            "-c",
            UPLOAD,
            pages,
            ground.server.address(ground.server.new_bucket()),
        ]
        mine.append(ground.timed(words))
        again.append(ground.timed(words))
        for tool, others in _others(pages, ground).items():
            theirs[tool].append(ground.timed(others))
            theirs_again[tool].append(ground.timed(others))
    note = f"median of {ROUNDS}, as programs of their own, start included; 16 requests at once; the server is the limit"
    for what, ours, others_took in (("upload", mine, theirs), ("nothing changed", again, theirs_again)):
        for tool in (AWS, RCLONE):
            name = f"{PAGES} small site objects, {what}" + (", rclone" if tool == RCLONE else "")
            yield name, _against(statistics.median(ours), others_took[tool], tool, None, note)


def _against(ours: float, theirs: Sequence[float], tool: str, target: str | None, note: str) -> Result:
    if not theirs:
        return Result(round(ours, 3), None, None, target or "for comparison", None, f"no {tool} here; {note}")
    other = statistics.median(theirs)
    ratio = round(ours / other, 3)
    met = ratio <= LIMIT if target else None
    return Result(round(ours, 3), round(other, 3), ratio, target or "for comparison", met, f"theirs: {tool}; {note}")


def _others(files: Path, ground: Ground) -> dict[str, Sequence[str | Path]]:
    """The commands that copy a directory into a new bucket, of the tools that are here."""
    aws, rclone = _aws(), shutil.which("rclone")
    return {
        **({AWS: _sync(aws, files, ground)} if aws else {}),
        **({RCLONE: _rclone(rclone, files, ground)} if rclone else {}),
    }


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
