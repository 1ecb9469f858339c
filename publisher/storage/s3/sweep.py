"""Taking back what dead runs left on S3: parts of uploads that were never completed, probes and claims."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from publisher.errors import StorageError
from publisher.storage.s3.claim import PRIVATE
from publisher.storage.s3.client import S3Bucket

UNFINISHED = timedelta(days=1)
"""Parts of an upload, probes and claims this old belong to a run that is dead."""


def sweep(bucket: S3Bucket, base: str) -> None:
    """Take back what is below `base`, by the store's own clock. If that is denied, its lifecycle does it."""
    with suppress(StorageError):
        page = bucket.call("list_multipart_uploads", Prefix=base)
        for upload in page.get("Uploads", []):
            if _is_dead(bucket, upload["Initiated"]):
                key = upload["Key"].removeprefix(base)
                bucket.call("abort_multipart_upload", key, UploadId=upload["UploadId"])
    with suppress(StorageError):
        page = bucket.call("list_objects_v2", Prefix=base + PRIVATE)
        for entry in page.get("Contents", []):
            if _is_dead(bucket, entry["LastModified"]):
                bucket.call("delete_object", entry["Key"].removeprefix(base))


def _is_dead(bucket: S3Bucket, since: datetime) -> bool:
    now = bucket.server_date
    return now is not None and now - since > UNFINISHED
