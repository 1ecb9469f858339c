"""Through a real proxy on this machine: with and without a user and a password, however its address is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.client.cli import main
from publisher.client.network.address import Proxy, parsed, proxy_for
from publisher.client.network.http import fetcher_for
from publisher.wire.errors import ClientInputError
from tests.support.proxy import HOST, proxied
from tests.support.tuf_repository import Bucket

Run = Callable[..., tuple[int, str, str]]

USER, PASSWORD = "ana@team", "päss:w/rd%"
WRITTEN = "ana%40team:p%C3%A4ss%3Aw%2Frd%25"


@pytest.fixture
def run(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `tidegate check` on https://updates.example with the proxy that the environment names."""
    (tmp_path / "root.json").write_bytes(bucket.root_bytes)
    for name in ("http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "keys/ca.pem"))

    def run(proxy: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("https_proxy", proxy)
        options = f"check --url https://{HOST} --root {tmp_path / 'root.json'} --product btfs-node --channel stable"
        options += f" --platform linux-amd64 --state {tmp_path / 'state'} --current 4.0.2"
        code = main([*options.split(), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.mark.loopback
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_gets_the_user_and_the_password_of_its_address(
    run: Run, bucket: Bucket, tmp_path: Path, scheme: str
) -> None:
    with proxied(bucket.directory, tmp_path / "keys", user=USER, password=PASSWORD) as proxy:
        code, out, err = run(f"{scheme}{WRITTEN}@{proxy.address}")
    assert (code, err) == (0, "")
    assert "4.1.0 is available" in out
    assert set(proxy.asked) == {f"{HOST}:443"}


@pytest.mark.loopback
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_without_a_password_works_however_it_is_written(
    run: Run, bucket: Bucket, tmp_path: Path, scheme: str
) -> None:
    with proxied(bucket.directory, tmp_path / "keys") as proxy:
        assert run(f"{scheme}{proxy.address}")[0] == 0


@pytest.mark.loopback
@pytest.mark.parametrize(
    ("credentials", "words"),
    [("", "requires a user name and a password"), ("ana:secret-word@", "does not accept this user name and password")],
)
def test_407_has_its_own_sentence_and_is_asked_once(
    run: Run, bucket: Bucket, tmp_path: Path, credentials: str, words: str
) -> None:
    with proxied(bucket.directory, tmp_path / "keys", user=USER, password=PASSWORD) as proxy:
        code, out, _ = run(f"http://{credentials}{proxy.address}", "--json")
    answer = json.loads(out)
    assert (code, answer["error"]["code"]) == (5, "proxy")
    assert f"the proxy http://{proxy.address} {words}" in answer["error"]["what"]
    assert "USER:PASSWORD@" in answer["error"]["fix"]
    assert "secret-word" not in out
    assert proxy.asked == [f"{HOST}:443"]


ADDRESS = parsed("https://updates.example/")


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("proxy.example:3128", Proxy("http://proxy.example:3128", None)),
        ("http://proxy.example:3128/", Proxy("http://proxy.example:3128", None)),
        ("https://proxy.example", Proxy("https://proxy.example", None)),
        ("http://[::1]:3128", Proxy("http://[::1]:3128", None)),
        ("ana@proxy.example:1", Proxy("http://proxy.example:1", "Basic YW5hOg==")),
        ("ana:a:b@proxy.example:1", Proxy("http://proxy.example:1", "Basic YW5hOmE6Yg==")),
    ],
)
def test_a_proxy_is_read_however_it_is_written(text: str, proxy: Proxy) -> None:
    assert proxy_for(ADDRESS, {"https": text}) == proxy


@pytest.mark.parametrize(
    "text", ["socks5://ana:secret@proxy.example:1080", "http://ana:secret@", "http://ana:se/cret@x"]
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(text: str) -> None:
    with pytest.raises(ClientInputError, match="proxy") as caught:
        fetcher_for("https://updates.example", proxies={"https": text})
    assert "secret" not in str(caught.value)
    assert "se/cret" not in str(caught.value)


def test_a_proxy_is_used_for_others_unless_bypassed() -> None:
    proxies = {"https": "http://proxy.example:3128", "no": "inside.example"}
    assert proxy_for(ADDRESS, proxies) == Proxy("http://proxy.example:3128", None)
    assert proxy_for(parsed("https://a.inside.example/"), proxies) is None
    assert proxy_for(parsed("http://[::1]:80/"), {"all": "http://proxy.example"}) is None
