"""What `tidegate` says and does about versions on hold and withdrawn (R81, R86)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tuf.api.exceptions import DownloadError

from publisher.client.network.http import DirectoryFetcher
from publisher.client.updater import UpdateClient
from publisher.content.schemas import schema_of
from publisher.model.records.client_answer import Answer
from publisher.model.records.client_readiness import ReadinessReport
from publisher.wire.errors import ClientInputError, Code
from tests.client.conftest import ASK, CountingFetcher, Run, SetClock, empty
from tests.support.requirements import NOW, contract_closes
from tests.support.tuf_repository import Bucket, a_feed

ANSWER = Draft202012Validator(schema_of(Answer, closed=True, nulls=True), format_checker=FormatChecker())
READINESS = Draft202012Validator(schema_of(ReadinessReport, closed=True, nulls=True), format_checker=FormatChecker())


@pytest.fixture(autouse=True)
def now(set_clock: SetClock) -> None:
    """The client's clock is NOW."""
    set_clock(NOW)


def with_previous(bucket: Bucket) -> None:
    """Publish 4.1.0, and 4.0.2 before it."""
    previous = a_feed(b"the program before", "4.0.2")["release"]
    feed = a_feed(previous=previous)
    bucket.release(feed)
    bucket.files[previous["artifact"]["target"]] = b"the program before"
    bucket.publish()


def asked(run: Run, *words: str) -> dict[str, Any]:
    """The answer for programs, in its published shape."""
    answer: dict[str, Any] = json.loads(run(*words, "--json")[1])
    (READINESS if words[0] == "ready" else ANSWER).validate(answer)
    return answer


