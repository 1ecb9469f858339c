"""What bad input and refusing servers get from S3 storage: a sentence each, nothing half done, and no secret in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.errors import StorageError
from publisher.storage.protocol import Body
from publisher.storage.s3.probe import Capabilities
from publisher.storage.s3.retry import Patience
from publisher.storage.s3.store import S3Storage
from tests.storage.conftest import BIG, MakeStorage
from tests.storage.contract import META, body, content, keys
from tests.support.s3_proxy import Rule, S3Proxy
from tests.support.seaweed import SeaweedServer

pytestmark = pytest.mark.system


def refusal(act: Callable[[], object], words: str) -> str:
    with pytest.raises(StorageError) as caught:
        act()
    said = str(caught.value)
    assert words in said
    assert caught.value.exit_code == 5
    assert "secret" not in said.replace("secret key", "").replace("AWS_SECRET", "")
    assert "Traceback" not in said and "botocore" not in said
    return said


def test_no_credentials(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    refusal(make().prepare, "there are no credentials for s3://")


def test_half_the_credentials(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    refusal(lambda: make().prepare(), "there are no credentials for s3://")


def test_a_wrong_secret(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    refusal(make().prepare, "the secret key does not belong to the access key")


def test_an_unknown_access_key(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    refusal(make().prepare, "does not know this access key")


def test_a_missing_bucket(make: MakeStorage) -> None:
    refusal(make(bucket="no-such-bucket").prepare, "there is no bucket no-such-bucket at http://127.0.0.1:")


def test_a_clock_that_is_wrong(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth  # noqa: PLC0415

    real = botocore.auth.get_current_datetime

    def late(*arguments: Any, **named: Any) -> datetime:
        now: datetime = real(*arguments, **named)
        return now - timedelta(hours=3)

    monkeypatch.setattr(botocore.auth, "get_current_datetime", late)
    said = refusal(make().prepare, "clock of this machine differs too much")
    assert "which says 20" in said


def test_nobody_listens(make: MakeStorage) -> None:
    storage = make(endpoint="http://127.0.0.1:9", patience=Patience(first=0.01))
    refusal(storage.prepare, "http://127.0.0.1:9 cannot be reached")


def test_a_server_whose_certificate_is_not_accepted(make: MakeStorage, proxy: S3Proxy) -> None:
    refusal(make(endpoint=proxy.endpoint.replace("http:", "https:")).prepare, "https://127.0.0.1")


def test_somebody_elses_place(make: MakeStorage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str) -> None:
    seaweed.client().put_object(Bucket=shared_bucket, Key=f"{own_prefix}/thesis.txt", Body=b"mine")
    refusal(make().prepare, "is not empty and is not a Tidegate bucket; nothing was written")
    found = seaweed.client().list_objects_v2(Bucket=shared_bucket, Prefix=f"{own_prefix}/")["Contents"]
    assert [one["Key"] for one in found] == [f"{own_prefix}/thesis.txt"]


@pytest.mark.parametrize(
    ("marker", "words"), [(b'{"tidegate-bucket": 2}', "format 2"), (b"something else", "is not ours")]
)
def test_other_markers(
    make: MakeStorage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str, marker: bytes, words: str
) -> None:
    seaweed.client().put_object(Bucket=shared_bucket, Key=f"{own_prefix}/.tidegate-bucket", Body=marker)
    for act in (make().prepare, lambda: make().stat("a"), lambda: make().create("a", body("x"), META)):
        refusal(act, words)


def test_a_read_only_key(
    make: MakeStorage, s3: S3Storage, seaweed: SeaweedServer, shared_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.create("a", body("one"), META)
    resources = [f"arn:aws:s3:::{shared_bucket}", f"arn:aws:s3:::{shared_bucket}/*"]
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": resources,
    }
    for name, value in seaweed.identity("reader", [statement]).environment.items():
        monkeypatch.setenv(name, value)
    reader = make()
    assert content(reader, "a") == b"one"
    assert keys(reader) == ["a"]
    assert reader.stat("b") is None
    refusal(lambda: reader.create("b", body("x"), META), "access denied: these credentials may not write")
    refusal(lambda: reader.delete("a"), "access denied: these credentials may not delete a in s3://")
    assert keys(s3) == ["a"]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (507, "InsufficientStorage", "is full, or the quota is used up, while writing a in s3://"),
        (403, "QuotaExceeded", "is full, or the quota is used up"),
        (403, "AccessDenied", "these credentials may not write a in s3://"),
        (400, "ExpiredToken", "have expired or are not valid"),
        (301, "PermanentRedirect", "is in another region"),
        (400, "AuthorizationHeaderMalformed", "is in another region"),
        (501, "NotImplemented", "does not support put object"),
        (400, "EntityTooLarge", "does not take an object as large as a"),
        (400, "BadDigest", "arrive damaged"),
        (400, "SomethingOdd", "answers 400 SomethingOdd"),
        (500, "InternalError", "answers 500 InternalError again and again"),
    ],
)
def test_other_refusals(far: S3Storage, proxy: S3Proxy, status: int, code: str, words: str) -> None:
    proxy.rules.append(Rule("PUT", "/a", (status, code), times=100))
    refusal(lambda: far.create("a", body("x"), META), words)
    refusal(lambda: far.replace("a", body("x"), META, None), words)
    proxy.rules.clear()
    assert keys(far) == []


def test_a_full_server_in_the_middle_of_a_large_file(
    far: S3Storage, proxy: S3Proxy, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str
) -> None:
    proxy.rules.append(Rule("PUT", "partNumber=2", (507, "InsufficientStorage")))
    refusal(lambda: far.create("big", Body.from_bytes(BIG), META), "is full")
    assert keys(far) == []
    uploads = seaweed.client().list_multipart_uploads(Bucket=shared_bucket, Prefix=own_prefix)
    assert "Uploads" not in uploads, "parts are taken back"


def test_preparing_takes_back_what_dead_runs_left(
    s3: S3Storage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = seaweed.client()
    client.create_multipart_upload(Bucket=shared_bucket, Key=f"{own_prefix}/big")
    client.put_object(Bucket=shared_bucket, Key=f"{own_prefix}/.tidegate/probe-x/once", Body=b"probe")

    def left() -> list[int]:
        uploads = client.list_multipart_uploads(Bucket=shared_bucket, Prefix=own_prefix).get("Uploads", [])
        probes = client.list_objects_v2(Bucket=shared_bucket, Prefix=f"{own_prefix}/.tidegate/").get("Contents", [])
        return [len(uploads), len(probes)]

    s3.prepare()
    assert left() == [1, 1], "their owner may be alive"
    monkeypatch.setattr("publisher.storage.s3.sweep.UNFINISHED", timedelta(days=-1))
    s3.prepare()
    assert left() == [0, 0]


def test_a_folder_of_other_objects_has_no_room(s3: S3Storage) -> None:
    s3.create("a/b", body("one"), META)
    refusal(lambda: s3.create("a", body("x"), META), "look whether it is a folder of other objects")


def test_keys_count_with_their_prefix(make: MakeStorage, known: Capabilities) -> None:
    storage = make(capabilities=known, below="p" * 200)
    storage.prepare()
    with pytest.raises(Exception, match="longer than 1024 bytes, with the bucket's prefix"):
        storage.create("/".join(["k" * 99] * 9), body("x"), META)
