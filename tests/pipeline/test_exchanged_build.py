"""A thief with one key and the bucket exchanges a build that is staged: nobody is shown it, nothing of it ships."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.errors import StorageConflict, TidegateError
from publisher.model.records.decision import Outcome
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.ledger_append import Draft, append
from publisher.pipeline.release.stage import Supersede
from publisher.rules.evaluate import evaluate
from publisher.signing.minisign import MinisignKey
from tests.support.approving import ROLE, promote, stage
from tests.support.exchanging import (
    EVIL,
    PEOPLE_OF_THE_CHANNEL,
    THIEVES,
    exchange,
    exchange_build,
    people_files,
    stage_as_thief,
    why_refused,
    with_people_files,
)
from tests.support.planting import offered, sign_unseen
from tests.support.project import Project, tree


@pytest.mark.parametrize("sums", [False, True], ids=["genuine-sums", "rewritten-sums"])
@pytest.mark.parametrize("key", THIEVES)
def test_an_exchanged_build_is_not_shown_to_those_who_approve(staged: Project, key: str, sums: bool) -> None:
    """Our own channel: a candidate vouched for itself, and people were shown what nobody had built."""
    digest = exchange(staged, staged.storage(), key, sums=sums)
    assert staged.staged().candidate.digest == digest
    before = tree(staged.bucket)
    with pytest.raises(TidegateError, match=why_refused(key, sums=sums)):
        staged.review("1.1.0")
    assert tree(staged.bucket) == before
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("key", THIEVES)
def test_an_exchanged_build_that_people_signed_unseen_does_not_ship(staged: Project, key: str) -> None:
    exchange(staged, staged.storage(), key, sums=True)
    sign_unseen(staged, "channels-ana", "channels-ben")
    with pytest.raises(TidegateError, match=why_refused(key, sums=True)):
        promote(staged)
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("key", PEOPLE_OF_THE_CHANNEL)
def test_files_that_trade_places_are_not_shown(staged: Project, key: str) -> None:
    """Both are vouched for, each for its own platform."""
    storage, honest = staged.storage(), staged.staged().candidate
    [windows] = (staged.bucket / "tuf/targets/artifacts/node/stable/1.1.0").glob("*windows*")
    payload = exchange_build(storage, ROLE, honest.with_signatures(()), "1.1.0", "linux-amd64", windows.read_bytes())
    files = people_files(storage, ROLE, honest.digest)
    stage_as_thief(storage, ROLE, payload, files, staged.key(key), staged.root, staged.now)
    with pytest.raises(TidegateError, match="does not match the content for linux-amd64"):
        staged.review("1.1.0")


def test_files_of_an_older_release_do_not_pass_for_a_newer_one(staged: Project) -> None:
    """The signed comment binds SHA256SUMS to its version."""
    staged.approve("1.1.0")
    promote(staged)
    stage(staged, "1.2.0")
    storage, honest = staged.storage(), staged.staged().candidate
    published = staged.bucket / "releases/node/1.1.0"
    files = {path.name: path.read_bytes() for path in published.iterdir() if not path.name.endswith((".gz", ".zip"))}
    payload = with_people_files(honest.with_signatures(()), files)
    stage_as_thief(storage, ROLE, payload, files, staged.key("channels-ana"), staged.root, staged.now)
    with pytest.raises(TidegateError, match="was made for something else"):
        staged.review("1.2.0")


def test_a_staged_number_that_was_signed_is_not_used_again(staged: Project) -> None:
    """Clients that know the release which ships refuse the one that was replaced, whoever signs a snapshot of it."""
    staged.approve("1.1.0")
    replaced = staged.staged().candidate.signed.version
    staged.now += timedelta(minutes=5)
    stage(staged, "1.1.0", Supersede.ANY)
    assert staged.staged().candidate.signed.version == replaced + 1
    staged.approve("1.1.0")
    promote(staged)
    assert offered(staged) == "1.1.0"


def test_a_thief_of_one_channel_key_who_tells_of_a_replaced_candidate_again_does_not_ship_it(staged: Project) -> None:
    staged.approve("1.1.0")
    storage, replaced = staged.storage(), staged.staged()
    files = people_files(storage, ROLE, replaced.candidate.digest)
    staged.now += timedelta(minutes=5)
    stage(staged, "1.1.0", Supersede.ANY)
    key = staged.key("channels-ana")
    stage_as_thief(storage, ROLE, replaced.candidate.with_signatures(()), files, key, staged.root, staged.now)
    with pytest.raises(StorageConflict, match="was replaced on"):
        promote(staged)


def test_a_refused_staging_does_not_void_the_candidate_that_is_there(staged: Project) -> None:
    """Somebody tries to stage in a freeze; the ledger notes the refusal, and what was staged before still counts."""
    release = staged.release("1.1.0")
    decision = evaluate(staged.catalog, release, "stable", staged.now).model_copy(update={"outcome": Outcome.WAITING})
    entry_body = LedgerEntryBody.of_decision(LedgerAction.STAGE, release, decision)
    assert entry_body.refused
    append(Draft(entry_body, staged.now, staged.key("channels-ben")), staged.storage())
    staged.approve("1.1.0")
    promote(staged)
    assert offered(staged) == "1.1.0"


def test_bytes_exchanged_under_a_good_name_after_the_approvals_do_not_go_live(staged: Project) -> None:
    """bsv-desktop#68, openagents#638: a file was signed, or signed again, after it had been hashed.

    The metadata is honest, and the object that it names is not: clients would refuse it, and see no update.
    """
    staged.approve("1.1.0")
    target = next(path for path in (staged.bucket / "tuf/targets/artifacts/node/stable/1.1.0").iterdir())
    target.chmod(0o600)
    target.write_bytes(EVIL)
    with pytest.raises(TidegateError, match="nothing was made live"):
        promote(staged)
    assert offered(staged) == "1.0.0"


def test_a_signature_for_people_that_is_of_another_build_does_not_go_live(staged: Project) -> None:
    """Its comment fits, since it was made for the same version; the bytes do not."""
    staged.build("1.1.0", extra="another build")
    storage, [honest] = staged.storage(), [staged.staged().candidate]
    name = "node-1.1.0-linux-amd64.tar.gz.minisig"
    other = MinisignKey.open(
        next(signer for signer in staged.catalog.signers.signers if "minisign" in signer.roles),
        base=staged.keys,
        passphrase=lambda _name: None,
    ).sign(b"\0" * 64, trusted_comment=f"product:node version:1.1.0 file:{name.removesuffix('.minisig')}")
    files = {**people_files(storage, ROLE, honest.digest), name: other}
    payload = with_people_files(honest.with_signatures(()), files)
    payload.signed.version += 1
    stage_as_thief(storage, ROLE, payload, files, staged.key("channels-ana"), staged.root, staged.now)
    staged.approve("1.1.0")
    with pytest.raises(TidegateError, match="nothing was made live"):
        promote(staged)
    assert offered(staged) == "1.0.0"
