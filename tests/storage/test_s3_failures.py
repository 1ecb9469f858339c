"""S3 when things go wrong: lost answers, races, bad input. A sentence each, nothing half done, and no secret in it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import StorageConflict, StorageError, StorageMissing
from publisher.storage.protocol import Body, ObjectMeta
from publisher.storage.s3 import S3Storage
from publisher.storage.s3_claim import claimed
from publisher.storage.s3_client import Patience
from publisher.storage.s3_integrity import MIB
from publisher.storage.s3_probe import Capabilities
from tests.storage.conftest import MakeStorage
from tests.storage.contract import META, body, content, keys, race
from tests.support.s3_proxy import CUT_ANSWER, LOSE_ANSWER, LOSE_REQUEST, Rule, S3Proxy
from tests.support.seaweed import SeaweedServer

pytestmark = pytest.mark.system

BIG = bytes(range(256)) * 4096 * 12 + b"tail"


@pytest.fixture
def far(make: MakeStorage, known: Capabilities, s3: S3Storage, proxy: S3Proxy) -> S3Storage:
    """The place of `s3`, seen through the proxy; small parts."""
    storage = make(endpoint=proxy.endpoint, capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB)
    storage.stat("anything")
    proxy.seen.clear()
    return storage


def puts(proxy: S3Proxy) -> int:
    return sum(line.startswith("PUT ") for line in proxy.seen)


# --- answers that are lost


def test_a_create_whose_answer_was_lost_is_found_done(far: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("PUT", "/a.json", LOSE_ANSWER))
    assert far.create("a.json", body("one"), META) is True
    assert puts(proxy) == 1, "what was written is not sent again"
    assert content(far, "a.json") == b"one"


@pytest.mark.parametrize("act", [LOSE_REQUEST, (500, "InternalError"), (503, "SlowDown")])
def test_a_create_that_did_not_arrive_is_sent_again(far: S3Storage, proxy: S3Proxy, act: Any) -> None:
    proxy.rules.append(Rule("PUT", "/a.json", act, times=2))
    assert far.create("a.json", body("one"), META) is True
    assert puts(proxy) == 3
    assert content(far, "a.json") == b"one"


def test_a_create_that_lost_its_answer_to_another_writer(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("PUT", "/a.json", LOSE_REQUEST))
    proxy.rules.append(Rule("HEAD", "/a.json", LOSE_REQUEST))
    s3.create("a.json", body("other"), META)
    with pytest.raises(StorageConflict, match=r"a\.json .* already holds other bytes"):
        far.create("a.json", body("one"), META)
    assert content(s3, "a.json") == b"other"


def test_the_same_bytes_of_another_writer_are_no_write_of_ours(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    s3.create("a.json", body("one"), META)
    proxy.rules.append(Rule("PUT", "/a.json", LOSE_REQUEST))
    assert far.create("a.json", body("one"), META) is False


def test_a_replace_whose_answer_was_lost_is_found_done(far: S3Storage, proxy: S3Proxy) -> None:
    first = far.replace("pointer", body("1"), META, None)
    proxy.rules.append(Rule("PUT", "/pointer", LOSE_ANSWER))
    second = far.replace("pointer", body("2"), META, first)
    assert far.read("pointer", 1) == (b"2", second)
    proxy.rules.append(Rule("PUT", "/pointer", LOSE_REQUEST))
    third = far.replace("pointer", body("3"), META, second)
    assert far.read("pointer", 1) == (b"3", third)


def test_a_replace_that_was_overtaken_while_its_answer_was_lost(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    first = far.replace("pointer", body("1"), META, None)
    overtake = Rule("PUT", "/pointer", LOSE_ANSWER)
    overtake.then = lambda: s3.replace("pointer", body("3"), META, s3.read("pointer", 1)[1])
    proxy.rules.append(overtake)
    with pytest.raises(StorageConflict, match="changed by somebody else"):
        far.replace("pointer", body("2"), META, first)
    assert content(s3, "pointer") == b"3"


def test_a_copy_whose_answer_was_lost_is_found_done(far: S3Storage, proxy: S3Proxy) -> None:
    far.create("a", body("one"), META)
    proxy.rules.append(Rule("PUT", "/b", LOSE_ANSWER))
    assert far.copy("a", "b", META) is True
    assert content(far, "b") == b"one"


def test_parts_and_completion_survive_lost_answers(far: S3Storage, proxy: S3Proxy, seaweed: SeaweedServer) -> None:
    proxy.rules += [
        Rule("PUT", "partNumber=1", LOSE_ANSWER),
        Rule("PUT", "partNumber=2", (500, "InternalError"), times=2),
        Rule("POST", "uploadId=", LOSE_ANSWER),
    ]
    told: list[int] = []
    assert far.create("big", Body.from_bytes(BIG), META, told.append) is True
    assert sum(told) == len(BIG)
    assert content(far, "big") == BIG


def test_a_streamed_file_is_sent_again_from_the_start(
    make: MakeStorage, known: Capabilities, far: S3Storage, proxy: S3Proxy
) -> None:
    storage = make(endpoint=proxy.endpoint, capabilities=known, part_size=MIB)
    proxy.rules.append(Rule("PUT", "/big", (500, "InternalError"), times=2))
    told: list[int] = []
    assert storage.create("big", Body.from_bytes(BIG), META, told.append) is True
    assert sum(told) == len(BIG)
    assert content(storage, "big") == BIG
    proxy.seen.clear()
    assert storage.create("big", Body.from_bytes(BIG), META) is False
    assert not [line for line in proxy.seen if "/big" in line and not line.startswith("HEAD ")], "a HEAD is enough"


def test_reading_goes_on_where_it_broke(far: S3Storage, proxy: S3Proxy) -> None:
    far.create("big", Body.from_bytes(BIG), META)
    proxy.rules.append(Rule("GET", "/big", CUT_ANSWER, times=2))
    with far.open("big") as stream:
        data = b"".join(iter(lambda: stream.read(MIB), b""))
    assert data == BIG
    proxy.rules.append(Rule("GET", "/big", CUT_ANSWER))
    assert far.read("big", len(BIG))[0] == BIG


def test_an_object_replaced_while_it_is_read_is_no_mixture(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    tag = far.replace("big", Body.from_bytes(BIG), META, None)
    swap = Rule("GET", "/big", CUT_ANSWER)
    swap.then = lambda: s3.replace("big", Body.from_bytes(BIG[::-1]), META, tag)
    proxy.rules.append(swap)
    with far.open("big") as stream, pytest.raises(StorageError, match="replaced while it was read"):
        stream.read()


def test_it_gives_up_in_bounded_time(far: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("PUT", "/a", (503, "ServiceUnavailable"), times=100))
    with pytest.raises(StorageError, match="answers 503 ServiceUnavailable again and again"):
        far.create("a", body("one"), META)
    assert puts(proxy) == 5
    proxy.rules[:] = [Rule("GET", "/a", LOSE_REQUEST, times=100)]
    with pytest.raises(StorageError, match="broke again and again"):
        far.read("a", 1)


def test_patience_ends_by_the_clock() -> None:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    patience = Patience(attempts=100, first=1, longest=8, total=30, sleep=sleep, monotonic=lambda: clock[0])
    tries = list(patience.tries())
    assert tries[-1] is True and not any(tries[:-1])
    assert clock[0] <= 30
    assert len(tries) < 15


# --- races on the real server


@pytest.mark.parametrize("round_", range(5))
def test_one_winner_a_round(make: MakeStorage, known: Capabilities, s3: S3Storage, round_: int) -> None:
    """Each racer with a client of its own, as separate publishers have."""
    racers = [make(capabilities=known) for _ in range(4)]
    winners = race(4, lambda n: racers[n].create("key", body(f"writer {n}"), META))
    assert len(winners) == 1
    tag = s3.read("key", 99)[1]
    swappers = race(4, lambda n: bool(racers[n].replace("key", body(f"swapper {n}"), META, tag)))
    assert len(swappers) == 1
    assert content(s3, "key") == f"swapper {swappers[0]}".encode()


def test_one_winner_of_large_files(make: MakeStorage, known: Capabilities, s3: S3Storage) -> None:
    racers = [make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB) for _ in range(2)]
    bodies = [Body.from_bytes(bytes([n]) * (6 * MIB)) for n in range(2)]
    winners = race(2, lambda n: racers[n].create("big", bodies[n], META))
    assert len(winners) == 1
    assert hashlib.sha256(content(s3, "big")).hexdigest() == bodies[winners[0]].sha256


def test_a_claim_holds_others_off_until_its_holder_is_dead(
    far: S3Storage, s3: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claimed(s3.bucket, "big", quoted=True), claimed(s3.bucket, "other", quoted=True):
        with pytest.raises(StorageConflict, match=r"big in .* is being finished by another publisher"):
            far.create("big", Body.from_bytes(BIG), META)
        assert keys(s3) == [], "claims are no objects"
        monkeypatch.setattr("publisher.storage.s3_claim.CLAIM_DEAD", timedelta(seconds=0))
        assert far.create("big", Body.from_bytes(BIG), META) is True


def test_publishers_of_the_same_large_file(make: MakeStorage, known: Capabilities, s3: S3Storage) -> None:
    racers = [make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB) for _ in range(2)]
    assert len(race(2, lambda n: racers[n].create("big", Body.from_bytes(BIG), META))) == 1


# --- what bad input gets


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
    refusal(make().prepare, "There are no credentials for s3://")


def test_half_the_credentials(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    refusal(lambda: make().prepare(), "There are no credentials for s3://")


def test_a_wrong_secret(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    refusal(make().prepare, "the secret key does not belong to the access key")


def test_an_unknown_access_key(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    refusal(make().prepare, "does not know this access key")


def test_a_missing_bucket(make: MakeStorage) -> None:
    refusal(make(bucket="no-such-bucket").prepare, "There is no bucket no-such-bucket at http://127.0.0.1:")


def test_a_clock_that_is_wrong(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth  # noqa: PLC0415

    real = botocore.auth.get_current_datetime

    def late(*arguments: Any, **named: Any) -> datetime:
        now: datetime = real(*arguments, **named)
        return now - timedelta(hours=3)

    monkeypatch.setattr(botocore.auth, "get_current_datetime", late)
    said = refusal(make().prepare, "clock of this machine differs too much")
    assert "It says 20" in said


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
    refusal(lambda: reader.create("b", body("x"), META), "Access denied: these credentials may not write")
    refusal(lambda: reader.delete("a"), "Access denied: these credentials may not delete a in s3://")
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
    monkeypatch.setattr("publisher.storage.s3.UNFINISHED", timedelta(days=-1))
    s3.prepare()
    assert left() == [0, 0]


def test_a_folder_of_other_objects_has_no_room(s3: S3Storage) -> None:
    s3.create("a/b", body("one"), META)
    refusal(lambda: s3.create("a", body("x"), META), "perhaps it is a folder of other objects")


def test_keys_count_with_their_prefix(make: MakeStorage, known: Capabilities) -> None:
    storage = make(capabilities=known, below="p" * 200)
    storage.prepare()
    with pytest.raises(Exception, match="longer than 1024 bytes, with the bucket's prefix"):
        storage.create("/".join(["k" * 99] * 9), body("x"), META)


# --- what is written besides bytes


def test_headers(s3: S3Storage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str) -> None:
    meta = ObjectMeta("text/x-test", "public, max-age=31536000, immutable", 'attachment; filename="x"')
    small = make_small(s3, meta)
    for key in small:
        found = seaweed.client().head_object(Bucket=shared_bucket, Key=f"{own_prefix}/{key}")
        assert found["ContentType"] == "text/x-test"
        assert found["CacheControl"] == "public, max-age=31536000, immutable"
        assert found["ContentDisposition"] == 'attachment; filename="x"'


def make_small(storage: S3Storage, meta: ObjectMeta) -> list[str]:
    storage.create("a", body("one"), meta)
    storage.create("big", Body.from_bytes(bytes(17 * MIB)), meta)
    storage.copy("a", "b", meta)
    storage.replace("c", body("one"), meta, None)
    return ["a", "big", "b", "c"]


def test_listing_has_pages(s3: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = s3.bucket.once
    pages: list[str] = []

    def once(operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        if operation == "list_objects_v2":
            pages.append(operation)
            arguments["MaxKeys"] = 3
        return real(operation, key, **arguments)

    written = [f"a/{number:02}" for number in range(8)] + ["a-b", "b"]
    for key in written:
        s3.create(key, body(key), META)
    monkeypatch.setattr(s3.bucket, "once", once)
    assert keys(s3) == sorted(written)
    assert len(pages) == 4


def test_a_large_copy_goes_in_parts(make: MakeStorage, known: Capabilities, s3: S3Storage) -> None:
    storage = make(capabilities=known, copy_limit=6 * MIB, copy_part=5 * MIB)
    storage.create("big", Body.from_bytes(BIG), META)
    assert storage.copy("big", "copy", META) is True
    assert content(storage, "copy") == BIG
    assert storage.copy("big", "copy", META) is False
    storage.create("other", Body.from_bytes(BIG[::-1]), META)
    with pytest.raises(StorageConflict):
        storage.copy("other", "copy", META)
    with pytest.raises(StorageMissing):
        storage.copy("nothing", "copy", META)


def test_parts_in_parallel_from_one_reading(
    s3: S3Storage, make: MakeStorage, known: Capabilities, tmp_path: Path
) -> None:
    """40 MB in parts of 5 MiB: opened once, several parts on their way, and never many in memory."""
    storage = make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB, workers=3)
    data = hashlib.shake_256(b"seed").digest(40_000_000)
    source = tmp_path / "big"
    source.write_bytes(data)
    opened: list[object] = []
    promised = Body.from_file(source, len(data), hashlib.sha256(data).hexdigest())

    def counted() -> Any:
        opened.append(1)
        return promised.source()

    running = 0
    most = 0
    lock = threading.Lock()
    real = storage.bucket.once

    def once(operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        nonlocal running, most
        if operation != "upload_part":
            return real(operation, key, **arguments)
        with lock:
            running += 1
            most = max(most, running)
        try:
            return real(operation, key, **arguments)
        finally:
            with lock:
                running -= 1

    storage.bucket.once = once  # type: ignore[method-assign]
    one = Body(promised.size, promised.sha256, promised.name, counted)
    told: list[int] = []
    assert storage.create("big", one, META, told.append) is True
    assert len(opened) == 1
    assert 2 <= most <= 3
    assert sum(told) == len(data) and len(told) == 8
    assert content(storage, "big") == data
    assert storage.create("big", one, META) is False
