"""What commands that sign share: where keys are, and how a passphrase is asked for."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click

from publisher.channel.repository import follow_roots
from publisher.cli.output.emit import notice
from publisher.errors import InputError, UsageError, VerificationError
from publisher.model.config.signer import Signers
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.keys.ceremony import ROOT_FILE

PASSPHRASE = "TIDEGATE_PASSPHRASE"
"""Environment variable with the passphrase of encrypted keys, for machines."""

PIN = "TIDEGATE_PIN"
"""Environment variable with the PIN of a token, or another secret that a device asks for; for machines."""


keys_option = click.option(
    "--keys",
    type=click.Path(path_type=Path),
    default=Path("keys"),
    show_default=True,
    help=f"Directory of private keys. Passphrases are asked for, or come from {PASSPHRASE}; PINs from {PIN}.",
)


def ask_passphrase(name: str) -> str | None:
    """The passphrase of a key: from the environment, else from the person at the terminal, else none."""
    if (given := os.environ.get(PASSPHRASE)) is not None:
        return given
    if sys.stdin.isatty():
        return getpass.getpass(f"Passphrase of {name}: ")
    return None


def ask_new_passphrase(whose: str) -> str:
    """The passphrase of keys that are about to be made; typed twice, since nobody could mend it later."""
    first = ask_passphrase(whose)
    if first is None:
        need = "need" if "keys" in whose else "needs"
        raise UsageError(f"{whose} {need} a passphrase", fix=f"set {PASSPHRASE}, or give --no-passphrase")
    if PASSPHRASE not in os.environ and first != ask_passphrase(f"{whose}, once more"):
        raise UsageError("the two passphrases differ", fix="run it again")
    return first


def ask_secret(name: str) -> str | None:
    """The passphrase of a key, or what its device asks for: "NAME SECRET" names a secret of a device."""
    key, _, secret = name.partition(" ")
    if not secret:
        return ask_passphrase(key)
    if (given := os.environ.get(PIN)) is not None:
        return given
    if sys.stdin.isatty():
        return getpass.getpass(f"{'PIN' if secret.lower() == 'pin' else secret.capitalize()} of {key}: ")
    return None


def key_ring(signers: Signers, keys: Path) -> KeyRing:
    return KeyRing(signers, keys, ask_secret, notice, unattended=PASSPHRASE in os.environ)


def read_root(config: Path) -> bytes:
    """The first root, from beside signers.yaml."""
    return read_root_file(config / ROOT_FILE)


def read_root_file(path: Path) -> bytes:
    """A root that is trusted because a person named it: it must be one, signed by its own keys."""
    try:
        data = path.read_bytes()
        next(follow_roots(lambda _key: None, data))
        return data
    except VerificationError as error:
        raise InputError(
            f"{path} is not a TUF root that its own keys have signed", fix="name the root.json that you trust"
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot read the trusted root {path}: {error.strerror}",
            fix="make keys and a root with `publish keys init`, or name the root that you trust",
        ) from error
