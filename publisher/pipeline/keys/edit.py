"""`publish keys add` and `remove`: one key more or less in signers.yaml, checked as a whole before it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from publisher.channel.layout import channel_role
from publisher.content.load import load_configuration
from publisher.content.signers_file import with_retired, with_signer, without_signer
from publisher.content.yaml_edit import read_exactly, replace_file
from publisher.errors import InputError, SigningError
from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES, Duty
from publisher.model.config.signer import Signer, Signers
from publisher.model.configuration import Configuration
from publisher.rules.english import capitalised, listed
from publisher.rules.quorum import shortfalls
from publisher.signing.devices import refuse_secrets
from publisher.signing.key_files import NewKey, refuse_demo_keys, write_private_key
from publisher.signing.minisign import ROLE as MINISIGN
from publisher.signing.minisign import public_file
from publisher.signing.public_keys import PublicKey, public_key
from publisher.signing.schemes import SCHEMES
from publisher.text.suggest import did_you_mean

STAGE = "publish keys stage"
"""The command by which clients learn of a change of keys."""


@dataclass(frozen=True)
class ConfigurationPlace:
    """Where the configuration is, and what it says now; roles may be short of keys, since that is mended here."""

    config: Path
    configuration: Configuration

    @property
    def file(self) -> Path:
        return self.config / "signers.yaml"


@dataclass(frozen=True)
class KeyToAdd:
    """A key to add, as far as it is known before anybody is asked for its public half."""

    name: str
    person: str
    duty: Duty
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """signers.yaml as it will be, checked and not yet written."""

    file: Path
    text: str
    signers: Signers
    signer: Signer
    """The key that comes or goes."""
    notes: tuple[str, ...]
    """What a person should know of it."""


def refuse_unfit(key: KeyToAdd, configuration: Configuration) -> None:
    """Raises InputError for a name in use, and for roles that no product, channel or policy knows."""
    taken = next((signer for signer in configuration.signers.signers if signer.name == key.name), None)
    if taken is not None:
        raise InputError(
            f"the name {key.name} is in use, for a key of {taken.person}",
            fix=f"choose another, such as {key.name}-2; names stay in the ledger, so they are not used again",
        )
    known = _roles(configuration)
    for role in key.roles:
        if role not in known:
            raise InputError(f"there is no role {role}", fix=did_you_mean(role, known))
        if configuration.signers.policy_of(role) is None:
            raise InputError(f"roles.yaml says nothing of the role {role}", fix="add it under `roles:`")


def plan_add(key: KeyToAdd, public: PublicKey, uri: str, place: ConfigurationPlace) -> Change:
    """signers.yaml with the key. Raises InputError, SigningError or ContentError, and writes nothing."""
    before = place.configuration.signers
    signer = _new_signer(key, public, uri, place.configuration)
    if MINISIGN in signer.roles:
        public_file(signer)
    signers = before.model_copy(update={"signers": (*before.signers, signer)})
    refuse_demo_keys(signers)
    text = with_signer(read_exactly(place.file), signer)
    return Change(
        place.file, text, _checked(text, signers, place), signer, tuple(_notes_of_new(signer, before, signers))
    )


def plan_rotate(name: str, successor: str, public: PublicKey, uri: str, place: ConfigurationPlace) -> Change:
    """signers.yaml with a successor, the old key marked retired. Raises InputError, SigningError, ContentError."""
    signers = place.configuration.signers
    old = known_signer(name, signers)
    if old.retired:
        raise InputError(f"{name} was replaced before", fix="rotate the key that replaced it")
    new = _new_signer(KeyToAdd(successor, old.person, old.duty, old.roles), public, uri, place.configuration)
    after = tuple(
        signer.model_copy(update={"retired": True}) if signer.name == name else signer for signer in signers.signers
    )
    expected = signers.model_copy(update={"signers": (*after, new)})
    refuse_demo_keys(expected)
    text = with_signer(with_retired(read_exactly(place.file), name), new)
    warning = scheme_warning(new.scheme, [new.name])
    notes = [f"Warning: {warning}"] if warning else []
    return Change(place.file, text, _checked(text, expected, place), new, tuple(notes))


def known_signer(name: str, signers: Signers) -> Signer:
    """The key of this name. Raises InputError with the nearest names."""
    signer = next((known for known in signers.signers if known.name == name), None)
    if signer is None:
        raise InputError(f"there is no key {name}", fix=did_you_mean(name, [known.name for known in signers.signers]))
    return signer


def plan_remove(name: str, place: ConfigurationPlace, named_by: Sequence[str] | None, *, compromised: bool) -> Change:
    """signers.yaml without the key.

    `named_by` is the live metadata that names the key; None where nobody looked. Raises SigningError when a role could
    then not be signed, and for a key that was replaced and has to sign along until that is live; not if `compromised`.
    """
    signers = place.configuration.signers
    signer = known_signer(name, signers)
    left = signers.model_copy(update={"signers": tuple(known for known in signers.signers if known.name != name)})
    short = [shortfall for role in _meant(signer, signers) for shortfall in shortfalls(left, role)]
    if short and not compromised:
        raise SigningError(
            f"without {name}, {listed([shortfall.what for shortfall in short])}",
            fix=f"add another first: publish keys add NAME --person P --duty {signer.duty}"
            f" {' '.join(f'--role {role}' for role in signer.roles)} ...; or give --compromised if others may have it",
        )
    if signer.retired and named_by and not compromised:
        raise SigningError(
            f"{name} was replaced, and {listed(named_by)} still name{'s' if len(named_by) == 1 else ''} it for clients",
            fix="make the change live first, which it signs along: publish keys promote; or give --compromised if"
            " others may have it",
        )
    cut = without_signer(read_exactly(place.file), name)
    notes = [f"{capitalised(shortfall.what)}: {shortfall.fix}." for shortfall in short]
    if signer.retired and named_by is None and not compromised:
        notes.append(
            f"Warning: it was not checked whether the change that replaced {name} is live. If it is not, put the key"
            " back (git) until `publish keys promote` has run: its signature is needed."
        )
    if cut.comment is not None:
        notes.append(
            f"The comment in {place.file}:{cut.comment} stood above it and was left; see whether it is still true."
        )
    return Change(place.file, cut.text, _checked(cut.text, left, place), signer, tuple(notes))


def write_change(change: Change) -> None:
    """Put the new signers.yaml in the place of the old one, whole. Raises InputError when it cannot be written."""
    replace_file(change.file, change.text)


def write_new_key(change: Change, key: NewKey, keys: Path, ask: Callable[[], str | None]) -> Path:
    """Keep a new private key in its file, then write signers.yaml; the file goes again when that fails.

    `ask` gives the passphrase, None for none. Raises SigningError, InputError.
    """
    passphrase = ask()
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys / f"{change.signer.name}.pem"
    write_private_key(path, key, passphrase)
    try:
        write_change(change)
    except InputError:
        path.unlink()
        raise
    return path


def signed_anew(signer: Signer) -> str:
    """Which metadata names the key, and must change: targets is signed anew, root and targets are signed anew."""
    named = sorted({"root" if role in TOP_LEVEL_ROLES else "targets" for role in signer.roles})
    return f"{listed(named)} {'is' if len(named) == 1 else 'are'} signed again"


def scheme_warning(scheme: str, names: Sequence[str]) -> str | None:
    """What users need for keys whose signatures the plain client cannot verify; None where it can."""
    if SCHEMES[scheme].plain or not names:
        return None
    return (
        f"{listed(names)} sign{'s' if len(names) == 1 else ''} by {scheme}: the pure-Python client verifies"
        " Ed25519 only, so users need the Python package cryptography where these signatures are required."
    )


def _roles(configuration: Configuration) -> list[str]:
    pairs = [
        channel_role(product.id, channel) for product in configuration.products.values() for channel in product.channels
    ]
    return [*TOP_LEVEL_ROLES, "channels", *SHARED_ROLES, MINISIGN, *pairs]


def _meant(signer: Signer, signers: Signers) -> list[str]:
    """The roles that the key may sign, with the channels' own where it stands for all channels."""
    own = [role for role in signers.roles if "." in role and "channels" in signer.roles]
    return list(dict.fromkeys((*signer.roles, *own)))


