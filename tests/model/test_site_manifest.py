"""The manifest of the site: equal ones have equal bytes, and no path leads elsewhere."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from publisher.model.records.site_manifest import SiteManifest, SitePage

PAGE = SitePage(size=1, sha256="ab" * 32)


def test_a_manifest_is_read_back_from_its_bytes() -> None:
    manifest = SiteManifest(version=3, pages={"index.html": PAGE, "a b/ü.html": PAGE})
    assert SiteManifest.model_validate_json(manifest.to_bytes()) == manifest


def test_equal_manifests_have_equal_bytes() -> None:
    one = SiteManifest(version=1, pages={"a": PAGE, "b": PAGE})
    other = SiteManifest(version=1, pages={"b": PAGE, "a": PAGE})
    assert one.to_bytes() == other.to_bytes()


def test_an_unfinished_upload_is_the_manifest_of_no_site() -> None:
    assert SiteManifest(version=1, pages={"a": PAGE}).says({"a": PAGE})
    assert not SiteManifest(version=1, complete=False, pages={"a": PAGE}).says({"a": PAGE})


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", "./a", "a\\b", "a\nb"])
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        SiteManifest(version=1, pages={path: PAGE})
