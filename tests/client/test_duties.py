"""Distinct persons and duties, on real signatures."""

from __future__ import annotations

import pytest
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Delegations, Metadata, Targets

from publisher.wire.duties import check_duties
from publisher.wire.errors import ClientVerificationError
from tests.support.tuf_repository import ALICE, ALICE_TOO, BOB, CAROL, FAR, Person, delegation

ROLE = "btfs-node.stable"
BOTH = ("engineering", "operations")
BOB_TOO = Person("bob-second", "bob", "engineering")
NOBODY, NOBODY_ELSE = Person("nobody"), Person("nobody-else")
OPERATIONS_WITHOUT_NAME = Person("unnamed", duty="operations")


def people(
    keys: tuple[Person, ...],
    signers: tuple[Person, ...],
    *,
    threshold: int = 2,
    duties: object = BOTH,
) -> list[str]:
    """The persons that check_duties finds for a role with these keys and signers."""
    role, public = delegation(keys, threshold=threshold, duties=duties)
    delegator = Targets(expires=FAR, delegations=Delegations(dict(public), {ROLE: role}))
    metadata = Metadata(Targets(expires=FAR))
    for person in signers:
        metadata.sign(person.signer, append=True)
    return [signature.person for signature in check_duties(delegator, ROLE, metadata)]


def test_two_persons_with_the_two_duties_pass() -> None:
    assert people((ALICE, BOB, CAROL), (ALICE, BOB)) == ["alice", "bob"]


def test_more_signatures_than_needed_pass() -> None:
    assert people((ALICE, BOB, CAROL), (CAROL, ALICE, BOB)) == ["alice", "bob", "carol"]


def test_the_same_person_with_two_keys_counts_once() -> None:
    with pytest.raises(ClientVerificationError, match="2 persons, but only alice signed"):
        people((ALICE, ALICE_TOO), (ALICE, ALICE_TOO))


def test_the_same_person_cannot_hold_both_duties_beside_a_third() -> None:
    with pytest.raises(ClientVerificationError, match="duty operations beside engineering"):
        people((ALICE, CAROL, BOB), (ALICE, CAROL))


def test_a_person_with_keys_of_both_duties_takes_the_one_that_is_left() -> None:
    assert people((ALICE, ALICE_TOO, CAROL), (ALICE, ALICE_TOO, CAROL)) == ["alice", "alice", "carol"]
    assert people((ALICE, BOB, BOB_TOO), (BOB_TOO, BOB, ALICE)) == ["alice", "bob", "bob"]


def test_one_duty_required_twice_needs_two_persons() -> None:
    twice = ("operations", "operations")
    assert people((BOB, ALICE_TOO), (BOB, ALICE_TOO), duties=twice) == ["alice", "bob"]
    with pytest.raises(ClientVerificationError, match="duty operations"):
        people((BOB, ALICE), (BOB, ALICE), duties=twice)


def test_duties_beyond_the_threshold_are_required_too() -> None:
    with pytest.raises(ClientVerificationError, match="duty operations"):
        people((ALICE, BOB), (ALICE,), threshold=1)


@pytest.mark.parametrize("duties", [None, ()])
def test_a_role_without_duties_counts_persons_and_unnamed_keys(duties: object) -> None:
    assert people((NOBODY, NOBODY_ELSE), (NOBODY, NOBODY_ELSE), duties=duties) == ["", ""]
    assert people((ALICE, NOBODY), (ALICE, NOBODY), duties=duties) == ["", "alice"]
    with pytest.raises(ClientVerificationError, match="2 persons, but only alice signed"):
        people((ALICE, ALICE_TOO), (ALICE, ALICE_TOO), duties=duties)


def test_an_unnamed_key_covers_no_duty() -> None:
    with pytest.raises(ClientVerificationError, match="2 persons, but only alice signed"):
        people((ALICE, OPERATIONS_WITHOUT_NAME), (ALICE, OPERATIONS_WITHOUT_NAME))


def test_a_signature_by_somebody_else_does_not_count() -> None:
    with pytest.raises(ClientVerificationError, match="only alice signed"):
        people((ALICE, BOB), (ALICE, CAROL))


def test_no_signature_at_all_is_said_so() -> None:
    with pytest.raises(ClientVerificationError, match="but nobody signed it"):
        people((ALICE, BOB), ())


@pytest.mark.parametrize("duties", ["operations", [1], [""], {"operations": True}])
def test_malformed_duties_are_refused(duties: object) -> None:
    with pytest.raises(ClientVerificationError, match="not a list of duties"):
        people((ALICE, BOB), (ALICE, BOB), duties=duties)


@pytest.mark.parametrize("name", ["Alice", "alice ", "al\u0131ce"])
def test_odd_spellings_of_a_person_are_refused(name: str) -> None:
    odd = Person("odd", name, "operations")
    with pytest.raises(ClientVerificationError, match="malformed"):
        people((ALICE, odd), (ALICE, odd))


def test_one_public_key_under_two_ids_is_refused() -> None:
    role, public = delegation((ALICE, BOB))
    key = ALICE.public
    twin = SSlibKey("f" * 64, key.keytype, key.scheme, key.keyval, {"x-tidegate-person": "mallory"})
    role.keyids.append(twin.keyid)
    delegator = Targets(expires=FAR, delegations=Delegations({**public, twin.keyid: twin}, {ROLE: role}))
    with pytest.raises(ClientVerificationError, match="same public key under two key ids"):
        check_duties(delegator, ROLE, Metadata(Targets(expires=FAR)))


def test_a_role_that_is_not_delegated_is_refused() -> None:
    with pytest.raises(ClientVerificationError, match="does not delegate to"):
        check_duties(Targets(expires=FAR), ROLE, Metadata(Targets(expires=FAR)))
