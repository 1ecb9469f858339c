"""Every attack that the TUF specification lists (section 1.5.2), by its name there, against the command `tidegate`.

Each time the client says why it refuses, keeps every byte that it has, and goes on when the attack is over.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import NoReturn

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError

from publisher.channel.layout import TIMESTAMP_KEY, metadata_key
from publisher.wire.errors import Code
from publisher.wire.limits import limit_of
from tests.support.machine import CHUNK, HOST, MIRROR, Machine
from tests.support.project import Project
from tests.support.thief import FAR, Thief

TIMESTAMP = "tuf/metadata/timestamp.json"
VERIFIED = r"state/.*/(metadata/.*|lock|seen\.json)"
"""What a machine keeps of a check whose metadata is good."""
NEWS = r"state/.*/metadata/(timestamp|snapshot)\.json"
"""The two that verify before the role that is attacked."""
FEED = ".linux-amd64.json"
ARTIFACT = "linux-amd64.tar.gz"


def sent(data: bytes) -> Callable[[], Iterator[bytes]]:
    """An answer with these bytes."""
    return lambda: iter([data])


def metadata(live: Project, role: str, version: int) -> bytes:
    return (live.bucket / metadata_key(role, version)).read_bytes()


def goes_on(machine: Machine) -> None:
    """Once the attack is over, the machine gets the release, byte for byte as it was built."""
    machine.wire.instead.clear()
    ran = machine.download()
    assert ran.offers == "1.1.0"
    [file] = machine.downloads.iterdir()
    assert file.read_bytes() == b"node 1.1.0 linux-amd64.tar.gz \n" * 100


# --- arbitrary software installation


@pytest.mark.parametrize("program", [b"evil\n", b"node 6.6.6 linux-amd64.tar.gz \n" * 100], ids=["other", "as long"])
def test_arbitrary_software_installation(machine: Machine, program: bytes) -> None:
    """An attacker without keys answers with a program of their own."""
    machine.wire.instead[ARTIFACT] = sent(program)
    machine.refuses("differs from what was signed")
    goes_on(machine)


def test_arbitrary_software_installation_by_another_feed(live: Project, fresh: Machine) -> None:
    """An attacker without keys answers with a feed that offers a program of theirs."""
    feed = Thief.of(live).malware("node.stable", 3).signed.targets["feed/node/stable/linux-amd64.json"]
    fresh.wire.instead[FEED] = sent((live.bucket / "tuf/targets" / feed.get_prefixed_paths()[0]).read_bytes())
    fresh.refuses("differs from what was signed", newer=VERIFIED)
    goes_on(fresh)


def test_arbitrary_software_installation_with_metadata_that_lists_it(live: Project, machine: Machine) -> None:
    """The same with the metadata to it, signed with keys that are nobody's."""
    thief = Thief.of(live, "notes-coco")
    before = live.bucket / TIMESTAMP_KEY
    honest = before.read_bytes()
    role = thief.malware("node.stable", 3, "notes-coco")
    thief.flip(40, 50, replaced={"node.stable": role}, timestamp_key="notes-coco", snapshot_key="notes-coco")
    machine.refuses("signatures are missing or wrong")
    before.write_bytes(honest)
    goes_on(machine)


# --- endless data


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "node.stable"])
def test_endless_data_in_place_of_metadata(fresh: Machine, role: str) -> None:
    """The answer never ends; the client takes no more than the role's limit."""
    name = "timestamp.json" if role == "timestamp" else f"2.{role}.json" if role != "targets" else "1.targets.json"
    fresh.wire.instead[name] = lambda: repeat(b" " * CHUNK, 10_000)
    taken = before_the_last(fresh, "sends too much data", newer=VERIFIED)
    assert taken <= limit_of(name) + CHUNK
    fresh.wire.instead.clear()
    assert fresh.offered() == "1.1.0"


def before_the_last(machine: Machine, words: str, *, newer: str = "") -> int:
    """How many bytes the last file of a refused check took."""
    count: list[int] = []
    machine.wire.before = lambda _path: count.append(machine.wire.sent)
    machine.refuses(words, Code.TOO_LARGE, newer=newer)
    return machine.wire.sent - count[-1]


