"""`publish build`, `publish render` and `publish serve` as people call them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.command import Publish, flat
from tests.support.own_site import small_site
from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_site(tmp_path)


def test_build_and_render_write_a_site_each_and_do_it_again(project: Path, publish: Publish) -> None:
    for _ in range(2):
        built = publish("build", "--to", "out/site", cwd=project)
        assert (built.code, built.out) == (0, "Site built in out/site\n")
        rendered = publish("render", "--to", "out/pages", cwd=project)
        assert rendered.code == 0
        assert rendered.out.endswith("files written to out/pages\n")
    assert (project / "out/site/index.html").is_file()
    assert "https://dl.example.org" in (project / "out/pages/safety.md").read_text("utf-8").replace("&#", "")
    assert (project / "out/pages/schemas/feed-1.json").is_file()


def test_a_site_that_shows_nothing_of_the_configured_bucket_says_so(project: Path, publish: Publish) -> None:
    with (project / "site_config/endpoints.yaml").open("a") as file:
        file.write(f"storage: {project / 'bucket'}\n")
    built = publish("build", "--to", "out", cwd=project)
    assert built.code == 0, built.err
    assert (
        "The configured bucket was not read; to include what is live or was taken back, add --bucket URL\n" in built.err
    )


def test_the_moment_can_be_chosen(project: Path, publish: Publish) -> None:
    assert publish("render", "--to", "out", "--at", "2026-12-30T00:00:00Z", cwd=project).code == 0
    assert "Wednesday 30 December 2026" in (project / "out/index.md").read_text("utf-8")


@pytest.mark.parametrize("command", ["build", "render"])
def test_a_directory_of_somebody_else_is_left_alone(project: Path, publish: Publish, command: str) -> None:
    (project / "out").mkdir()
    (project / "out" / "mine.txt").write_text("mine")
    ran = publish(command, "--to", "out", cwd=project)
    assert ran.code == 1
    assert "nothing was written" in flat(ran.err)
    assert [entry.name for entry in (project / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", ["build", "render"])
def test_a_content_error_is_told_and_nothing_is_written(project: Path, publish: Publish, command: str) -> None:
    (project / "content/policy.yaml").write_text("version: 1\n", encoding="utf-8")
    ran = publish(command, "--to", "out", cwd=project)
    assert ran.code == 1
    assert "content/policy.yaml:1" in flat(ran.err)
    assert not (project / "out").exists()


def test_missing_templates_are_said(project: Path, publish: Publish) -> None:
    ran = publish("render", "--to", "out", "--templates", "nowhere", cwd=project)
    assert ran.code == 1
    assert "there is no directory nowhere" in flat(ran.err)


def test_serve_of_ones_own_site_says_how_to_build_it_and_nothing_of_the_demo(
    tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = publish("serve", "--site", "nosite", cwd=tmp_path)
    assert (ran.code, "there is no site in nosite" in flat(ran.err), "publish build --to DIR" in ran.err) == (
        1,
        True,
        True,
    )
    monkeypatch.setattr("publisher.cli.site.serve.make_server", lambda *_: Interrupted())
    assert "The demo's pages" in publish("serve", cwd=tmp_path).out
    assert "The demo's pages" not in publish("serve", "--site", "mine", cwd=tmp_path).out


class Interrupted:
    """A server that is stopped at once."""

    server_address = ("127.0.0.1", 8137)

    def serve_forever(self) -> None:
        raise KeyboardInterrupt

    def server_close(self) -> None:
        pass


def test_serve_says_that_there_is_no_bucket(tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.cli.site.serve.make_server", lambda *_: Interrupted())
    ran = publish("serve", "--bucket", "missing", cwd=tmp_path)
    assert ran.code == 0
    assert "Bucket  none in missing\n" in ran.out


@pytest.mark.parametrize("command", ["build", "render"])
def test_a_place_without_a_bucket_is_an_error_and_nothing_is_written(
    project: Path, publish: Publish, command: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real = Project(tmp_path_factory.mktemp("real") / "project")
    shutil.copyfile(real.config / "root.json", project / "site_config/root.json")
    ran = publish(command, "--to", "out", "--bucket", project / "nowhere", cwd=project)
    assert ran.code == 1
    assert "there is no bucket at" in flat(ran.err)
    assert not (project / "out").exists()


def test_the_demo_needs_the_sample_content(project: Path, publish: Publish) -> None:
    (project / "content/sample.yaml").unlink()
    ran = publish("demo", cwd=project)
    assert ran.code == 1
    assert "the demo publishes the sample content" in flat(ran.err)
    assert "build/demo can be removed" in flat(ran.err)
    assert not (project / "build").exists()


def test_serve_says_what_to_do_before_the_demo_was_built(tmp_path: Path, publish: Publish) -> None:
    ran = publish("serve", "--port", "0", cwd=tmp_path)
    assert ran.code == 1
    assert "there is no site in build/demo/site" in flat(ran.err)
    assert "publish demo" in flat(ran.err)
