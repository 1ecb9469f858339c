"""`tidegate explain`: why this machine is offered what it is, step by step, and when that may change (R94)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tuf.api.exceptions import DownloadError

from publisher.client.network.http import DirectoryFetcher
from publisher.content.schemas import schema_of
from publisher.model.records.client_explanation import ExplanationReport
from tests.client.conftest import Run, SetClock
from tests.support.requirements import NOW, contract_closes
from tests.support.tuf_repository import PAST, Bucket, a_feed, expired

EXPLANATION = Draft202012Validator(
    schema_of(ExplanationReport, closed=True, nulls=True), format_checker=FormatChecker()
)
FREEZE = {"event": "mainnet-fork", "begins": "2027-01-14T00:00:00Z", "ends": "2027-01-18T00:00:00Z"}


@pytest.fixture(autouse=True)
def now(set_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's clock is NOW, and its terminal 100 columns wide."""
    set_clock(NOW)
    monkeypatch.setenv("COLUMNS", "100")


def explained(run: Run, *words: str, **changes: str) -> dict[str, Any]:
    """The explanation for programs, in its published shape."""
    explanation: dict[str, Any] = json.loads(run("explain", *words, "--json", **changes)[1])
    EXPLANATION.validate(explanation)
    return explanation


def kinds(explanation: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(step["kind"], step["version"]) for step in explanation["steps"]]


