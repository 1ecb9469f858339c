"""Which entries of the ledger are believed when something is built on them: by keys that count today, for what they do.

An audit of the ledger takes every key that was ever named, since the past was signed by keys of the past. Whoever acts
on an entry must not: a key that was replaced may be a thief's. So what goes back in time here reaches no further than
the last change of keys, whose entry tells the whole state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuf.api.metadata import Key, Root, Targets

from publisher.channel.keys.rotation import keys_of
from publisher.channel.ledger.entries import Logged, verified_entry
from publisher.channel.roles import ONLINE_ROLES
from publisher.errors import VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody
from publisher.signing.public_keys import public_key


@dataclass(frozen=True)
class CurrentKeys:
    """Whose keys count today."""

    root: Root
    targets: Targets | None
    """None when nothing is published yet."""
    signers: Signers

    def entry(self, logged: Logged) -> Entry:
        """An entry, if a key signed it that may sign what it tells. Raises VerificationError."""
        if logged.entry is None:
            raise VerificationError("cannot be read as an entry of the ledger")
        return verified_entry(logged, self._may_sign(logged.entry))

    def _may_sign(self, body: LedgerEntryBody) -> Mapping[str, Key]:
        if body.result is not None:
            # Who cannot make anything live has no say about what was: a thief would list it among what can be put back.
            return self._keys((*ONLINE_ROLES, *((Root.type,) if body.action is LedgerAction.KEYS else ())))
        if body.channel_role is not None:
            # What people are asked to sign is for those people to stage: an online key must not be enough.
            online = () if body.action is LedgerAction.STAGE else ONLINE_ROLES
            return self._keys((body.channel_role, *online))
        roles = {*ONLINE_ROLES}
        if body.action is LedgerAction.KEYS:
            roles.add(Root.type)
        elif body.action is LedgerAction.STAGE:
            roles.update(body.roles)
        return self._keys(roles)

    def _keys(self, roles: Iterable[str]) -> Mapping[str, Key]:
        keys: dict[str, Key] = {}
        for role in roles:
            keys |= {key.keyid: key for key in map(public_key, self.signers.keys_of(role))}
            if role in self.root.roles:
                keys |= keys_of(self.root, role)
            elif self.targets is not None:
                keys |= keys_of(self.targets, role)
        return keys
