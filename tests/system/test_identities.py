"""Who can do which job with the credentials that `publish bucket policy` prints, and what is denied to whom.

Every job is the command that people or a timer run, on a real server, in a bucket of its own.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.repository import read_repository
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.roles.renew import find_renewals, renew
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import MARKER, MARKER_KEY, Storage
from publisher.storage.s3.policies import Identity, bucket_policy, policy
from tests.support.braking import hold as hold_version
from tests.support.command import Publish, Ran
from tests.support.mitigating import with_settings
from tests.support.own_site import copy_site
from tests.support.project import Project
from tests.support.rotating import sign_role_as
from tests.support.thief import Thief

if TYPE_CHECKING:  # boto3 is slow to load
    from tests.support.s3_server import Identity as User
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.system

PREFIX = "channel/"
PUBLISHER, AUTOMATION, ON_CALL, SITE = Identity.PUBLISHER, Identity.AUTOMATION, Identity.ON_CALL, Identity.SITE
ALL = (PUBLISHER, AUTOMATION, ON_CALL, SITE)
ONLINE_KEYS = ("snapshot-*", "timestamp-*")
STOPPING_KEYS = (*ONLINE_KEYS, "brakes-*")
SHIPPING_KEYS = (*ONLINE_KEYS, "channels-*", "minisign-*")
"""Files of keys that a job takes. Whoever does it has them all: what is tried is what the bucket allows."""


@dataclass(frozen=True)
class Channel:
    """A project and what its bucket holds, before anybody does the job."""

    project: Project
    objects: dict[str, bytes]


@dataclass
class Scene:
    """A bucket with a channel in it, and somebody who has the credentials of an identity."""

    channel: Channel
    server: S3Server
    bucket: str
    keys: Path
    onlooker: User
    """May read everything, unlike the owner of the bucket on Ceph, who owns no object that others wrote."""
    run: Publish

    @property
    def to(self) -> str:
        return self.server.address(self.bucket, PREFIX)

    def publish(self, *words: str | Path) -> Ran:
        return self.run(*words, "--to", self.to, cwd=self.channel.project.base)

    def with_keys(self, *words: str | Path) -> Ran:
        return self.publish(*words, "--keys", self.keys)

    def read(self, key: str) -> bytes | None:
        """An object, whoever wrote it."""
        client = self.server.client(self.onlooker)
        found = client.list_objects_v2(Bucket=self.bucket, Prefix=PREFIX + key)
        if not any(one["Key"] == PREFIX + key for one in found.get("Contents", ())):
            return None
        return bytes(client.get_object(Bucket=self.bucket, Key=PREFIX + key)["Body"].read())

    def versions(self) -> dict[str, int]:
        """Role -> version that is live."""
        live = read_repository(self.read, self.channel.project.root)
        assert live is not None
        return dict(live.versions)

    def ships(self) -> str:
        """What the channel offers."""
        live = read_repository(self.read, self.channel.project.root)
        assert live is not None
        return str(live.roles["node.stable"].signed.unrecognized_fields["x-tidegate-release"])


@dataclass(frozen=True)
class Job:
    """A job, on which channel it is tried, and who may do it."""

    channel: str
    do: Callable[[Scene], Ran]
    done: Callable[[Scene, Ran], bool]
    allowed: tuple[Identity, ...]
    halfway: tuple[Identity, ...] = ()
    """Whose rights for another job reach as far as clients, but not to the end of this one."""
    keys: tuple[str, ...] = ONLINE_KEYS
    tried: tuple[Identity, ...] = ALL
    exit: int = 0
    """How the command ends for those who may: a refresh with 3 while people have to sign something else."""


def succeeded(_scene: Scene, ran: Ran) -> bool:
    return ran.code == 0


def ships(version: str) -> Callable[[Scene, Ran], bool]:
    return lambda scene, ran: ran.code == 0 and scene.ships() == version


def higher(*roles: str) -> Callable[[Scene, Ran], bool]:
    """Whether clients get newer metadata of these roles than before."""

    def check(scene: Scene, _ran: Ran) -> bool:
        before, now = versions_in(scene.channel), scene.versions()
        return all(now[role] > before[role] for role in roles)

    return check


def renewal_staged(scene: Scene, ran: Ran) -> bool:
    """Whether the snapshot is renewed, and a renewal of what people sign waits for them."""
    return higher("snapshot")(scene, ran) and scene.read("staging/notes/current.json") is not None


def versions_in(channel: Channel) -> dict[str, int]:
    live = read_repository(channel.objects.get, channel.project.root)
    assert live is not None
    return dict(live.versions)


def release(scene: Scene) -> Ran:
    artifacts = scene.channel.project.build("1.3.0")
    # The identities share a project, so what one of them ships is not written into its content.
    return scene.with_keys("release", "node@1.3.0", "--channel", "stable", "--artifacts", artifacts, "--no-record")


def stage(scene: Scene) -> Ran:
    artifacts = scene.channel.project.build("1.3.0")
    return scene.with_keys("stage", "node@1.3.0", "--channel", "stable", "--artifacts", artifacts)


def approve(scene: Scene) -> Ran:
    digest = json.loads(scene.channel.objects["staging/node.stable/current.json"])["candidate"]
    key = scene.channel.project.keys / "channels-ana.pem"
    return scene.publish("approve", "node@1.2.0", "--channel", "stable", "--key", f"file:{key}", "--yes", digest)


def refresh(scene: Scene) -> Ran:
    return scene.with_keys("refresh")


REASON = ("--because", "It stops after a day.", "--channel", "stable")


def hold(scene: Scene) -> Ran:
    return scene.with_keys("hold", "node", *REASON, "--next-update", "6h", "--yes")


def withdraw(scene: Scene) -> Ran:
    return scene.with_keys("withdraw", "node@1.1.0", *REASON, "--action", "stop", "--yes")


def mitigate(scene: Scene) -> Ran:
    advice = ("--versions", "1.0.0..1.2.0", "--set", "auto-sync=off", "--because", "It stops.", "--until", "14d")
    return scene.with_keys("mitigate", "node", *advice, "--yes")


def lift(scene: Scene) -> Ran:
    return scene.with_keys("lift", "node@1.1.0", "--channel", "stable")


def reject(scene: Scene) -> Ran:
    digest = json.loads(scene.channel.objects["staging/node.stable/current.json"])["candidate"]
    return scene.with_keys("approve", "node@1.2.0", "--reject", *REASON, "--yes", digest)


def build_and_sign(scene: Scene) -> Ran:
    """The site goes into a directory of its own: what is tried is the channel's bucket."""
    pages = scene.keys.parent / "pages"
    pages.mkdir()
    words = ("build", "--upload", pages, "--channel-bucket", scene.to, "--keys", scene.keys)
    return scene.run(*words, cwd=scene.channel.project.base)


