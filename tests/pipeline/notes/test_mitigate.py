"""One person tells users which setting helps: who is told, what is refused, and that it always lands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.channel.mitigations import listed_in, mitigation_key, notes_to_sign, read_mitigation
from publisher.channel.state import read_state
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import InputError, SigningError, StorageConflict, StorageError, TidegateError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.notes import mitigate as mitigating
from publisher.pipeline.notes.mitigate import end_mitigation, plan_end, plan_mitigation
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.publication.until_it_lands import until_it_lands
from publisher.pipeline.release.announce import plan_announce
from publisher.pipeline.release.stage import apply_stage
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.storage.protocol import Body, Storage
from publisher.wire.advice.mitigation import NOT_SIGNED, Advice
from publisher.wire.advice.notes import ListedMitigation
from publisher.wire.version import Version
from tests.support.approving import promote
from tests.support.flaky import FlakyStorage, Killed
from tests.support.mitigating import REASON, advise, ordered, with_settings
from tests.support.project import Project, tree


@pytest.fixture
def shipped(project: Project) -> Project:
    """1.0.0 and then 1.1.0 are published with two settings, an hour ago."""
    with_settings(project)
    project.publish("1.0.0")
    project.publish("1.1.0")
    project.now += timedelta(hours=1)
    return project


def advice_for(project: Project, version: str = "1.1.0", platform: str = "linux-amd64") -> Advice:
    """What a new client says to whoever runs the version."""
    url = project.bucket.as_uri()
    state = project.base / "client" / f"{len(list(project.base.glob('client/*')))}"
    client = UpdateClient(url, project.root, state, fetcher_for(url), lambda: project.now)
    return client.fetch_advice(client.fetch_channel("node", "stable", platform), Version.parse(version))


def refused(project: Project, error: type[TidegateError], words: str, **changes: Any) -> None:
    before = tree(project.bucket)
    with pytest.raises(error) as caught:
        advise(project, **changes)
    assert words in f"{caught.value.what} {caught.value.fix}"
    assert tree(project.bucket) == before


def keep_keys(project: Project, *names: str) -> None:
    for key in project.keys.iterdir():
        if not key.stem.startswith(names):
            key.unlink()


def end(project: Project, name: str, storage: Storage | None = None) -> None:
    end_mitigation(
        name, project.catalog, storage or project.storage(), project.root, project.key_ring(), lambda: project.now
    )


def test_a_client_of_the_version_is_told_what_to_set_and_others_are_not(shipped: Project) -> None:
    plan = advise(shipped)
    [mitigation] = advice_for(shipped).mitigations
    assert (mitigation.id, mitigation.setting.name) == (plan.listed.id, "storage.auto_sync")
    assert (mitigation.notice.value, mitigation.notice.because) == ("off", REASON)
    assert plan.reach.newest == Version.parse("1.1.0")
    for version in ("1.0.0", "1.1.1", "2.0"):
        assert advice_for(shipped, version) == Advice()
    assert verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now).sound


def test_r86_one_person_on_call_tells_it_with_a_key_of_notes(shipped: Project) -> None:
    keep_keys(shipped, "notes-ben", "snapshot", "timestamp")
    plan = advise(shipped)
    assert [role for role, _ in plan.publication.changed_roles] == ["notes", "snapshot", "timestamp"]
    assert advice_for(shipped).mitigations


@pytest.mark.parametrize("missing", ["notes", "snapshot", "timestamp"])
def test_a_missing_key_is_named_and_nothing_is_written(shipped: Project, missing: str) -> None:
    keep_keys(shipped, *{"notes-ben", "snapshot", "timestamp"} - {missing, f"{missing}-ben"})
    refused(shipped, SigningError, f"{missing} needs 1 signature")


def test_one_platform_only(shipped: Project) -> None:
    advise(shipped, platforms=("windows-amd64",))
    assert advice_for(shipped, platform="windows-amd64").mitigations
    assert advice_for(shipped) == Advice()


def test_the_ledger_names_it_and_its_end(shipped: Project) -> None:
    plan = advise(shipped)
    end(shipped, plan.listed.id[:12])
    ledger, check = verify_ledger(shipped.storage(), shipped.root, shipped.catalog.signers)
    assert check.sound
    last = [entry for logged in ledger.logged[-2:] if (entry := logged.entry) is not None]
    assert [entry.action for entry in last] == [LedgerAction.MITIGATE, LedgerAction.END_MITIGATION]
    assert {(entry.product, entry.mitigation) for entry in last} == {("node", plan.listed.id)}
    assert advice_for(shipped) == Advice()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"platforms": ("linux-arm64",)}, "node has no platform linux-arm64"),
        ({"setting": "auto-snyc"}, "node has no setting auto-snyc in products.yaml did you mean auto-sync?"),
        ({"value": "maybe"}, "storage.auto_sync cannot be set to maybe choose from on, off"),
        ({"setting": "max-peers", "value": "7"}, "network.max_peers cannot be set to 7 choose from 8 to 512"),
        ({"versions": "3.0.0..", "fixed_in": None}, "no published version of node lies in the range (3.0.0 and later)"),
        ({"versions": "..1.0.0", "fixed_in": None}, "choose a range with one of the published versions: 1.0.0, 1.1.0"),
        ({"versions": "1.1.0..", "fixed_in": "1.1.0"}, "and older than 1.1.0, which has the fix"),
    ],
)
def test_what_would_reach_nobody_is_refused(shipped: Project, changes: dict[str, Any], words: str) -> None:
    refused(shipped, InputError, words, **changes)


def test_it_ends_in_the_future_and_within_90_days(shipped: Project) -> None:
    refused(shipped, InputError, "is over name a time in the future", until=shipped.now)
    late = shipped.now + timedelta(days=90, seconds=1)
    refused(shipped, InputError, "is more than 90 days ahead name an earlier end", until=late)
    advise(shipped, until=shipped.now + timedelta(days=90))


def test_a_reason_that_is_not_quotable_is_not_signed(shipped: Project) -> None:
    before = tree(shipped.bucket)
    with pytest.raises(ValueError, match="looks like an address"):
        advise(shipped, because="Read https://updates.example.org/now first")
    assert tree(shipped.bucket) == before


def test_before_the_first_release_there_is_nobody_to_tell(project: Project) -> None:
    with_settings(project)
    project.storage()
    refused(project, StorageError, "nothing is published here yet")


def test_a_setting_that_no_live_feed_has_is_not_signed_yet(project: Project) -> None:
    project.publish("1.1.0")
    with_settings(project)
    refused(project, InputError, "the people of no channel of node have signed auto-sync=off yet")
    project.publish("1.1.1")
    advise(project, fixed_in=None)
    assert advice_for(project, "1.1.1").mitigations


def test_a_channel_that_has_not_signed_the_setting_is_named(project: Project) -> None:
    project.publish("1.1.0")
    with_settings(project)
    project.add_release("1.2.0", channels="beta")
    project.publish("1.2.0", channel="beta")
    plan = advise(project, fixed_in=None)
    assert plan.reach.left_out == ("stable",)
    assert advice_for(project) == Advice((), (NOT_SIGNED,))


def test_versions_that_the_ledger_knows_can_be_named(shipped: Project) -> None:
    plan = advise(shipped, versions="..1.1.0", fixed_in=None)
    assert plan.reach.newest == Version.parse("1.0.0")
    assert advice_for(shipped, "1.0.0").mitigations


def test_the_same_again_is_done_already_and_other_words_are_not(shipped: Project) -> None:
    first = advise(shipped)
    shipped.now += timedelta(minutes=5)
    again = advise(shipped, until=first.order.until)
    assert (again.already, again.listed) == (True, first.listed)
    assert again.publication.nothing_to_do
    assert not advise(shipped, until=first.order.until, value="on").already


def test_another_mitigation_stays_and_one_that_is_over_goes(shipped: Project) -> None:
    first = advise(shipped, until=shipped.now + timedelta(days=1))
    second = advise(shipped, setting="max-peers", value="64")
    assert listed_in(shipped.look().live, "node") == (first.listed, second.listed)
    shipped.now += timedelta(days=1)
    third = advise(shipped, value="on")
    assert listed_in(shipped.look().live, "node") == (second.listed, third.listed)


def test_the_manifest_of_the_site_and_mitigations_keep_one_another(shipped: Project) -> None:
    def sign_site(data: bytes) -> None:
        body = Body.from_bytes(data)
        plan = plan_signing(body, {}, shipped.look(), shipped.catalog, shipped.key_ring(), shipped.now)
        apply_signing(plan, shipped.storage())

    sign_site(b'{"pages": 1}\n')
    plan = advise(shipped, until=shipped.now + timedelta(days=1))
    sign_site(b'{"pages": 2}\n')
    assert listed_in(shipped.look().live, "node") == (plan.listed,)
    shipped.now += timedelta(days=1)
    sign_site(b'{"pages": 3}\n')
    assert listed_in(shipped.look().live, "node") == ()
    assert "x-tidegate-notes" not in shipped.look().published().roles["notes"].signed.unrecognized_fields


def test_more_than_clients_read_is_refused(shipped: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mitigating, "MOST", 1)
    advise(shipped)
    refused(shipped, InputError, "node has 1 mitigations, and clients read no more", value="on")


@pytest.mark.parametrize(
    ("name", "words"),
    [("f" * 64, "names no mitigation"), ("", "names no single mitigation"), ("short", "names no mitigation")],
)
def test_only_a_mitigation_that_is_live_is_ended(shipped: Project, name: str, words: str) -> None:
    plan = advise(shipped)
    before = tree(shipped.bucket)
    with pytest.raises(InputError) as caught:
        end(shipped, name)
    assert words in caught.value.what
    assert f"choose from {plan.listed.id[:12]} of node" in caught.value.fix
    with pytest.raises(InputError, match="names no single mitigation"):
        end(shipped, plan.listed.id[:7])
    assert tree(shipped.bucket) == before


def test_with_none_live_there_is_none_to_end(shipped: Project) -> None:
    with pytest.raises(InputError, match="names no mitigation") as caught:
        end(shipped, "f" * 64)
    assert "no mitigation is live" in caught.value.fix


def test_it_lands_while_somebody_else_publishes(shipped: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    planning = mitigating.plan_mitigation
    raced: list[str] = []

    def plan_and_lose(*words: Any) -> Any:
        plan = planning(*words)
        if not raced:
            raced.append("1.1.1")
            shipped.publish("1.1.1")
        return plan

    monkeypatch.setattr(mitigating, "plan_mitigation", plan_and_lose)
    plan = advise(shipped)
    assert listed_in(shipped.look().live, "node") == (plan.listed,)
    offered = shipped.look().offered("node", "stable")
    assert {str(feed.release.version) for feed in offered.values() if feed.release} == {"1.1.1"}


def test_two_people_who_tell_different_things_at_once_both_land(
    shipped: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning = mitigating.plan_mitigation
    others: list[Any] = []

    def plan_and_lose(*words: Any) -> Any:
        plan = planning(*words)
        if not others:
            others.append(None)
            others[0] = advise(shipped, setting="max-peers", value="64").listed
        return plan

    monkeypatch.setattr(mitigating, "plan_mitigation", plan_and_lose)
    plan = advise(shipped)
    assert set(listed_in(shipped.look().live, "node")) == {plan.listed, others[0]}


def test_one_that_somebody_has_ended_at_once_is_said(shipped: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def land_and_lose(*words: Any) -> Any:
        done = until_it_lands(*words)
        monkeypatch.setattr(mitigating, "until_it_lands", until_it_lands)
        end(shipped, done[0].listed.id)
        return done

    monkeypatch.setattr(mitigating, "until_it_lands", land_and_lose)
    with pytest.raises(StorageConflict, match="somebody else's change has removed it"):
        advise(shipped)


def test_killed_anywhere_clients_are_told_all_or_nothing_and_a_rerun_completes(tmp_path: Path) -> None:
    ready = with_settings(Project(tmp_path / "ready"))
    ready.publish("1.1.0")
    ready.now += timedelta(hours=1)
    for number in range(1, 8):
        for after in (False, True):
            project = ready.copied(tmp_path / f"{number}-{after}")
            try:
                advise(project, FlakyStorage(project.storage(), fail_at=number, after=after))
            except Killed:
                assert len(advice_for(project).mitigations) in (0, 1)
                assert advice_for(project).left_out == ()
                advise(project)
            assert len(advice_for(project).mitigations) == 1
            assert verify_channel(StoreSource(project.storage()), project.root, project.now).sound


def test_an_auditor_says_that_a_notice_is_missing_and_clients_say_less(shipped: Project) -> None:
    plan = advise(shipped)
    (shipped.bucket / mitigation_key("node", plan.listed.id)).unlink()
    report = verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now)
    assert not report.sound
    assert any("clients of node do not show the mitigation" in finding.what for finding in report.findings)
    assert advice_for(shipped) == Advice(
        (), ("A notice about this version could not be fetched or read: try again later.",)
    )


def test_notices_of_earlier_mitigations_are_no_strays(shipped: Project) -> None:
    plan = advise(shipped)
    end(shipped, plan.listed.id)
    report = verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now)
    assert report.findings == ()


def test_a_thief_of_the_notes_key_reaches_neither_pages_nor_status_with_a_setting_of_his_own(shipped: Project) -> None:
    """What this program refuses to sign, somebody with the keys can sign by other means."""
    order = ordered(shipped, setting="remote-login", value="on")
    notice = Body.from_bytes(order.notice(shipped.now).to_bytes())
    bucket, keys, storage = shipped.look(), shipped.key_ring(), shipped.storage()
    listed = ListedMitigation(notice.sha256, order.versions, order.platforms, order.until)
    signed = notes_to_sign(bucket.live, shipped.now, "node", [listed])
    object_ = PlannedObject.of(mitigation_key("node", notice.sha256), notice)
    mitigating._publication(
        LedgerAction.MITIGATE, "node", listed, signed, shipped.catalog, bucket, keys, shipped.now, object_
    ).apply(storage)
    live = shipped.look().published()
    assert read_mitigation(shipped.look().read, "node", listed).setting == "remote-login"
    assert advice_for(shipped) == Advice((), (NOT_SIGNED,))
    assert read_state(shipped.look().read, live, shipped.now).mitigations == ()


def test_the_state_for_pages_says_what_clients_show(shipped: Project) -> None:
    plan = advise(shipped, platforms=("linux-amd64",))
    live = shipped.look().published()
    [mitigation] = read_state(shipped.look().read, live, shipped.now).mitigations
    assert (mitigation.id, mitigation.name, mitigation.value) == (plan.listed.id, "storage.auto_sync", "off")
    assert (mitigation.because, mitigation.how, mitigation.platforms) == (REASON, "In config.toml.", ("linux-amd64",))
    assert mitigation.concerns("node", Version.parse("1.1.0"))
    assert not mitigation.concerns("node", Version.parse("1.1.1"))
    assert not mitigation.concerns("other", Version.parse("1.1.0"))
    over = plan.order.until
    assert read_state(shipped.look().read, live, over).mitigations == ()


def test_planning_writes_nothing(shipped: Project) -> None:
    plan = advise(shipped)
    before = tree(shipped.bucket)
    words = (shipped.catalog, shipped.look(), shipped.key_ring(), shipped.now)
    plan_end(plan.listed.id, *words)
    plan_mitigation(ordered(shipped, value="on"), *words)
    assert tree(shipped.bucket) == before


def test_settings_are_announced_between_releases_and_can_be_named_then(project: Project) -> None:
    project.publish("1.1.0")
    with_settings(project)
    plan = plan_announce("node", "stable", project.catalog, project.look(), project.key_ring(), project.now)
    assert "  added: auto-sync, shown as storage.auto_sync (In config.toml), to on, off" in plan.changes
    apply_stage(plan, project.storage())
    shown = project.review("1.1.0")
    assert not shown.ships
    assert "settings that a mitigation may name" in shown.difference
    project.approve("1.1.0")
    promote(project)
    advise(project, fixed_in=None)
    assert len(advice_for(project).mitigations) == 1


def test_the_newest_word_about_a_setting_counts_alone(shipped: Project) -> None:
    """Said again a minute later, or with another value: users read one mitigation, never two that contradict."""
    advise(shipped)
    shipped.now += timedelta(minutes=1)
    again = advise(shipped, until=shipped.now + timedelta(days=15))
    assert [item.id for item in advice_for(shipped).mitigations] == [again.listed.id]
    other = advise(shipped, platforms=("linux-amd64",))
    assert {item.id for item in advice_for(shipped).mitigations} == {again.listed.id, other.listed.id}
