"""The preflight against a store that keeps everything, and against ones that do not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from publisher.errors import StorageConflict, StorageError
from publisher.storage.memory import MemoryStorage
from publisher.storage.preflight import CheckOutcome, PreflightReport, preflight
from publisher.storage.protocol import Body
from publisher.storage.s3.integrity import MIB
from publisher.storage.s3.probe import Capabilities
from publisher.storage.s3.store import S3Storage
from tests.storage.conftest import MakeStorage
from tests.storage.contract import META, body, content, keys
from tests.support.s3_proxy import Rule, S3Proxy
from tests.support.seaweed import SeaweedServer

ALL = Capabilities(create=True, replace=True, complete=True, copy=True, quoted_tags=True, sha256=True, md5=True)

system = pytest.mark.system


def now() -> datetime:
    return datetime.now(UTC)


def outcomes(report: PreflightReport) -> dict[str, str]:
    return {check.name: str(check.outcome) for check in report.checks}


def left_over(seaweed: SeaweedServer, bucket: str, prefix: str) -> list[str]:
    client = seaweed.client()
    versions = client.list_object_versions(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]]


@contextmanager
def public_server(seaweed: SeaweedServer, bucket: str, prefix: str, *, broken: bool = False) -> Iterator[str]:
    """A web server in front of a bucket, as clients see it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = seaweed.client().get_object(Bucket=bucket, Key=prefix + self.path)["Body"].read()
            self.send_response(403 if broken else 200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_other_stores_need_none(fixed_now: datetime) -> None:
    report = preflight(MemoryStorage(), fixed_now)
    assert report.ok and report.error is None
    assert report.capabilities is None


@system
def test_a_store_that_keeps_everything(
    make: MakeStorage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str
) -> None:
    storage = make()
    with public_server(seaweed, shared_bucket, own_prefix) as public:
        report = preflight(storage, now(), public)
    assert report.ok, report.error
    assert report.capabilities == ALL == storage.capabilities
    assert set(outcomes(report).values()) == {"pass"}
    assert list(outcomes(report)) == [
        *("access", "place", "clock", "write", "create once", "compare and swap"),
        *("large files", "copies", "checksums", "delete", "public"),
    ]
    assert "is empty and will become" in report.checks[1].says
    assert left_over(seaweed, shared_bucket, own_prefix) == []
    storage.prepare()
    assert "is a Tidegate bucket" in preflight(storage, now()).checks[1].says


@system
def test_a_versioned_bucket_keeps_no_probe(make: MakeStorage, seaweed: SeaweedServer) -> None:
    bucket = seaweed.new_bucket(versioned=True)
    report = preflight(make(bucket=bucket, below="p"), now())
    assert report.ok, report.error
    assert report.capabilities == ALL
    assert left_over(seaweed, bucket, "p/") == []


@system
def test_clocks_that_differ(make: MakeStorage) -> None:
    storage = make()
    warned = preflight(storage, now() - timedelta(minutes=2))
    assert outcomes(warned)["clock"] == "warn" and warned.ok
    refused = preflight(storage, now() + timedelta(hours=1))
    assert not refused.ok
    assert refused.checks[-1].name == "clock", "nothing is written after that"
    assert "differ by 36" in refused.checks[-1].says or "differ by 35" in refused.checks[-1].says


@system
def test_without_access_nothing_more_is_tried(make: MakeStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    report = preflight(make(), now())
    assert outcomes(report) == {"access": "fail", "clock": "pass"}
    assert isinstance(report.error, StorageError)
    assert "the secret key does not belong" in str(report.error)


@system
def test_a_foreign_place(make: MakeStorage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str) -> None:
    seaweed.client().put_object(Bucket=shared_bucket, Key=f"{own_prefix}/thesis", Body=b"mine")
    report = preflight(make(), now())
    assert "is not a Tidegate bucket; nothing was written" in str(report.error)
    assert left_over(seaweed, shared_bucket, own_prefix) == [f"{own_prefix}/thesis"]


@system
def test_a_key_that_may_write_and_not_delete(
    make: MakeStorage, seaweed: SeaweedServer, shared_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:AbortMultipartUpload"],
        "Resource": [f"arn:aws:s3:::{shared_bucket}", f"arn:aws:s3:::{shared_bucket}/*"],
    }
    for name, value in seaweed.identity("writer", [statement]).environment.items():
        monkeypatch.setenv(name, value)
    report = preflight(make(), now())
    assert {name for name, outcome in outcomes(report).items() if outcome == "fail"} == {"delete"}
    assert "may not delete .tidegate/probe-" in str(report.error)


@system
@pytest.mark.parametrize(("broken", "words"), [(True, "gets status 403"), (False, "cannot reach")])
def test_a_public_address_that_does_not_serve(
    make: MakeStorage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str, broken: bool, words: str
) -> None:
    if broken:
        with public_server(seaweed, shared_bucket, own_prefix, broken=True) as public:
            report = preflight(make(), now(), public)
    else:
        report = preflight(make(), now(), "http://127.0.0.1:9")
    assert not report.ok
    assert words in str(report.error)


# --- stores that ignore what they are asked


@pytest.fixture
def ignorant(make: MakeStorage, proxy: S3Proxy) -> S3Storage:
    """The real server behind a proxy that takes conditions away, as told."""
    return make(endpoint=proxy.endpoint, stream_limit=5 * MIB, part_size=5 * MIB)


@system
def test_a_store_that_ignores_conditions_is_refused(ignorant: S3Storage, proxy: S3Proxy, s3: S3Storage) -> None:
    proxy.forget_conditions = frozenset({"put"})
    report = preflight(ignorant, now())
    assert not report.ok
    assert outcomes(report)["create once"] == "fail"
    assert "ignores `If-None-Match: *`, so two publishers could overwrite each other" in str(report.error)
    for act in (
        lambda: ignorant.create("a", body("x"), META),
        lambda: ignorant.replace("a", body("x"), META, None),
        lambda: ignorant.copy("a", "b", META),
    ):
        with pytest.raises(StorageError, match="cannot be published to safely"):
            act()
    assert keys(s3) == []


@system
def test_an_ignorant_store_is_noticed_without_a_preflight(ignorant: S3Storage, proxy: S3Proxy) -> None:
    proxy.forget_conditions = frozenset({"put"})
    with pytest.raises(StorageError, match="cannot be published to safely"):
        ignorant.prepare()


@system
def test_a_store_that_keeps_only_creation_is_refused(
    ignorant: S3Storage, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ignorant.bucket.once

    def once(operation: str, key: str | None = None, **arguments: object) -> dict[str, object]:
        arguments.pop("IfMatch", None)
        return real(operation, key, **arguments)

    monkeypatch.setattr(ignorant.bucket, "once", once)
    report = preflight(ignorant, now())
    assert outcomes(report)["compare and swap"] == "fail"
    assert "does not keep `If-Match`" in str(report.error)


@system
def test_a_store_that_wants_tags_without_quotes(ignorant: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ignorant.bucket.once

    def once(operation: str, key: str | None = None, **arguments: object) -> dict[str, object]:
        tag = arguments.get("IfMatch")
        if operation == "put_object" and isinstance(tag, str):
            arguments["IfMatch"] = '"0"' if tag.startswith('"') else f'"{tag}"'
        return real(operation, key, **arguments)

    monkeypatch.setattr(ignorant.bucket, "once", once)
    report = preflight(ignorant, now())
    assert report.ok, report.error
    assert report.capabilities == replace(ALL, quoted_tags=False)
    ignorant.prepare()
    tag = ignorant.replace("a", body("1"), META, None)
    ignorant.replace("a", body("2"), META, tag)
    with pytest.raises(StorageConflict):
        ignorant.replace("a", body("3"), META, tag)


@system
def test_ignorant_completion_and_copy_go_the_safe_way(ignorant: S3Storage, proxy: S3Proxy) -> None:
    proxy.forget_conditions = frozenset({"complete", "copy"})
    report = preflight(ignorant, now())
    assert report.ok, report.error
    assert report.capabilities == replace(ALL, complete=False, copy=False)
    assert [check.name for check in report.checks if check.outcome is CheckOutcome.WARN] == ["large files", "copies"]
    ignorant.prepare()
    big = bytes(6 * MIB)
    assert ignorant.create("big", Body.from_bytes(big), META) is True
    proxy.seen.clear()
    assert ignorant.copy("big", "copy", META) is True
    assert ignorant.copy("big", "copy", META) is False
    assert content(ignorant, "copy") == big
    with pytest.raises(StorageConflict):
        ignorant.create("big", Body.from_bytes(big + b"!"), META)
    ignorant.create("small", body("other"), META)
    with pytest.raises(StorageConflict):
        ignorant.copy("small", "copy", META)
    assert content(ignorant, "copy") == big


@system
def test_a_store_that_looks_at_no_checksum_is_read_back(
    ignorant: S3Storage, proxy: S3Proxy, s3: S3Storage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str
) -> None:
    proxy.believe_all = True
    report = preflight(ignorant, now())
    assert report.ok, report.error
    assert report.capabilities == replace(ALL, sha256=False, md5=False)
    ignorant.prepare()
    proxy.seen.clear()
    assert ignorant.create("a", body("one"), META) is True
    assert any(line.startswith("GET ") and "/a" in line for line in proxy.seen)
    assert ignorant.create("a", body("one"), META) is False
    assert ignorant.create("big", Body.from_bytes(bytes(6 * MIB)), META) is True

    def damage() -> None:
        seaweed.client().put_object(Bucket=shared_bucket, Key=f"{own_prefix}/b", Body=b"two")

    proxy.rules.append(Rule("PUT", "/b", "forward", then=damage))
    with pytest.raises(StorageError, match=r"b arrived damaged in .* does not check checksums"):
        ignorant.create("b", body("one"), META)


@system
def test_a_store_without_parts(ignorant: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("POST", "uploads", (501, "NotImplemented"), times=100))
    report = preflight(ignorant, now())
    assert report.ok
    assert report.capabilities == replace(ALL, complete=False)
