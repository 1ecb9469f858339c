"""The network is off in unit tests, and a skip can be made a failure."""

from __future__ import annotations

import socket

import pytest

from tests.support.system import REQUIRED, need


def connect(host: str) -> None:
    with socket.socket() as client:
        client.settimeout(1)
        client.connect((host, 9))


def test_a_unit_test_has_no_sockets() -> None:
    with pytest.raises(Warning, match="tried to use socket"):
        connect("127.0.0.1")


@pytest.mark.loopback
def test_loopback_reaches_this_machine_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with pytest.raises(Warning, match=r"192\.0\.2\.1"):
        connect("192.0.2.1")


def test_a_missing_program_is_a_skip_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        need("no-such-program")


def test_a_missing_program_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRED, "required")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        need("no-such-program")
