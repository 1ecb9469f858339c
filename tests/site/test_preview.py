"""The preview server: right files, right types, nothing else."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from publisher.errors import InputError, StorageError
from publisher.site.mkdocs.preview import content_type, find, make_server


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    site, bucket = tmp_path / "site", tmp_path / "bucket"
    for file, text in (
        (site / "index.html", "home"),
        (site / "404.html", "not here"),
        (site / "policy" / "index.html", "policy"),
        (site / ".made-by-tidegate", "marker"),
        (bucket / "tuf" / "metadata" / "timestamp.json", "{}"),
        (bucket / ".tidegate-bucket", "marker"),
        (bucket / "ledger" / "00000001.json", "private"),
        (bucket / "staging" / "node.stable" / "current.json", "private"),
        (bucket / "back" / "node.stable" / "x.json", "private"),
        (tmp_path / "secret.txt", "secret"),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (site / "out").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "site-evil").mkdir()
    (tmp_path / "site-evil" / "x.txt").write_text("secret")
    return site, bucket


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "site/index.html"),
        ("/index.html", "site/index.html"),
        ("/policy/", "site/policy/index.html"),
        ("/policy/?q=1#x", "site/policy/index.html"),
        ("/bucket/tuf/metadata/timestamp.json", "bucket/tuf/metadata/timestamp.json"),
    ],
)
def test_what_is_there_is_found(places: tuple[Path, Path], path: str, file: str) -> None:
    answer = find(path, *places)
    assert answer.status is HTTPStatus.OK
    assert answer.file == places[0].parent.resolve() / file


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/bucket/../../secret.txt",
        "/policy/../../secret.txt",
        "/..\\secret.txt",
        "/../site-evil/x.txt",
        "/out",
        "/.made-by-tidegate",
        "/bucket/.tidegate-bucket",
        "/bucket/ledger/00000001.json",
        "/bucket//ledger/00000001.json",
        "/bucket/Ledger/00000001.json",
        "/bucket/staging/node.stable/current.json",
        "/bucket/./staging/node.stable/current.json",
        "/bucket/%73taging/node.stable/current.json",
        "/bucket/back/node.stable/x.json",
        "/bucket/tuf/../ledger/00000001.json",
        "/bucket/",
        "/bucket/tuf/",
        "/index.html/",
        "/x%00",
        "secret.txt",
        "/nope",
    ],
)
def test_nothing_else_is(places: tuple[Path, Path], path: str) -> None:
    assert find(path, *places).status is HTTPStatus.NOT_FOUND


def test_a_folder_without_its_slash_is_sent_on_within_this_server(places: tuple[Path, Path]) -> None:
    assert find("/policy", *places).location == "/policy/"
    assert find("/bucket", *places).location == "/bucket/"
    assert find("//policy", *places).location == "/policy/"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("timestamp.json", "application/json"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),  # as it is uploaded
        ("SHA256SUMS", "text/plain; charset=utf-8"),
        ("tidegate-0.1.0.pyz", "application/octet-stream"),
    ],
)
def test_types_do_not_depend_on_the_machine(name: str, kind: str) -> None:
    assert content_type(Path(name)) == kind


def test_it_says_what_to_do_when_nothing_was_built(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no site in") as caught:
        make_server(tmp_path, tmp_path, 0)
    assert "publish demo" in caught.value.fix


@pytest.fixture
def running(places: tuple[Path, Path]) -> Iterator[int]:
    server = make_server(*places, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.loopback
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("/", 200, b"home"), ("/nope", 404, b"not here"), ("/bucket/nope", 404, b"There is nothing here.\n")],
)
def test_it_answers(running: int, method: str, path: str, status: int, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running)
    connection.request(method, path)
    response = connection.getresponse()
    assert response.status == status
    assert response.getheader("Content-Length") == str(len(body))
    assert response.getheader("X-Content-Type-Options") == "nosniff"
    assert response.read() == (body if method == "GET" else b"")
    connection.close()


@pytest.mark.loopback
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("[::1]:{port}", 200),
        ("127.0.0.1", 421),
        ("127.0.0.1:1", 421),
        ("evil.example.org:{port}", 421),
        ("localhost.evil.example.org:{port}", 421),
        ("127.0.0.1:{port}@evil.example.org", 421),
        ("", 421),
        (None, 421),
    ],
)
def test_a_page_elsewhere_whose_name_leads_here_reads_nothing(running: int, host: str | None, status: int) -> None:
    """DNS rebinding: the browser connects to this machine, and names the attacker's host."""
    connection = http.client.HTTPConnection("127.0.0.1", running)
    connection.putrequest("GET", "/bucket/tuf/metadata/timestamp.json", skip_host=True)
    if host is not None:
        connection.putheader("Host", host.format(port=running))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == status
    assert (response.read() == b"{}") == (status == 200)
    connection.close()


@pytest.mark.loopback
@pytest.mark.parametrize("page", ["safety/index.html", "sitemap.xml", "data/calendar.json"])
def test_addresses_in_pages_follow_the_port(running: int, places: tuple[Path, Path], page: str) -> None:
    text = "{0}/ and {0}/bucket, not http://127.0.0.1:80001 or http://127.0.0.1:9090/api"
    file = places[0] / page
    file.parent.mkdir(exist_ok=True)
    file.write_text(text.format("http://127.0.0.1:8000"))
    signed = places[1] / "feed.json"
    signed.write_text("http://127.0.0.1:8000/bucket")
    connection = http.client.HTTPConnection("127.0.0.1", running)
    connection.request("GET", f"/{page}")
    response = connection.getresponse()
    assert response.read().decode() == text.format(f"http://127.0.0.1:{running}")
    connection.request("GET", "/bucket/feed.json")
    assert connection.getresponse().read() == signed.read_bytes()
    connection.close()


@pytest.mark.loopback
def test_a_large_file_is_sent_piece_by_piece(
    running: int, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = places[1] / "releases" / "large.bin"
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(64 * 1024 * 1024)

    def whole(_: Path) -> bytes:
        raise AssertionError("read as a whole")

    monkeypatch.setattr(Path, "read_bytes", whole)
    connection = http.client.HTTPConnection("127.0.0.1", running)
    connection.request("GET", "/bucket/releases/large.bin")
    assert len(connection.getresponse().read()) == 64 * 1024 * 1024
    connection.close()


@pytest.mark.loopback
def test_a_taken_port_is_said(running: int, places: tuple[Path, Path]) -> None:
    with pytest.raises(StorageError, match=f"port {running} is taken") as caught:
        make_server(*places, running)
    assert "--port" in caught.value.fix


@pytest.mark.parametrize("path", ["/" + "a" * 300, "/" + "a/" * 3000, "/bucket/" + "%ff" * 100, "/bucket/" + "a" * 300])
def test_a_name_that_no_disk_can_hold_is_not_found(tmp_path: Path, path: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "bucket").mkdir()
    assert find(path, tmp_path / "site", tmp_path / "bucket").status is HTTPStatus.NOT_FOUND


def test_a_link_in_the_bucket_does_not_lead_to_its_private_folders(tmp_path: Path) -> None:
    (tmp_path / "bucket/ledger").mkdir(parents=True)
    (tmp_path / "bucket/ledger/1.json").write_text("{}")
    (tmp_path / "bucket/tuf").symlink_to("ledger")
    assert find("/bucket/tuf/1.json", tmp_path, tmp_path / "bucket").status is HTTPStatus.NOT_FOUND