def test_endless_data_in_place_of_a_release(machine: Machine) -> None:
    """The answer never ends; the client takes no more than the signed length."""
    machine.wire.instead[ARTIFACT] = lambda: repeat(b"x" * CHUNK, 10_000)
    assert before_the_last(machine, "sends too much data") <= CHUNK
    goes_on(machine)


# --- extraneous dependencies


def test_extraneous_dependencies(live: Project, machine: Machine) -> None:
    """A thief of other roles lists a further program beside the release; the client fetches the release alone."""
    thief = Thief.of(live, "snapshot-ben", "timestamp-ben", "notes-coco")
    thief.flip(40, 50, replaced={"notes": thief.malware("node.stable", 9, "notes-coco")})
    goes_on(machine)
    [fetched] = [path for path in machine.wire.asked if "/targets/artifacts/" in path]
    assert fetched.endswith("node-1.1.0-linux-amd64.tar.gz")


# --- fast-forward


def test_fast_forward_attack(live: Project, machine: Machine) -> None:
    """Numbers far ahead that nobody of ours signed are not remembered. With stolen keys: see docs/attacks.md."""
    honest = (live.bucket / TIMESTAMP_KEY).read_bytes()
    data = json.loads(honest)
    data["signed"]["version"] = data["signed"]["meta"]["snapshot.json"]["version"] = FAR
    machine.wire.instead[TIMESTAMP] = sent(json.dumps(data).encode())
    machine.refuses("signatures are missing or wrong")
    goes_on(machine)


# --- indefinite freeze


def test_indefinite_freeze_attack(live: Project, machine: Machine) -> None:
    """Whoever answers with the state of today for ever is noticed when its timestamp ends, after two days."""
    frozen = Path(shutil.copytree(live.bucket, machine.base / "frozen"))
    live.publish("1.2.0")
    machine.wire.hosts = dict.fromkeys(machine.wire.hosts, frozen)
    machine.now += timedelta(hours=47)
    assert machine.offered() == "1.1.0"
    machine.now += timedelta(hours=2)
    machine.refuses("have expired .* nothing is offered until", Code.EXPIRED, newer=r"state/.*/seen\.json")


# --- malicious mirrors preventing updates


def failing(error: DownloadError) -> Callable[[], NoReturn]:
    """An answer that breaks off before its first byte."""

    def answer() -> NoReturn:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "words", "code", "exit_code"),
    [
        (failing(DownloadError("nobody answers")), "cannot check for updates: ", Code.UNREACHABLE, 5),
        (failing(DownloadHTTPError("status 404", 404)), "a file is missing on the server", Code.MISSING, 5),
        (sent(b""), "metadata is not valid", Code.NOT_VERIFIED, 4),
        (sent(b"junk"), "metadata is not valid", Code.NOT_VERIFIED, 4),
        (sent(b"<html>sold</html>"), r"sent a web page instead of timestamp\.json", Code.WEB_PAGE, 4),
    ],
    ids=["silence", "404", "nothing", "junk", "a web page"],
)
def test_malicious_mirrors_preventing_updates(
    machine: Machine, answer: Callable[[], Iterator[bytes]], words: str, code: Code, exit_code: int
) -> None:
    """A server that keeps updates away is named as the reason; it never looks as if nothing were new."""
    machine.wire.instead[TIMESTAMP] = answer
    machine.refuses(words, code, exit_code=exit_code)
    goes_on(machine)


@pytest.mark.parametrize(
    ("sends", "words", "code", "exit_code"),
    [
        (None, "from any of 2 addresses: .* status 404", Code.MISSING, 5),
        (b"evil\n", "from any of 2 addresses: .* differs from what was signed", Code.NOT_VERIFIED, 4),
        (b"<html>sold</html>", "from any of 2 addresses: .* sent a web page", Code.WEB_PAGE, 4),
    ],
    ids=["nothing", "junk", "a web page"],
)
def test_malicious_mirrors_of_a_file(
    live: Project, machine: Machine, sends: bytes | None, words: str, code: Code, exit_code: int
) -> None:
    """A server that keeps the file of a release away is passed by, as long as another signed address has it."""
    honest, bad = live.bucket, Path(shutil.copytree(live.bucket, machine.base / "bad"))
    [program] = (bad / "tuf/targets/artifacts/node/stable/1.1.0").glob(f"*{ARTIFACT}")
    program.unlink() if sends is None else program.write_bytes(sends)
    machine.wire.hosts = {HOST: bad, MIRROR: bad}
    machine.refuses(words, code, exit_code=exit_code)
    machine.wire.hosts = {HOST: bad, MIRROR: honest}
    goes_on(machine)