def _new_signer(key: KeyToAdd, public: PublicKey, uri: str, configuration: Configuration) -> Signer:
    refuse_unfit(key, configuration)
    refuse_secrets(uri)
    try:
        signer = Signer(
            name=key.name,
            person=key.person,
            duty=key.duty,
            roles=tuple(dict.fromkeys(key.roles)),
            scheme=public.scheme,
            public=public.text,
            uri=uri,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"the {first['loc'][0]} {first['input']!r} {message}") from None
    _refuse_same_key(signer, configuration.signers)
    return signer


def _refuse_same_key(signer: Signer, signers: Signers) -> None:
    """By key id, since one PEM key can be spelt in several ways."""
    keyid = public_key(signer).keyid
    for other in signers.signers:
        if public_key(other).keyid == keyid:
            whose = "" if other.person == signer.person else f" of {other.person}"
            raise SigningError(
                f"this is the key {other.name}{whose} already: one key under two names would count twice",
                fix="make a new key; or give the existing one more roles in signers.yaml",
            )


def _notes_of_new(signer: Signer, before: Signers, after: Signers) -> list[str]:
    notes = [f"Warning: {warning}" for warning in [scheme_warning(signer.scheme, [signer.name])] if warning]
    others = {signer.person for signer in before.signers}
    if others and signer.person not in others:
        notes.append(f"{signer.person} had no key here before; persons so far: {listed(sorted(others))}.")
    if MINISIGN in signer.roles and (first := before.keys_of(MINISIGN)):
        notes.append(f"People go on checking by hand with the key {first[0].name}, until that is removed.")
    notes += [
        f"{capitalised(shortfall.what)}: {shortfall.fix}."
        for role in after.roles
        for shortfall in shortfalls(after, role)
    ]
    return notes


def _checked(text: str, expected: Signers, place: ConfigurationPlace) -> Signers:
    """Read the new file with the configuration, as `publish check` does, and compare it with what was meant."""
    checked = load_configuration(place.config, instead={place.file: text.encode()}, quorums=False).signers
    if checked != expected:
        raise InputError(
            f"{place.file} is written in a way that this command cannot edit; nothing was changed",
            fix="write each signer on its own lines, after a hyphen, as in `publish keys init`",
        )
    return checked
