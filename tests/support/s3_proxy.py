"""A small proxy on this machine in front of a real S3 server, that misbehaves as told.

with S3Proxy.started(server.endpoint, server.admin) as proxy:
    proxy.rules.append(Rule("PUT", "a.json", LOSE_ANSWER))
    proxy.forget_conditions = frozenset({"copy"})
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.support.s3_server import REGION, Identity

LOSE_ANSWER = "forward, then hang up"
LOSE_REQUEST = "hang up"
CUT_ANSWER = "forward, then hang up in the middle of the answer"

CONDITIONS = {"if-match", "if-none-match"}
HOP = {"connection", "transfer-encoding", "keep-alive", "expect"}


@dataclass
class Rule:
    """What happens to the first `times` requests of a kind."""

    method: str
    path: str
    """A part of path and query."""
    act: str | tuple[int, str]
    """One of the constants above, or a status and an S3 error code to answer without forwarding."""
    times: int = 1
    then: Callable[[], object] | None = None
    """Called before the connection is cut, when the request has been forwarded."""


@dataclass
class S3Proxy:
    """A running proxy."""

    endpoint: str
    rules: list[Rule] = field(default_factory=list)
    forget_conditions: frozenset[str] = frozenset()
    """Of put, complete, copy: the requests that lose If-Match and If-None-Match on their way."""
    believe_all: bool = False
    """Let wrong checksums pass, by leaving them out."""
    seen: list[str] = field(default_factory=list)
    """METHOD and path of every request, in order."""

    @classmethod
    @contextmanager
    def started(cls, upstream: str, identity: Identity) -> Iterator[S3Proxy]:
        """A proxy that signs again, as this identity, what it changes."""
        lock = threading.Lock()
        target = urlsplit(upstream)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                self._handle()

            do_PUT = do_POST = do_HEAD = do_DELETE = do_GET

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with lock:
                    proxy.seen.append(f"{self.command} {self.path}")
                    rule = next((one for one in proxy.rules if self._matches(one)), None)
                    if rule:
                        rule.times -= 1
                if rule and isinstance(rule.act, tuple):
                    self._refuse(*rule.act)
                    return
                if rule and rule.act == LOSE_REQUEST:
                    self._hang_up()
                    return
                connection = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=30)
                try:
                    connection.request(self.command, self.path, body, self._forwarded(body))
                    answer = connection.getresponse()
                    data = answer.read()
                finally:
                    connection.close()
                if rule and rule.then:
                    rule.then()
                if rule and rule.act == LOSE_ANSWER:
                    self._hang_up()
                    return
                self.send_response(answer.status)
                length = answer.headers.get("Content-Length") if self.command == "HEAD" else str(len(data))
                for name, value in answer.headers.items():
                    if name.lower() not in HOP | {"content-length", "date", "server"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                if rule and rule.act == CUT_ANSWER:
                    self.wfile.write(data[: len(data) // 2])
                    self._hang_up()
                    return
                self.wfile.write(data)

            def _matches(self, rule: Rule) -> bool:
                return rule.times > 0 and rule.method == self.command and rule.path in self.path

            def _kind(self) -> str:
                if "uploadId" in parse_qs(urlsplit(self.path).query) and self.command == "POST":
                    return "complete"
                return "copy" if "x-amz-copy-source" in self.headers else "put"

            def _forwarded(self, body: bytes) -> dict[str, str]:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
                drop = set(CONDITIONS) if self._kind() in proxy.forget_conditions else set()
                if proxy.believe_all:
                    drop |= {"x-amz-checksum-sha256", "content-md5", "x-amz-checksum-algorithm"}
                if not drop & {name.lower() for name in headers}:
                    return headers
                kept = {name: value for name, value in headers.items() if name.lower() not in drop}
                return self._signed(kept, body)

            def _signed(self, headers: dict[str, str], body: bytes) -> dict[str, str]:
                kept = {name: value for name, value in headers.items() if name.lower() != "authorization"}
                request = AWSRequest(self.command, f"http://{self.headers['Host']}{self.path}", headers=kept, data=body)
                request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
                credentials = Credentials(identity.access_key, identity.secret_key)
                S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
                return {name: str(value) for name, value in request.headers.items()}

            def _refuse(self, status: int, code: str) -> None:
                data = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def _hang_up(self) -> None:
                self.close_connection = True
                self.wfile.flush()

            def log_message(self, format: str, *arguments: object) -> None:
                """Tests look at `seen`."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            proxy = cls(f"http://127.0.0.1:{server.server_port}")
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield proxy
            finally:
                server.shutdown()
                thread.join()
