"""Each runbook of docs/key-runbooks.md, against a thief who has used the key before, and tries again afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Targets
from tuf.ngclient import Updater

from publisher.channel.brakes import notice_key
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key
from publisher.client.cli import wall_clock
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import VerificationError
from publisher.pipeline.publication.self_check import StoreFetcher
from publisher.wire.errors import ClientError
from publisher.wire.stopping.brakes import BRAKES_FIELD
from tests.support.command import Publish
from tests.support.project import Project
from tests.support.runbook import Typist, blocks, ship, started
from tests.support.thief import FAR, Thief

pytestmark = pytest.mark.system

PAGE = blocks("key-runbooks.md")
ONLINE = ("snapshot-ben", "timestamp-ben")


@pytest.fixture
def project(tmp_path: Path, publish: Publish) -> Project:
    return started(tmp_path / "project", publish)


def offered(project: Project, state: str, *, root: bytes | None = None, bucket: Path | None = None) -> str:
    url = (bucket or project.bucket).as_uri()
    client = UpdateClient(url, root or project.root, project.base / "clients" / state, fetcher_for(url), wall_clock)
    release = client.fetch_feed("node", "stable", "linux-amd64").release
    assert release is not None
    return str(release.version)


def stock_offers(project: Project, state: str) -> str:
    """What python-tuf's own client is led to; it counts signatures and knows nothing of duties."""
    folder = project.base / "clients" / state
    folder.mkdir(parents=True, exist_ok=True)
    fetcher = StoreFetcher(project.storage())
    updater = Updater(str(folder), "https://bucket.invalid/tuf/metadata/", fetcher=fetcher, bootstrap=project.root)
    info = updater.get_targetinfo("feed/node/stable/linux-amd64.json")
    assert info is not None
    feed = project.bucket / f"tuf/targets/feed/node/stable/{info.hashes['sha256']}.linux-amd64.json"
    return str(json.loads(feed.read_bytes())["release"]["version"])


@dataclass
class Theft:
    """What a thief of some keys does, and what clients then see."""

    keys: tuple[str, ...]
    use: Callable[[Thief], None]
    fools: str | None
    """What clients who look meanwhile are offered; None when they are offered nothing."""


def number_ahead(thief: Thief) -> None:
    thief.stamp(FAR, MetaFile(FAR))


def name_what_nobody_has(thief: Thief) -> None:
    thief.flip(FAR, FAR, announced={"node.stable": FAR, "targets": FAR})


def ship_malware(thief: Thief) -> None:
    evil = thief.malware("node.stable", FAR, "channels-ana", "channels-ben")
    thief.flip(FAR, FAR, replaced={"node.stable": evil})


def misuse(role: str, key: str) -> Callable[[Thief], None]:
    """A shared role signed anew, with the online keys' help."""

    def use(thief: Thief) -> None:
        made = Metadata(Targets(version=FAR, expires=thief.live().snapshot.signed.expires))
        made.sign(thief.keys[key])
        thief.flip(40, 50, replaced={role: made})

    return use


def hold_everything(thief: Thief) -> None:
    """A hold on what is live, with a notice, so that clients offer nothing."""
    held = {"product": "node", "channel": "stable", "version": "1.1.0", "platforms": []}
    times = {"at": "2026-11-20T12:00:00Z", "next_update": "2036-11-20T12:00:00Z"}
    notice = json.dumps(
        {"format": "tidegate-notice/1", "kind": "hold", **held, **times, "because": "Because."}
    ).encode()
    digest = hashlib.sha256(notice).hexdigest()
    thief.write(notice_key("node", "stable", digest), notice)
    made = Metadata(Targets(version=FAR, expires=thief.live().snapshot.signed.expires))
    made.signed.unrecognized_fields[BRAKES_FIELD] = {"node.stable": {"holds": [{"id": digest, "version": "1.1.0"}]}}
    made.sign(thief.keys["brakes-ben"])
    thief.flip(40, 50, replaced={"brakes": made})


def delegate_to_themselves(thief: Thief) -> None:
    """`targets` without the other person's key in the channels: one person's is enough from now on."""
    live = thief.live().targets.signed
    evil = Targets.from_dict(live.to_dict())
    evil.version = FAR
    assert evil.delegations is not None
    assert evil.delegations.roles is not None
    role = evil.delegations.roles["node.stable"]
    role.threshold = 1
    role.unrecognized_fields.clear()
    signed = Metadata(evil)
    for name in ("targets-ana", "targets-ben"):
        signed.sign(thief.keys[name], append=True)
    malware = thief.malware("node.stable", FAR, "channels-ben")
    thief.flip(FAR, FAR, replaced={"targets": signed, "node.stable": malware})


