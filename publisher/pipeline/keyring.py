"""The private keys at hand: which roles can be signed here, opened when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from publisher.channel.roles import ONLINE_ROLES
from publisher.errors import SigningError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.config.signer import Signer, Signers
from publisher.rules import english
from publisher.signing.device_errors import NotAtHand
from publisher.signing.devices import device_of
from publisher.signing.key_files import (
    NoPassphrase,
    OpenSigner,
    WrongPassphrase,
    is_encrypted,
    key_path,
    open_signer,
    refuse_demo_keys,
)
from publisher.signing.minisign import MinisignKey

T = TypeVar("T")

Passphrase = Callable[[str], str | None]
"""Asked with a key's name, and the name of the secret if it is a device's; None when nobody can answer."""


_NOT_OPENED = "{}, TIDEGATE_PASSPHRASE does not open it"


@dataclass(frozen=True)
class KeyRing:
    """Opens keys lazily and once; a key that is absent is not at hand, a key that is bad is an error.

    A passphrase that opened one key file is tried on the others before anybody is asked. A PIN is asked for once for
    all keys of a token. A device that is absent is told of and left out, like a file that is elsewhere: it may be
    another person's. So is a key file whose passphrase is not given, and, `unattended`, one that the passphrase does
    not open while it opens another one of the role; a shared role can do without any.
    """

    signers: Signers
    directory: Path
    passphrase: Passphrase
    tell: Callable[[str], None] = lambda _said: None
    """Told of each key that is left out, and why."""
    unattended: bool = False
    """Whether `passphrase` has one answer for all keys, and asks nobody."""
    _opened: dict[str, OpenSigner] = field(default_factory=dict)
    _remembered: list[str] = field(default_factory=list, repr=False)
    _absent: set[str] = field(default_factory=set)
    _pins: dict[str, str | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        refuse_demo_keys(self.signers)

    def of(self, role: str) -> Sequence[OpenSigner]:
        """Every key of the role that is at hand. Raises SigningError for one that is at hand and unusable."""
        return list(self._each(self.signers.keys_of(role), optional=role in SHARED_ROLES))

    def with_retired(self, role: str) -> Sequence[OpenSigner]:
        """The same, and those that the role accepted before, which sign along while a change is under way."""
        signers = (*self.signers.keys_of(role), *self.signers.retired_of(role))
        return list(self._each(signers, optional=role in SHARED_ROLES))

    def one_by_one(self, signers: Sequence[Signer], more: Callable[[], bool]) -> Iterator[OpenSigner]:
        """The keys of these signers: all that ask for nothing; then, while there is `more` to sign, those that do."""
        silent = [signer for signer in signers if self._is_here(signer) and not self._asks(signer)]
        keys = self._each((*silent, *(signer for signer in signers if signer not in silent)))
        yield from islice(keys, len(silent))
        while more() and (key := next(keys, None)) is not None:
            yield key

    def for_ledger(self, role: str, *, online: bool = True) -> OpenSigner:
        """The one key that a run for `role` signs its entries of the ledger with, the role's own or an online one.

        A release is staged by its channel's people only, not `online`. A key that the run has used already comes first,
        then those that are kept online, so that nobody is asked for the passphrase of root for an entry alone; then a
        file, last what may ask for a PIN or a touch. Raises SigningError when there is none, so that nothing happens
        without an entry.
        """
        roles = tuple(dict.fromkeys((role, *(ONLINE_ROLES if online else ()))))
        here = [signer for name in roles for signer in self.signers.keys_of(name)]
        offline = {"root", "targets"}
        here.sort(
            key=lambda signer: (
                signer.name not in self._opened,
                bool(offline & set(signer.roles)),
                not signer.uri.startswith("file:"),
            )
        )
        if (first := next(self._each(here), None)) is not None:
            return first
        raise SigningError(
            f"no key that may sign the ledger is available, and every change needs an entry there:"
            f" {english.listed(roles, 'or')}",
            fix="give its directory with --keys",
        )

    def minisign(self) -> MinisignKey:
        """The key for checks by hand. Raises SigningError when it is not at hand."""
        for signer in self.signers.keys_of("minisign"):
            if self._is_here(signer):
                return self._asking(signer, partial(MinisignKey.open, signer, base=self.directory))
        raise SigningError(
            f"the minisign key is not in {self.directory}",
            fix="give its directory with --keys, or make keys with `publish keys init`",
        )

    def _is_here(self, signer: Signer) -> bool:
        path = key_path(signer.uri, self.directory)
        return signer.name not in self._absent and (path is None or path.exists() or path.is_symlink())

    def _asks(self, signer: Signer) -> bool:
        """Whether it takes a passphrase, or a device, which may want a PIN or a touch."""
        path = key_path(signer.uri, self.directory)
        return path is None or is_encrypted(path)

    def _each(self, signers: Iterable[Signer], *, optional: bool = False) -> Iterator[OpenSigner]:
        """Open those that are here, each when it is asked for. Raises SigningError for one that is unusable.

        `optional` is a role that signs along where its keys are here: `unattended`, the passphrase need open none.
        """
        refused: list[tuple[Signer, SigningError]] = []
        opened = False
        for signer in signers:
            if not self._is_here(signer):
                continue
            key = None
            try:
                key = self.open(signer)
                opened = True
            except NotAtHand as error:
                self._leave_out(signer, str(error))
            except (NoPassphrase, WrongPassphrase) as error:
                if self.unattended:
                    refused.append((signer, error))
                elif isinstance(error, NoPassphrase):
                    self._leave_out(signer, f"{signer.name}, no passphrase was given")
                else:
                    raise
            while opened and refused:
                other, _ = refused.pop(0)
                self._leave_out(other, _NOT_OPENED.format(other.name))
            if key is not None:
                yield key
        for other, wrong in refused:
            if not optional:
                raise wrong
            self._leave_out(other, _NOT_OPENED.format(other.name))

    def _leave_out(self, signer: Signer, why: str) -> None:
        self._absent.add(signer.name)
        self.tell(f"Left out: {why}")

    def open(self, signer: Signer) -> OpenSigner:
        """What signs with this key. Raises SigningError."""
        if signer.name not in self._opened:
            self._opened[signer.name] = self._asking(signer, partial(open_signer, signer, base=self.directory))
        return self._opened[signer.name]

    def _asking(self, signer: Signer, opener: Callable[..., T]) -> T:
        """Open with a passphrase that is known, else ask. Only key files: a device counts wrong guesses."""
        if not signer.uri.startswith("file:"):
            return opener(passphrase=partial(self._pin, device_of(signer.uri)))
        for known in self._remembered:
            try:
                return opener(passphrase=lambda _name, known=known: known)
            except SigningError:
                continue
        answers: list[str | None] = []

        def ask(name: str) -> str | None:
            answers.append(self.passphrase(name))
            return answers[-1]

        opened = opener(passphrase=ask)
        self._remembered.extend(answer for answer in answers if answer)
        return opened

    def _pin(self, device: str, name: str) -> str | None:
        if device not in self._pins:
            self._pins[device] = self.passphrase(name)
        return self._pins[device]
