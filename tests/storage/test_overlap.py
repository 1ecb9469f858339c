"""Addresses that mean the same place."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.storage.overlap import overlap


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("file:///srv/site", "file:///srv/site", True),
        ("file:///srv/site", "file:///srv/bucket", False),
        ("file:///srv/bucket", "file:///srv/bucket/site", True),
        ("file:///srv/site-2", "file:///srv/site", False),
        ("s3://site", "s3://channel", False),
        ("s3://b/site", "s3://b/channel", False),
        ("s3://b", "s3://b/site", True),
        ("s3://b?endpoint=https://one", "s3://b?endpoint=https://two", False),
        ("s3://b?endpoint=https://one&region=x", "s3://b?endpoint=https://one", True),
        ("s3://b?endpoint=https://one", "s3://b", True),
        ("memory:site", "memory:bucket", False),
        ("memory:site", "memory:site", True),
        ("file:///srv/site", "s3://site", False),
    ],
)
def test_places_that_overlap(one: str, other: str, same: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is same


def test_a_link_to_a_directory_is_that_directory(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "bucket")
    assert overlap((tmp_path / "link").as_uri(), (tmp_path / "bucket").as_uri())