THEFTS = {
    "timestamp": Theft(("timestamp-ben",), number_ahead, None),
    "snapshot": Theft(ONLINE, name_what_nobody_has, None),
    "channels": Theft((*ONLINE, "channels-ana", "channels-ben"), ship_malware, "6.6.6"),
    "rollout": Theft((*ONLINE, "rollout-ben"), misuse("rollout", "rollout-ben"), "1.1.0"),
    "brakes": Theft((*ONLINE, "brakes-ben"), hold_everything, "1.1.0"),
    "notes": Theft((*ONLINE, "notes-eva"), misuse("notes", "notes-eva"), "1.1.0"),
    "targets": Theft((*ONLINE, "targets-ana", "targets-ben", "channels-ben"), delegate_to_themselves, "6.6.6"),
}
"""By heading of the page; those that need another course of events have tests of their own below."""


def test_each_section_of_the_page_is_run_by_a_test() -> None:
    assert set(PAGE) == {*THEFTS, "first", "planted", "channel", "vanished", "minisign", "root", "everything"}
    assert PAGE["first"] == ["publish recover"]


def test_an_object_in_the_place_of_the_next_root_is_named_and_deleted(project: Project, publish: Publish) -> None:
    planted = project.bucket / metadata_key("root", 2)
    planted.write_bytes(b"garbage")
    with pytest.raises(ClientError):
        offered(project, "fresh")
    assert PAGE["planted"] == ["publish recover"]
    ran = publish("recover", cwd=project.base)
    assert ran.code == 4
    said = " ".join(ran.err.split())
    assert "tuf/metadata/2.root.json is where the next root belongs, and every client stops there" in said
    assert "have the holder of the break-glass identity delete tuf/metadata/2.root.json" in said
    planted.unlink()
    assert publish("recover", cwd=project.base).code == 0
    assert offered(project, "fresh") == "1.1.0"


@pytest.mark.parametrize("row", THEFTS)
def test_a_thief_is_locked_out_and_every_client_goes_on(project: Project, publish: Publish, row: str) -> None:
    theft, typist = THEFTS[row], Typist(publish, project)
    thief = Thief.of(project, *theft.keys)
    assert offered(project, "saw it") == offered(project, "asleep") == stock_offers(project, "stock saw it") == "1.1.0"
    theft.use(thief)
    if theft.fools is None:
        with pytest.raises(ClientError):
            offered(project, "saw it")
        with pytest.raises((RepositoryError, DownloadError)):
            stock_offers(project, "stock saw it")
    else:
        assert offered(project, "saw it") == stock_offers(project, "stock saw it") == theft.fools

    typist.follow(PAGE[row], published=True)
    now = "7.0.0" if row == "channels" else "1.1.0"
    for state in ("saw it", "asleep", "new"):
        assert offered(project, state) == now
    assert stock_offers(project, "stock saw it") == stock_offers(project, "stock new") == now
    clear_up(project, publish, thief)

    theft.use(thief)
    with pytest.raises(VerificationError, match="signed"):
        thief.live()
    for state in ("saw it", "newer"):
        with pytest.raises(ClientError):
            offered(project, state)


def clear_up(project: Project, publish: Publish, thief: Thief | None = None) -> None:
    """`publish verify` names all that the thief left and nothing of ours; without that, everything is sound again."""
    words = ("verify", str(project.bucket), "--root", "site_config/root.json")
    found = json.loads(publish(*words, "--json", cwd=project.base).out)["findings"]
    named = {one["where"] for one in found if one["level"] != "note"}
    left = {key for key in thief.written if key != TIMESTAMP_KEY} if thief else set()
    assert named <= left
    # A snapshot with a number that ours has passed leads nowhere, and is no finding. Brakes are never put back: what a
    # key of their time signed stays in force until it is lifted, and is accounted for.
    assert all(key.endswith((".snapshot.json", ".brakes.json", ".notice.json")) for key in left - named)
    for key in named:
        (project.bucket / key).unlink()
    verified = publish(*words, cwd=project.base)
    assert verified.code == 0, verified.out + verified.err
    log = publish("log", "--verify", cwd=project.base)
    assert log.code == 0, log.out + log.err


