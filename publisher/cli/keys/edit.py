"""publish keys add, publish keys rotate, publish keys remove"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from publisher.cli.inputs import PATH, Project, options, project_options
from publisher.cli.options import open_to_look, to_option
from publisher.cli.output.emit import Report, answering, for_programs, notice, picked
from publisher.cli.secrets import ask_new_passphrase, ask_secret, keys_option, read_root
from publisher.errors import InputError, TidegateError, UsageError
from publisher.model.config.role import Duty
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keys.edit import (
    STAGE,
    Change,
    ConfigurationPlace,
    KeyToAdd,
    known_signer,
    plan_add,
    plan_remove,
    plan_rotate,
    refuse_unfit,
    signed_anew,
    write_change,
    write_new_key,
)
from publisher.pipeline.keys.key_in_use import named_by
from publisher.rules.english import listed
from publisher.signing.devices import import_public, refuse_secrets, shown
from publisher.signing.key_files import generate_ed25519
from publisher.signing.public_keys import PUBLIC_LIMIT, PublicKey, read_public
from publisher.signing.schemes import PLAIN_SCHEME, SCHEMES
from publisher.text.terminal import hanging, terminal_width, whole, wrapped

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Source:
    """Where a key comes from, as options say it."""

    new: bool
    public: Path | None
    from_uri: str | None
    uri: str | None
    scheme: str | None
    no_passphrase: bool


_key_source = options(
    click.option("--new", is_flag=True, help="Make an Ed25519 key file in --keys."),
    click.option("--public", "public", type=PATH, help="The public key that its owner sent: hex digits or PEM."),
    click.option("--from-uri", metavar="URI", help="Ask a token or a KMS for the public key: hsm:2, awskms:KEY, ..."),
    click.option(
        "--uri", help="With --public: where the private part is on its owner's machine.  [default: file:NAME.pem]"
    ),
    click.option(
        "--scheme", type=click.Choice(tuple(SCHEMES)), help="Signature scheme, where a key of a KMS may have several."
    ),
    click.option("--no-passphrase", is_flag=True, help="With --new: keep the key unencrypted (mode 0600)."),
)


def _source_options(function: F) -> F:
    """The options that say where a key comes from, handed on as `source`."""

    @wraps(function)
    def gathered(**words: Any) -> Any:
        source = _Source(**{field.name: words.pop(field.name) for field in fields(_Source)})
        _refuse_mixture(source)
        return function(source=source, **words)

    return cast(F, _key_source(gathered))


@click.command("add")
@click.argument("name")
@click.option("--person", required=True, help="Whose key it is.")
@click.option("--duty", required=True, type=click.Choice([str(duty) for duty in Duty]), help="What it answers for.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    help="A role that accepts it: root, targets, channels, PRODUCT.CHANNEL, ... Repeat it for each.",
)
@_source_options
@keys_option
@project_options
@answering
def add(
    name: str,
    person: str,
    duty: str,
    roles: tuple[str, ...],
    source: _Source,
    keys: Path,
    project: Project,
) -> Report:
    """Add a key to signers.yaml: a new file, one that somebody sent, or one on a token or in a KMS.

    Everything is checked before anything is written, and comments in signers.yaml stay.
    """
    place = ConfigurationPlace(project.config, project.configuration())
    to_add = KeyToAdd(name, person, Duty(duty), roles)
    refuse_unfit(to_add, place.configuration)
    change, notes = _kept(name, source, keys, lambda public, uri: plan_add(to_add, public, uri, place))
    key = f"{change.signer.name} ({change.signer.scheme}, {whole(shown(change.signer.uri))})"
    named = f"{whole(change.file)} names {key} for {listed(change.signer.roles)}."
    last = f"Next: {STAGE}, since clients learn of it only when {signed_anew(change.signer)}."
    return ChangeReport({"added": change.signer.name}, change, (named, *notes), last, STAGE)


@click.command("rotate")
@click.argument("name")
@click.option("--as", "successor", required=True, metavar="NEW", help="What the new key is called.")
@_source_options
@keys_option
@project_options
@answering
def rotate(name: str, successor: str, source: _Source, keys: Path, project: Project) -> Report:
    """Replace a key by a new one of the same person, duty and roles.

    The old one is marked as retired: it counts no longer, but signs along while the change goes live, so that clients
    that have not heard of it find what they accept. A key that is lost or stolen is removed instead.
    """
    place = ConfigurationPlace(project.config, project.configuration())
    old = known_signer(name, place.configuration.signers)
    refuse_unfit(KeyToAdd(successor, old.person, old.duty, old.roles), place.configuration)
    change, notes = _kept(successor, source, keys, lambda public, uri: plan_rotate(name, successor, public, uri, place))
    named = f"{whole(change.file)} now lists {successor} instead of {name}, for {listed(change.signer.roles)}."
    last = f"Next: {STAGE}. When that is live: {whole(f'publish keys remove {name}')}."
    keys_changed = {"added": successor, "retired": name}
    return ChangeReport(keys_changed, change, (named, *notes), last, STAGE)


@click.command("remove")
@click.argument("name")
@click.option("--compromised", is_flag=True, help="Others may have it: remove it even if a role then lacks keys.")
@to_option
@project_options
@answering
def remove(name: str, compromised: bool, to: str | None, project: Project) -> Report:
    """Take a key out of signers.yaml. Its private part is left where it is.

    The bucket says whether clients still accept it, and so whether anything has to be signed anew.
    """
    place = ConfigurationPlace(project.config, project.configuration())
    # Whoever has to be quick does not wait for a store that may be far away.
    named = None if compromised else _named_by(name, to, place)
    change = plan_remove(name, place, named, compromised=compromised)
    write_change(change)
    to_sign = named is None or bool(named)
    if compromised and not for_programs():
        _alarm(change)
    uri = whole(shown(change.signer.uri))
    gone = f"{whole(change.file)} no longer lists {name}. Its private part is unchanged: {uri}."
    last = (
        f"Next: {STAGE}, since clients accept it until {signed_anew(change.signer)}."
        if to_sign
        else "Nothing has to be signed: no live metadata lists it."
    )
    return ChangeReport({"removed": name}, change, (gone,), last, STAGE if to_sign else None)


@dataclass(frozen=True)
class ChangeReport(Report):
    """How signers.yaml was changed, and what comes next."""

    keys: Mapping[str, str]
    """What was done with which key."""
    change: Change
    sentences: Sequence[str]
    last: str
    next_step: str | None

    def lines(self, width: int) -> list[str]:
        return [line for text in (*self.sentences, *self.change.notes, self.last) for line in wrapped(text, width)]

    def data(self) -> dict[str, object]:
        return {**self.keys, **picked(self.change, "file", "notes"), "next": self.next_step}


def _named_by(name: str, to: str | None, place: ConfigurationPlace) -> tuple[str, ...] | None:
    """Which live metadata names the key; None where that cannot be seen from here."""
    signer = known_signer(name, place.configuration.signers)
    if to is None and place.configuration.endpoints.storage is None:
        return None
    try:
        return named_by(signer, Bucket(open_to_look(to, place.configuration), read_root(place.config)))
    except TidegateError as error:
        notice(f"Cannot check whether clients accept {name}: {error.what}")
        return None


def _alarm(change: Change) -> None:
    signer = change.signer
    look = "publish recover: says whether somebody has published."
    steps = (
        f"COMPROMISED: anybody with {signer.name} can sign {listed(signer.roles)} until clients learn otherwise. Now:",
        "publish keys add: a new key for each role that lacks one.",
        f"{look} If so, put this key back (git), recover with it, and remove it again.",
        f"If {signer.person} kept other keys in the same place, replace those too.",
        f"{STAGE}, and have it signed today, on machines that were not broken into.",
        "publish log --verify, and publish verify: look for anything that you did not sign.",
    )
    width = terminal_width()
    click.echo(click.style("\n".join(wrapped(steps[0], width)), fg="red", bold=True), err=True)
    for number, step in enumerate(steps[1:], 1):
        click.echo("\n".join(hanging(f"  {number}.", step, width, 5)), err=True)


def _refuse_mixture(source: _Source) -> None:
    if [source.new, source.public is not None, source.from_uri is not None].count(True) != 1:
        raise UsageError(
            "it is not clear where the key comes from", fix="give one of --new, --public FILE and --from-uri URI"
        )
    if source.uri is not None and source.public is None:
        raise UsageError(
            "--uri goes with --public", fix="use --from-uri alone: it says both what to ask and where the key is"
        )
    if source.no_passphrase and not source.new:
        raise UsageError("--no-passphrase goes with --new", fix="leave it out")
    if source.new and source.scheme not in (None, PLAIN_SCHEME):
        raise UsageError(
            f"--new makes {PLAIN_SCHEME} keys, and --scheme says {source.scheme}",
            fix="make the key with another program, and give --public FILE",
        )


def _kept(name: str, source: _Source, keys: Path, plan: Callable[[PublicKey, str], Change]) -> tuple[Change, list[str]]:
    """Make the key or ask for it, and write signers.yaml as planned from its public half and its URI."""
    if not source.new:
        uri, public = _public(name, source)
        change = plan(public, uri)
        write_change(change)
        return change, []
    key = generate_ed25519()
    change = plan(PublicKey(PLAIN_SCHEME, key.public), f"file:{name}.pem")
    path = write_new_key(change, key, keys, lambda: None if source.no_passphrase else ask_new_passphrase("the new key"))
    return change, [f"The private key is in {whole(path)}; keep that directory out of git, and a copy of it offline."]


def _public(name: str, source: _Source) -> tuple[str, PublicKey]:
    """The URI to keep, and the key that it leads to."""
    file, scheme = source.public, source.scheme
    if file is not None:
        try:
            with file.open("rb") as stream:
                public = read_public(stream.read(PUBLIC_LIMIT), str(file))
        except OSError as error:
            raise InputError(f"cannot read {file}: {error.strerror}", fix="name the file with the public key") from None
        uri = source.uri or f"file:{name}.pem"
    else:
        assert source.from_uri is not None
        refuse_secrets(source.from_uri)
        uri, public = import_public(source.from_uri, name, scheme, ask_secret)
    if scheme not in (None, public.scheme):
        raise InputError(f"the key is of scheme {public.scheme}, and --scheme says {scheme}", fix="leave --scheme out")
    return uri, public
