"""`publish approve`: what a person reads before signing, and the approval.

What was read is what is signed: the candidate is taken from the store once, and its bytes are kept in memory between
the review and the signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Key

from publisher.channel.candidates.approval import Standing
from publisher.channel.candidates.candidate import is_live, refuse_stale
from publisher.channel.candidates.release_candidate import ReleaseCandidate, check_content, rollback_metadata
from publisher.channel.candidates.release_difference import release_difference
from publisher.channel.keys.rotation import keys_of
from publisher.channel.layout import channel_role
from publisher.channel.ledger.withdrawn import withdrawals
from publisher.channel.repository import Repository
from publisher.channel.roles import RELEASE_FIELD
from publisher.channel.state import feeds
from publisher.content.explain import did_you_mean
from publisher.errors import InputError, SigningError
from publisher.model.catalog import Catalog
from publisher.model.config.role import Duty
from publisher.model.config.signer import Signer, Signers
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.approval import BuiltFile, Fact
from publisher.model.records.decision import Decision
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.numbering import read_stagings, refuse_superseded
from publisher.pipeline.candidates.rebuild_check import check_payload, vouched_files
from publisher.pipeline.candidates.staged import (
    Given,
    StagedRelease,
    approval_status,
    give,
    require_staged,
    staged_candidate,
)
from publisher.pipeline.configured import configured_roles
from publisher.pipeline.decide import evidence_of
from publisher.pipeline.keyring import KeyRing, Passphrase
from publisher.rules import english
from publisher.rules.engine.question import Question
from publisher.rules.engine.required_approvals import Needs, needs
from publisher.rules.evaluate import evaluate
from publisher.rules.gate_order import BY_ID
from publisher.signing.key_files import DUTY_FIELD, OpenSigner, OtherKey, described, open_signer, public_key, signer_of


@dataclass(frozen=True)
class CandidateReview:
    """A release's candidate as a person reads it before signing."""

    release: Release
    staged: StagedRelease
    files: tuple[PublishedFile, ...]
    """What it ships, as the minisign key vouches for it."""
    live: Repository | None
    difference: tuple[str, ...]
    """What changes for clients, in lines."""
    takes_back_to: str | None
    """The version that its rollback metadata leads to; None where it has none."""
    decision: Decision
    """What the rules say now."""
    needs: Needs
    standing: Standing
    """Who has approved so far, and what is missing."""
    may_sign: Mapping[str, Key]
    """Key id -> key, of all that may sign it."""
    rollback_metadata: bytes | None
    """The payload that takes it back."""
    built: tuple[BuiltFile, ...] = ()
    """How the files compare with a build of the reader's own; empty when nobody compared."""

    @property
    def candidate(self) -> ReleaseCandidate:
        """What is signed."""
        return self.staged.candidate

    @property
    def digest(self) -> str:
        """SHA-256 of the candidate; names what is signed."""
        return self.staged.candidate.digest

    def facts_of(self, key: Key) -> tuple[Fact, ...]:
        """What the holder of the key is asked to attest."""
        return self.needs.facts if key.unrecognized_fields.get(DUTY_FIELD) == Duty.OPERATIONS else ()


def review(release: Release, channel: str, bucket: Bucket, catalog: Catalog, now: datetime) -> CandidateReview:
    """Read and check a staged release. Raises InputError when it is not staged, StorageConflict when it is void."""
    storage, read, live = bucket.storage, bucket.read, bucket.live
    role = channel_role(release.product, channel)
    there = staged_candidate(storage, role, catalog.signers)
    if there is None or there.candidate.release != str(release.version) or is_live(there.candidate, live):
        _refuse_live(release, role, live)
    staged = require_staged(there, release, role)
    candidate = staged.candidate
    refuse_stale(candidate, live)
    stagings = read_stagings(role, bucket, catalog.signers)
    refuse_superseded(candidate, stagings)
    offered = feeds(read, live, release.product, channel) if live else {}
    vouched = vouched_files(candidate, catalog, release, storage)
    check_content(candidate, catalog, release, vouched.files, now)
    check_payload(candidate, catalog, release, vouched, live, offered, stagings, now)
    # Without the day: a bundle for an offline machine holds what is read here, and no more of the ledger than it needs.
    evidence = evidence_of(offered, vouched.files, candidate.changes, withdrawals(live, release.product))
    decision = evaluate(catalog, release, channel, now, evidence)
    needed = needs(Question(catalog, release, channel, evidence, now), decision, BY_ID)
    configured = configured_roles(catalog, now)
    back = rollback_metadata(candidate, release, catalog, live)
    return CandidateReview(
        release=release,
        staged=staged,
        files=vouched.files,
        live=live,
        difference=release_difference(candidate, live, read),
        takes_back_to=str(evidence.live) if back is not None else None,
        decision=decision,
        needs=needed,
        standing=approval_status(staged, configured, catalog, needed, now, now),
        rollback_metadata=back,
        may_sign=keys_of(configured, role),
    )


