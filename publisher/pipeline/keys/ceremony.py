"""`publish keys init`: one key for each person and role, signers.yaml, and the first root.

Whoever runs this holds all keys for a moment. That suits one person, a demo and a rehearsal; a team makes each key
where it will live, and brings only public parts together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from tuf.api.metadata import Metadata, Root

from publisher.channel.advance import sign, to_bytes
from publisher.channel.roles import first_root
from publisher.errors import InputError, UsageError
from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES, Duty
from publisher.model.config.signer import Signer, Signers
from publisher.signing.key_files import NewKey, generate_ed25519, refuse_taken, write_private_key

ROOT_FILE = "root.json"
"""The first root, beside signers.yaml: what clients and auditors start from."""

MAY_SIGN: Mapping[str, tuple[Duty, ...]] = {
    "root": (Duty.ENGINEERING, Duty.OPERATIONS, Duty.EXECUTIVE),
    "targets": (Duty.ENGINEERING, Duty.OPERATIONS),
    "channels": (Duty.ENGINEERING, Duty.OPERATIONS, Duty.EXECUTIVE),
    "rollout": (Duty.OPERATIONS, Duty.ENGINEERING),
    "brakes": (Duty.OPERATIONS, Duty.ENGINEERING),
    "notes": (Duty.OPERATIONS, Duty.COMMS, Duty.ENGINEERING),
    "snapshot": (Duty.AUTOMATION, Duty.OPERATIONS, Duty.ENGINEERING),
    "timestamp": (Duty.AUTOMATION, Duty.OPERATIONS, Duty.ENGINEERING),
    "minisign": (Duty.OPERATIONS, Duty.ENGINEERING),
}
"""Which duties may sign a role; the first that anybody has is used where one signature is enough."""

_EVERYBODY = ("root", "brakes", "notes")
"""Roles of which all who may sign get a key: root needs them, and whoever is on call stops or advises alone."""

assert set(MAY_SIGN) == {*TOP_LEVEL_ROLES, *SHARED_ROLES, "channels", "minisign"}


@dataclass(frozen=True)
class Person:
    """Somebody who signs, and what for."""

    name: str
    duties: tuple[Duty, ...]


@dataclass(frozen=True)
class Ceremony:
    """New keys, and what they make: the configuration and the first root."""

    signers: Signers
    keys: Mapping[str, NewKey]
    """Signer name -> private key, not yet written anywhere."""
    root: bytes


def ceremony(
    template: Signers,
    people: Sequence[Person],
    now: datetime,
    generate: Callable[[], NewKey] = generate_ed25519,
    *,
    demo: bool = False,
) -> Ceremony:
    """Make keys for the roles of `template` and sign the first root. Raises UsageError when people or duties lack."""
    keys: dict[str, NewKey] = {}
    signers: list[Signer] = []
    for role, duties in MAY_SIGN.items():
        for person, duty in _who_signs(role, duties, people, template):
            name = f"{'demo-' if demo else ''}{role}-{person.name.removeprefix('demo-')}"
            keys[name] = generate()
            signers.append(
                Signer(
                    name=name,
                    person=person.name,
                    duty=duty,
                    roles=(role,),
                    public=keys[name].public,
                    uri=f"file:{name}.pem",
                    demo=demo,
                )
            )
    complete = template.model_copy(update={"signers": tuple(signers), "demo": demo})
    return Ceremony(complete, keys, _signed_root(complete, keys, now))


def refuse_second_ceremony(made: Ceremony, keys: Path, config: Path) -> None:
    """Before anybody types a passphrase. Raises InputError for a root that is there already, SigningError for a key."""
    root = config / ROOT_FILE
    if root.exists():
        raise InputError(
            f"{root} exists: this configuration has its keys already",
            fix="use another --config for a trial; a new root would strand every client that trusts the old one",
        )
    for name in made.keys:
        refuse_taken(keys / f"{name}.pem")


def write_ceremony(made: Ceremony, keys: Path, config: Path, passphrases: Mapping[str, str]) -> None:
    """Private keys into `keys` (mode 0600), signers.yaml and root.json, which all may read, into `config`.

    `passphrases` are by person; keys of others are not encrypted. Raises InputError when a root is there already;
    SigningError when a key file exists, or `keys` is a directory that others can write to.
    """
    refuse_second_ceremony(made, keys, config)
    root = config / ROOT_FILE
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for signer in made.signers.signers:
        write_private_key(keys / f"{signer.name}.pem", made.keys[signer.name], passphrases.get(signer.person))
    for path, data in ((config / "signers.yaml", signers_yaml(made.signers)), (root, made.root)):
        path.write_bytes(data)
        path.chmod(0o644)  # public, whatever the umask is


def signers_yaml(signers: Signers) -> bytes:
    """signers.yaml with its schema line; people may edit it afterwards."""
    data = signers.model_dump(
        mode="json", exclude_none=True, exclude={"roles": True, "signers": {"__all__": {"retired"}}}
    )
    body = yaml.safe_dump(data, sort_keys=False, width=120, default_flow_style=None)
    return (
        "# yaml-language-server: $schema=../schemas/signers.json\n"
        "# Who may sign what. Public parts only; private keys stay where `uri` says.\n" + body
    ).encode()


def _who_signs(
    role: str, duties: tuple[Duty, ...], people: Sequence[Person], template: Signers
) -> list[tuple[Person, Duty]]:
    """Enough persons for the role's threshold, in the order of the duties that it prefers, or all who may sign it."""
    policy = template.roles.get(role)
    if policy is None:
        raise UsageError(f"roles.yaml says nothing of the role {role}", fix="add it under `roles:`")
    able = [(person, duty) for duty in duties for person in people if duty == _preferred(duties, person)]
    missing = [duty for duty in policy.duties if duty not in {duty for _, duty in able}]
    if len(able) < policy.threshold or missing:
        raise UsageError(
            f"{role} needs {policy.threshold} person{'s' if policy.threshold != 1 else ''}"
            + (f" with the duties {', '.join(policy.duties)}" if policy.duties else "")
            + f", and {len(able)} of those given may sign it",
            fix="name more people with --person NAME:DUTY, or lower `threshold` and `duties` in roles.yaml",
        )
    return able if policy.threshold > 1 or role in _EVERYBODY else able[:1]


def _preferred(duties: tuple[Duty, ...], person: Person) -> Duty | None:
    return next((duty for duty in duties if duty in person.duties), None)


def _signed_root(signers: Signers, keys: Mapping[str, NewKey], now: datetime) -> bytes:
    root = first_root(signers, now)
    opened = [keys[signer.name].open(signer) for signer in signers.keys_of(Root.type)]
    return to_bytes(sign(Root.type, root, opened, Metadata(root)))
