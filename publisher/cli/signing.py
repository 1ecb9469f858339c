"""What commands that sign share: where keys are, and how a passphrase is asked for."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from publisher.channel.repository import follow_roots
from publisher.errors import InputError, VerificationError
from publisher.model.signer import Signers
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.keys import ROOT_FILE

F = TypeVar("F", bound=Callable[..., Any])

PASSPHRASE = "TIDEGATE_PASSPHRASE"
"""Environment variable with the passphrase of encrypted keys, for machines."""


def keys_option(function: F) -> F:
    """--keys"""
    return click.option(
        "--keys",
        type=click.Path(path_type=Path),
        default=Path("keys"),
        show_default=True,
        help=f"Directory of private keys. Passphrases are asked for, or come from {PASSPHRASE}.",
    )(function)


def ask_passphrase(name: str) -> str | None:
    """The passphrase of a key: from the environment, else from the person at the terminal, else none."""
    if (given := os.environ.get(PASSPHRASE)) is not None:
        return given
    if sys.stdin.isatty():
        return getpass.getpass(f"Passphrase of {name}: ")
    return None


def key_ring(signers: Signers, keys: Path) -> KeyRing:
    """The keys at hand."""
    return KeyRing(signers, keys, ask_passphrase)


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