def _refuse_live(release: Release, role: str, live: Repository | None) -> None:
    """Raises InputError for a release that needs no approval any more."""
    current = live.roles.get(role) if live else None
    if current is not None and current.signed.unrecognized_fields.get(RELEASE_FIELD) == str(release.version):
        raise InputError(f"{release.id} is live already in {role}", fix="look at what is staged with `publish status`")


def approve(review: CandidateReview, key: OpenSigner, facts: Mapping[Fact, str], at: datetime) -> Given:
    """Sign what was reviewed, its rollback metadata, and a statement of what is attested and was built. Writes nothing.

    Raises SigningError when the key may not sign it, or a fact that its holder is asked for is not attested.
    """
    public = review.may_sign.get(key.public_key.keyid)
    if public is None:
        raise not_allowed(review.candidate.role, review.may_sign)
    if lacking := [fact for fact in review.facts_of(public) if not facts.get(fact, "").strip()]:
        raise SigningError(
            f"near an event operations attest each fact with its proof, and nothing proves {english.listed(lacking)}",
            fix=" ".join(f"--fact {fact}=WHERE-IT-SAYS-SO" for fact in lacking),
        )
    return give(review.staged, review.rollback_metadata, [key], review.needs, dict(facts), at, review.built)


def named_signer(text: str, role: str, may_sign: Mapping[str, Key], signers: Signers) -> Signer | None:
    """The signer whose name or URI --key gives; None for `file:PATH` of a key that signers.yaml keeps elsewhere.

    Raises SigningError with those that would do when there is no such key.
    """
    for signer in signers.signers:
        if text in (signer.name, signer.uri):
            return signer
    if text.startswith("file:"):
        return None
    guess = did_you_mean(text, [signer.name for signer in signers.keys_of(role)])
    raise SigningError(
        f"signers.yaml has no key that is called {text} or kept there", fix=f"{guess} ({_who(may_sign)})"
    )


def find_key(
    text: str, role: str, may_sign: Mapping[str, Key], keys: KeyRing, directory: Path, passphrase: Passphrase
) -> OpenSigner:
    """The private key that --key means: a name or URI of signers.yaml, or `file:PATH` of any key that may sign.

    `directory` is where a relative PATH begins. Raises SigningError with those that would do.
    """
    signer = named_signer(text, role, may_sign, keys.signers)
    if signer is not None:
        if public_key(signer).keyid not in may_sign:  # said before anybody is asked for a passphrase
            raise SigningError(f"the key {signer.name} may not sign {role}", fix=_who(may_sign))
        return keys.open(signer)
    answers: dict[str, str | None] = {}

    def once(_name: str) -> str | None:
        if text not in answers:
            answers[text] = passphrase(text)
        return answers[text]

    for key in may_sign.values():
        try:
            return open_signer(signer_of(key, role, text), base=directory, passphrase=once)
        except OtherKey:
            continue
    raise SigningError(f"the key in {text.removeprefix('file:')} may not sign {role}", fix=_who(may_sign))


def not_allowed(role: str, may_sign: Mapping[str, Key]) -> SigningError:
    """A key that may not sign this."""
    return SigningError(f"this key may not sign {role}", fix=_who(may_sign))


def _who(may_sign: Mapping[str, Key]) -> str:
    return f"those who may: {english.listed(sorted({described(key) for key in may_sign.values()}))}"
