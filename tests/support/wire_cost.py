"""What an update check costs on the wire: requests, and bytes of bodies; for a budget and for the bench."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuf.ngclient import FetcherInterface

from publisher.channel.brakes import notice_key, with_brakes
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.publication.plan import plan_publication
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.site.outputs.security import signed_advisories
from publisher.storage.protocol import Body
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.stopping.brakes import BRAKES, Brake
from tests.support.advising import advise
from tests.support.braking import ordered
from tests.support.project import Project
from tests.support.requiring import require

KIB = 1024
REQUIRED = 10

TRIGGER = """\
trigger:
  kind: block
  chain: bittorrent-chain
  height: {height}
  seen: 40000000
  spacing_seconds: 3
  as_of: 2026-11-20T12:00:00Z
  earliest: {earliest}
  latest: {latest}
"""


@dataclass
class Counted(FetcherInterface):
    """Counts the requests of a client, and the bytes of the bodies that answer them."""

    inner: FetcherInterface
    requests: int = 0
    size: int = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.requests += 1
        for chunk in self.inner.fetch(url):
            self.size += len(chunk)
            yield chunk


def check(project: Project, state: Path) -> tuple[int, int]:
    """Requests, and bytes of bodies, of one update check."""
    url = project.bucket.as_uri()
    fetcher = Counted(fetcher_for(url))
    client = UpdateClient(url, project.root, state, fetcher, lambda: project.now)
    assert client.fetch_feed("node", "stable", "linux-amd64").release is not None
    return fetcher.requests, fetcher.size


def ten_events(project: Project) -> None:
    """Half of them wait for a block, as real forks do, with titles and audiences of real length."""
    for number in range(REQUIRED):
        event = f"mainnet-upgrade-of-the-storage-network-{number:02}"
        day = 4 + number
        require(
            project,
            f"2.{number}.0",
            event=event,
            starts=f"2027-01-{day:02} 12:00",
            more=", audiences: [hosts, exchanges]",
        )
        if number % 2 == 0:
            path = project.content / f"events/{event}.yaml"
            height = 40_000_000 + (45 + number) * 86_400 // 3
            earliest, latest = f"2027-01-{day - 1:02}T12:00:00Z", f"2027-01-{day + 1:02}T12:00:00Z"
            path.write_text(path.read_text() + TRIGGER.format(height=height, earliest=earliest, latest=latest))
    project.forget()


def withdraw_many(project: Project, count: int) -> None:
    """Withdraw so many old versions in one flip, each with a notice of the greatest length."""
    bucket = project.look()
    live = bucket.published()
    brakes, objects = [], []
    for number in range(count):
        order = ordered(project, f"0.{number}.0", action=WithdrawalAction.UPDATE, because="It loses data. " * 18)
        notice = Body.from_bytes(order.notice(project.now).to_bytes())
        brakes.append(Brake(notice.sha256, order.version))
        objects.append(PlannedObject.of(notice_key("node", "stable", notice.sha256), notice))
    content = with_brakes(live, "node.stable", project.now, withdrawn=brakes)
    keys = project.key_ring()
    advance = bucket.advance(project.catalog.signers, keys.of, project.now)
    metadata = advance.to(live.targets.signed, {}, {BRAKES: content}, signed_targets=live.targets)
    body = LedgerEntryBody.routine(LedgerAction.REFRESH, None)
    plan_publication(body, metadata, bucket, keys, project.now, before=objects).apply(project.storage())


def advise_many(project: Project, count: int) -> None:
    """Sign so many advisories about old versions, and a manifest of a site."""
    project.add_release("0.0.1")
    for number in range(count):
        advise(project, 'before: "0.5.0"', ident=f"leak-{number}")
    advisories = signed_advisories(project.catalog, project.now)
    manifest = Body.from_bytes(b"a manifest of pages, which only an auditor reads")
    plan = plan_signing(manifest, advisories, project.look(), project.catalog, project.key_ring(), project.now)
    apply_signing(plan, project.storage())