def test_r94_a_hold_and_a_freeze_are_explained_with_what_is_offered_and_when_that_may_change(
    run: Run, bucket: Bucket
) -> None:
    bucket.release(a_feed(previous=a_feed(version="4.0.2")["release"]))
    bucket.stopped()["freezes"] = [FREEZE]
    bucket.brake("hold")
    code, out, err = run("explain", "--current", "4.0.1")
    assert (code, err) == (0, "")
    assert out == (
        "btfs-node stable, linux-amd64\n"
        "1. 4.1.0 is the newest version that is published for linux-amd64.\n"
        "2. 4.0.2 is the version before it.\n"
        "3. 4.1.0 is on hold: nobody is offered it.\n"
        '   The publisher says: "It deletes wallets when it starts." (2027-01-14 08:00 UTC)\n'
        "   The next update is promised for 2027-01-16 12:00 UTC.\n"
        "4. A freeze for mainnet-fork lasts until 2027-01-18 00:00 UTC; it delays new releases, and stops\n"
        "   none that is published.\n"
        "5. 4.0.2 has no ramp: it is offered to everybody at once, whatever the install id.\n"
        "\n"
        "So: Version 4.0.2 is available and recommended; you run 4.0.1. The newer 4.1.0 is on hold.\n"
        "\n"
        "This may change:\n"
        "- 2027-01-16 12:00 UTC: the next update on the hold of 4.1.0 is promised\n"
        "- 2027-01-18 00:00 UTC: the freeze for mainnet-fork ends\n"
        "- 2999-01-01 00:00 UTC: the signatures expire, unless the publisher renews them\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )


def test_the_same_for_programs(run: Run, bucket: Bucket) -> None:
    bucket.brake("hold")
    explanation = explained(run, "--current", "4.0.2", "--install-id", "8f2c-01")
    assert (explanation["outcome"], explanation["offers"], explanation["install_id"]) == ("held", None, "8f2c-01")
    assert explanation["reason"] == "Version 4.1.0 is on hold. Keep running 4.0.2."
    assert kinds(explanation) == [("published", "4.1.0"), ("held", "4.1.0")]
    assert explanation["steps"][1]["until"] == "2027-01-16T12:00:00Z"
    assert [change["at"] for change in explanation["changes"]] == ["2027-01-16T12:00:00Z", "2999-01-01T00:00:00Z"]


def test_a_fresh_install_without_brakes_is_offered_the_newest(run: Run) -> None:
    explanation = explained(run)
    assert (explanation["current"], explanation["offers"], explanation["action"]) == (None, "4.1.0", "recommended")
    assert kinds(explanation) == [("published", "4.1.0"), ("ramp", "4.1.0")]


@pytest.mark.parametrize(
    ("current", "step"), [("4.1.0", "the version that you run"), ("4.2.0", "older than 4.2.0, which you run")]
)
def test_what_is_not_newer_is_called_so(run: Run, current: str, step: str) -> None:
    assert f"4.1.0 is {step}." in run("explain", "--current", current)[1]


def test_withdrawn_taken_back_and_the_floor_are_named(run: Run, bucket: Bucket) -> None:
    bucket.role_fields = {"x-tidegate-withdrawn": ["4.1.0"]}
    bucket.release(a_feed(min_secure="4.0.5"))
    bucket.brake("withdrawal")
    bucket.brake("withdrawal", "4.0.2")
    explanation = explained(run, "--current", "4.0.2")
    assert kinds(explanation) == [
        ("published", "4.1.0"),
        ("withdrawn", "4.0.2"),
        ("below-floor", "4.0.2"),
        ("withdrawn", "4.1.0"),
        ("taken-back", "4.1.0"),
    ]
    assert "4.0.2, which you run, is withdrawn: nobody should run it." in run("explain", "--current", "4.0.2")[1]


def test_another_moment_is_judged_on_the_same_state(run: Run, bucket: Bucket) -> None:
    bucket.stopped()["freezes"] = [FREEZE]
    bucket.brakes = True
    bucket.require(contract_closes(), version="5.0.0")
    explanation = explained(run, "--current", "4.1.0")
    assert explanation["action"] == "recommended"
    assert {"at": "2027-03-03T12:00:00Z", "text": "the update becomes required, because of an event"} in explanation[
        "changes"
    ]
    explanation = explained(run, "--current", "4.1.0", "--at", "2027-03-04T00:00:00Z")
    assert (explanation["action"], explanation["at"]) == ("required", "2027-03-04T00:00:00Z")
    assert ("freeze", None) not in kinds(explanation)
    assert explanation["steps"][-1]["text"] == "An event requires what is offered by 2027-03-31 12:00 UTC."
    assert "at 2027-03-04 00:00 UTC" in run("explain", "--current", "4.1.0", "--at", "2027-03-04T00:00:00Z")[1]


def test_nothing_is_offered_at_a_moment_at_which_the_signatures_have_expired(run: Run) -> None:
    explanation = explained(run, "--current", "4.0.2", "--at", "2999-01-01T00:00:00Z")
    assert (explanation["offers"], explanation["action"]) == (None, None)
    assert explanation["reason"] == "Nothing is offered. Keep what you run, and check again later."
    assert kinds(explanation)[1] == ("expired", None)


def test_expired_brakes_are_the_reason(run: Run, bucket: Bucket) -> None:
    bucket.brakes = True
    bucket.expires["brakes"] = PAST
    bucket.publish()
    explanation = explained(run, "--current", "4.0.2")
    assert (explanation["offers"], kinds(explanation)[1]) == (None, ("brakes-expired", None))


def test_files_that_run_anywhere_and_nothing_at_all(run: Run, bucket: Bucket) -> None:
    bucket.release(a_feed(platform="any"))
    assert "for linux-amd64, with files that run on any platform." in " ".join(run("explain")[1].split())
    bucket.release(a_feed(release=None))
    out = run("explain")[1]
    assert "1. Nothing is published for linux-amd64 yet." in out
    assert "So: Nothing is published here yet." in out
    code, _, err = run("explain", platform="windows-arm64")
    assert code == 1
    assert "choose one of its platforms: linux-amd64" in err


def test_without_a_network_the_state_that_was_verified_last_is_explained(
    run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, set_clock: SetClock
) -> None:
    bucket.brake("hold")
    run("explain", "--current", "4.0.2")

    def refuse(_self: DirectoryFetcher, url: str) -> Iterator[bytes]:
        raise DownloadError(f"{url}: connection refused")

    monkeypatch.setattr(DirectoryFetcher, "_fetch", refuse)
    set_clock("2027-01-15T06:00:00Z")
    out = run("explain", "--current", "4.0.2")[1]
    assert "4.1.0 is on hold" in out
    assert "The channel cannot be reached. This is its state of 2027-01-15 00:00 UTC." in out


@pytest.mark.parametrize("install_id", ["", "a b", "a" * 129, "../x", "ü"])
def test_an_install_id_is_letters_digits_and_hyphens(run: Run, install_id: str) -> None:
    code, out, err = run("explain", "--install-id", install_id)
    assert (code, out) == (1, "")
    assert "is not an id" in err


def test_an_error_has_the_shape_of_an_explanation(run: Run, bucket: Bucket) -> None:
    expired(bucket)
    explanation = explained(run, "--current", "4.0.2")
    assert (explanation["ok"], explanation["error"]["code"], explanation["steps"]) == (False, "expired", None)
