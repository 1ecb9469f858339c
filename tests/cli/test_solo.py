"""One person: README's recipe, and an emergency fix in a hard freeze."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.model.values import format_time
from tests.support.command import ROOT, Publish, Ran, flat
from tests.support.project import tree

README = (ROOT / "README.md").read_text(encoding="utf-8")
ALONE = README[README.index("**Alone?**") : README.index("**Several people")]
REASON = "Nodes accept commands without a password."
FILES = ("our-node-{}-linux-amd64.tar.gz", "our-node-{}-windows-amd64.zip")


class Solo:
    """A new project as README makes one, with a release that is live and a listing that lasts today."""

    def __init__(self, base: Path, publish: Publish) -> None:
        self.base, self._publish = base, publish
        for folder in ("content", "site_config", "templates"):
            shutil.copytree(ROOT / folder, base / folder)
        for file in [*(base / "content").rglob("*.yaml"), *(base / "content").rglob("*.json")]:
            if file.name != "policy.yaml":
                file.unlink()
        (base / "site_config/staffing.yaml").unlink()
        (base / "content/pages/help/history.md").unlink()
        safety = base / "content/pages/safety.md"
        safety.write_text(re.sub(r'<p class="tg-fill".*?</p>', "Tell us.", safety.read_text(), flags=re.DOTALL))
        policy = base / "content/policy.yaml"
        text = policy.read_text()
        policy.write_text(text[: text.index("# Who owns what.")].replace("sample: true\n", ""))
        products, releases = README.split("# site_config/products.yaml\n")[1].split("# content/releases/")[0:2]
        (base / "site_config/products.yaml").write_text(products)
        self.first_release = releases.split("```")[0].partition("\n")[2]
        (base / "site_config/endpoints.yaml").write_text(
            "site: https://updates.our-node.test\ndownloads: [https://dl.our-node.test]\n"
        )
        for line in ALONE.split("```sh\n")[1].split("```")[0].splitlines():
            if line.startswith("sed"):
                subprocess.run(["bash", "-c", line], cwd=base, check=True)
            else:
                assert self.publish(*line.split()[1:], "--no-passphrase").code == 0

    def publish(self, *words: str | Path) -> Ran:
        return self._publish(*words, cwd=self.base)

    @property
    def bucket(self) -> Path:
        return self.base / "bucket"

    def add_release(self, version: str, change_class: str) -> None:
        text = self.first_release.replace("1.0.0", version).replace("class: feature", f"class: {change_class}")
        path = self.base / "content/releases/our-node" / f"{version}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for name in FILES:
            file = self.base / "dist" / version / name.format(version)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(f"{version} {name}".encode())

    def add_listing(self, now: datetime) -> None:
        (self.base / "content/events").mkdir(exist_ok=True)
        starts, ends = format_time(now - timedelta(hours=1)), format_time(now + timedelta(days=1))
        (self.base / "content/events/listing.yaml").write_text(
            f"{{id: listing, title: A listing, type: exchange-listing, ecosystem: btt, starts: {starts}, ends: {ends},"
            " severity: {score: 3, because: logins surge}, lead_time: {score: 3, because: three weeks},"
            " impact: {client_load: 1, node_churn: 1, support_traffic: 2, compatibility_risk: 0},"
            " summary: A pair opens.}"
        )

    def grant_override(self, now: datetime, **changes: str) -> None:
        """README's example, for these files and this hour."""
        text = ALONE.split("```yaml\n")[1].split("```")[0]
        for word, name in zip(("SHA256-LINUX", "SHA256-WINDOWS"), FILES, strict=True):
            data = (self.base / "dist/1.0.1" / name.format("1.0.1")).read_bytes()
            text = text.replace(word, hashlib.sha256(data).hexdigest())
        times = {
            "approved_at": format_time(now - timedelta(minutes=1)),
            "expires": format_time(now + timedelta(days=1)),
        }
        for field, value in (times | changes).items():
            text = re.sub(rf"(?m)^{field}: .*$", f"{field}: {value}", text)
        (self.base / "content/overrides").mkdir(exist_ok=True)
        (self.base / "content/overrides/our-node-1-0-1.yaml").write_text(text)

    def release(self, version: str) -> Ran:
        return self.publish("release", f"our-node@{version}", "--channel", "stable",
            "--artifacts", f"dist/{version}", "--to", self.bucket)  # fmt: skip


@pytest.fixture
def solo(tmp_path: Path, publish: Publish) -> Solo:
    project = Solo(tmp_path / "ours", publish)
    project.add_release("1.0.0", "feature")
    ran = project.release("1.0.0")
    assert ran.code == 0, ran.err
    project.add_listing(datetime.now(UTC).replace(microsecond=0))
    project.add_release("1.0.1", "security")
    return project


def test_one_person_ships_a_fix_in_a_hard_freeze_with_a_published_reason(solo: Solo) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    before = tree(solo.bucket / "tuf")
    refused = solo.release("1.0.1")
    assert refused.code == 3
    assert "needs an override in content/overrides/, in your name, with your reason" in " ".join(refused.err.split())
    assert tree(solo.bucket / "tuf") == before

    solo.grant_override(now)
    checked = solo.publish("check")
    assert checked.code == 0, checked.err
    why = " ".join(solo.publish("why", "our-node@1.0.1").out.split())
    assert f"by Ana (engineering) alone: {REASON}" in why
    shipped = solo.release("1.0.1")
    assert shipped.code == 0, shipped.err

    log = " ".join(solo.publish("log", "--public", "--json", "--to", solo.bucket).out.split())
    assert f"by Ana (engineering) alone: {REASON}" in log
    assert solo.publish("render", "--to", "rendered", "--bucket", str(solo.bucket)).code == 0
    [page] = [path for path in (solo.base / "rendered").rglob("*") if path.is_file() and "1.0.1" in str(path)
        and path.suffix in (".md", ".html")]  # fmt: skip
    text = page.read_text()
    assert REASON in text
    assert "Approved by Ana (engineering)" in text
    assert "freeze.hard" in text


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"reason": '""'}, 1, "reason"),
        ({"artifacts": f"[{'a' * 64}]"}, 3, "does not cover"),
        ({"expires": format_time(datetime.now(UTC) + timedelta(days=15))}, 3, "lasts longer than 14 days"),
        ({"approvers": "[{person: Zoe, duty: engineering}]"}, 3, "the approval of Zoe as engineering"),
    ],
    ids=["no reason", "other files", "too long", "somebody else"],
)
def test_an_override_of_one_person_is_refused_without_what_it_needs(
    solo: Solo, changes: dict[str, str], code: int, said: str
) -> None:
    solo.grant_override(datetime.now(UTC).replace(microsecond=0), **changes)
    before = tree(solo.bucket / "tuf")
    ran = solo.release("1.0.1")
    assert said in " ".join(ran.err.split())
    assert ran.code == code
    assert tree(solo.bucket / "tuf") == before


def test_profile_team_still_asks_for_engineering_operations_and_an_executive(solo: Solo) -> None:
    policy = solo.base / "content/policy.yaml"
    policy.write_text(policy.read_text().replace("profile: solo", "profile: team"))
    solo.grant_override(datetime.now(UTC).replace(microsecond=0))
    ran = solo.publish("check")
    assert ran.code == 1
    assert "nobody approves as operations" in flat(ran.err)
