"""What somebody who can write to staging adds to a good signature."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from publisher.channel.advance import to_bytes
from publisher.channel.layout import candidate_key, metadata_key, staging_pointer_key
from publisher.errors import ApprovalsMissing, TidegateError
from publisher.pipeline.release.stage import Supersede
from tests.support.approving import ROLE, promote, stage
from tests.support.planting import live, offered, put
from tests.support.project import Project


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "value",
    ['"hello"', "NaN", "1e999", "-1", r'"\ud800"', _nested(200), _nested(400)],
    ids=["text", "nan", "infinity", "number", "surrogate", "deep-200", "deep-400"],
)
def test_what_somebody_adds_to_a_good_signature_neither_stops_a_release_nor_reaches_clients(
    staged: Project, value: str
) -> None:
    staged.approve("1.1.0")
    folder = staged.bucket / candidate_key(ROLE, staged.staged().candidate.digest, "sig")
    for path in list(folder.iterdir()):
        signature = json.loads(path.read_bytes())
        text = f'{{"keyid": "{signature["keyid"]}", "sig": "{signature["sig"]}", "x": {value}}}'
        put(staged, str(path.relative_to(staged.bucket)), text.encode())
    promote(staged)
    assert offered(staged) == "1.1.0"
    assert all(not signature.unrecognized_fields for signature in live(staged).roles[ROLE].signatures.values())


def test_a_signature_that_is_nested_too_deeply_to_be_read_is_none_and_says_so(staged: Project) -> None:
    """Whoever can overwrite a signature can destroy it, with this as with anything."""
    staged.approve("1.1.0")
    folder = staged.bucket / candidate_key(ROLE, staged.staged().candidate.digest, "sig")
    for path in list(folder.iterdir()):
        put(staged, str(path.relative_to(staged.bucket)), f'{{"x": {_nested(2000)}}}'.encode())
    with pytest.raises(ApprovalsMissing):
        promote(staged)
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("sig", ["5", "null", '"zz"', r'"\ud800"', "[]", '"' + "0" * 127 + '"', "true"])
def test_a_signature_of_another_kind_stops_nothing(staged: Project, sig: str) -> None:
    staged.approve("1.1.0", "channels-ana", "channels-ben")
    key = staged.key("channels-eva").public_key.keyid
    name = candidate_key(ROLE, staged.staged().candidate.digest, f"sig/{key}")
    put(staged, name, f'{{"keyid": "{key}", "sig": {sig}}}'.encode())
    promote(staged)
    assert offered(staged) == "1.1.0"


@pytest.mark.parametrize("change", ["9" * 4300, "9" * 400, "-5", str(2**63 - 1)], ids=["4300", "400", "minus", "i64"])
def test_a_pointer_that_has_counted_absurdly_far_is_replaced(project: Project, change: str) -> None:
    project.publish("1.0.0")
    put(
        project,
        staging_pointer_key(ROLE),
        f'{{"format": "tidegate-staging/1", "change": {change}, "candidate": null}}'.encode(),
    )
    stage(project, "1.1.0", Supersede.ANY)
    project.approve("1.1.0")
    promote(project)
    assert offered(project) == "1.1.0"


def test_what_somebody_adds_around_good_metadata_at_its_number_does_not_reach_clients(staged: Project) -> None:
    """No key: the signatures can be read in staging, and the number is known before it is used."""
    staged.approve("1.1.0")
    signed = json.loads(to_bytes(staged.staged().metadata))
    name = metadata_key(ROLE, staged.staged().candidate.signed.version)
    put(staged, name, json.dumps({**signed, "x": float("nan")}).encode())
    with suppress(TidegateError):
        promote(staged)
    assert offered(staged) == "1.0.0" or b"NaN" not in (staged.bucket / name).read_bytes()
