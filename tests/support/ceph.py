"""Debian's Ceph gateway on this machine: monitor, one OSD in memory, and radosgw, thrown away afterwards.

    with CephServer.started(directory) as server:
        server.identity("reader", [...])

Everything listens on 127.0.0.1, on free ports, and is killed at the end. Authentication between the daemons is off.
`.ci/ceph` installs the programs. Ceph 16 takes the ETag of `If-Match` only without its quotes, so `unquoted` has to be
in force while anything swaps an object there.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from publisher.storage.s3 import client as s3_client
from tests.support.s3_server import Identity, S3Server, free_ports
from tests.support.system import need

READY_SECONDS = 90
PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
MEMORY = 2 * 1024**3

_CONFIG = """\
[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{mon}]
mon_initial_members = a
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The gateway's own default needs the authentication that is off.
ms_mon_client_mode = crc
ms_bind_ipv6 = false
ms_bind_msgr1 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
# Paths of sockets are short, and test directories are deep.
admin_socket = ""
run_dir = {directory}
crash_dir = {directory}/crash
log_file = {directory}/log/$name.log
debug_default = 0/0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
[mon]
mon_data = {directory}/mon
mon_cluster_log_file = {directory}/log/cluster.log
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 10000
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[osd]
osd_data = {directory}/osd
osd_objectstore = memstore
osd_crush_initial_weight = 1
memstore_device_bytes = {memory}
[client]
rgw_data = {directory}
rgw_thread_pool_size = 64
rgw_dynamic_resharding = false
"""


@dataclass
class CephServer(S3Server):
    """A running gateway."""

    config: Path = field(repr=False)

    @classmethod
    @contextmanager
    def started(cls, directory: Path) -> Iterator[CephServer]:
        """A new cluster in `directory`; skips the test where a program is missing."""
        for program in PROGRAMS:
            need(program)
        for folder in ("log", "mon", "osd", "crash"):
            (directory / folder).mkdir(parents=True)
        port, mon = free_ports(2)
        config, fsid = directory / "ceph.conf", str(uuid.uuid4())
        config.write_text(_CONFIG.format(fsid=fsid, mon=mon, directory=directory, memory=MEMORY))
        daemons: list[subprocess.Popen[bytes]] = []

        def daemon(program: str, *words: str) -> None:
            with (directory / "log" / f"{program}.out").open("wb") as output:
                command: list[str | Path] = [program, "-c", config, "-f", *words]
                daemons.append(
                    subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                    )
                )

        try:
            monmap, osd = str(directory / "monmap"), str(uuid.uuid4())
            _run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon}]", monmap)
            _run("ceph-mon", "-c", config, "-i", "a", "--mkfs", "--monmap", monmap)
            daemon("ceph-mon", "-i", "a")
            _run("ceph-osd", "-c", config, "-i", "0", "--mkfs", "--osd-uuid", osd)
            _run("ceph", "-c", config, "osd", "new", osd)
            daemon("ceph-osd", "-i", "0")
            admin = _user(config, "admin", "--caps", "users=*;user-policy=*")
            frontend = f"beast endpoint=127.0.0.1:{port} tcp_nodelay=1"
            daemon("radosgw", "-n", "client.rgw", "--rgw-frontends", frontend)
            _wait(daemons, port, directory / "log")
            yield cls(f"http://127.0.0.1:{port}", admin, config)
        finally:
            for process in reversed(daemons):
                process.kill()
                process.wait()

    def new_user(self, name: str) -> Identity:
        return _user(self.config, name)


@contextmanager
def unquoted() -> Iterator[None]:
    """Have the S3 clients that are made meanwhile send `If-Match` as this Ceph understands it."""
    make = s3_client._client

    def made(*arguments: Any) -> Any:
        client = make(*arguments)
        client.meta.events.register("before-call.s3.PutObject", _unquote)
        return client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_client, "_client", made)
        yield


def _unquote(params: dict[str, Any], **_more: object) -> None:
    if "If-Match" in params["headers"]:
        params["headers"]["If-Match"] = params["headers"]["If-Match"].strip('"')


def _user(config: Path, name: str, *more: str) -> Identity:
    said = _run("radosgw-admin", "-c", config, "user", "create", f"--uid={name}", f"--display-name={name}", *more)
    keys = json.loads(said)["keys"][0]
    return Identity(name, keys["access_key"], keys["secret_key"])


def _run(*words: str | Path) -> str:
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=READY_SECONDS)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {ran.stdout}{ran.stderr}")
    return ran.stdout


def _wait(daemons: list[subprocess.Popen[bytes]], port: int, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and all(process.poll() is None for process in daemons):
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
            try:
                connection.request("GET", "/")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            finally:
                connection.close()
        time.sleep(0.05)
    tail = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(log.iterdir()))
    raise RuntimeError(f"the Ceph gateway did not become ready on port {port}:\n{tail}")
