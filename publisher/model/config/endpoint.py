"""Where things are published, and the only places a client may be sent to (site_config/endpoints.yaml, R48)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from publisher.model.values import Model, Origin, Text


class Endpoints(Model):
    """The whole of endpoints.yaml."""

    site: Origin
    """Where people read the site."""
    downloads: Annotated[tuple[Origin, ...], Field(min_length=1)]
    """Addresses of the bucket as clients see it; pinned in signed metadata, first one preferred.

    When `storage` is on S3, a release goes out only if what is written there can be read at the first one.
    """
    storage: Text | None = None
    """Where the publisher writes when no --to is given: file:///dir or s3://bucket/prefix."""
