"""What every test gets: a fixed time, and no network unless it says so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

LOOPBACK = ["127.0.0.1", "::1"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sockets are off (--disable-socket); `loopback` opens this machine's, `system` all of them."""
    for item in items:
        if item.get_closest_marker("system"):
            item.add_marker(pytest.mark.enable_socket)
        elif item.get_closest_marker("loopback"):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden trees anew; review the diff.")


@pytest.fixture
def fixed_now() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)
