"""A TUF repository in memory behind a real web server, of which a test may change every byte.

It knows the TUF specification and nothing of Tidegate, whose own layout `tuf_repository` has. The signed parts (`root`,
`targets`, ...) are drafts: a test changes them, and `publish` signs and serves them as the next version.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from tests.support.tuf_repository import FAR, Person

TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")

ENDLESS_BYTES = 64 * 1024 * 1024
"""Where an endless answer does end, so that a client that reads all of it fails a test and does not hang."""


class MemoryRepository:
    """Drafts, the keys that sign them, and what is served."""

    def __init__(self, *, consistent: bool = True) -> None:
        self.root = Root(version=1, expires=FAR, consistent_snapshot=consistent)
        self.timestamp = Timestamp(version=1, expires=FAR)
        self.snapshot = Snapshot(version=1, expires=FAR)
        self.targets = Targets(version=1, expires=FAR)
        self.delegated: dict[str, Targets] = {}
        self.signers: dict[str, tuple[Person, ...]] = {role: (Person(role),) for role in TOP_LEVEL}
        """Who signs each role."""
        self.digests = False
        """Whether snapshot and timestamp list lengths and digests with the versions."""
        self.served: dict[str, bytes] = {}
        """Answers by path, below the address of the server."""
        self.endless: set[str] = set()
        """Paths whose answers do not end."""
        self.requests: list[str] = []
        self.sent = 0
        """How many bytes of endless answers the network took."""
        for role in TOP_LEVEL:
            self.root.add_key(Person(role).public, role)
        for role in reversed(TOP_LEVEL):
            self.serve(role)

    def signed(self, role: str) -> Signed:
        """The draft of a role."""
        top_level = {"root": self.root, "timestamp": self.timestamp, "snapshot": self.snapshot, "targets": self.targets}
        return top_level.get(role) or self.delegated[role]

    def address(self, role: str) -> str:
        """Where the role's draft is, or will be, served."""
        numbered = role == "root" or (role != "timestamp" and self.root.consistent_snapshot)
        number = f"{self.signed(role).version}." if numbered else ""
        return f"metadata/{number}{quote(role, safe='')}.json"

    def publish(self, *roles: str) -> None:
        """Sign and serve the next version of each role, in this order."""
        for role in roles:
            self.signed(role).version += 1
            self.serve(role)

    def publish_all(self) -> None:
        """Sign and serve the next version of all roles but the root."""
        self.publish(*self.delegated, "targets", "snapshot", "timestamp")

    def serve(self, role: str) -> None:
        """Sign and serve a draft under the version that it has; the draft of the role above lists it."""
        metadata: Metadata[Any] = Metadata(self.signed(role))
        for person in self.signers[role]:
            metadata.sign(person.signer, append=True)
        data = metadata.to_bytes()
        self.served[self.address(role)] = data
        listed = MetaFile.from_data(metadata.signed.version, data, ["sha256"])
        if not self.digests:
            listed = MetaFile(metadata.signed.version)
        if role == "snapshot":
            self.timestamp.snapshot_meta = listed
        elif role not in TOP_LEVEL or role == "targets":
            self.snapshot.meta[f"{role}.json"] = listed

    def rotate(self, role: str) -> None:
        """Give a role of the root's another key; the root must be published too."""
        (old,) = self.signers[role]
        new = Person(f"{old.key}-next")
        self.root.revoke_key(old.public.keyid, role)
        self.root.add_key(new.public, role)
        self.signers[role] = (new,)

    def add_file(self, path: str, data: bytes, role: str = "targets", algorithm: str = "sha256") -> TargetFile:
        """List a file in the draft of a role, and serve it."""
        target = TargetFile.from_data(path, data, [algorithm])
        self.delegated.get(role, self.targets).targets[path] = target
        self.served[self.file_address(target)] = data
        return target

    def file_address(self, target: TargetFile) -> str:
        """Where the target is served."""
        name = target.get_prefixed_paths()[0] if self.root.consistent_snapshot else target.path
        return f"targets/{quote(name)}"

    def delegate(
        self, role: str, *paths: str, by: str = "targets", terminating: bool = False, threshold: int = 1
    ) -> None:
        """Delegate paths to a role with a key of its own, whose draft is empty if it is new."""
        parent = self.targets if by == "targets" else self.delegated[by]
        parent.delegations = parent.delegations or Delegations({}, {})
        assert parent.delegations.roles is not None
        parent.delegations.roles[role] = DelegatedRole(role, [], threshold, terminating, list(paths or ["*"]))
        parent.add_key(Person(role).public, role)
        self.signers[role] = (Person(role),)
        self.delegated.setdefault(role, _unpublished())

    def delegate_bins(self, prefix: str, bit_length: int) -> None:
        """Delegate everything to bins by the digest of the path (TAP 15)."""
        bins = SuccinctRoles([], 1, bit_length, prefix)
        self.targets.delegations = Delegations({}, None, bins)
        self.targets.add_key(Person(prefix).public)
        for role in bins.get_roles():
            self.signers[role] = (Person(prefix),)
            self.delegated[role] = _unpublished()

    @contextmanager
    def running(self) -> Iterator[str]:
        """The address of a server for the repository while the block runs."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _unpublished() -> Targets:
    """A draft whose first published version is 1."""
    draft = Targets(version=1, expires=FAR)
    draft.version = 0
    return draft


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, repository: MemoryRepository, *connection: Any) -> None:
        self.repository = repository
        super().__init__(*connection)

    def do_GET(self) -> None:
        path = self.path.removeprefix("/")
        self.repository.requests.append(path.removeprefix("metadata/"))
        if path in self.repository.endless:
            self._send_without_end()
        elif path in self.repository.served:
            data = self.repository.served[path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        else:
            self.send_error(404)

    def _send_without_end(self) -> None:
        self.send_response(200)
        self.end_headers()
        chunk = b" " * 65536
        with suppress(OSError):
            while self.repository.sent < ENDLESS_BYTES:
                self.wfile.write(chunk)
                self.repository.sent += len(chunk)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
