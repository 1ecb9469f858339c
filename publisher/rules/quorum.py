"""Whether the keys of a role can meet what it needs: enough distinct persons, and each duty by a person of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from publisher.model.config.role import Duty, RolePolicy
from publisher.model.config.signer import Signer, Signers
from publisher.rules.english import counted, listed


@dataclass(frozen=True)
class Shortfall:
    """One thing that the keys of a role cannot give."""

    field: Literal["threshold", "duties"]
    """The field of the role's policy that asks for it."""
    what: str
    """A sentence without its full stop: role channels needs 2 persons and has the keys of 1."""
    fix: str


def shortfalls(signers: Signers, role: str) -> tuple[Shortfall, ...]:
    """What is missing for the role to be signed at all; empty when its keys can meet threshold and duties."""
    policy = signers.policy_of(role)
    return tuple(_shortfalls(role, policy, signers.keys_of(role))) if policy else ()


def _shortfalls(role: str, policy: RolePolicy, keys: Sequence[Signer]) -> list[Shortfall]:
    lacking: list[Shortfall] = []
    persons = {signer.person for signer in keys}
    if len(persons) < policy.threshold:
        what = f"role {role} needs {counted(policy.threshold, 'person')} but has keys of {len(persons)}"
        lacking.append(Shortfall("threshold", what, "add signers for it, or lower the threshold"))
    missing = [duty for duty in policy.duties if duty not in {signer.duty for signer in keys}]
    lacking += [
        Shortfall(
            "duties",
            f"role {role} needs a signer with the duty {duty} but has none",
            f"add a signer with the duty {duty}, or remove the duty",
        )
        for duty in missing
    ]
    if not missing and not _one_each([_answering(keys, duty) for duty in policy.duties]):
        what = f"role {role} needs different persons for {listed(policy.duties)}, but too few persons have them"
        lacking.append(Shortfall("duties", what, "add a different person as a signer for one of these duties"))
    return lacking


def needs(policy: RolePolicy) -> str:
    """What a role asks for: 2 persons, with the duties engineering and operations."""
    if not policy.duties:
        return counted(policy.threshold, "person")
    duties = f"dut{'y' if len(policy.duties) == 1 else 'ies'} {listed(policy.duties)}"
    return f"{counted(policy.threshold, 'person')}, with the {duties}"


def alone(signers: Signers, role: str) -> tuple[str, ...]:
    """Persons with as many keys of the role as it needs signatures, where it wants several persons.

    TUF counts keys (specification, 6.1), so to whoever looks at no persons each of them is enough alone.
    """
    policy = signers.policy_of(role)
    if policy is None or policy.threshold < 2:
        return ()
    persons = [signer.person for signer in signers.keys_of(role)]
    return tuple(sorted(person for person in set(persons) if persons.count(person) >= policy.threshold))


def _answering(keys: Sequence[Signer], duty: Duty) -> set[str]:
    return {signer.person for signer in keys if signer.duty == duty}


def _one_each(choices: Sequence[set[str]], taken: frozenset[str] = frozenset()) -> bool:
    """Whether every set can give a member of its own."""
    return not choices or any(_one_each(choices[1:], taken | {person}) for person in choices[0] - taken)