def recover(scene: Scene) -> Ran:
    """Look, then put back the newest state that is listed."""
    looked = scene.publish("recover")
    entries = re.findall(r"\b\d+:[0-9a-f]{64}\b", looked.out)
    return scene.with_keys("recover", "--entry", entries[0]) if entries else looked


JOBS = {
    "publish a release": Job("live", release, ships("1.3.0"), (PUBLISHER,), keys=SHIPPING_KEYS),
    "stage a release": Job("live", stage, succeeded, (PUBLISHER,), keys=SHIPPING_KEYS),
    "approve a release": Job("staged", approve, succeeded, (PUBLISHER,), keys=SHIPPING_KEYS),
    "promote a release": Job(
        "approved", lambda scene: scene.with_keys("promote", "node@1.2.0", "--channel", "stable", "--no-record"),
        ships("1.2.0"), (PUBLISHER,), keys=SHIPPING_KEYS,
    ),
    "hold what is offered": Job("live", hold, higher("brakes"), (PUBLISHER, ON_CALL), keys=STOPPING_KEYS),
    "withdraw a version": Job("live", withdraw, higher("brakes"), (PUBLISHER, ON_CALL), keys=STOPPING_KEYS),
    "advise a setting": Job(
        "live", mitigate, higher("notes"), (PUBLISHER, ON_CALL, SITE), keys=(*ONLINE_KEYS, "notes-*")
    ),
    # Whoever renews brakes may write them: a no is one more line in them, and it only ever stops something.
    "reject a candidate": Job(
        "staged", reject, higher("brakes"), (PUBLISHER, AUTOMATION, ON_CALL), keys=STOPPING_KEYS
    ),
    # It has no files, so whoever stages renewals may stage it; the channel's people still have to approve it.
    "stage the end of a hold": Job("held", lift, succeeded, (PUBLISHER, AUTOMATION), keys=SHIPPING_KEYS),
    "sign the site": Job(
        "live", build_and_sign, higher("notes"), (PUBLISHER, SITE), keys=(*ONLINE_KEYS, "notes-*")
    ),
    "see what is live and staged": Job(
        "staged", lambda scene: scene.publish("status"), succeeded, (PUBLISHER, AUTOMATION, ON_CALL)
    ),
    "verify the ledger": Job("live", lambda scene: scene.publish("log", "--verify"), succeeded, ALL),
    "refresh, whatever else is due": Job(
        "due", refresh, higher("snapshot"), (), halfway=(ON_CALL, SITE), tried=(ON_CALL, SITE)
    ),
    "stage a renewal": Job(
        "due", refresh, renewal_staged,
        (PUBLISHER, AUTOMATION), exit=3,
    ),
    "make a renewal of shared roles live": Job(
        "renewed", refresh, higher("notes"), (PUBLISHER, AUTOMATION), halfway=(ON_CALL,), exit=3
    ),
    # Whoever may take a release back may write metadata of channels; the rest of the work is the publisher's.
    "make a renewal of a channel live": Job(
        "channel renewed", refresh, higher("node.stable"), (PUBLISHER,), halfway=(ON_CALL,), exit=3
    ),
    "take a release back": Job(
        "staged",
        lambda scene: scene.with_keys("rollback", "node@1.1.0", "--because", "It stops.", "--channel", "stable"),
        ships("1.0.0"),
        (PUBLISHER, ON_CALL),
        keys=STOPPING_KEYS,
    ),
    "put back what a thief replaced": Job("stolen", recover, ships("1.1.0"), ALL),
}  # fmt: skip


