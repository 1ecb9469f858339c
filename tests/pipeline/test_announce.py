"""Requirements that change between releases, by a candidate without artifacts (R18, R55)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.channel.repository import withdrawn_by
from publisher.errors import ApprovalsMissing, InputError, RefusedByPolicy, StorageConflict
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import apply_rollback, plan_rollback
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from publisher.pipeline.roles.renew import find_renewals, renew
from publisher.wire.version import Version
from tests.support.approving import ROLE, near_an_event, promote, stage
from tests.support.planting import live, point
from tests.support.project import Project, tree
from tests.support.requiring import announce_plan, live_feeds, require, required, stage_announcement
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys


def announce(project: Project) -> None:
    stage_announcement(project)
    project.approve("1.0.0")
    promote(project)


def test_r55_a_requirement_is_announced_between_releases_without_the_files_of_any(published: Project) -> None:
    before = live_feeds(published)
    require(published)
    for built in (published.base / "artifacts").rglob("*.*"):
        if built.is_file():
            built.unlink()
    announce(published)
    assert required(published, "linux-amd64") == required(published, "windows-amd64") == [("fork", "2.0.0")]
    after = live_feeds(published)
    for platform, feed in after.items():
        assert feed.release == before[platform].release
        assert feed.deprecations == before[platform].deprecations
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).findings == ()
    assert verify_ledger(published.storage(), published.root, published.catalog.signers)[1].sound


def test_r17_the_ledger_tells_of_it_as_of_any_candidate(published: Project) -> None:
    require(published)
    announce(published)
    entries = [logged.entry for logged in read_ledger(published.storage()).logged[-2:]]
    told = [(entry.action, str(entry.version), entry.channel, entry.approved_by) for entry in entries if entry]
    approved = ("ana (engineering)", "ben (operations)")
    assert told == [(LedgerAction.STAGE, "1.0.0", "stable", ()), (LedgerAction.PROMOTE, "1.0.0", "stable", approved)]
    decision = entries[-1].decision if entries[-1] else None
    assert decision is not None
    assert {verdict.reason for verdict in decision.verdicts} == {
        "Nothing new ships: what is live stays as it is, file by file."
    }


def test_no_freeze_holds_it_up_and_no_approval_of_a_near_event_is_asked(published: Project) -> None:
    near_an_event(published)
    published.add_listing("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z")
    require(published)
    stage_announcement(published)
    review = published.review("1.0.0")
    assert (review.ships, review.decision.go, review.needs.facts, review.needs.near) == (False, True, (), ())
    published.approve("1.0.0", facts={})
    promote(published)
    assert required(published) == [("fork", "2.0.0")]


def test_the_threshold_and_the_duties_of_the_channel_hold(published: Project) -> None:
    require(published)
    stage_announcement(published)
    published.approve("1.0.0", "channels-ana", "channels-eva")
    before = tree(published.bucket)
    with pytest.raises(ApprovalsMissing, match="operations"):
        promote(published)
    assert tree(published.bucket) == before
    published.approve("1.0.0", "channels-ben")
    promote(published)
    assert required(published) == [("fork", "2.0.0")]


def test_reviewers_read_what_is_added_raised_moved_and_cancelled(published: Project) -> None:
    require(published)
    require(published, "2.2.0", event="redeploy", more=", audiences: [hosts]")
    stage_announcement(published)
    lines = published.review("1.0.0").difference
    assert "linux-amd64: stays at 1.0.0" in lines
    assert '  added: "The fork happens" requires 2.0.0 or later by Friday 15 January 2027, 12:00 UTC' in lines
    assert (
        '  added: "The redeploy happens" requires 2.2.0 or later for hosts by Friday 15 January 2027, 12:00 UTC'
        in lines
    )
    published.approve("1.0.0")
    promote(published)

    published.now += timedelta(hours=1)
    require(published, "2.1.5", starts="2027-01-20 12:00")
    require(published, "2.2.0", event="redeploy", more=", audiences: [hosts]", status="cancelled")
    stage_announcement(published)
    lines = published.review("1.0.0").difference
    assert '  raised: "The fork happens" requires 2.0.0 -> 2.1.5' in lines
    assert any(line.startswith('  moved: "The fork happens" is due by Friday 15 January 2027') for line in lines)
    assert '  cancelled: "The redeploy happens" no longer requires 2.2.0' in lines
    published.approve("1.0.0")
    promote(published)
    assert required(published) == [("fork", "2.1.5")]


def test_an_ordinary_release_shows_and_carries_them_too_also_on_platforms_that_keep_their_feed(
    published: Project,
) -> None:
    before = live_feeds(published)["windows-amd64"]
    require(published)
    published.add_release("1.1.0")
    path = published.content / "releases/node/1.1.0.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "windows" not in line))
    published.forget()
    published.build("1.1.0")
    (published.base / "artifacts/1.1.0/node-1.1.0-windows-amd64.zip").unlink()
    request = published.request("1.1.0", artifacts=published.base / "artifacts/1.1.0")
    apply_stage(
        plan_stage(request, published.catalog, published.look(), published.key_ring(), published.now),
        published.storage(),
    )
    assert any("added:" in line for line in published.review("1.1.0").difference)
    published.approve("1.1.0")
    promote(published)
    after = live_feeds(published)["windows-amd64"]
    assert after.release == before.release
    assert required(published, "windows-amd64") == required(published, "linux-amd64") == [("fork", "2.0.0")]
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).findings == ()


def test_a_kept_feed_stays_byte_identical_where_nothing_changes(published: Project) -> None:
    path = "feed/node/stable/windows-amd64.json"
    before = live(published).roles[ROLE].signed.targets[path]
    published.add_release("1.1.0")
    yaml = published.content / "releases/node/1.1.0.yaml"
    yaml.write_text("".join(line for line in yaml.read_text().splitlines(keepends=True) if "windows" not in line))
    published.forget()
    published.build("1.1.0")
    (published.base / "artifacts/1.1.0/node-1.1.0-windows-amd64.zip").unlink()
    published.now += timedelta(days=1)
    published.publish("1.1.0", storage=published.storage())
    assert live(published).roles[ROLE].signed.targets[path] == before


def test_before_the_first_release_it_says_that_it_travels_with_that(project: Project) -> None:
    require(project)
    with pytest.raises(InputError, match="travels with its first release"):
        announce_plan(project)


def test_nothing_to_announce_writes_nothing(published: Project) -> None:
    before = tree(published.bucket)
    plan = announce_plan(published)
    assert (plan.candidate, plan.changes, plan.nothing_to_do) == (None, (), True)
    require(published, channel="beta")
    assert announce_plan(published).nothing_to_do
    assert tree(published.bucket) == before


def test_once_announced_there_is_nothing_to_announce_also_when_it_is_over(published: Project) -> None:
    require(published)
    announce(published)
    assert announce_plan(published).nothing_to_do
    published.now += timedelta(days=60)
    assert announce_plan(published).nothing_to_do
    require(published, "2.3.0", event="later", starts="2027-03-01 12:00")
    assert announce_plan(published).changes == (
        "requirements",
        '  added: "The later happens" requires 2.3.0 or later by Monday 1 March 2027, 12:00 UTC',
    )


def test_repeating_the_finished_release_has_nothing_to_do_after_an_announcement(published: Project) -> None:
    require(published)
    announce(published)
    published.now += timedelta(days=1)
    published.add_listing("2026-11-23T12:00:00Z", "2026-11-23T14:00:00Z")
    assert published.plan(published.request("1.0.0")).nothing_to_do


def test_staged_twice_it_is_the_same_candidate(published: Project) -> None:
    require(published)
    first = stage_announcement(published)
    published.now += timedelta(hours=1)
    again = announce_plan(published)
    assert again.nothing_to_do
    assert again.candidate == first.candidate


def test_status_says_what_is_not_announced_yet(published: Project) -> None:
    assert read_status(published.look(), published.catalog, published.now).unannounced == ()
    require(published)
    [unannounced] = read_status(published.look(), published.catalog, published.now).unannounced
    assert (unannounced.product, unannounced.channel) == ("node", "stable")
    assert "added:" in unannounced.changes[1]
    announce(published)
    assert read_status(published.look(), published.catalog, published.now).unannounced == ()


def test_what_is_not_public_yet_is_not_announced(published: Project) -> None:
    require(published)
    path = published.content / "events/fork.yaml"
    path.write_text(path.read_text() + "visibility: embargoed\nembargoed_until: 2026-12-01T00:00:00Z\n")
    published.forget()
    assert announce_plan(published).nothing_to_do
    published.now += timedelta(days=20)
    assert not announce_plan(published).nothing_to_do


def test_a_release_that_is_staged_is_not_pushed_aside_unasked(staged: Project) -> None:
    require(staged)
    with pytest.raises(StorageConflict, match=r"is working on node 1\.1\.0"):
        announce_plan(staged)
    staged.now += timedelta(minutes=5)
    stage_announcement(staged, Supersede.ANY)
    staged.approve("1.0.0")
    promote(staged)
    assert required(staged) == [("fork", "2.0.0")]


def test_an_announcement_that_was_staged_before_another_release_went_live_is_stale(published: Project) -> None:
    require(published)
    stage_announcement(published)
    published.approve("1.0.0")
    mine = published.staged()
    published.now += timedelta(minutes=5)
    stage(published, "1.1.0", Supersede.ANY)
    published.approve("1.1.0")
    promote(published)
    point(published, mine.candidate.digest, release="1.0.0")
    before = tree(published.bucket)
    with pytest.raises(StorageConflict, match="has moved on"):
        promote(published)
    assert tree(published.bucket) == before
    assert required(published) == [("fork", "2.0.0")]


def test_what_is_stale_is_rebased(published: Project) -> None:
    require(published)
    stage_announcement(published)
    mine = published.staged()
    published.now += timedelta(minutes=5)
    stage(published, "1.1.0", Supersede.ANY)
    published.approve("1.1.0")
    promote(published)
    point(published, mine.candidate.digest, release="1.0.0")
    require(published, "2.1.0")
    with pytest.raises(StorageConflict, match="has moved on"):
        announce_plan(published)
    stage_announcement(published, Supersede.STALE)
    published.approve("1.1.0")
    promote(published)
    assert required(published) == [("fork", "2.1.0")]


def test_a_release_that_an_earlier_minisign_key_signed_is_announced_on(published: Project) -> None:
    replace_key(published, "minisign-ben", lost=True)
    stage_keys(published)
    sign_role_as(published, "targets", ("targets-ana", "targets-ben"))
    promote_keys(published)
    published.now += timedelta(minutes=5)
    require(published)
    announce(published)
    assert required(published) == [("fork", "2.0.0")]
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).sound


def test_a_renewal_of_the_channel_that_waits_for_signatures_gives_way(published: Project) -> None:
    published.now += timedelta(days=340)
    renewals = find_renewals(published.look(), published.catalog, published.key_ring(), published.now)
    renew(renewals, published.storage(), published.catalog, published.key_ring(), published.now)
    require(published, starts="2027-12-20 12:00")
    announce(published)
    assert required(published) == [("fork", "2.0.0")]
    assert live(published).roles[ROLE].signed.expires == published.now + timedelta(days=365)


def test_the_content_moves_on_before_it_is_live(published: Project) -> None:
    require(published)
    stage_announcement(published)
    published.approve("1.0.0")
    require(published, "2.2.0")
    before = tree(published.bucket)
    with pytest.raises(StorageConflict, match="does not say what the events of the content require"):
        promote(published)
    assert tree(published.bucket) == before


# --- taking back


def take_back(project: Project, version: str) -> str:
    request, storage = PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK), project.storage()
    ring, bucket = project.key_ring(), project.look(storage)
    plan = plan_rollback(request, Version.parse(version), project.catalog, bucket, ring, project.now, "It stops.")
    apply_rollback(plan, storage, lambda: project.now)
    return plan.back_to


def test_r80_an_announcement_takes_no_way_back_away_and_taking_back_cancels_no_requirement(published: Project) -> None:
    published.publish("1.1.0")
    require(published, "2.2.0")
    stage_announcement(published)
    assert published.review("1.1.0").takes_back_to == "1.0.0"
    published.approve("1.1.0")
    promote(published)
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).findings == ()
    assert take_back(published, "1.1.0") == "1.0.0"
    assert required(published) == [("fork", "2.2.0")]
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).findings == ()


def test_a_requirement_that_came_with_a_release_stays_when_that_is_taken_back(published: Project) -> None:
    require(published, "2.2.0")
    published.publish("1.1.0")
    assert required(published) == [("fork", "2.2.0")]
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).findings == ()
    take_back(published, "1.1.0")
    assert required(published) == [("fork", "2.2.0")]
    published.publish("1.1.1")
    assert verify_channel(StoreSource(published.storage()), published.root, published.now).findings == ()


def test_r86_after_a_rollback_an_announcement_goes_on_telling_what_was_taken_back(published: Project) -> None:
    published.publish("1.1.0")
    take_back(published, "1.1.0")
    require(published, "2.2.0")
    stage_announcement(published)
    published.approve("1.0.0")
    promote(published)
    assert [str(version) for version in withdrawn_by(live(published).roles[ROLE].signed)] == ["1.1.0"]


# --- what cannot travel with it


def correct_notes(project: Project) -> None:
    path = project.content / "releases/node/1.0.0.yaml"
    path.write_text(path.read_text().replace("Version 1.0.0 of the node.", "Now with more storage."))
    project.forget()


def raise_floor(project: Project) -> None:
    path = project.config / "products.yaml"
    path.write_text(path.read_text() + '    min_secure: "1.0.0"\n')
    project.forget()


@pytest.mark.parametrize("change", [correct_notes, raise_floor])
def test_a_hasty_maintainer_smuggles_nothing_along(published: Project, change: object) -> None:
    before = live_feeds(published)
    require(published)
    assert callable(change)
    change(published)
    announce(published)
    for platform, feed in live_feeds(published).items():
        assert feed.release == before[platform].release
        assert feed.min_secure == before[platform].min_secure
        assert feed.deprecations == before[platform].deprecations
    assert required(published) == [("fork", "2.0.0")]


def test_a_correction_of_the_notes_is_a_release_and_waits_for_freezes(published: Project) -> None:
    """The same version with other words, staged as a release, is none that only announces."""
    require(published)
    correct_notes(published)
    stage(published, "1.0.0")
    assert published.review("1.0.0").ships
    published.approve("1.0.0")
    published.add_listing("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z")
    before = tree(published.bucket)
    with pytest.raises(RefusedByPolicy, match="freeze"):
        promote(published)
    assert tree(published.bucket) == before
