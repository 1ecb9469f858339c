"""A release whose files have all characters that a file name of a release may have."""

from __future__ import annotations

from pathlib import Path

from publisher.pipeline.release.release import apply_release
from publisher.storage.protocol import Storage
from tests.support.project import Project

FILES = ("node_1.0.0+repack~1-linux-amd64.tar.gz", "node-1.0.0+windows-amd64.zip")


def publish_odd_names(project: Project, storage: Storage) -> None:
    """Publish 1.0.0 with a bill of materials beside each file."""
    project.add_release("1.0.0")
    text = project.content / "releases/node/1.0.0.yaml"
    changed = text.read_text().replace("node-{version}-linux", "node_{version}+repack~1-linux")
    text.write_text(changed.replace("node-{version}-windows", "node-{version}+windows"))
    project.forget()
    plan = project.plan(project.request("1.0.0", artifacts=built(project.base / "odd")), storage)
    apply_release(plan, project.catalog, storage, lambda: project.now)


def built(folder: Path) -> Path:
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(name.encode() * 100)
        (folder / f"{name}.cdx.json").write_bytes(b'{"bomFormat": "CycloneDX"}')
    return folder
