"""Advice on dates and versions that cannot all be meant."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.rules.lint.contradictions import contradictions
from publisher.rules.lint.lints import lints
from tests.support import build
from tests.support.build import at

NOTES = build.release("4.2.0").notes.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ({"action": "required", "required_by": "2026-03-01T00:00:00Z"}, "users must run it by 1 March 2026"),
        ({"action": "required", "required_by": "2026-03-01T00:00:01Z"}, None),
        ({"old_peers_ok_until": "2026-02-01T00:00:00Z"}, "peers may stay on old versions until 1 February 2026"),
        ({"old_peers_ok_until": "2026-05-01T00:00:00Z"}, None),
    ],
)
def test_what_users_are_asked_before_there_is_anything_to_update_to(notes: dict[str, str], said: str | None) -> None:
    one = build.release("4.2.0", planned_for="2026-03-01T00:00:00Z", notes=NOTES | notes)
    found = [lint.what for lint in contradictions(build.catalog([], [one]))]
    expected = [] if said is None else [f"{said}, but it ships on 1 March 2026 at the earliest"]
    assert found == expected


@pytest.mark.parametrize(("secure", "told"), [("4.2.0", False), ("4.2.1", True)])
def test_a_version_that_does_not_exist_cannot_be_the_first_secure_one(secure: str, told: bool) -> None:
    catalog = build.catalog([], [build.release("4.2.0")])
    catalog.products["daemon"] = build.product("daemon", min_secure=secure)
    assert bool(list(contradictions(catalog))) == told


@pytest.mark.parametrize(
    ("revisions", "told"),
    [
        ([{"starts": "2026-03-10T00:00:00Z"}], 1),
        ([{"starts": "2026-03-09T00:00:00Z"}], 0),
        ([{}], 1),
        ([{"status": "planned"}], 1),
        # Moved there and back: each of the two says something.
        ([{"starts": "2026-03-10T00:00:00Z"}, {"starts": "2026-03-08T00:00:00Z"}], 0),
        ([{"starts": "2026-03-08T00:00:00Z"}, {"starts": "2026-03-08T00:00:00Z"}], 1),
    ],
)
def test_a_revision_says_what_was_known_before_and_not_after_it(revisions: list[dict[str, Any]], told: int) -> None:
    known = [
        {"until": f"2026-02-0{number}T00:00:00Z", "because": "Moved."} | fields
        for number, fields in enumerate(revisions, 1)
    ]
    event = build.event("2026-03-10", "2026-03-11", revisions=known)
    assert len(list(contradictions(build.catalog([event])))) == told


def test_advice_shows_them() -> None:
    event = build.event("2026-03-10", "2026-03-11", revisions=[{"until": "2026-02-01T00:00:00Z", "because": "Moved."}])
    found = lints(build.catalog([event]), at("2026-02-15"))
    assert "its revision until 1 February 2026 is identical to what came after it" in [one.what for one in found]
