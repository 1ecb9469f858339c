"""What whoever has stolen keys or writes to the bucket cannot make of an announcement."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from tuf.api.metadata import Metadata, TargetFile, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.layout import metadata_key, release_key, target_key
from publisher.channel.repository import delegated_roles
from publisher.channel.roles import BASIS_FIELD, CHANGES_FIELD
from publisher.channel.state import read_target
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import InputError, StorageConflict, TidegateError, VerificationError
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.release.stage import Supersede
from publisher.signing.digests import digest_bytes
from publisher.wire.requirement import MOST
from publisher.wire.stopping.withdrawn import WITHDRAWN_FIELD
from tests.support.approving import ROLE, promote, refused
from tests.support.exchanging import stage_as_thief
from tests.support.planting import live, plant, put, sign_unseen
from tests.support.project import Project, tree
from tests.support.requiring import announce_plan, live_feeds, require, required, stage_announcement

Json = dict[str, Any]


@pytest.fixture
def announced(published: Project) -> Project:
    """1.0.0 is live, and so is what the fork requires; what a migration requires is staged."""
    require(published)
    require(published, channel="beta", event="beta-only", at_least="7.0.0")
    stage_announcement(published)
    published.approve("1.0.0")
    promote(published)
    published.now += timedelta(minutes=5)
    require(published, "2.1.0", event="migration", starts="2027-02-01 12:00")
    stage_announcement(published)
    return published


def nothing(_: object) -> None:
    """Leave it as it is."""


def exchange(
    project: Project,
    change: Callable[[Json], None] = nothing,
    more: Callable[[Targets], None] = nothing,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """What is staged, with other feeds or other signed fields, told of by a thief of one channel key; all sign it."""
    metadata = project.staged().candidate.with_signatures(())
    signed = metadata.signed
    for path in [path for path in signed.targets if path.startswith("feed/")]:
        target = signed.targets[path]
        feed = json.loads(read_target(reader(project.storage()), path, target.length, target.hashes["sha256"]))
        change(feed)
        data = json.dumps(feed, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        sha256 = digest_bytes(data).sha256
        put(project, target_key(path, sha256), data)
        signed.targets[path] = TargetFile(len(data), {"sha256": sha256}, path)
    more(signed)
    signed.version += 1
    key = project.key("channels-ana")
    stage_as_thief(project.storage(), ROLE, metadata, files, key, project.root, project.now)


def people_files(project: Project) -> dict[str, bytes]:
    """The files for people of what is live, which anybody can copy into staging."""
    folder = project.bucket / release_key("node", "1.0.0", "")
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith((".gz", ".zip"))}


def is_neither_shown_nor_shipped(project: Project, words: str) -> None:
    before = tree(project.bucket)
    with pytest.raises(TidegateError, match=words):
        project.review("1.0.0")
    assert tree(project.bucket) == before
    sign_unseen(project, "channels-ana", "channels-ben")
    refused(project, TidegateError, words)
    project.now += timedelta(minutes=5)
    stage_announcement(project, Supersede.ANY)
    project.approve("1.0.0")
    promote(project)
    assert required(project) == [("fork", "2.0.0"), ("migration", "2.1.0")]


def lower(feed: Json) -> None:
    feed["requirements"][0]["at_least"] = "1.0.0"


def raise_it(feed: Json) -> None:
    feed["requirements"][0]["at_least"] = "9.0.0"


def remove(feed: Json) -> None:
    del feed["requirements"][0]


def move(feed: Json) -> None:
    feed["requirements"][0]["by"] = "2028-01-15T12:00:00Z"


def of_another_channel(feed: Json) -> None:
    feed["requirements"].append({**feed["requirements"][0], "event": "beta-only", "at_least": "7.0.0"})


def at_an_address(feed: Json) -> None:
    feed["requirements"][0]["url"] = "https://evil.test/"


@pytest.mark.parametrize("change", [lower, raise_it, remove, move, of_another_channel, at_an_address])
def test_requirements_that_the_content_does_not_have_are_not_announced(
    announced: Project, change: Callable[[Json], None]
) -> None:
    exchange(announced, change)
    is_neither_shown_nor_shipped(announced, "does not say what the events of the content require")


def other_notes(feed: Json) -> None:
    feed["release"]["sentence"] = "Send us your keys."


def other_symptoms(feed: Json) -> None:
    feed["release"]["symptoms"] = []


def a_floor(feed: Json) -> None:
    feed["min_secure"] = "0.1.0"


def a_deprecation(feed: Json) -> None:
    feed["deprecations"] = [{"id": "old-api", "subject": "The old API", "state": "announced"}]


def another_file(feed: Json) -> None:
    artifact = feed["release"]["artifact"]
    artifact["sha256"] = "0" * 64


def another_address(feed: Json) -> None:
    feed["release"]["artifact"]["urls"] = ["https://evil.test/node"]


def a_field_of_tomorrow(feed: Json) -> None:
    feed["rollout"] = {"cap": 10}


@pytest.mark.parametrize(
    "change",
    [other_notes, other_symptoms, a_floor, a_deprecation, another_file, another_address, a_field_of_tomorrow],
)
@pytest.mark.parametrize("with_files", [False, True])
def test_nothing_else_of_a_feed_travels_with_an_announcement(
    announced: Project, change: Callable[[Json], None], with_files: bool
) -> None:
    exchange(announced, change, files=people_files(announced) if with_files else {})
    words = "does not match the content for linux-amd64" if with_files else "SHA256SUMS of node 1.0.0 is missing"
    is_neither_shown_nor_shipped(announced, words)


def an_artifact(signed: Targets) -> None:
    path = "artifacts/node/stable/9.9.9/evil.tar.gz"
    signed.targets[path] = TargetFile(4, {"sha256": "0" * 64}, path)


def exchanged_artifact(signed: Targets) -> None:
    path = next(path for path in signed.targets if path.startswith("artifacts/"))
    signed.targets[path] = TargetFile(4, {"sha256": "0" * 64}, path)


def without_a_platform(signed: Targets) -> None:
    del signed.targets["feed/node/stable/windows-amd64.json"]


@pytest.mark.parametrize("more", [an_artifact, exchanged_artifact, without_a_platform])
def test_no_file_travels_with_an_announcement(announced: Project, more: Callable[[Targets], None]) -> None:
    exchange(announced, more=more)
    is_neither_shown_nor_shipped(announced, "SHA256SUMS of node 1.0.0 is missing")


def long_life(signed: Targets) -> None:
    signed.expires = signed.expires.replace(year=9999)


def a_field(signed: Targets) -> None:
    signed.unrecognized_fields["x-evil"] = "hello"


def change_classes(signed: Targets) -> None:
    signed.unrecognized_fields[CHANGES_FIELD] = ["docs"]


def taken_back(signed: Targets) -> None:
    signed.unrecognized_fields[WITHDRAWN_FIELD] = ["1.0.0"]


def other_people(signed: Targets) -> None:
    signed.unrecognized_fields[BASIS_FIELD]["people"] = "0" * 64


def decided_long_ago(signed: Targets) -> None:
    signed.unrecognized_fields[BASIS_FIELD]["at"] = "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (long_life, "expires later than its role allows"),
        (a_field, "signed fields that this program does not write"),
        (change_classes, "differs from the live metadata in more than requirements and settings"),
        (taken_back, "differs from the live metadata in more than requirements and settings"),
        (other_people, "lists other checksum and signature files"),
        (decided_long_ago, "which is in the future"),
    ],
)
def test_no_signed_field_travels_with_an_announcement(
    announced: Project, more: Callable[[Targets], None], words: str
) -> None:
    exchange(announced, more=more)
    is_neither_shown_nor_shipped(announced, words)


def test_a_feed_with_more_requirements_than_clients_read_is_refused(announced: Project) -> None:
    def many(feed: Json) -> None:
        first = feed["requirements"][0]
        feed["requirements"] = [{**first, "event": f"event-{number}"} for number in range(MOST + 1)]

    exchange(announced, many)
    is_neither_shown_nor_shipped(announced, "does not say what the events of the content require")


def test_content_that_requires_more_than_a_feed_can_hold_is_refused_before_anything_is_written(
    published: Project,
) -> None:
    for number in range(MOST + 1):
        require(published, f"2.{number}.0", event=f"event-{number:02}", starts=f"2027-01-{number % 28 + 1:02} 12:00")
    before = tree(published.bucket)
    with pytest.raises(InputError, match=f"{MOST + 1} versions of node stable"):
        announce_plan(published)
    assert tree(published.bucket) == before
    (published.content / "events/event-50.yaml").unlink()
    published.forget()
    stage_announcement(published)
    published.approve("1.0.0")
    promote(published)
    assert len(required(published)) == MOST


def test_files_that_the_minisign_key_did_not_sign_announce_nothing(announced: Project) -> None:
    """Somebody exchanged what lies under the plain names; the metadata of clients is as it was."""
    sums = announced.bucket / release_key("node", "1.0.0", "SHA256SUMS")
    put(announced, release_key("node", "1.0.0", "SHA256SUMS"), sums.read_bytes() + b"0" * 64 + b"  evil\n")
    before = tree(announced.bucket)
    with pytest.raises(VerificationError, match="are not what the minisign key has signed"):
        announce_plan(announced, Supersede.ANY)
    with pytest.raises(VerificationError, match="are not what the minisign key has signed"):
        announced.review("1.0.0")
    assert tree(announced.bucket) == before


def test_a_candidate_that_nobody_staged_announces_nothing(announced: Project) -> None:
    metadata = announced.staged().candidate.with_signatures(())
    metadata.signed.expires -= timedelta(days=1)
    plant(announced, to_bytes(metadata))
    before = tree(announced.bucket)
    with pytest.raises(StorageConflict, match="the ledger has no entry"):
        announced.review("1.0.0")
    assert tree(announced.bucket) == before


# --- role notes


def test_a_thief_of_the_key_of_notes_neither_adds_nor_moves_nor_cancels_a_requirement(announced: Project) -> None:
    """`targets` delegates no feed to notes, so clients do not even ask it for one."""
    paths = delegated_roles(live(announced).targets.signed)["notes"].paths
    assert paths is not None
    assert not any(path.startswith(("feed/", "artifacts/")) for path in paths)

    path = "feed/node/stable/linux-amd64.json"
    target = live(announced).roles[ROLE].signed.targets[path]
    feed = json.loads(read_target(reader(announced.storage()), path, target.length, target.hashes["sha256"]))
    feed["requirements"] = []
    data = json.dumps(feed).encode()
    sha256 = digest_bytes(data).sha256
    put(announced, target_key(path, sha256), data)
    notes = live(announced).roles["notes"]
    notes.signed.targets[path] = TargetFile(len(data), {"sha256": sha256}, path)
    publish_as_thief(announced, "notes", notes)

    url = announced.bucket.as_uri()
    client = UpdateClient(url, announced.root, announced.base / "client", fetcher_for(url), lambda: announced.now)
    told = client.fetch_feed("node", "stable", "linux-amd64").requirements
    assert [(requirement.event, str(requirement.at_least)) for requirement in told] == [("fork", "2.0.0")]
    assert live_feeds(announced)["linux-amd64"].requirements == told


def publish_as_thief(project: Project, role: str, metadata: Metadata[Targets]) -> None:
    """Sign other metadata of a role with its stolen key, and make it live with those of snapshot and timestamp."""
    now = live(project)
    metadata.signed.version += 1
    metadata.signatures.clear()
    for key in project.key_ring().of(role):
        metadata.sign(key, append=True)
    put(project, metadata_key(role, metadata.signed.version), to_bytes(metadata))
    snapshot, timestamp = now.snapshot, now.timestamp
    meta = snapshot.signed.meta[f"{role}.json"]
    meta.version, meta.length = metadata.signed.version, len(to_bytes(metadata))
    meta.hashes = {"sha256": digest_bytes(to_bytes(metadata)).sha256}
    snapshot.signed.version += 1
    snapshot.sign(project.key("snapshot-ben"))
    put(project, metadata_key("snapshot", snapshot.signed.version), to_bytes(snapshot))
    named = timestamp.signed.snapshot_meta
    named.version, named.length = snapshot.signed.version, len(to_bytes(snapshot))
    named.hashes = {"sha256": digest_bytes(to_bytes(snapshot)).sha256}
    timestamp.signed.version += 1
    timestamp.sign(project.key("timestamp-ben"))
    put(project, "tuf/metadata/timestamp.json", to_bytes(timestamp))
