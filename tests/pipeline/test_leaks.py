"""What is not public reaches no byte of the bucket that everybody can read, by publishing or by being refused (R96)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from publisher.errors import RefusedByPolicy
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import read_ledger, refusals_logged
from tests.support.project import Project, tree

MARK = re.compile(rb"zebra|mole", re.IGNORECASE)
PRIVATE = ("staging/", "ledger/")
"""Areas that the printed bucket policy keeps from the public."""


def hide(project: Project, begins: timedelta) -> None:
    """A listing of which the public may know nothing."""
    start = project.now + begins
    project.add_listing(f"{start:%FT%TZ}", f"{start + timedelta(hours=2):%FT%TZ}")
    listing = project.content / "events" / "listing.yaml"
    hidden = "visibility: internal\npublic_title: Reserved\ncomms_lead: Mole\n"
    listing.write_text(listing.read_text().replace("A listing", "Zebra is listed").replace("logins", "zebras") + hidden)


def test_r96_an_event_that_is_not_public_is_told_to_the_maintainers_and_to_nobody_else(project: Project) -> None:
    hide(project, timedelta(days=30))
    project.publish("1.0.0")
    hide(project, timedelta(hours=-4))
    project.add_release("1.1.0", change_class="feature")
    request, storage, keys = project.request("1.1.0"), project.storage(), project.key_ring()
    logged = refusals_logged(
        LedgerAction.RELEASE,
        request.release,
        project.root,
        storage,
        keys,
        lambda: project.now,
        lambda error: pytest.fail(str(error)),
    )
    with pytest.raises(RefusedByPolicy, match="Zebra"), logged:
        project.plan(request)

    public = {key: data for key, data in tree(project.bucket).items() if not key.startswith(PRIVATE)}
    assert [key for key, data in public.items() if MARK.search(data) or MARK.search(key.encode())] == []
    entries = [one.entry for one in read_ledger(storage).logged if one.entry]
    assert MARK.search(entries[-1].model_dump_json(exclude={"public"}).encode())
    projection = [one.public for one in entries if one.public]
    assert len(projection) == 3  # staged, released, refused
    told = "".join(one.model_dump_json() for one in projection)
    assert "Reserved" in told
    assert not MARK.search(told.encode())