def emptied(storage: Storage) -> dict[str, bytes]:
    found = {stat.key: data for stat in storage.list("") if (data := reader(storage)(stat.key)) is not None}
    return {MARKER_KEY: MARKER, **found}


def at(base: Path, moment: datetime) -> tuple[Project, MemoryStorage]:
    """A project that published 1.0.0 and 1.1.0 at a moment, and content for two more."""
    project, storage = with_settings(Project(base, now=moment)), MemoryStorage()
    storage.prepare()
    for version in ("1.0.0", "1.1.0"):
        project.publish(version, storage=storage)
    for version in ("1.2.0", "1.3.0"):
        project.add_release(version)
    return project, storage


def online_keys(project: Project) -> Path:
    """A directory with the keys of a timer."""
    return copied(project.keys, project.base / "timer", ONLINE_KEYS)


def copied(keys: Path, to: Path, patterns: Iterable[str]) -> Path:
    to.mkdir()
    for pattern in patterns:
        for file in keys.glob(pattern):
            shutil.copy(file, to)
    return to


def renewed(project: Project, storage: MemoryStorage, *roles: tuple[str, tuple[str, ...]]) -> None:
    """Have the renewals staged that are due today, and signed by these keys."""
    project.now = now = datetime.now(UTC)
    ring = KeyRing(project.catalog.signers, online_keys(project), lambda _name: None)
    plan_refresh(project.look(storage), project.catalog, ring, now).apply(storage)
    renew(find_renewals(project.look(storage), project.catalog, ring, now), storage, project.catalog, ring, now)
    for role, names in roles:
        sign_role_as(project, role, names, storage)


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Channel]:
    """Each channel that the jobs start from."""
    now, made = datetime.now(UTC), {}

    def keep(name: str, project: Project, storage: MemoryStorage) -> None:
        made[name] = Channel(project, emptied(storage))

    project, storage = at(tmp_path_factory.mktemp("live") / "project", now)
    copy_site(project)
    keep("live", project, storage)
    hold_version(project, "1.1.0", storage)
    keep("held", project, storage)
    project, storage = at(tmp_path_factory.mktemp("staged") / "project", now)
    stage_release(project, storage)
    keep("staged", project, storage)
    project.approve("1.2.0", storage=storage)
    keep("approved", project, storage)

    project, storage = at(tmp_path_factory.mktemp("stolen") / "project", now)
    thief = Thief.of(project, "snapshot-ben", "timestamp-ben")
    thief.store = storage
    thief.flip(40, 40)
    keep("stolen", project, storage)

    project, storage = at(tmp_path_factory.mktemp("due") / "project", now - timedelta(days=85))
    keep("due", project, storage)
    project, storage = at(tmp_path_factory.mktemp("renewed") / "project", now - timedelta(days=85))
    renewed(project, storage, ("notes", ("notes-coco",)))
    keep("renewed", project, storage)
    project, storage = at(tmp_path_factory.mktemp("channel") / "project", now - timedelta(days=350))
    renewed(project, storage, ("node.stable", ("channels-ana", "channels-ben")))
    keep("channel renewed", project, storage)
    return made


