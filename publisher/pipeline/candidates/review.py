"""A candidate as a person reads it before signing, of a release or of a role, and the one way to sign it.

What was read is what is signed: the candidate is taken from the store once, and its bytes are kept in memory between
the review and the signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tuf.api.metadata import Key

from publisher.channel.candidates.approval import with_approval
from publisher.channel.candidates.candidate import Candidate
from publisher.channel.candidates.staged import Staged
from publisher.errors import SigningError
from publisher.model.config.signer import Signer, Signers
from publisher.model.records.approval import Statement
from publisher.model.records.attested_fact import Fact
from publisher.pipeline.candidates.staged import added
from publisher.pipeline.keyring import KeyRing, Passphrase
from publisher.pipeline.objects.planned import PlannedObject
from publisher.rules import english
from publisher.signing.key_files import OpenSigner, OtherKey, open_signer
from publisher.signing.public_keys import described, public_key, signer_of
from publisher.text.suggest import did_you_mean


class CandidateReview(Protocol):
    """What everybody who signs a candidate reads, and what their signature is made over."""

    @property
    def staged(self) -> Staged[Candidate]:
        """The candidate, with what was signed so far."""
        ...

    @property
    def difference(self) -> tuple[str, ...]:
        """What changes, in lines."""
        ...

    @property
    def may_sign(self) -> Mapping[str, Key]:
        """Key id -> key, of all that may sign it."""
        ...

    @property
    def approved_by(self) -> tuple[str, ...]:
        """Persons with their duties whose signatures count."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """What is still needed, as parts of a list; empty when nothing is."""
        ...

    @property
    def payloads(self) -> Mapping[str, bytes]:
        """Folder of the candidate -> the bytes that are signed: its own, and what is signed along with it."""
        ...

    def facts_of(self, key: Key) -> tuple[Fact, ...]:
        """What the holder of the key is asked to attest."""
        ...

    def statement(self, keyid: str, facts: Mapping[Fact, str], at: datetime) -> Statement | None:
        """What the holder of the key states beside the signature; None where nothing is stated."""
        ...


def sign(
    review: CandidateReview, key: OpenSigner, facts: Mapping[Fact, str], at: datetime
) -> tuple[PlannedObject, ...]:
    """Sign what was reviewed; the objects to write. Raises SigningError for another's key or a fact not attested."""
    public = review.may_sign.get(key.public_key.keyid)
    if public is None:
        raise SigningError(f"this key may not sign {review.staged.candidate.role}", fix=_who(review.may_sign))
    if lacking := [fact for fact in review.facts_of(public) if not facts.get(fact, "").strip()]:
        raise SigningError(
            f"near an event operations attest each fact with its proof, and nothing proves {english.listed(lacking)}",
            fix=" ".join(f"--fact {fact}=WHERE-IT-SAYS-SO" for fact in lacking),
        )
    statement = review.statement(key.public_key.keyid, facts, at)
    return added(review.staged, with_approval(review.staged, review.payloads, key, statement))


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


def _who(may_sign: Mapping[str, Key]) -> str:
    return f"those who may: {english.listed(sorted({described(key) for key in may_sign.values()}))}"
