"""Addresses of S3 buckets: what they may say, and what is refused before anything is sent."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from publisher.errors import InputError, StorageError
from publisher.storage.open import open_storage
from publisher.storage.s3.address import S3Address, refuse_plain

SHA = "sha-secret"


@pytest.mark.parametrize(
    ("url", "address", "again"),
    [
        ("s3://bucket", S3Address("bucket"), "s3://bucket"),
        ("s3://bucket/", S3Address("bucket"), "s3://bucket"),
        ("s3://my.bucket-1/a/b/", S3Address("my.bucket-1", "a/b/"), "s3://my.bucket-1/a/b"),
        ("s3://bucket/%C3%BC%20x", S3Address("bucket", "ü x/"), "s3://bucket/%C3%BC%20x"),
        (
            "s3://bucket/p?region=eu-1&endpoint=https://s3.example.org:9000/",
            S3Address("bucket", "p/", "https://s3.example.org:9000", "eu-1"),
            "s3://bucket/p?endpoint=https://s3.example.org:9000&region=eu-1",
        ),
        (
            "s3://bucket?endpoint=http%3A%2F%2F127.0.0.1%3A8333&profile=me&style=virtual",
            S3Address("bucket", "", "http://127.0.0.1:8333", None, "me", "virtual"),
            "s3://bucket?endpoint=http://127.0.0.1:8333&profile=me&style=virtual",
        ),
    ],
)
def test_addresses(url: str, address: S3Address, again: str) -> None:
    assert S3Address.parse(url) == address
    assert address.url == again
    assert S3Address.parse(again) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"s3://key:{SHA}@bucket/x", "must not contain a user name or password"),
        ("s3://", "is not a bucket's name"),
        ("s3:bucket", "is not a bucket's name"),
        ("s3://Bucket", "is not a bucket's name"),
        ("s3://b", "is not a bucket's name"),
        ("s3://a..b", "is not a bucket's name"),
        ("s3://bucket:80", "is not a bucket's name"),
        ("s3://bucket/x#y", "is not a bucket's name"),
        ("s3://bucket/a//b", "empty parts"),
        ("s3://bucket/../x", 'must not contain "." or ".."'),
        ("s3://bucket/.tidegate", "is reserved"),
        (f"s3://bucket?secret={SHA}", "has no option 'secret'"),
        ("s3://bucket?region=a&region=b", "given twice or is empty"),
        ("s3://bucket?region=", "given twice or is empty"),
        ("s3://bucket?region", "cannot be understood"),
        ("s3://bucket?region=a/b", "'region' of the s3:// address is not a name"),
        ("s3://bucket?style=odd", "is path or virtual"),
        ("s3://bucket?endpoint=s3.example.org", "not the plain URL of a server"),
        ("s3://bucket?endpoint=ftp://x", "not the plain URL of a server"),
        (f"s3://bucket?endpoint=https://me:{SHA}@x", "not the plain URL of a server"),
        ("s3://bucket?endpoint=https://x/path", "not the plain URL of a server"),
        ("s3://bucket?endpoint=https://x:99999", "not the plain URL of a server"),
        ("s3://[bucket", "cannot be understood"),
    ],
)
def test_addresses_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_storage(url)
    assert message in str(caught.value)
    assert SHA not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    ["https://s3.example.org", "http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost:1"],
)
def test_endpoints_that_may_be_used(endpoint: str) -> None:
    refuse_plain(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    ["http://s3.example.org", "http://10.0.0.1:9000", "http://localhost.example.org", "http://127.0.0.1.nip.io"],
)
def test_endpoints_without_tls_are_refused_before_anything_is_sent(endpoint: str) -> None:
    with pytest.raises(StorageError, match="has no TLS and is not this machine; nothing was sent to it") as caught:
        open_storage(f"s3://bucket/x?endpoint={endpoint}")
    assert caught.value.exit_code == 5


def test_an_endpoint_of_the_aws_configuration_needs_tls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3.example.org")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StorageError, match="has no TLS"):
        open_storage("s3://bucket/x").prepare()


def test_an_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    with pytest.raises(StorageError, match="no profile nobody") as caught:
        open_storage("s3://bucket/x?profile=nobody").prepare()
    assert caught.value.exit_code == 5


def test_a_storage_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SHA)
    storage = open_storage("s3://bucket/x?endpoint=http://127.0.0.1:1")
    assert storage.url == "s3://bucket/x?endpoint=http://127.0.0.1:1"
    assert SHA not in repr(storage) + str(vars(storage))


def test_boto3_is_loaded_for_s3_addresses_alone() -> None:
    code = (
        "import sys, publisher.cli.main\n"
        "from publisher.storage import preflight\n"
        "from publisher.storage.open import open_storage\n"
        "open_storage('/tmp')\n"
        "assert 'boto3' not in sys.modules and 'botocore' not in sys.modules\n"
        "open_storage('s3://bucket?endpoint=http://127.0.0.1:1')\n"
        "assert 'boto3' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_addresses_are_values() -> None:
    with pytest.raises(FrozenInstanceError):
        S3Address("bucket").bucket = "other"  # type: ignore[misc]
