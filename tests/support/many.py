"""A believable content tree of any size, for benchmarks and for tests of growth; the same for the same numbers."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.model.values import format_time
from tests.support.build import POLICY

ROOT = Path(__file__).parents[2]
REFERENCE = datetime(2026, 11, 20, 12, tzinfo=UTC)

_PRODUCTS = {
    "btfs-node": ("linux-amd64", "linux-arm64"),
    "desktop-client": ("linux-amd64", "windows-amd64"),
    "web-dashboard": ("any",),
    "update-client": ("any",),
}
_CLASSES = ("patch", "feature", "ui-polish", "storage", "security", "dht", "docs", "rpc")
_TYPES = (
    "conference", "testnet-upgrade", "exchange-listing", "announcement", "mainnet-upgrade", "redeploy",
    "contract-milestone",
)  # fmt: skip


def write(directory: Path, releases: int, events: int, years: int = 10) -> tuple[Path, Path]:
    """Write `releases` releases over the four sample products and `events` events into an empty directory.

    Gives the content directory and the configuration directory. About nine in ten releases have shipped before the
    reference time; events spread evenly over the `years` before it and the one after.
    """
    content, config = directory / "content", directory / "site_config"
    shutil.copytree(ROOT / "site_config", config)
    sample = (config / "products.yaml").read_text()  # its versions are those of the sample
    (config / "products.yaml").write_text(re.sub(r"^ *min_(secure|supported):.*\n", "", sample, flags=re.MULTILINE))
    for folder in ("events", *(f"releases/{product}" for product in _PRODUCTS)):
        (content / folder).mkdir(parents=True)
    shutil.copy(POLICY, content / "policy.yaml")
    shutil.copy(ROOT / "content/sample.yaml", content / "sample.yaml")
    for index in range(events):
        text = event(index, events, years)
        (content / f"events/{text.split(maxsplit=2)[1]}.yaml").write_text(text)
    products = list(_PRODUCTS)
    for index in range(releases):
        product, serial = products[index % 4], index // 4
        version = f"{serial // 20}.{serial % 20}.0"
        (content / f"releases/{product}/{version}.yaml").write_text(release(product, version, index, releases, years))
    return content, config


def event(index: int, count: int, years: int = 10) -> str:
    """One event of `count`, as YAML."""
    starts = REFERENCE - timedelta(days=365 * years) + timedelta(hours=24 * 365 * (years + 1) * index // max(count, 1))
    return f"""id: event-{index}
title: Event number {index}
type: {_TYPES[index % len(_TYPES)]}
ecosystem: btfs
starts: {format_time(starts)}
ends: {format_time(starts + timedelta(hours=6 + index % 48))}
announced: {format_time(starts - timedelta(days=20))}
severity: {{score: {1 + index % 5}, because: A reason that somebody wrote down.}}
lead_time: {{score: {1 + index % 4}, because: Announced some weeks ahead.}}
impact: {{client_load: {index % 4}, node_churn: 1, support_traffic: 2, compatibility_risk: 0}}
comms_lead: Ana
summary: |
  Something happens, and *some* users will notice it.

  - Updates come from within the program or from the download page.
sample: true
"""


def release(product: str, version: str, index: int, count: int, years: int = 10) -> str:
    """One release of `count`, as YAML."""
    moment = REFERENCE + timedelta(hours=24 * (400 * years * index // max(count, 1) - 360 * years))
    when = f"planned_for: {format_time(moment)}\n" + (
        f"shipped_at: {format_time(moment)}\n" if moment < REFERENCE else ""
    )
    files = "".join(
        f'  - {{file: "{product}-{{version}}-{platform}.tar.gz", platform: {platform}}}\n'
        for platform in _PRODUCTS[product]
    )
    return f"""product: {product}
version: "{version}"
channels: [stable]
change_class: {_CLASSES[index % len(_CLASSES)]}
sentence: Change number {index} makes one thing a little better than it was before.
{when}notes:
  action: {("optional", "recommended")[index % 2]}
  restart: application
  symptoms:
    - The first start may take a minute longer.
  first_24h:
    - Update from within the program or from the download page; we send no files by message.
  body: |
    - One thing is better than it was before.
    - Another is *faster*; see `help` for its settings and [the manual](https://docs.example.org/{version}).
risks:
  - {{risk: outage, none_because: It starts as before.}}
  - {{risk: security, none_because: It opens no connection.}}
  - {{risk: trust, none_because: It looks as before.}}
artifacts:
{files}sample: true
"""
