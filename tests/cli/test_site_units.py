"""`publish build --units` and `--if-changed`: the timer of the site."""

from __future__ import annotations

import configparser
import json
from datetime import UTC, datetime

import pytest

from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.storage.protocol import Body
from tests.support.command import Publish, flat
from tests.support.project import Project, tree

SIGNED = ("--upload", "pages", "--channel-bucket", "bucket")


def unit(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
    parsed.optionxform = str  # type: ignore[method-assign, assignment]
    parsed.read_string(text)
    return parsed


def test_the_service_builds_when_the_channel_has_changed(project: Project, publish: Publish) -> None:
    ran = publish("build", *SIGNED, "--units", "units", cwd=project.base)
    assert ran.code == 0, ran.err
    assert "install -m 644 units/tidegate-site.* /etc/systemd/system/" in ran.out
    assert "systemctl enable --now tidegate-site.timer" in ran.out
    base = project.base
    service = (base / "units/tidegate-site.service").read_text()
    call = unit(service)["Service"]["ExecStart"]
    assert f"build --upload {base}/pages --channel-bucket {base}/bucket --if-changed --mkdocs {base}/mkdocs.yml" in call
    assert f"--keys {base}/keys" in call
    assert [line for line in service.splitlines() if line.startswith("ReadWritePaths=")] == [
        f"ReadWritePaths={base}/pages",
        f"ReadWritePaths={base}/bucket",
    ]
    assert unit(service)["Service"]["EnvironmentFile"] == "-/etc/tidegate/site.env"
    timer = unit((base / "units/tidegate-site.timer").read_text())
    assert timer["Timer"]["OnCalendar"] == "*-*-* *:00/10:00 UTC"


def test_buckets_on_s3_are_written_as_they_are_named(project: Project, publish: Publish) -> None:
    words = ("--upload", "s3://pages/x", "--channel-bucket", "s3://ours/x", "--units", "units", "--json")
    ran = publish("build", *words, cwd=project.base)
    assert json.loads(ran.out)["written"] == ["units/tidegate-site.service", "units/tidegate-site.timer"]
    service = (project.base / "units/tidegate-site.service").read_text()
    assert "--upload s3://pages/x --channel-bucket s3://ours/x --if-changed" in service
    assert "ReadWritePaths" not in service


@pytest.mark.parametrize("words", [("--units", "units"), ("--if-changed",)])
def test_a_site_without_its_channel_has_no_timer(project: Project, publish: Publish, words: tuple[str, ...]) -> None:
    before = tree(project.base)
    ran = publish("build", "--upload", "pages", *words, cwd=project.base)
    assert (ran.code, tree(project.base)) == (2, before)
    assert "for a site that its channel signs" in flat(ran.err)


def test_while_nothing_has_changed_nothing_is_built(project: Project, publish: Publish) -> None:
    project.now = datetime.now(UTC).replace(microsecond=0)
    project.publish("1.0.0")
    plan = plan_signing(Body.from_bytes(b"{}"), {}, project.look(), project.catalog, project.key_ring(), project.now)
    apply_signing(plan, project.storage())
    before = tree(project.base)
    ran = publish("build", *SIGNED, "--if-changed", cwd=project.base)
    assert (ran.code, tree(project.base)) == (0, before), ran.err
    assert "The channel is as when its site was signed; nothing was built." in ran.out
