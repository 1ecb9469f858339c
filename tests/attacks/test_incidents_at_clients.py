"""Incidents of other projects that our client meets: it refuses, says why, and keeps what it has.

Each docstring begins with where the incident is told. Those that a publisher has to stop are in
`test_incidents_at_publishers`; docs/attacks.md lists all.
"""

from __future__ import annotations

import copy
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey
from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.wire.errors import Code, TransferError
from tests.support.machine import HOST, MIRROR, Machine, machine_for, machine_of
from tests.support.project import Project
from tests.support.thief import Thief
from tests.support.tuf_repository import FAR, PAST, Bucket, a_feed

STABLE = "node.stable"
PROGRAM = "linux-amd64.tar.gz"
FEED = ".linux-amd64.json"
TIMESTAMP = "metadata/timestamp.json"
GENUINE = b"node 1.1.0 linux-amd64.tar.gz \n" * 100
VERIFIED = r"state/.*/(metadata/.*|lock|seen\.json)"
"""What a machine keeps of a check whose metadata is good."""
NEWS = r"state/.*/metadata/(timestamp|snapshot)\.json"
"""What verifies before a role that is refused."""
UNSIGNED = "signatures are missing or wrong"
DIFFERS = "differs from what was signed"


def sent(data: bytes) -> Callable[[], Iterator[bytes]]:
    """An answer with these bytes."""
    return lambda: iter([data])


def gets(machine: Machine, version: str = "1.1.0") -> None:
    """The machine gets this release, byte for byte as it was built, and nothing else."""
    assert machine.download().offers == version
    [file] = machine.downloads.iterdir()
    assert file.read_bytes() == GENUINE.replace(b"1.1.0", version.encode())


# --- what is missing, empty or cut off


def test_a_payload_is_missing_while_its_feed_is_live(live: Project, machine: Machine) -> None:
    """electron-builder#1833: the feed was live before the files that it names."""
    [program] = (live.bucket / "tuf/targets/artifacts/node/stable/1.1.0").glob(f"*{PROGRAM}")
    program.rename(live.base / "not yet")
    machine.refuses("a file is missing on the server", Code.MISSING, exit_code=5)
    (live.base / "not yet").rename(program)
    gets(machine)


def test_a_feed_of_no_bytes(fresh: Machine) -> None:
    """electron-builder#1582: S3 held a feed of zero bytes."""
    fresh.wire.instead[FEED] = sent(b"")
    fresh.refuses(DIFFERS, newer=VERIFIED)
    fresh.wire.instead.clear()
    gets(fresh)


def test_a_cdn_keeps_a_truncated_program(machine: Machine) -> None:
    """openagents#620: a CDN kept a body that had been cut off."""
    machine.wire.instead[PROGRAM] = sent(GENUINE[:1000])
    machine.refuses(DIFFERS)
    machine.wire.instead.clear()
    gets(machine)


@pytest.mark.parametrize("gone", ["node.stable.json", FEED])
def test_a_pruned_file_is_still_referenced(live: Project, fresh: Machine, gone: str) -> None:
    """toolhive-studio#1790: old files were deleted that live metadata still named."""
    for file in [path for path in live.bucket.rglob("*") if path.name.endswith(gone)]:
        file.unlink()
    fresh.refuses("a file is missing on the server", Code.MISSING, exit_code=5, newer=VERIFIED)


# --- two states at once


@pytest.mark.parametrize("request_number", range(1, 9))
def test_a_release_goes_live_in_the_middle_of_a_check(live: Project, fresh: Machine, request_number: int) -> None:
    """sigstore/root-signing#171: metadata changed between two requests, and clients saw a mixture."""

    def publish_then(_path: str) -> None:
        if len(fresh.wire.asked) == request_number:
            live.publish("1.2.0")

    fresh.wire.before = publish_then
    # The first two requests are for the next root and the timestamp; what the timestamp names is whole.
    gets(fresh, "1.2.0" if request_number <= 2 else "1.1.0")
    assert len(fresh.wire.asked) >= request_number
    assert fresh.offered() == "1.2.0"


def test_a_stale_mirror_answers(live: Project, machine: Machine, fresh: Machine) -> None:
    """lium-io#1359: a mirror that had stopped following held 99 of 493 nodes on an old version."""
    stale = Path(shutil.copytree(live.bucket, live.base / "stale"))
    live.publish("1.2.0")
    assert machine.offered() == "1.2.0"
    for client in (machine, fresh):
        client.wire.hosts = dict.fromkeys(client.wire.hosts, stale)
    machine.refuses("replays an old state", Code.OLDER_THAN_SEEN)
    # A machine that knows nothing newer is led to the older release, for two days at most.
    assert fresh.offered() == "1.1.0"
    fresh.now += timedelta(hours=49)
    fresh.refuses("signatures have expired", Code.EXPIRED, newer=r"state/.*/seen\.json")


