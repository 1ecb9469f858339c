"""Changes of keys in a test project, as people make them: signers.yaml, staging, signatures one by one, and live."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from publisher.pipeline.candidates.review import sign
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.roles.approve import review_role
from publisher.pipeline.roles.change import KeySet, apply_keys, key_set, plan_keys, stage_roles, verify_for_all
from publisher.signing.key_files import write_private_key
from publisher.storage.protocol import Storage
from tests.support.keys import seeded
from tests.support.project import Project


def edit_signers(project: Project, change: object) -> None:
    """Let `change` edit the parsed signers.yaml."""
    _edit(project, "signers.yaml", change)


def edit_roles(project: Project, change: object) -> None:
    """Let `change` edit the parsed roles.yaml."""
    _edit(project, "roles.yaml", change)


def _edit(project: Project, file: str, change: object) -> None:
    assert callable(change)
    path = project.config / file
    data = yaml.safe_load(re.sub(r"until: (\S+)", r'until: "\1"', path.read_text()))
    change(data)
    path.write_text(yaml.safe_dump(json.loads(json.dumps(data)), sort_keys=False).replace("'", ""))
    project.forget()


def replace_key(project: Project, name: str, *, lost: bool = False) -> str:
    """The key's successor, of the same person, duty and roles; the old one is retired, or lost. Returns its name."""
    new = f"{name}-{sum(path.stem.startswith(name) for path in project.keys.iterdir()) + 1}"
    key = seeded(new)
    write_private_key(project.keys / f"{new}.pem", key, project.passphrase)

    def change(data: dict[str, list[dict[str, object]]]) -> None:
        old = next(one for one in data["signers"] if one["name"] == name)
        successor = {**old, "name": new, "public": key.public, "uri": f"file:{new}.pem"}
        if lost:
            data["signers"].remove(old)
        else:
            old["retired"] = True
        data["signers"].append(successor)

    edit_signers(project, change)
    if lost:
        (project.keys / f"{name}.pem").rename(project.base / f"stolen-{name}.pem")
    return new


def add_key(project: Project, name: str) -> str:
    """One more key of the same person, duty and roles. Returns its name."""
    new = f"{name}-more"
    key = seeded(new)
    write_private_key(project.keys / f"{new}.pem", key, project.passphrase)

    def change(data: dict[str, list[dict[str, object]]]) -> None:
        old = next(one for one in data["signers"] if one["name"] == name)
        data["signers"].append({**old, "name": new, "public": key.public, "uri": f"file:{new}.pem"})

    edit_signers(project, change)
    return new


def stage_keys(project: Project, storage: Storage | None = None, *, replace: bool = False) -> KeySet:
    """`publish keys stage`"""
    where = storage or project.storage()
    keys_to_sign = key_set(project.look(where), project.catalog, project.now, anew=replace)
    stage_roles(keys_to_sign, where, project.catalog, project.key_ring(), project.now, replace=replace)
    return keys_to_sign


def sign_role_as(project: Project, role: str, names: Iterable[str], storage: Storage | None = None) -> None:
    """`publish approve ROLE --key NAME`, once for each key."""
    where = storage or project.storage()
    for name in names:
        review_seen = review_role(role, project.look(where), project.catalog, project.now)
        write_objects(sign(review_seen, project.key(name), {}, project.now), where, silent)


def promote_keys(project: Project, storage: Storage | None = None) -> int:
    """`publish keys promote`; returns for how many roots it was verified."""
    where = storage or project.storage()
    keys_to_sign = key_set(project.look(where), project.catalog, project.now)
    apply_keys(plan_keys(keys_to_sign, project.catalog, project.key_ring(), project.now), where)
    return verify_for_all(where, project.root, project.now)
