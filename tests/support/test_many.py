"""The generated content is valid, of the size that was asked for, and read in reasonable time."""

from __future__ import annotations

from pathlib import Path

from publisher.content.load import load_catalog
from publisher.rules.evaluate import evaluate
from tests.support import many


def test_generated_content_is_valid_and_always_the_same(tmp_path: Path) -> None:
    content, config = many.write(tmp_path / "one", releases=40, events=30)
    catalog = load_catalog([content], config)
    assert (len(catalog.releases), len(catalog.events)) == (40, 30)
    assert {evaluate(catalog, one, "stable", many.REFERENCE).outcome for one in catalog.releases} >= {"blocked"}
    again, config = many.write(tmp_path / "two", releases=40, events=30)
    assert load_catalog([again], config) == catalog
