"""A real Prometheus on this machine, which scrapes numbers that a test sets.

    with PrometheusServer.started(directory) as server:
        server.measure(failed_syncs=3)
        server.wait_for("failed_syncs == 3")

It listens on 127.0.0.1 only, on a free port, and keeps its data in the directory given.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.system import need

READY_SECONDS = 60
CONFIG = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: clients
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@dataclass
class PrometheusServer:
    """A running server."""

    address: str
    process: subprocess.Popen[bytes] = field(repr=False)
    _metrics: dict[str, float] = field(repr=False)

    @classmethod
    @contextmanager
    def started(cls, directory: Path) -> Iterator[PrometheusServer]:
        """A new server with its data in `directory`; skips the test where Prometheus is not installed."""
        program = need("prometheus")
        metrics: dict[str, float] = {}
        with _exporter(metrics) as port:
            (directory / "prometheus.yml").write_text(CONFIG.format(port=port))
            log = directory / "log"
            with log.open("wb") as output:
                process = subprocess.Popen(
                    [
                        program,
                        f"--config.file={directory / 'prometheus.yml'}",
                        f"--storage.tsdb.path={directory / 'data'}",
                        "--web.listen-address=127.0.0.1:0",
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=directory,
                    env={"PATH": os.defpath},
                )
            try:
                found = _until(lambda: _listening(process, log), f"Prometheus does not listen: {log}")
                yield cls(f"http://127.0.0.1:{found}", process, metrics)
            finally:
                process.kill()
                process.wait()

    def measure(self, **metrics: float) -> None:
        """What clients say from now on."""
        self._metrics.update(metrics)

    def wait_for(self, query: str) -> None:
        """Return once the query finds something at this very second."""
        _until(lambda: self._finds(query), f"Prometheus does not see {query}")

    def _finds(self, query: str) -> bool:
        words = urllib.parse.urlencode({"query": query, "time": int(time.time())})
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/query?{words}", timeout=10) as answer:
                return bool(json.load(answer)["data"]["result"])
        except OSError:  # it listens before it answers
            return False


@contextmanager
def _exporter(metrics: dict[str, float]) -> Iterator[int]:
    """The port at which the metrics stand as text, for two clients each."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lines = [
                f'{name}{{region="{region}"}} {value}\n' for name, value in list(metrics.items()) for region in "ab"
            ]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write("".join(lines).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    """The port, once the log tells it; the system has chosen it."""
    assert process.poll() is None, f"Prometheus has ended: {log.read_text()[-2000:]}"
    found = re.search(r'"Listening on" address=127\.0\.0\.1:(\d+)', log.read_text())
    return found[1] if found else ""


def _until(right: Callable[[], Any], otherwise: str) -> Any:
    end = time.monotonic() + READY_SECONDS
    while not (found := right()):
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)
    return found