def test_the_higher_of_two_unsigned_hosts_does_not_win(live: Project, machine: Machine) -> None:
    """qBittorrent: the highest version that any of two hosts named without a signature was offered."""
    other = Path(shutil.copytree(live.bucket, live.base / "other"))
    thief = Thief(live, {"nobody": CryptoSigner.generate_ed25519()})
    malware = thief.malware(STABLE, 3, "nobody")
    thief.flip(40, 50, replaced={STABLE: malware}, timestamp_key="nobody", snapshot_key="nobody")
    machine.wire.hosts = {HOST: other, MIRROR: live.bucket}
    gets(machine)
    machine.wire.hosts = {HOST: live.bucket, MIRROR: other}
    machine.refuses(UNSIGNED)


# --- what has expired


def test_an_expired_timestamp(live: Project, machine: Machine) -> None:
    """cosign#1205, tufup#36: nobody renewed the timestamp, and every client broke."""
    machine.now = live.now = live.now + timedelta(hours=49)
    machine.refuses("nothing is offered until they are renewed", Code.EXPIRED, newer=r"state/.*/seen\.json")
    plan_refresh(live.look(), live.catalog, live.key_ring(), live.now).apply(live.storage())
    gets(machine)


# --- other bytes than the signed ones


@pytest.mark.parametrize("platform", ["linux-amd64", "windows-amd64"])
def test_a_program_was_code_signed_after_it_was_hashed(live: Project, tmp_path: Path, platform: str) -> None:
    """bsv-desktop#68, openagents#638: hashes were made before a file was signed, or signed again."""
    [program] = (live.bucket / "tuf/targets/artifacts/node/stable/1.1.0").glob(f"*1.1.0-{platform}.*")
    program.write_bytes(program.read_bytes()[:-9] + b"signature")
    machine = machine_for(live, tmp_path / "other", platform=platform)
    assert machine.offered() == "1.1.0"
    machine.refuses(DIFFERS)


def test_a_formatter_touched_a_signed_feed(live: Project, fresh: Machine) -> None:
    """go-ethereum#27669: a formatter changed white space, and every client said "invalid signature"."""
    [feed] = [path for path in (live.bucket / "tuf/targets/feed").rglob(f"*{FEED}") if b'"1.1.0"' in path.read_bytes()]
    honest = feed.read_bytes()
    feed.write_text(json.dumps(json.loads(honest), indent=4))
    fresh.refuses(f"{DIFFERS}|sends too much data", Code.TOO_LARGE, newer=VERIFIED)
    feed.write_bytes(honest)
    gets(fresh)


@pytest.mark.parametrize("program", [b"a backdoor", GENUINE.replace(b"node", b"n0de")])
def test_a_poisoned_official_program(live: Project, machine: Machine, program: bytes) -> None:
    """Transmission 2.90 (2016), MediaGet (2018): the publisher's own server handed out a poisoned program."""
    for place in ("releases/node/1.1.0", "tuf/targets/artifacts/node/stable/1.1.0"):
        for file in (live.bucket / place).glob(f"*{PROGRAM}"):
            file.unlink()
            file.write_bytes(program)
    machine.refuses(DIFFERS)


# --- who signed


def test_an_update_manifest_is_hijacked_at_the_host(machine: Machine, tmp_path: Path) -> None:
    """Notepad++ (2025): for six months whoever held the host answered chosen machines with manifests of their own."""
    theirs = Project(tmp_path / "theirs")
    theirs.publish("6.6.6")
    root = theirs.look().live
    assert root is not None
    for name in ("timestamp", "snapshot"):
        metadata = copy.deepcopy(getattr(root, name))
        metadata.signed.version += 90
        metadata.signatures.clear()
        metadata.sign(CryptoSigner.generate_ed25519())
        theirs_key = TIMESTAMP_KEY if name == "timestamp" else metadata_key(name, metadata.signed.version)
        (theirs.bucket / theirs_key).write_bytes(to_bytes(metadata))
    honest = dict(machine.wire.hosts)
    machine.wire.hosts = dict.fromkeys(honest, theirs.bucket)
    machine.refuses(UNSIGNED)
    machine.wire.hosts = honest
    gets(machine)


def test_the_key_in_the_client_is_another_one(live: Project, tmp_path: Path) -> None:
    """NoRiskClient#2584: the apps that were shipped held another key than the one that signed."""
    other = Bucket(tmp_path / "other")
    other.release(a_feed())
    machine = machine_of(live.bucket, other.root_bytes, tmp_path / "machine", live.now)
    machine.refuses(UNSIGNED, newer=r"state/.*/(lock|metadata/(root_history/1\.)?root\.json)")


def ignored(metadata: Metadata[Targets]) -> None:
    metadata.signatures.clear()


