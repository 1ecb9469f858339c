"""S3 when answers are lost and when several write at once: nothing half done, nothing twice, one winner."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from publisher.errors import StorageConflict, StorageError
from publisher.storage.protocol import Body
from publisher.storage.s3.claim import claimed
from publisher.storage.s3.integrity import MIB
from publisher.storage.s3.probe import Capabilities
from publisher.storage.s3.retry import Patience
from publisher.storage.s3.store import S3Storage
from tests.storage.conftest import BIG, MakeStorage
from tests.storage.contract import META, body, content, keys, race
from tests.support.s3_proxy import CUT_ANSWER, LOSE_ANSWER, LOSE_REQUEST, Rule, S3Proxy
from tests.support.seaweed import SeaweedServer

pytestmark = pytest.mark.system


def puts(proxy: S3Proxy) -> int:
    return sum(line.startswith("PUT ") for line in proxy.seen)


# --- answers that are lost


def test_a_create_whose_answer_was_lost_is_found_done(far: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("PUT", "/a.json", LOSE_ANSWER))
    assert far.create("a.json", body("one"), META) is True
    assert puts(proxy) == 1, "what was written is not sent again"
    assert content(far, "a.json") == b"one"


@pytest.mark.parametrize("act", [LOSE_REQUEST, (500, "InternalError"), (503, "SlowDown")])
def test_a_create_that_did_not_arrive_is_sent_again(far: S3Storage, proxy: S3Proxy, act: Any) -> None:
    proxy.rules.append(Rule("PUT", "/a.json", act, times=2))
    assert far.create("a.json", body("one"), META) is True
    assert puts(proxy) == 3
    assert content(far, "a.json") == b"one"


def test_a_create_that_lost_its_answer_to_another_writer(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("PUT", "/a.json", LOSE_REQUEST))
    proxy.rules.append(Rule("HEAD", "/a.json", LOSE_REQUEST))
    s3.create("a.json", body("other"), META)
    with pytest.raises(StorageConflict, match=r"a\.json .* already exists with different content"):
        far.create("a.json", body("one"), META)
    assert content(s3, "a.json") == b"other"


def test_the_same_bytes_of_another_writer_are_no_write_of_ours(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    s3.create("a.json", body("one"), META)
    proxy.rules.append(Rule("PUT", "/a.json", LOSE_REQUEST))
    assert far.create("a.json", body("one"), META) is False


def test_a_replace_whose_answer_was_lost_is_found_done(far: S3Storage, proxy: S3Proxy) -> None:
    first = far.replace("pointer", body("1"), META, None)
    proxy.rules.append(Rule("PUT", "/pointer", LOSE_ANSWER))
    second = far.replace("pointer", body("2"), META, first)
    assert far.read("pointer", 1) == (b"2", second)
    proxy.rules.append(Rule("PUT", "/pointer", LOSE_REQUEST))
    third = far.replace("pointer", body("3"), META, second)
    assert far.read("pointer", 1) == (b"3", third)


def test_a_replace_that_was_overtaken_while_its_answer_was_lost(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    first = far.replace("pointer", body("1"), META, None)
    overtake = Rule("PUT", "/pointer", LOSE_ANSWER)
    overtake.then = lambda: s3.replace("pointer", body("3"), META, s3.read("pointer", 1)[1])
    proxy.rules.append(overtake)
    with pytest.raises(StorageConflict, match="changed by somebody else"):
        far.replace("pointer", body("2"), META, first)
    assert content(s3, "pointer") == b"3"


def test_a_copy_whose_answer_was_lost_is_found_done(far: S3Storage, proxy: S3Proxy) -> None:
    far.create("a", body("one"), META)
    proxy.rules.append(Rule("PUT", "/b", LOSE_ANSWER))
    assert far.copy("a", "b", META) is True
    assert content(far, "b") == b"one"


def test_parts_and_completion_survive_lost_answers(far: S3Storage, proxy: S3Proxy, seaweed: SeaweedServer) -> None:
    proxy.rules += [
        Rule("PUT", "partNumber=1", LOSE_ANSWER),
        Rule("PUT", "partNumber=2", (500, "InternalError"), times=2),
        Rule("POST", "uploadId=", LOSE_ANSWER),
    ]
    told: list[int] = []
    assert far.create("big", Body.from_bytes(BIG), META, told.append) is True
    assert sum(told) == len(BIG)
    assert content(far, "big") == BIG


def test_a_streamed_file_is_sent_again_from_the_start(
    make: MakeStorage, known: Capabilities, far: S3Storage, proxy: S3Proxy
) -> None:
    storage = make(endpoint=proxy.endpoint, capabilities=known, part_size=MIB)
    proxy.rules.append(Rule("PUT", "/big", (500, "InternalError"), times=2))
    told: list[int] = []
    assert storage.create("big", Body.from_bytes(BIG), META, told.append) is True
    assert sum(told) == len(BIG)
    assert content(storage, "big") == BIG
    proxy.seen.clear()
    assert storage.create("big", Body.from_bytes(BIG), META) is False
    assert not [line for line in proxy.seen if "/big" in line and not line.startswith("HEAD ")], "a HEAD is enough"


def test_reading_goes_on_where_it_broke(far: S3Storage, proxy: S3Proxy) -> None:
    far.create("big", Body.from_bytes(BIG), META)
    proxy.rules.append(Rule("GET", "/big", CUT_ANSWER, times=2))
    with far.open("big", 100_000_000) as stream:
        data = b"".join(iter(lambda: stream.read(MIB), b""))
    assert data == BIG
    proxy.rules.append(Rule("GET", "/big", CUT_ANSWER))
    assert far.read("big", len(BIG))[0] == BIG


def test_an_object_replaced_while_it_is_read_is_no_mixture(far: S3Storage, s3: S3Storage, proxy: S3Proxy) -> None:
    tag = far.replace("big", Body.from_bytes(BIG), META, None)
    swap = Rule("GET", "/big", CUT_ANSWER)
    swap.then = lambda: s3.replace("big", Body.from_bytes(BIG[::-1]), META, tag)
    proxy.rules.append(swap)
    with far.open("big", 100_000_000) as stream, pytest.raises(StorageError, match="replaced while it was read"):
        stream.read()


def test_it_gives_up_in_bounded_time(far: S3Storage, proxy: S3Proxy) -> None:
    proxy.rules.append(Rule("PUT", "/a", (503, "ServiceUnavailable"), times=100))
    with pytest.raises(StorageError, match="answers 503 ServiceUnavailable again and again"):
        far.create("a", body("one"), META)
    assert puts(proxy) == 5
    proxy.rules[:] = [Rule("GET", "/a", LOSE_REQUEST, times=100)]
    with pytest.raises(StorageError, match="broke again and again"):
        far.read("a", 1)


def test_patience_ends_by_the_clock() -> None:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    patience = Patience(attempts=100, first=1, longest=8, total=30, sleep=sleep, monotonic=lambda: clock[0])
    tries = list(patience.tries())
    assert tries[-1] is True and not any(tries[:-1])
    assert clock[0] <= 30
    assert len(tries) < 15


# --- races on the real server


@pytest.mark.parametrize("round_", range(5))
def test_one_winner_a_round(make: MakeStorage, known: Capabilities, s3: S3Storage, round_: int) -> None:
    """Each racer with a client of its own, as separate publishers have."""
    racers = [make(capabilities=known) for _ in range(4)]
    winners = race(4, lambda n: racers[n].create("key", body(f"writer {n}"), META))
    assert len(winners) == 1
    tag = s3.read("key", 99)[1]
    swappers = race(4, lambda n: bool(racers[n].replace("key", body(f"swapper {n}"), META, tag)))
    assert len(swappers) == 1
    assert content(s3, "key") == f"swapper {swappers[0]}".encode()


def test_one_winner_of_large_files(make: MakeStorage, known: Capabilities, s3: S3Storage) -> None:
    racers = [make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB) for _ in range(2)]
    bodies = [Body.from_bytes(bytes([n]) * (6 * MIB)) for n in range(2)]
    winners = race(2, lambda n: racers[n].create("big", bodies[n], META))
    assert len(winners) == 1
    assert hashlib.sha256(content(s3, "big")).hexdigest() == bodies[winners[0]].sha256


def test_a_claim_holds_others_off_until_its_holder_is_dead(
    far: S3Storage, s3: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claimed(s3.bucket, "big", quoted=True), claimed(s3.bucket, "other", quoted=True):
        with pytest.raises(StorageConflict, match=r"big in .* is being finished by another publisher"):
            far.create("big", Body.from_bytes(BIG), META)
        assert keys(s3) == [], "claims are no objects"
        monkeypatch.setattr("publisher.storage.s3.claim.CLAIM_DEAD", timedelta(seconds=0))
        assert far.create("big", Body.from_bytes(BIG), META) is True


def test_publishers_of_the_same_large_file(make: MakeStorage, known: Capabilities, s3: S3Storage) -> None:
    racers = [make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB) for _ in range(2)]
    assert len(race(2, lambda n: racers[n].create("big", Body.from_bytes(BIG), META))) == 1
