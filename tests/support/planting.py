"""What somebody who can write into the bucket, and has no key, puts there."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from publisher.channel.candidates.approval import statement_about, with_approval
from publisher.channel.candidates.candidate import SIGNATURES
from publisher.channel.layout import candidate_key, staging_pointer_key
from publisher.channel.repository import Repository, read_repository
from publisher.channel.roles import RELEASE_FIELD
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.candidates.staged import added
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.release.stage import Supersede
from publisher.rules.engine.required_approvals import Needs
from tests.support.approving import ROLE, promote, stage
from tests.support.project import Project


def put(project: Project, key: str, data: bytes) -> None:
    path = project.bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def point(project: Project, digest: str, role: str = ROLE, **more: object) -> None:
    path = project.bucket / staging_pointer_key(role)
    pointer = json.loads(path.read_bytes()) if path.exists() else {"format": "tidegate-staging/1"}
    put(project, staging_pointer_key(role), json.dumps({**pointer, "candidate": digest, **more}).encode())


def plant(project: Project, payload: bytes) -> str:
    """A candidate beside the honest one, with its record and files for people; the channel now works on it."""
    digest = hashlib.sha256(payload).hexdigest()
    honest = project.bucket / candidate_key(ROLE, project.staged().candidate.digest, "")
    for path in honest.rglob("*"):
        if path.is_file():
            put(project, candidate_key(ROLE, digest, str(path.relative_to(honest))), path.read_bytes())
    put(project, candidate_key(ROLE, digest, "payload.json"), payload)
    point(project, digest)
    return digest


def live(project: Project) -> Repository:
    found = read_repository(reader(project.storage()), project.root)
    assert found is not None
    return found


def offered(project: Project) -> object:
    return live(project).roles[ROLE].signed.unrecognized_fields[RELEASE_FIELD]


def sign_unseen(project: Project, *names: str) -> None:
    """As somebody would who signs without `publish approve`: whatever lies there; with all keys if none is named."""
    staged = signed = project.staged()
    candidate = staged.candidate
    for key in [project.key(name) for name in names] or project.key_ring().of(ROLE):
        statement = statement_about(candidate, key.public_key.keyid, Needs(), {}, project.now)
        signed = with_approval(signed, {SIGNATURES: candidate.signed_bytes}, key, statement)
    write_objects(added(staged, signed), project.storage(), silent)


def start_over(project: Project) -> None:
    """What every refusal of this kind advises."""
    project.now += timedelta(minutes=5)
    stage(project, "1.1.0", Supersede.ANY)
    project.approve("1.1.0")
    promote(project)
    assert offered(project) == "1.1.0"