# --- mix-and-match


def test_mix_and_match_attack(live: Project, machine: Machine) -> None:
    """Good metadata of two moments together: the role of an older state below the newest snapshot."""
    live.publish("1.2.0")
    newest = Thief.of(live).live().roles["node.stable"].signed.version
    machine.wire.instead[f"{newest}.node.stable.json"] = sent(metadata(live, "node.stable", 2))
    machine.refuses("differs from what was signed", newer=NEWS)
    machine.wire.instead.clear()
    assert machine.offered() == "1.2.0"


# --- rollback


@pytest.mark.parametrize("lost", [False, True], ids=["with its metadata", "without its metadata"])
def test_rollback_attack(live: Project, machine: Machine, lost: bool) -> None:
    """The state of yesterday in place of that of today, also where the machine has lost what it kept of TUF."""
    old = (live.bucket / TIMESTAMP_KEY).read_bytes()
    live.publish("1.2.0")
    assert machine.offered() == "1.2.0"
    if lost:
        for file in machine.state.rglob("metadata/*.json"):
            file.unlink()
    machine.wire.instead[TIMESTAMP] = sent(old)
    machine.refuses("replays an old state", Code.OLDER_THAN_SEEN, newer=r"state/.*/metadata/.*" if lost else "")
    machine.wire.instead.clear()
    assert machine.offered() == "1.2.0"


# --- slow retrieval


def test_slow_retrieval_attack(machine: Machine, live: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server takes four minutes for every file: a check ends after five. Slow single files: see docs/attacks.md."""
    live.publish("1.2.0")
    monkeypatch.setattr(time, "monotonic", lambda: 240.0 * len(machine.wire.asked))
    words = "the server is too slow .* took longer than 300 seconds"
    machine.refuses(words, Code.TOO_SLOW, exit_code=5, newer=NEWS)
    assert not [path for path in machine.wire.asked if "/targets/" in path]
    monkeypatch.undo()
    assert machine.offered() == "1.2.0"


# --- vulnerability to key compromises

KEYS = (
    *("root-ana", "targets-ana", "channels-ana", "channels-ben", "channels-eva", "rollout-ben", "brakes-ben"),
    *("notes-coco", "snapshot-ben", "timestamp-ben"),
)


@pytest.mark.parametrize("key", KEYS)
def test_vulnerability_to_key_compromises(live: Project, machine: Machine, key: str) -> None:
    """A thief of one key signs everything with it and writes to the bucket: no single key ships anything."""
    honest = (live.bucket / TIMESTAMP_KEY).read_bytes()
    thief = Thief.of(live, key)
    thief.flip(
        40, 50, replaced={"node.stable": thief.malware("node.stable", 3, key)}, timestamp_key=key, snapshot_key=key
    )
    words = "signatures are missing or wrong"
    machine.refuses(words, newer=r"state/.*/metadata/timestamp\.json" if key == "timestamp-ben" else "")
    (live.bucket / TIMESTAMP_KEY).write_bytes(honest)
    if key != "timestamp-ben":
        goes_on(machine)


# --- wrong software installation


def test_wrong_software_installation(live: Project, machine: Machine) -> None:
    """A program that was properly signed, for another platform or as another version."""
    for name in ("1.1.0-windows-amd64.zip", "1.0.0-linux-amd64.tar.gz"):
        [other] = (live.bucket / "tuf/targets/artifacts").rglob(f"*.node-{name}")
        machine.wire.instead[ARTIFACT] = sent(other.read_bytes())
        machine.refuses("differs from what was signed")
    goes_on(machine)


def test_wrong_software_installation_by_the_feed_of_another_platform(live: Project, fresh: Machine) -> None:
    """A feed that the channel signed, answered in the place of the one for this platform."""
    role = Thief.of(live).live().roles["node.stable"].signed
    other = role.targets["feed/node/stable/windows-amd64.json"].get_prefixed_paths()[0]
    fresh.wire.instead[FEED] = sent((live.bucket / "tuf/targets" / other).read_bytes()[:-1])
    fresh.refuses("differs from what was signed", newer=VERIFIED)
    goes_on(fresh)
