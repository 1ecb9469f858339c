"""`publish keys list`: every key by role, whether it is at hand here, and whether the keys of a role suffice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from publisher.channel.roles import ONLINE_ROLES, YearlySignatures, yearly_signatures
from publisher.errors import SigningError
from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES
from publisher.model.config.signer import Signer, Signers
from publisher.pipeline.keys.edit import scheme_warning
from publisher.rules.english import capitalised, listed
from publisher.rules.quorum import Shortfall, alone, needs, shortfalls
from publisher.signing.devices import shown
from publisher.signing.key_files import key_path, refuse_bad_keeping
from publisher.signing.public_keys import public_key

SHORT = 8
"""How many digits of a key id people compare by eye."""


@dataclass(frozen=True)
class ListedKey:
    """A key, and what can be said of it without using it."""

    signer: Signer
    keyid: str
    """As TUF metadata names it; empty for a public key that is none."""
    where: str
    """Its URI, without what may be secret."""
    state: str
    """here, not here, badly kept, or asked when used; of a key that was replaced, after the word retired."""


@dataclass(frozen=True)
class ListedRole:
    """A role, what it needs, and which keys it accepts."""

    role: str
    needs: str
    yearly: YearlySignatures | None
    """How often people are asked to sign it again; None for roles that a timer renews, and for minisign."""
    keys: tuple[str, ...]
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True)
class Listing:
    """All of signers.yaml as people ask for it."""

    keys: tuple[ListedKey, ...]
    roles: tuple[ListedRole, ...]
    warnings: tuple[str, ...]


def list_keys(signers: Signers, keys: Path) -> Listing:
    """Look at signers.yaml, and at the files in `keys`; no device is used and nobody is asked."""
    warnings: list[str] = []
    listed_keys = tuple(_key(signer, keys, warnings) for signer in signers.signers)
    roles = tuple(_role(role, signers) for role in _order(signers) if signers.policy_of(role))
    warnings += _warnings(signers, roles)
    warnings += _out_of_reach(roles, listed_keys)
    return Listing(listed_keys, roles, tuple(warnings))


def _order(signers: Signers) -> list[str]:
    named = {role for signer in signers.signers for role in signer.roles} | set(signers.roles)
    own = sorted(role for role in named if "." in role)
    return [*TOP_LEVEL_ROLES, "channels", *own, *SHARED_ROLES, "minisign"]


def _key(signer: Signer, keys: Path, warnings: list[str]) -> ListedKey:
    keyid, state = "", "asked when used"
    try:
        keyid = public_key(signer).keyid
    except SigningError as error:
        warnings.append(_sentence(error.what))
    path = key_path(signer.uri, keys)
    if path is not None:
        state = "not here"
        if path.exists() or path.is_symlink():
            try:
                refuse_bad_keeping(path)
                state = "here"
            except SigningError as error:
                state = "badly kept"
                warnings.append(_sentence(error.what) + (f" Mend it: {error.fix}." if error.fix else ""))
    return ListedKey(signer, keyid, shown(signer.uri), f"retired, {state}" if signer.retired else state)


def _role(role: str, signers: Signers) -> ListedRole:
    policy = signers.policy_of(role)
    assert policy is not None
    names = tuple(signer.name for signer in (*signers.keys_of(role), *signers.retired_of(role)))
    yearly = None if role in (*ONLINE_ROLES, "minisign") else yearly_signatures(policy, role)
    return ListedRole(role, needs(policy), yearly, names, shortfalls(signers, role))


def _warnings(signers: Signers, roles: tuple[ListedRole, ...]) -> Iterator[str]:
    for role in roles:
        yield from (f"{_sentence(shortfall.what)} {_sentence(shortfall.fix)}" for shortfall in role.shortfalls)
    root = signers.policy_of("root")
    if root is not None and root.threshold == 1:
        yield "Role root needs one signature: anybody who gets that key can replace all the others."
    for role in roles:
        for person in alone(signers, role.role):
            yield (
                f"{person} has enough keys of {role.role} to sign it alone: clients of TUF count keys"
                + (", not persons." if role.role in TOP_LEVEL_ROLES else ", and only tidegate counts persons too.")
            )
    for scheme in dict.fromkeys(signer.scheme for signer in signers.signers):
        if warning := scheme_warning(scheme, [signer.name for signer in signers.signers if signer.scheme == scheme]):
            yield warning


def _out_of_reach(roles: tuple[ListedRole, ...], keys: tuple[ListedKey, ...]) -> Iterator[str]:
    """That nothing can be signed here, since every signature ends in a new snapshot and timestamp."""
    at_hand = {key.signer.name for key in keys if key.state in ("here", "asked when used")}
    lost = [role for role in roles if role.role in ONLINE_ROLES and role.keys and not at_hand.intersection(role.keys)]
    if lost:
        retired = {key.signer.name for key in keys if key.signer.retired}
        names = listed(list(dict.fromkeys(name for role in lost for name in role.keys if name not in retired)), "or")
        yield (
            f"Nothing can be published or refreshed from here: {listed([role.role for role in lost])} cannot be signed"
            f" without {names}. Bring the file back from its copy, or name its directory with --keys."
        )


def _sentence(text: str) -> str:
    text = capitalised(text)
    return text if text.endswith(".") else f"{text}."
