"""Who signed: distinct persons and their duties, on top of TUF's "N of these keys".

TUF counts keys (specification, sections 4.3 and 4.5). Tidegate also wants to know that they belong to
different people who answer for different things. The `targets` metadata, which delegates, says so in signed
fields that other TUF clients ignore:

    delegations.keys[keyid]["x-tidegate-person"]     whose key it is, e.g. "alice"
    delegations.keys[keyid]["x-tidegate-duty"]       what the person answers for with it, e.g. "operations"
    delegations.roles[]["x-tidegate-duties"]         duties required among the signers; absent or [] for none

Pure: metadata in, an answer or an error out. Clients, the auditor and `promote` use this one function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tuf.api.metadata import DelegatedRole, Key, Metadata, Targets

from publisher.wire.errors import ClientVerificationError

__all__ = ["DUTIES_FIELD", "DUTY_FIELD", "PERSON_FIELD", "Signature", "check_duties", "uncovered"]

PERSON_FIELD = "x-tidegate-person"
DUTY_FIELD = "x-tidegate-duty"
DUTIES_FIELD = "x-tidegate-duties"

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ASK = "do not install anything from here; tell the publisher"


@dataclass(frozen=True, order=True)
class Signature:
    """One key whose signature verified, and what the delegation says about it."""

    person: str
    """Whose key it is; empty if the delegation names nobody."""
    duty: str
    """What the person answers for with this key; empty if nothing."""
    keyid: str
    """The TUF key id."""


def check_duties(delegator: Targets, role_name: str, delegated: Metadata[Targets]) -> tuple[Signature, ...]:
    """The signatures that verify on `delegated`, sorted, if they satisfy the role's threshold and duties.

    `delegator` is the verified top-level `targets` that delegates to `role_name`. Among the keys that verify
    there must be as many distinct persons as the threshold, and every required duty must be covered by
    another person. A key without a person counts as itself, but only for a role that requires no duties.

    Raises ClientVerificationError that names what is missing or which signed field is malformed.
    """
    role = _role(delegator, role_name)
    duties = _duties(role)
    result = delegator.get_verification_result(role_name, delegated.signed_bytes, delegated.signatures)
    _refuse_one_key_under_two_ids(role_name, result.signed | result.unsigned)
    signatures = tuple(sorted(_signature(key) for key in result.signed.values()))

    if duties:
        people = {signature.person for signature in signatures if signature.person}
    else:
        people = {signature.person or f"key {signature.keyid}" for signature in signatures}
    if len(people) < role.threshold:
        raise ClientVerificationError(
            f"{role_name} needs the signatures of {_count(role.threshold, 'person')}, but {_who(people)} signed it",
            fix=_ASK,
        )
    if missing := uncovered(duties, signatures):
        covered = [duty for duty in duties if duty != missing[0]]
        beside = f" beside {' and '.join(covered)}" if covered else ""
        raise ClientVerificationError(
            f"{role_name} needs the signature of a person with the duty {missing[0]}{beside}, "
            f"but {_who({_described(signature) for signature in signatures})} signed it",
            fix=_ASK,
        )
    return signatures


def _role(delegator: Targets, role_name: str) -> DelegatedRole:
    roles = delegator.delegations.roles if delegator.delegations else None
    if not roles or role_name not in roles:
        raise ClientVerificationError(f"the targets metadata does not delegate to {role_name}", fix=_ASK)
    return roles[role_name]


def _duties(role: DelegatedRole) -> tuple[str, ...]:
    duties = role.unrecognized_fields.get(DUTIES_FIELD, [])
    if not isinstance(duties, list) or not all(isinstance(duty, str) and duty for duty in duties):
        raise ClientVerificationError(f"{DUTIES_FIELD} of {role.name} is not a list of duties", fix=_ASK)
    return tuple(duties)


def _signature(key: Key) -> Signature:
    return Signature(_name(key, PERSON_FIELD), _name(key, DUTY_FIELD), key.keyid)


def _name(key: Key, field: str) -> str:
    """The field's value, or empty. Odd spellings are refused: "Alice" and "alice" must not be two persons."""
    if field not in key.unrecognized_fields:
        return ""
    name = key.unrecognized_fields[field]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ClientVerificationError(f"{field} of key {key.keyid} is malformed", fix=_ASK)
    return name


def _refuse_one_key_under_two_ids(role_name: str, keys: dict[str, Key]) -> None:
    publics = [str(key.keyval.get("public", key.keyid)).strip().lower() for key in keys.values()]
    if len(set(publics)) != len(publics):
        raise ClientVerificationError(f"{role_name} lists the same public key under two key ids", fix=_ASK)


def uncovered(duties: Sequence[str], signatures: Sequence[Signature]) -> tuple[str, ...]:
    """The duties for which no further person can be found; empty if each duty has a person of its own.

    Bipartite matching by augmenting paths: a person with several keys may have to move to another duty.
    """
    assigned: dict[str, int] = {}

    def cover(duty: int, tried: set[str]) -> bool:
        for signature in signatures:
            person = signature.person
            if not person or signature.duty != duties[duty] or person in tried:
                continue
            tried.add(person)
            if person not in assigned or cover(assigned[person], tried):
                assigned[person] = duty
                return True
        return False

    return tuple(duties[duty] for duty in range(len(duties)) if not cover(duty, set()))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _described(signature: Signature) -> str:
    return f"{signature.person or 'somebody unnamed'} ({signature.duty or 'no duty'})"


def _who(names: set[str]) -> str:
    return f"only {' and '.join(sorted(names))}" if names else "nobody"
