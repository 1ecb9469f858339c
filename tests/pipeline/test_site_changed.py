"""When the site's timer builds: once its channel shows something else, and after an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.errors import StorageError
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.site.changed import channel_changed
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.storage.protocol import Body
from tests.support.braking import hold
from tests.support.project import Project
from tests.support.thief import Thief


@pytest.fixture
def signed(project: Project) -> Project:
    """A channel whose site was signed just now."""
    project.publish("1.0.0")
    sign(project, b"{}")
    return project


def sign(project: Project, manifest: bytes) -> None:
    body, look = Body.from_bytes(manifest), project.look()
    apply_signing(plan_signing(body, {}, look, project.catalog, project.key_ring(), project.now), project.storage())


def changed(project: Project) -> bool:
    return channel_changed(project.look(), project.catalog.signers, project.now)


def test_a_site_that_was_never_signed_is_built(project: Project) -> None:
    project.publish("1.0.0")
    assert changed(project)
    sign(project, b"{}")
    assert not changed(project)


def test_freshness_alone_is_no_change(signed: Project) -> None:
    signed.now += timedelta(hours=23, minutes=50)
    sign(signed, b"[]")
    signed.now += timedelta(minutes=30)
    refreshed = plan_refresh(signed.look(), signed.catalog, signed.key_ring(), signed.now + timedelta(hours=24))
    assert refreshed.changed_roles
    refreshed.apply(signed.storage())
    assert not changed(signed)


def test_r81_a_hold_and_a_release_are_on_the_site_within_minutes(signed: Project) -> None:
    hold(signed, "1.0.0")
    assert changed(signed)
    sign(signed, b"[1]")
    assert not changed(signed)
    signed.publish("1.1.0")
    assert changed(signed)


def test_after_an_hour_it_is_built_anyway(signed: Project) -> None:
    signed.now += timedelta(minutes=59)
    assert not changed(signed)
    signed.now += timedelta(minutes=1)
    assert changed(signed)


def test_what_no_entry_tells_of_is_a_change(signed: Project) -> None:
    live = signed.look().published()
    thief = Thief.of(signed, "snapshot-ben", "timestamp-ben")
    thief.flip(live.timestamp.signed.version + 1, live.snapshot.signed.version + 1)
    assert changed(signed)


def test_where_nothing_is_published_no_site_is_signed(project: Project) -> None:
    with pytest.raises(StorageError, match="nothing is published here yet"):
        changed(project)