def test_a_hold_is_told_with_its_reason_and_the_next_update(run: Run, bucket: Bucket) -> None:
    bucket.brake("hold")
    code, out, err = run("check", "--current", "4.0.2", "--exit-code")
    assert (code, err) == (0, "")
    assert out == (
        "btfs-node stable, linux-amd64\n"
        "Version 4.1.0 is on hold. Keep running 4.0.2.\n"
        "\n"
        'The publisher says: "It deletes wallets when it starts." (2027-01-14 08:00 UTC)\n'
        "The next update is promised for 2027-01-16 12:00 UTC.\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )


def test_a_promise_that_was_not_kept_is_called_so(run: Run, bucket: Bucket, set_clock: SetClock) -> None:
    hold = bucket.brake("hold")
    set_clock("2027-01-16T12:00:00Z")
    assert (
        "promised for 2027-01-16 12:00 UTC and has not come; tell the publisher."
        in run("check", "--current", "4.0.2")[1]
    )
    assert asked(run, "check", "--current", "4.0.2")["hold"] == {
        "id": hold,
        "version": "4.1.0",
        "because": "It deletes wallets when it starts.",
        "at": "2027-01-14T08:00:00Z",
        "next_update": "2027-01-16T12:00:00Z",
        "overdue": True,
    }


def test_a_hold_whose_reason_cannot_be_read_holds_all_the_same(run: Run, bucket: Bucket, to: Path) -> None:
    hold = bucket.brake("hold")
    bucket.path(f"tuf/targets/brakes/btfs-node/stable/{hold}.notice.json").unlink()
    out = run("check", "--current", "4.0.2")[1]
    assert (
        "Version 4.1.0 is on hold. Keep running 4.0.2.\n\nThe reason for the hold of 4.1.0 could not be read.\n" in out
    )
    answer = asked(run, "check", "--current", "4.0.2")
    assert (answer["outcome"], answer["release"], answer["hold"]["because"]) == ("held", None, None)
    assert run("download", "--current", "4.0.2", "--to", str(to))[0] == 1
    assert empty(to)


def test_while_the_newest_is_on_hold_a_fresh_install_gets_the_one_before(run: Run, bucket: Bucket, to: Path) -> None:
    with_previous(bucket)
    bucket.brake("hold")
    code, out, _ = run("download", "--to", str(to))
    assert code == 0
    assert "Version 4.0.2 is offered, because 4.1.0 is on hold." in out
    assert 'The publisher says: "It deletes wallets when it starts."' in out
    assert [path.name for path in to.iterdir()] == ["btfs-4.0.2-linux-amd64.tar.gz"]
    assert (to / "btfs-4.0.2-linux-amd64.tar.gz").read_bytes() == b"the program before"


def test_a_hold_elsewhere_stops_nobody_here_and_its_notice_is_not_fetched(
    bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher, run: Run
) -> None:
    bucket.brake("hold", platforms=("windows-amd64",))
    assert asked(run, "check", "--current", "4.0.2")["outcome"] == "update-available"
    client.fetch_channel(*ASK)
    assert not any("notice" in address for address in fetcher.asked)


def test_a_download_says_what_stops_it(run: Run, bucket: Bucket, to: Path) -> None:
    bucket.brake("hold")
    code, out, err = run("download", "--to", str(to))
    assert (code, out) == (1, "")
    assert 'btfs-node 4.1.0 is on hold; the publisher says: "It deletes wallets when it starts."' in err
    assert asked(run, "download", "--to", str(to))["error"]["code"] == "held"
    bucket.brake("withdrawal")
    code, out, err = run("download", "--to", str(to))
    assert (code, out) == (1, "")
    assert "btfs-node 4.1.0 was withdrawn, and nothing is offered in its place" in err
    assert asked(run, "download", "--to", str(to))["error"]["code"] == "withdrawn"
    assert asked(run, "download", "--current", "4.1.0", "--to", str(to))["error"]["code"] == "withdrawn"
    assert empty(to)


@pytest.mark.parametrize(("kind", "code"), [("hold", Code.HELD), ("withdrawal", Code.WITHDRAWN)])
def test_a_feed_from_before_does_not_get_around_a_brake(
    bucket: Bucket, client: UpdateClient, to: Path, kind: str, code: Code
) -> None:
    feed = client.fetch_feed(*ASK)
    bucket.brake(kind)
    client.fetch_feed(*ASK)
    with pytest.raises(ClientInputError) as caught:
        client.download(feed, to)
    assert caught.value.code is code
    assert empty(to)


def test_a_withdrawal_is_told_first_of_all_with_what_to_do(run: Run, bucket: Bucket) -> None:
    bucket.brake("withdrawal")
    code, out, _ = run("check", "--current", "4.1.0", "--exit-code")
    assert code == 12
    assert out == (
        "btfs-node stable, linux-amd64\n"
        "Version 4.1.0, which you run, was withdrawn. Stop running it. Going back is not possible yet: the channel has"
        " not signed it, and nothing newer is offered. Check again soon.\n"
        "\n"
        'The publisher says: "It deletes wallets when it starts." (2027-01-14 08:00 UTC)\n'
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )


def test_a_withdrawal_for_programs(run: Run, bucket: Bucket) -> None:
    withdrawal = bucket.brake("withdrawal", "4.0.2", notice={"action": "update", "replaced_by": "4.1.0"})
    answer = asked(run, "check", "--current", "4.0.2", "--exit-code")
    assert (answer["outcome"], answer["exit_code"], answer["action"]) == ("withdrawn", 12, "required")
    assert answer["release"]["version"] == "4.1.0"
    assert answer["withdrawal"] == {
        "id": withdrawal,
        "version": "4.0.2",
        "because": "It deletes wallets when it starts.",
        "at": "2027-01-14T08:00:00Z",
        "action": "update",
        "replaced_by": "4.1.0",
    }
    assert answer["hold"] is None


def test_the_notice_of_a_withdrawal_is_fetched_by_who_runs_that_version(
    bucket: Bucket, run: Run, tmp_path: Path
) -> None:
    bucket.brake("withdrawal", "4.0.2")
    run("check", "--current", "4.0.1")
    assert list(tmp_path.rglob("brakes/*.notice.json")) == []
    run("check", "--current", "4.0.2")
    assert len(list(tmp_path.rglob("brakes/*.notice.json"))) == 1


def test_what_is_lifted_is_offered_again(run: Run, bucket: Bucket) -> None:
    hold = bucket.brake("hold")
    assert asked(run, "check", "--current", "4.0.2")["outcome"] == "held"
    bucket.role_fields = {"x-tidegate-lifted": [hold]}
    bucket.publish()
    assert asked(run, "check", "--current", "4.0.2")["outcome"] == "update-available"


def test_r55_an_offer_that_an_event_requires_soon_is_required_and_says_by_when(
    run: Run, bucket: Bucket, set_clock: SetClock
) -> None:
    bucket.require(contract_closes(), version="5.0.0")
    assert asked(run, "check", "--current", "4.1.0")["action"] == "recommended"
    set_clock("2027-03-03T12:00:00Z")
    answer = asked(run, "check", "--current", "4.1.0")
    assert (answer["action"], answer["required_by"]) == ("required", "2027-03-31T12:00:00Z")
    assert "An event requires it by 2027-03-31 12:00 UTC." in run("check", "--current", "4.1.0")[1]


def test_r86_a_required_version_on_hold_is_not_ready_and_says_when_there_is_more(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(), version="5.0.0")
    bucket.brake("hold", "5.0.0")
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 14
    text = " ".join(out.split())
    assert "Held: 5.0.0 or later must run by 2027-03-31 12:00 UTC (75 days left)." in text
    assert "You run 4.1.0. 5.0.0 is on hold; nothing to install today; check again soon." in text
    assert "The next update is promised for 2027-01-16 12:00 UTC." in text
    assert "To download it:" not in out
    answer = asked(run, "ready", "--current", "4.1.0")
    assert (answer["readiness"], answer["next_update"], answer["release"]) == ("held", "2027-01-16T12:00:00Z", None)
    assert answer["requirements"][0]["available"] is False


def test_r86_a_required_version_that_is_withdrawn_is_not_ready(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(), version="5.0.1")
    bucket.brake("withdrawal", "5.0.1")
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 14
    assert "5.0.1 was withdrawn, and nothing is offered in its place yet; nothing to install" in " ".join(out.split())
    answer = asked(run, "ready", "--current", "4.1.0")
    assert (answer["readiness"], answer["next_update"]) == ("held", None)


def test_r86_whoever_runs_what_was_withdrawn_is_not_ready_and_told_why(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(), version="5.0.1")
    bucket.brake("withdrawal", "5.0.0", notice={"action": "update"})
    code, out, _ = run("ready", "--current", "5.0.0")
    assert code == 13
    text = " ".join(out.split())
    assert "Version 5.0.0, which you run, was withdrawn. Update to 5.0.1." in text
    assert 'The publisher says: "It deletes wallets when it starts."' in text
    assert "To download it:" in out


def test_without_a_network_what_was_stopped_stays_stopped(
    run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, set_clock: SetClock
) -> None:
    bucket.require(contract_closes(), version="5.0.0")
    bucket.brake("hold", "5.0.0")
    assert run("ready", "--current", "4.1.0")[0] == 14

    def refuse(_self: DirectoryFetcher, url: str) -> Iterator[bytes]:
        raise DownloadError(f"{url}: connection refused")

    monkeypatch.setattr(DirectoryFetcher, "_fetch", refuse)
    set_clock("2027-01-15T06:00:00Z")
    code, out, err = run("ready", "--current", "4.1.0")
    assert (code, err) == (14, "")
    assert 'The publisher says: "It deletes wallets when it starts."' in " ".join(out.split())


def test_whoever_runs_what_is_on_hold_reads_why_as_well(run: Run, bucket: Bucket) -> None:
    bucket.brake("hold")
    out = run("check", "--current", "4.1.0")[1]
    assert "It is on hold, so nobody else gets it now; keep running it." in out
    assert 'The publisher says: "It deletes wallets when it starts."' in out
    assert asked(run, "check", "--current", "4.1.0")["hold"]["version"] == "4.1.0"
