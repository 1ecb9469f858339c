"""The site in real programs: a browser that reports every violation, and MkDocs that reloads."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.mkdocs.preview import make_server
from tests.site.factory import NOW, ROOT, TEMPLATES, catalog, event, live, release
from tests.support.system import need

pytestmark = pytest.mark.system

BROWSER = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
    "--dump-dom",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("site")
    content = catalog(events=(event(),), releases=(release(events=["listing"]), release("4.1.0")))
    build_site(ROOT / "mkdocs.yml", place / "site", SiteSource(content, live(), NOW, TEMPLATES))
    server = make_server(place / "site", place / "bucket", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("page", ["", "calendar/", "releases/node/4.2.0/", "downloads/", "policy/", "nowhere/at/all"])
def test_a_browser_has_nothing_to_complain_about(address: str, page: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [need("chromium"), *BROWSER, f"--user-data-dir={tmp_path}", address + page],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in ran.stderr, ran.stderr
    # The theme's script has run, so the policy let it.
    assert re.search(r'<html[^>]* class="js', ran.stdout)
    assert "<h1" in ran.stdout


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    for name in ("content", "site_config", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copyfile(ROOT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "-a", f"127.0.0.1:{port}"],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "NO_MKDOCS_2_WARNING": "1"},
        )
        try:
            yield tmp_path, f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(address: str, right: Callable[[str], bool], log: Path) -> None:
    page = ""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                page = answer.read().decode()
            if right(page):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.1)
    pytest.fail(f"not within 30 s; the log: {log.read_text()[-2000:]}")


def test_mkdocs_serve_follows_every_change_and_survives_mistakes(preview: tuple[Path, str]) -> None:
    project, address = preview
    log = project / "log"
    _wait(address, lambda page: "Current versions" in page, log)
    products = project / "site_config" / "products.yaml"
    right = products.read_text(encoding="utf-8")
    products.write_text(right.replace("name: BTFS node", "name: Renamed node"), encoding="utf-8")
    _wait(address, lambda page: "Renamed node" in page, log)
    products.write_text(right.replace("name: BTFS node", "nam: BTFS node"), encoding="utf-8")
    _wait(address, lambda page: "The content has a problem" in page and "did you mean name?" in page, log)
    products.write_text(right, encoding="utf-8")
    _wait(address, lambda page: "BTFS node" in page and "The content has a problem" not in page, log)
    readings = project / "content" / "readings" / "failed-requests-sample.json"
    saved = readings.read_bytes()
    readings.write_bytes(b"<html>502 Bad Gateway")
    _wait(address, lambda page: "The content has a problem" in page and "is not JSON from here on" in page, log)
    readings.write_bytes(saved)
    _wait(address, lambda page: "The content has a problem" not in page, log)
    template = project / "templates" / "pages" / "home.md.jinja"
    words = template.read_text(encoding="utf-8")
    template.write_text(words.replace("Current versions", "What there is"), encoding="utf-8")
    _wait(address, lambda page: "What there is" in page, log)
    (project / "content" / "pages" / "safety.md").write_text("# New words\n", encoding="utf-8")
    _wait(f"{address}safety/", lambda page: "New words" in page, log)
