"""Clients of a test project that ask its bucket for updates."""

from __future__ import annotations

from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from tests.support.project import Project


def offered(project: Project, state: str, root: bytes | None = None) -> str:
    """The version that a client is offered which keeps its state below that name, at the project's time.

    It trusts the project's root, unless told otherwise.
    """
    url = project.bucket.as_uri()
    client = UpdateClient(url, root or project.root, project.base / state, fetcher_for(url), lambda: project.now)
    release = client.fetch_feed("node", "stable", "linux-amd64").release
    assert release is not None
    return str(release.version)