def stage_release(project: Project, storage: MemoryStorage) -> None:
    from publisher.pipeline.release.stage import apply_stage, plan_stage  # noqa: PLC0415

    plan = plan_stage(project.request("1.2.0"), project.catalog, project.look(storage), project.key_ring(), project.now)
    apply_stage(plan, storage)


@pytest.fixture
def scene(
    request: pytest.FixtureRequest,
    channels: dict[str, Channel],
    server: S3Server,
    publish: Publish,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    """The bucket of a job, and one identity with its printed policy, its credentials and its keys."""
    job, identity = request.param
    channel, bucket, admin = channels[JOBS[job].channel], server.new_bucket(), server.client()
    with ThreadPoolExecutor(8) as pool:
        puts = [
            pool.submit(admin.put_object, Bucket=bucket, Key=PREFIX + key, Body=data)
            for key, data in channel.objects.items()
        ]
    assert all(one.result() for one in puts)
    admin.put_bucket_policy(Bucket=bucket, Policy=json.dumps(bucket_policy(bucket, PREFIX)))
    user = server.identity(identity.value, policy(bucket, PREFIX, identity)["Statement"])
    for name, value in user.environment.items():
        monkeypatch.setenv(name, value)
    keys = copied(channel.project.keys, tmp_path / "keys", JOBS[job].keys)
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    reads: dict[str, object] = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": everything}
    return Scene(channel, server, bucket, keys, server.identity("onlooker", [reads]), publish)


CELLS = [(job, identity) for job, work in JOBS.items() for identity in work.tried]


def by_day(job: str, identity: Identity) -> bool:
    """Whether CI tries it: whoever may do a job, and the first who may not; `make nightly` tries everybody."""
    refused = [tried for tried in JOBS[job].tried if tried not in JOBS[job].allowed]
    return identity in JOBS[job].allowed or identity == refused[0]


@pytest.mark.parametrize(
    ("scene", "job", "identity"),
    [
        pytest.param(
            (job, identity),
            job,
            identity,
            id=f"{identity}: {job}",
            marks=() if by_day(job, identity) else pytest.mark.nightly,
        )
        for job, identity in CELLS
    ],
    indirect=["scene"],
)
def test_each_identity_does_its_jobs_and_no_other(scene: Scene, job: str, identity: Identity) -> None:
    before = scene.read(TIMESTAMP_KEY)
    work = JOBS[job]
    ran = work.do(scene)
    said = " ".join((ran.out + ran.err).split())
    if identity in work.allowed:
        assert work.done(scene, ran), said
        assert ("access denied" in said, ran.code) == (False, work.exit), said
    else:
        assert work.done(scene, ran) == (identity in work.halfway), said
        assert "access denied" in said
        assert ran.code == 5
        # A refresh does what it may: clients are kept up to date all the same.
        assert scene.read(TIMESTAMP_KEY) == before or work.do is refresh
    # 4 would tell those who watch the timer that somebody else has published.
    assert ran.code != 4