def test_what_a_thief_of_a_key_of_brakes_stopped_is_lifted_by_the_channels_people(
    project: Project, publish: Publish
) -> None:
    typist, thief = Typist(publish, project), Thief.of(project, *THEFTS["brakes"].keys)
    hold_everything(thief)
    lines = PAGE["brakes"]
    typist.follow(lines[: lines.index("publish status")], published=True)
    status = json.loads(publish("status", "--json", cwd=project.base).out)
    assert [hold["version"] for hold in status["holds"]] == ["1.1.0"]
    typist.follow(lines[lines.index("publish status") :], published=True)
    status = json.loads(publish("status", "--json", cwd=project.base).out)
    assert (status["holds"], status["vanished"]) == ([], [])


def test_a_hold_that_a_thief_has_ended_is_reported_and_put_on_again(project: Project, publish: Publish) -> None:
    words = ("--channel", "stable", "--because", "It stops.", "--next-update", "6h", "--yes")
    assert publish("hold", "node@1.1.0", *words, cwd=project.base).code == 0
    thief = Thief.of(project, *ONLINE, "brakes-ben")
    live = thief.live()
    made = Metadata(Targets(version=3, expires=live.snapshot.signed.expires))
    made.sign(thief.keys["brakes-ben"])
    thief.flip(live.timestamp.signed.version + 1, live.snapshot.signed.version + 1, replaced={"brakes": made})
    Typist(publish, project).run("recover", "--adopt")
    status, hold, verify = PAGE["vanished"]
    ran = publish(*status.split()[1:], cwd=project.base)
    assert (ran.code, "is missing from brakes 3" in " ".join(ran.out.split())) == (4, True)
    Typist(publish, project).type(hold, published=False)
    assert publish("status", cwd=project.base).code == 0
    audited = publish(*verify.replace("BUCKET", str(project.bucket)).split()[1:], cwd=project.base)
    assert audited.code == 0, audited.out


def test_one_key_of_a_channel_ships_nothing_and_is_worth_nothing_afterwards(project: Project, publish: Publish) -> None:
    typist, thief = Typist(publish, project), Thief.of(project, *ONLINE, "channels-ben")
    lone = thief.malware("node.stable", 3, "channels-ben")
    thief.write(metadata_key("node.stable", 3), lone.to_bytes())
    typist.follow(PAGE["channel"], published=False)
    assert offered(project, "new") == "1.1.0"
    clear_up(project, publish, thief)
    ship(publish, project, "1.2.0")
    role = thief.live().roles["node.stable"]
    assert thief.keys["channels-ben"].public_key.keyid not in role.signatures
    assert offered(project, "new") == "1.2.0"


def test_after_a_stolen_minisign_key_people_check_by_the_new_one(project: Project, publish: Publish) -> None:
    typist = Typist(publish, project)
    typist.follow(PAGE["minisign"], published=False)
    assert offered(project, "new") == "1.2.0"
    clear_up(project, publish)


def test_a_stolen_key_of_root_is_changed(project: Project, publish: Publish) -> None:
    assert offered(project, "old") == "1.1.0"
    old = project.key("root-ana").public_key.keyid
    Typist(publish, project).follow(PAGE["root"], published=False)
    assert old not in Thief.of(project).live().root.signed.roles["root"].keyids
    assert offered(project, "old") == offered(project, "new") == "1.1.0"
    clear_up(project, publish)


def test_when_root_itself_is_lost_clients_with_a_new_root_go_on(project: Project, publish: Publish) -> None:
    thief = Thief.of(project, *ONLINE, "root-ana", "root-ben", "root-eva")
    typist, first = Typist(publish, project), project.root
    assert offered(project, "old") == "1.1.0"
    root = thief.live().root
    root.signed.version = 2
    root.signed.roles["timestamp"].keyids = [thief.keys["root-ana"].public_key.keyid]
    root.signatures.clear()
    for name in ("root-ana", "root-ben", "root-eva"):
        root.sign(thief.keys[name], append=True)
    thief.write(metadata_key("root", 2), root.to_bytes())
    with pytest.raises(ClientError):
        offered(project, "old")
    project.forget()

    typist.follow(PAGE["everything"], published=True)
    assert project.root != first
    assert offered(project, "built anew", bucket=typist.bucket_2) == "1.1.0"
    with pytest.raises(ClientError):
        offered(project, "still old", root=first, bucket=typist.bucket_2)
    with pytest.raises(ClientError):
        offered(project, "built anew, led to the old bucket")