def strangers(metadata: Metadata[Targets]) -> None:
    metadata.signatures.clear()
    for _ in range(3):
        metadata.sign(CryptoSigner.generate_ed25519(), append=True)


def in_our_name(metadata: Metadata[Targets]) -> None:
    keyids = list(metadata.signatures)
    stranger = CryptoSigner.generate_ed25519()
    metadata.signatures.clear()
    for keyid in keyids:
        signature = stranger.sign(metadata.signed_bytes)
        metadata.signatures[keyid] = Signature(keyid, signature.signature)


def links(metadata: Metadata[Targets]) -> None:
    for signature in metadata.signatures.values():
        signature.signature = f"{HOST}/signatures/{signature.keyid}.sig"


def one_signature_everywhere(metadata: Metadata[Targets]) -> None:
    first = next(iter(metadata.signatures.values()))
    for keyid in metadata.signatures:
        metadata.signatures[keyid] = Signature(keyid, first.signature)


def refused_signatures(live: Project, machine: Machine, change: Callable[[Metadata[Targets]], None]) -> None:
    """The channel's next role, signed as `change` makes it, below good online signatures."""
    thief = Thief.of(live, "snapshot-ben", "timestamp-ben")
    role = copy.deepcopy(thief.live().roles[STABLE])
    role.signed.version += 1
    change(role)
    thief.flip(40, 50, replaced={STABLE: role})
    machine.refuses(UNSIGNED, newer=NEWS)
    assert not [path for path in machine.wire.asked if "signatures/" in path]


@pytest.mark.parametrize("change", [strangers, in_our_name])
def test_a_signature_of_anybody_is_accepted(
    live: Project, machine: Machine, change: Callable[[Metadata[Targets]], None]
) -> None:
    """mise#9125: a verifier accepted a certificate of any identity."""
    refused_signatures(live, machine, change)


def test_a_link_stands_where_the_signature_belongs(live: Project, machine: Machine) -> None:
    """plugins-workspace#3139: a feed held the address of a signature in the place of its content."""
    refused_signatures(live, machine, links)


@pytest.mark.parametrize("change", [ignored, one_signature_everywhere])
def test_a_signature_that_cannot_be_verified_is_none(
    live: Project, machine: Machine, change: Callable[[Metadata[Targets]], None]
) -> None:
    """electron-updater#4701: verification failed open where a signature could not be checked."""
    refused_signatures(live, machine, change)


@pytest.mark.parametrize(
    ("error", "words", "code", "exit_code"),
    [
        (VerificationError("no such algorithm here"), UNSIGNED, Code.NOT_VERIFIED, 4),
        (RuntimeError("the library is broken"), "unexpected error .*the library is broken", Code.DEFECT, 1),
    ],
    ids=["it cannot", "it breaks down"],
)
def test_a_verifier_that_fails_accepts_nothing(
    live: Project, machine: Machine, error: Exception, words: str, code: Code, exit_code: int
) -> None:
    """electron-updater#4701: an error within the check of a signature counted as success."""
    live.publish("1.2.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SSlibKey, "verify_signature", Mock(side_effect=error))
        machine.refuses(words, code, exit_code=exit_code)
    assert machine.offered() == "1.2.0"


def test_only_an_asset_was_added(live: Project, machine: Machine) -> None:
    """balrog#3836: adding a file to a release skipped the signoff that the release itself needs."""
    thief = Thief.of(live, "channels-ana", "snapshot-ben", "timestamp-ben")
    role = copy.deepcopy(thief.live().roles[STABLE])
    role.signed.version += 1
    added = thief.malware(STABLE, 9).signed.targets["artifacts/node/stable/6.6.6/evil.bin"]
    role.signed.targets["artifacts/node/stable/1.1.0/helper.bin"] = added
    role.signatures.clear()
    role.sign(thief.keys["channels-ana"])
    thief.flip(40, 50, replaced={STABLE: role})
    machine.refuses(f"{UNSIGNED} .*1/2 keys", newer=NEWS)


# --- who answers


@contextmanager
def impostor(directory: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A server on this machine whose certificate nobody vouches for: its address, and the requests that it read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, PAST, FAR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "impostor.pem").write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "impostor.pem")
    requests: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                requests.append(secure.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}", requests
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.loopback
def test_a_certificate_that_nobody_vouches_for(live: Project, tmp_path: Path) -> None:
    """qBittorrent: certificate errors were ignored for 14 years, until 2024."""
    state = tmp_path / "state"
    with impostor(tmp_path) as (address, requests):
        client = UpdateClient(address, live.root, state, fetcher_for(address), lambda: live.now)
        with pytest.raises(TransferError, match="the host's certificate is not accepted") as caught:
            client.fetch_feed("node", "stable", "linux-amd64")
    assert caught.value.exit_code == 5
    # Not a word was said to it, so nothing came from it.
    assert requests == []
    assert not (state / "seen.json").exists()
