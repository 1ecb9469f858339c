"""What a bucket offers, and when that is not to be shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.errors import InputError, VerificationError
from publisher.pipeline.live_state import live_state
from publisher.storage.directory.store import DirectoryStorage
from tests.support.project import Project


def test_what_is_live_is_told(project: Project) -> None:
    project.publish("1.0.0")
    state = live_state(project.storage(), project.root, project.now)
    assert [(one.product, one.channel, str(one.version)) for one in state.live] == [("node", "stable", "1.0.0")]


def test_a_bucket_without_a_release_offers_nothing(project: Project) -> None:
    assert live_state(project.storage(), project.root, project.now).live == ()


def test_a_place_without_a_bucket_is_an_error(project: Project) -> None:
    with pytest.raises(InputError, match="there is no bucket at"):
        live_state(DirectoryStorage(project.bucket), project.root, project.now)


def test_an_expired_channel_is_an_error_that_says_how_to_renew_it(project: Project) -> None:
    project.publish("1.0.0")
    with pytest.raises(VerificationError, match=r"expired.*timestamp on 2026-11-22T12:00:00Z\n") as caught:
        live_state(project.storage(), project.root, project.now + timedelta(days=3))
    assert caught.value.fix.startswith("publish refresh --to file://")
    assert "people" not in caught.value.fix
    with pytest.raises(VerificationError) as caught:
        live_state(project.storage(), project.root, project.now + timedelta(days=20))
    assert "people must sign brakes again" in caught.value.fix
