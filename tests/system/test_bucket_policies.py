"""The documents of `publish bucket`, applied on a real server: what nobody may do, object by object.

Which jobs each identity does is in test_identities.py.

SeaweedFS does not know the condition key `s3:if-none-match`: deleting what is published is denied there, and
overwriting it is not. The last test says so; a version of the server that learns it makes that test fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from publisher.pipeline.release.release import apply_release
from publisher.pipeline.site.upload import apply_upload, plan_upload
from publisher.storage.s3.policies import Identity, bucket_policy, cors, lifecycle, policy, site_lifecycle, site_policy
from tests.support.project import Project
from tests.support.site import write_site

if TYPE_CHECKING:
    from publisher.storage.s3.store import S3Storage
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.system

PREFIX = "channel/"
WORKERS = (Identity.PUBLISHER, Identity.AUTOMATION, Identity.ON_CALL)
IDENTITIES = (*WORKERS, Identity.BREAK_GLASS)


@dataclass
class Place:
    """A bucket with everything applied, and a release that the publisher has published."""

    server: S3Server
    bucket: str
    users: dict[Identity, Any]
    project: Project

    def client(self, identity: Identity) -> Any:
        return self.server.client(self.users[identity])

    def storage(self, identity: Identity) -> S3Storage:
        return open_as(self.server, self.users[identity], self.bucket, PREFIX)

    def keys(self) -> list[str]:
        page = self.server.client().list_objects_v2(Bucket=self.bucket, Prefix=PREFIX)
        return [one["Key"] for one in page["Contents"]]

    def anonymous(self, key: str) -> int:
        url = f"{self.server.endpoint}/{self.bucket}/{key}"
        return int(urllib3.PoolManager().request("GET", url, retries=False).status)


def open_as(server: S3Server, user: Any, bucket: str, prefix: str) -> S3Storage:
    from publisher.storage.s3.address import S3Address  # noqa: PLC0415
    from publisher.storage.s3.store import S3Storage  # noqa: PLC0415 - boto3 is slow to load

    with pytest.MonkeyPatch.context() as patch:
        for name, value in user.environment.items():
            patch.setenv(name, value)
        storage = S3Storage(S3Address.parse(server.address(bucket, prefix)))
        _ = storage.capabilities
    return storage


@pytest.fixture(scope="module")
def place(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Place:
    bucket = server.new_bucket()
    admin = server.client()
    admin.put_bucket_policy(Bucket=bucket, Policy=json.dumps(bucket_policy(bucket, PREFIX)))
    admin.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors("https://updates.example.org"))
    admin.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=lifecycle(PREFIX))
    users = {one: server.identity(one.value, policy(bucket, PREFIX, one)["Statement"]) for one in IDENTITIES}
    project = Project(Path(tmp_path_factory.mktemp("project")))
    project.add_release("1.0.0")
    there = Place(server, bucket, users, project)
    storage = there.storage(Identity.PUBLISHER)
    storage.prepare()
    plan = project.plan(project.request("1.0.0"), storage)
    apply_release(plan, project.catalog, storage, lambda: project.now)
    # Ceph tells whoever asks for an object that is not there that it is not there, and refuses the others.
    admin.put_object(Bucket=bucket, Key="other/1", Body=b"somebody else's")
    return there


def test_the_publisher_publishes_and_the_public_reads(place: Place) -> None:
    keys = place.keys()
    feed = next(key for key in keys if "/feed/" in key)
    assert place.anonymous(feed) == 200
    assert place.anonymous(next(key for key in keys if "/releases/" in key)) == 200
    private = (next(key for key in keys if f"/{area}/" in key) for area in ("staging", "ledger"))
    for key in (*private, "?list-type=2"):
        assert place.anonymous(key) in (403, 404)


def test_break_glass_deletes_what_somebody_planted(place: Place) -> None:
    for key in ("tuf/metadata/2.root.json", "releases/node/9.9.9/node.exe", "tuf/targets/artifacts/x", "staging/x/y"):
        put(PREFIX + key)(place.server.client(), place.bucket)
        delete(PREFIX + key)(place.client(Identity.BREAK_GLASS), place.bucket)
        there = place.keys()
        assert PREFIX + key not in there


def test_on_call_brakes(place: Place) -> None:
    put(f"{PREFIX}tuf/metadata/99.brakes.json")(place.client(Identity.ON_CALL), place.bucket)


Operation = Callable[[Any, str], object]


def put(key: str) -> Operation:
    return lambda client, bucket: client.put_object(Bucket=bucket, Key=key, Body=b"x")


def delete(key: str) -> Operation:
    return lambda client, bucket: client.delete_object(Bucket=bucket, Key=key)


EVERYBODY: dict[str, Operation] = {
    "write beside the prefix": put("other/1"),
    "read beside the prefix": lambda client, bucket: client.get_object(Bucket=bucket, Key="other/1"),
    "list beside the prefix": lambda client, bucket: client.list_objects_v2(Bucket=bucket, Prefix="other/"),
    "delete a root": delete(f"{PREFIX}tuf/metadata/1.root.json"),
    "delete the timestamp": delete(f"{PREFIX}tuf/metadata/timestamp.json"),
    "delete a release": delete(f"{PREFIX}releases/node/1.0.0/SHA256SUMS"),
    "delete the marker": delete(f"{PREFIX}.tidegate-bucket"),
    "delete an entry of the ledger": delete(f"{PREFIX}ledger/00000001.json"),
    "delete a candidate": delete(f"{PREFIX}staging/node.stable/current.json"),
    "read the bucket's policy": lambda client, bucket: client.get_bucket_policy(Bucket=bucket),
    "delete the bucket's policy": lambda client, bucket: client.delete_bucket_policy(Bucket=bucket),
    "delete the lifecycle": lambda client, bucket: client.delete_bucket_lifecycle(Bucket=bucket),
    "delete the bucket": lambda client, bucket: client.delete_bucket(Bucket=bucket),
}
BROKEN_GLASS = ("delete a root", "delete a release", "delete a candidate")
"""What this identity is for; where versions are kept, an object that was deleted by mistake can be brought back."""

ONLINE: dict[str, Operation] = {
    "write a root": put(f"{PREFIX}tuf/metadata/2.root.json"),
    "write a target": put(f"{PREFIX}tuf/targets/feed/node/stable/x.json"),
    "write a release": put(f"{PREFIX}releases/node/1.0.0/x"),
    "write a candidate": put(f"{PREFIX}staging/node.stable/x"),
    "sign a candidate": put(f"{PREFIX}staging/node.stable/{'0' * 64}/sig/x"),
    "sign a way back": put(f"{PREFIX}staging/node.stable/{'0' * 64}/back/x"),
    "attest": put(f"{PREFIX}staging/node.stable/{'0' * 64}/attest/x"),
    "write a way back": put(f"{PREFIX}back/node.stable/x.json"),
}
FORBIDDEN: dict[Identity, dict[str, Operation]] = {
    Identity.PUBLISHER: EVERYBODY,
    Identity.AUTOMATION: {
        **EVERYBODY,
        **ONLINE,
        "write a channel": put(f"{PREFIX}tuf/metadata/2.node.stable.json"),
    },
    Identity.ON_CALL: {
        **EVERYBODY,
        **ONLINE,
        "roll out": put(f"{PREFIX}tuf/metadata/9.rollout.json"),
        "delegate": put(f"{PREFIX}tuf/metadata/9.targets.json"),
        "stage": put(f"{PREFIX}staging/node.stable/current.json"),
    },
    Identity.BREAK_GLASS: {
        **{what: act for what, act in EVERYBODY.items() if what not in BROKEN_GLASS},
        **ONLINE,
        "brake": put(f"{PREFIX}tuf/metadata/9.brakes.json"),
    },
}


@pytest.mark.parametrize(("who", "what"), [(who, what) for who, table in FORBIDDEN.items() for what in table])
def test_nothing_more(place: Place, who: Identity, what: str) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 is slow to load

    with pytest.raises(ClientError) as caught:
        FORBIDDEN[who][what](place.client(who), place.bucket)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_this_server_does_not_deny_overwriting(place: Place) -> None:
    client = place.client(Identity.PUBLISHER)
    key = f"{PREFIX}releases/node/0.0.1/x"
    client.put_object(Bucket=place.bucket, Key=key, Body=b"1", IfNoneMatch="*")
    assert client.put_object(Bucket=place.bucket, Key=key, Body=b"2")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_the_site_has_a_publisher_of_its_own(place: Place, tmp_path: Path) -> None:
    """Who uploads pages, replaces them and deletes stale ones, and reaches nothing of the channel."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 is slow to load

    server, bucket = place.server, place.server.new_bucket()
    admin = server.client()
    admin.put_bucket_policy(Bucket=bucket, Policy=json.dumps(site_policy(bucket, "", Identity.PUBLIC)))
    admin.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=site_lifecycle(""))
    user = server.identity("site", site_policy(bucket, "", Identity.PUBLISHER)["Statement"])
    storage = open_as(server, user, bucket, "")
    for number, pages in enumerate(({"index.html": "one", "gone.html": "x"}, {"index.html": "two"})):
        apply_upload(plan_upload(write_site(tmp_path / str(number), "red", pages), storage), storage)
    assert {"index.html", "pages.json"} <= {stat.key for stat in storage.list("")}
    assert storage.stat("gone.html") is None

    def anonymous(method: str, key: str) -> int:
        url = f"{server.endpoint}/{bucket}/{key}"
        return int(urllib3.PoolManager().request(method, url, retries=False).status)

    assert [anonymous("GET", key) for key in ("index.html", "pages.json", "?list-type=2")] == [200, 200, 403]
    assert [anonymous(method, "index.html") for method in ("PUT", "DELETE")] == [403, 403]
    channel = f"{PREFIX}tuf/metadata/timestamp.json"
    for act in (put(channel), delete(channel)):
        with pytest.raises(ClientError, match="AccessDenied"):
            act(server.client(user), place.bucket)
    for who in WORKERS:
        with pytest.raises(ClientError, match="AccessDenied"):
            put("index.html")(place.client(who), bucket)
