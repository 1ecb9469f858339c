"""What every test gets: a fixed time, and no network unless it says so. A real S3 server for those that ask."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from inspect import signature
from socketserver import BaseServer
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.computed_once import signatures_verified_once, templates_compiled_once
from tests.support.examples import DAY
from tests.support.remembered import nothing_remembered

if TYPE_CHECKING:  # boto3 is slow to load, and few tests need it
    from tests.support.ceph import CephServer
    from tests.support.seaweed import SeaweedServer

settings.load_profile(DAY)  # `--hypothesis-profile night` comes after it

LOOPBACK = ["127.0.0.1", "::1"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sockets are off (--disable-socket); `loopback` opens this machine's, `system` all of them.

    `nightly` tests run only where `-m` names them, whatever else it says.
    """
    if "nightly" not in config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]
    # Files of system tests take minutes: a worker that begins one last would keep the others waiting.
    items.sort(key=lambda item: item.get_closest_marker("system") is None)
    for item in items:
        if item.get_closest_marker("system"):
            item.add_marker(pytest.mark.enable_socket)
        elif item.get_closest_marker("loopback"):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden trees anew; review the diff.")


@pytest.fixture(scope="session", autouse=True)
def _servers_bear_that_a_client_leaves() -> Iterator[None]:
    """A client that hangs up is no error of a server, and the traceback none of the command that runs by then."""
    report = BaseServer.handle_error

    def handle_error(self: BaseServer, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            report(self, request, client_address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseServer, "handle_error", handle_error)
        yield


@pytest.fixture(scope="session", autouse=True)
def _what_depends_on_nothing_else_is_computed_once() -> Iterator[None]:
    with templates_compiled_once(), signatures_verified_once():
        yield


@pytest.fixture(autouse=True)
def _what_is_patched_is_really_done(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that patches something is not given what another one has made without the patch."""
    with nothing_remembered() if "monkeypatch" in signature(request.function).parameters else nullcontext():
        yield


@pytest.fixture
def fixed_now() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    """A real S3 server, one a worker; tests take a bucket or a prefix of their own."""
    from tests.support.seaweed import SeaweedServer  # noqa: PLC0415 - boto3 is slow to load, and few tests need it

    with SeaweedServer.started(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CephServer]:
    """Debian's Ceph gateway, for the nights."""
    from tests.support.ceph import CephServer  # noqa: PLC0415 - boto3 is slow to load, and few tests need it

    with CephServer.started(tmp_path_factory.mktemp("ceph")) as server:
        yield server
