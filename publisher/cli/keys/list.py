"""publish keys list"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from publisher.channel.roles import YearlySignatures
from publisher.cli.inputs import Project, project_options
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import keys_option
from publisher.pipeline.keys.list import SHORT, ListedKey, Listing, list_keys
from publisher.rules.english import counted
from publisher.signing.schemes import SCHEMES
from publisher.text.terminal import wrapped


@click.command("list")
@keys_option
@project_options
@answering
def command(keys: Path, project: Project) -> Report:
    """List all keys by role: whose, what for, where, and whether they suffice.

    Files are looked for in --keys; no device is used, and no passphrase is asked for.
    """
    return KeysReport(list_keys(project.configuration().signers, keys))


@dataclass(frozen=True)
class KeysReport(Report):
    """Keys by role, and what is wrong with them."""

    widest: ClassVar[int] = sys.maxsize
    listing: Listing

    def lines(self, width: int) -> Iterator[str]:
        listing = self.listing
        if not listing.keys:
            yield "No keys yet: make them with `publish keys init`, or add each with `publish keys add`."
        keys = {key.signer.name: key for key in listing.keys}
        names = max((len(name) for name in keys), default=0)
        whose = max((len(_whose(key)) for key in listing.keys), default=0)
        for role in listing.roles:
            yield f"{role.role}: {role.needs}"
            if role.yearly is not None:
                yield f"  {_yearly(role.yearly)}"
            for name in role.keys:
                yield from _key_lines(keys[name], names, whose, width)
            if not role.keys:
                yield "  no key"
        for warning in listing.warnings:
            first, *more = wrapped(f"Warning: {warning}", width, 2)
            yield from (first.strip(), *more)

    def data(self) -> dict[str, object]:
        listing = self.listing
        return {
            "keys": [
                {
                    **picked(key.signer, "name", "person", "duty", "roles", "scheme"),
                    **picked(key, "where", "keyid", "state"),
                }
                for key in listing.keys
            ],
            "roles": [
                {
                    **picked(role, "role", "needs"),
                    "signatures_a_year": role.yearly and picked(role.yearly, "empty", "used"),
                    "keys": role.keys,
                    "satisfiable": not role.shortfalls,
                    "missing": [shortfall.what for shortfall in role.shortfalls],
                }
                for role in listing.roles
            ],
            "warnings": listing.warnings,
        }


def _key_lines(key: ListedKey, names: int, whose: int, width: int) -> Iterator[str]:
    head = f"  {key.signer.name:{names}}  {_whose(key):{whose}}"
    head += f"  {SCHEMES[key.signer.scheme].short:7}  {key.keyid[:SHORT]:{SHORT}}"
    own_file = key.where == f"file:{key.signer.name}.pem"
    place = f"{'file' if own_file else key.where}, {key.state}"
    if len(head) + 2 + len(place) <= width:
        yield f"{head}  {place}"
        return
    yield head.rstrip()
    room = max(width - 6, 24)
    if len(place) > room:
        place = f"{key.where[: room - len(key.state) - 5]}..., {key.state}"
    yield f"      {place}"


def _yearly(signatures: YearlySignatures) -> str:
    each = f"{counted(signatures.empty, 'signature')} a year to renew it"
    return each if signatures.used == signatures.empty else f"{each}, {signatures.used} from its first use on"


def _whose(key: ListedKey) -> str:
    return f"{key.signer.person} ({key.signer.duty})"
