"""A web proxy on loopback that asks for a user name and a password, and a server with a certificate behind it."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID

HOST = "updates.example"
"""A name that no resolver knows: only through the proxy can anybody get there."""


@dataclass
class Proxy:
    """A running proxy."""

    address: str
    """host:port"""
    asked: list[str] = field(default_factory=list)
    """The targets of CONNECT, refused ones too."""


@contextmanager
def proxied(directory: Path, keys: Path, *, user: str | None = None, password: str = "") -> Iterator[Proxy]:
    """A proxy whose every tunnel leads to https://updates.example/, which serves the directory.

    `keys` gets `ca.pem`, by which clients know that server. Without `user` the proxy serves anybody.
    """
    _certificate(keys)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "ca.pem", keys / "key.pem")
    origin = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(directory)))
    origin.socket = context.wrap_socket(origin.socket, server_side=True)
    expected = None if user is None else "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_CONNECT(self) -> None:
            running.asked.append(self.path)
            if expected is not None and self.headers["Proxy-Authorization"] != expected:
                self.send_response(407)
                self.send_header("Proxy-Authenticate", 'Basic realm="test"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            with socket.create_connection(origin.server_address[:2]) as other:  # type: ignore[arg-type]
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
                back.start()
                _pump(self.connection, other)
                back.join()
            self.close_connection = True

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Proxy(f"127.0.0.1:{proxy.server_port}")
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True) for server in (origin, proxy)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        for server in (proxy, origin):
            server.shutdown()
            server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _certificate(keys: Path) -> None:
    """A certificate for the host that vouches for itself, good for an hour around now."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    keys.mkdir(parents=True, exist_ok=True)
    (keys / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (keys / "key.pem").write_bytes(secret)
