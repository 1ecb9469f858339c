"""publish keys list"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from publisher.channel.roles import YearlySignatures
from publisher.cli.inputs import content_options, json_option, load_configured, print_result
from publisher.cli.output.verdicts import wrapped
from publisher.cli.secrets import keys_option
from publisher.pipeline.keys.list import SHORT, ListedKey, Listing, list_keys
from publisher.rules.english import counted

_SCHEMES = {"ed25519": "ed25519", "ecdsa-sha2-nistp256": "ecdsa", "rsassa-pss-sha256": "rsa"}


@click.command("list")
@keys_option
@content_options
@json_option
def command(keys: Path, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """List all keys by role: whose, what for, where, and whether they suffice.

    Files are looked for in --keys; no device is used, and no passphrase is asked for.
    """
    listing = list_keys(load_configured(content, config).signers, keys)
    if as_json:
        print_result(_as_json(listing))
    else:
        click.echo("\n".join(_lines(listing, shutil.get_terminal_size().columns)))


def _lines(listing: Listing, width: int) -> Iterator[str]:
    if not listing.keys:
        yield "No keys yet: make them with `publish keys init`, or add each with `publish keys add`."
    keys = {one.signer.name: one for one in listing.keys}
    names = max((len(name) for name in keys), default=0)
    whose = max((len(_whose(one)) for one in listing.keys), default=0)
    for role in listing.roles:
        yield f"{role.role}: {role.needs}"
        if role.yearly is not None:
            yield f"  {_yearly(role.yearly)}"
        for name in role.keys:
            yield from _key_lines(keys[name], names, whose, width)
        if not role.keys:
            yield "  no key"
    for warning in listing.warnings:
        first, *rest = wrapped(f"Warning: {warning}", width, 2)
        yield from (first[2:], *rest)


def _key_lines(one: ListedKey, names: int, whose: int, width: int) -> Iterator[str]:
    head = f"  {one.signer.name:{names}}  {_whose(one):{whose}}"
    head += f"  {_SCHEMES[one.signer.scheme]:7}  {one.keyid[:SHORT]:{SHORT}}"
    own_file = one.where == f"file:{one.signer.name}.pem"
    place = f"{'file' if own_file else one.where}, {one.state}"
    if len(head) + 2 + len(place) <= width:
        yield f"{head}  {place}"
        return
    yield head.rstrip()
    room = max(width - 6, 24)
    if len(place) > room:
        place = f"{one.where[: room - len(one.state) - 5]}..., {one.state}"
    yield f"      {place}"


def _yearly(signatures: YearlySignatures) -> str:
    each = f"{counted(signatures.empty, 'signature')} a year to renew it"
    return each if signatures.used == signatures.empty else f"{each}, {signatures.used} from its first use on"


def _whose(one: ListedKey) -> str:
    return f"{one.signer.person} ({one.signer.duty})"


def _as_json(listing: Listing) -> dict[str, object]:
    return {
        "keys": [
            {
                "name": one.signer.name,
                "person": one.signer.person,
                "duty": one.signer.duty,
                "roles": list(one.signer.roles),
                "scheme": one.signer.scheme,
                "where": one.where,
                "keyid": one.keyid,
                "state": one.state,
            }
            for one in listing.keys
        ],
        "roles": [
            {
                "role": one.role,
                "needs": one.needs,
                "signatures_a_year": one.yearly and {"empty": one.yearly.empty, "used": one.yearly.used},
                "keys": list(one.keys),
                "satisfiable": not one.shortfalls,
                "missing": [short.what for short in one.shortfalls],
            }
            for one in listing.roles
        ],
        "warnings": list(listing.warnings),
    }
