"""pages.json: which files the published site consists of, byte for byte."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from publisher.model.values import Digest, Model

OWN_CLIENT, OWN_ROOT = "tidegate.pyz", "root.json"
"""The update client and the first root, which a project may hand out beside its pages."""

MANIFEST = "pages.json"
"""The manifest's name, at the root of the site."""


def _path(value: Any) -> str:
    """A path that means the same in a bucket, in an address and in a directory, and leads out of none of them."""
    if not isinstance(value, str) or not value:
        raise ValueError("is not a path of the site")
    if {"", ".", ".."} & set(value.split("/")) or "\\" in value:
        raise ValueError(f"is not a path of the site: {value[:80]!r}")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise ValueError(f"contains an invisible character: {value[:80]!r}")
    return value


SitePath = Annotated[str, BeforeValidator(_path)]
"""Where a file lies below the root of the site, with slashes."""


class SitePage(Model):
    """One file of the site."""

    size: Annotated[int, Field(ge=0)]
    """Bytes."""
    sha256: Digest
    """SHA-256 of its bytes."""


class SiteManifest(Model):
    """Every file of the site but the manifest itself."""

    format: Literal["tidegate-site/1"] = "tidegate-site/1"
    """Name and version of this format."""
    version: Annotated[int, Field(ge=1)]
    """Counts uploads; two manifests of one site never have the same version and other content."""
    complete: bool = True
    """False while an upload is under way, or was broken off: then `pages` is what it did not touch."""
    pages: dict[SitePath, SitePage]
    """Path below the root of the site -> what lies there: pages, and everything that they load."""

    def says(self, pages: Mapping[str, SitePage]) -> bool:
        """Whether this is the manifest of exactly these files, all of them uploaded."""
        return self.complete and self.pages == pages

    def to_bytes(self) -> bytes:
        """The bytes that are stored and signed; equal manifests have equal bytes."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":")).encode() + b"\n"
