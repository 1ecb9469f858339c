"""How long to wait for a KMS of AWS: securesystemslib asks it through boto3's default session, which has patience."""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.session import Session

CONNECT_SECONDS = 5
READ_SECONDS = 15
TRIES = 3


def be_brief(uri: str) -> None:
    """Give up after a minute at the most, and ask the region that the key's ARN names, if the URI holds an ARN."""
    brief = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": TRIES, "mode": "standard"},
    )
    session = Session()
    session.set_default_client_config(brief)
    boto3.setup_default_session(botocore_session=session, region_name=_region_of(uri))


def _region_of(uri: str) -> str | None:
    """awskms:arn:aws:kms:eu-west-1:111122223333:key/... -> eu-west-1"""
    parts = uri.split(":")
    return parts[4] if len(parts) > 5 and parts[1] == "arn" else None
