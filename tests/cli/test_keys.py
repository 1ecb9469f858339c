"""publish keys list, add and remove as operators type them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from publisher.signing.key_files import generate_ed25519
from tests.support.approving import edit
from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree

SECRET = "correct horse battery staple"
WHOM = ("--person", "dora", "--duty", "operations", "--role", "channels")


@pytest.fixture
def run(publish: Publish, project: Project) -> Publish:
    """`publish keys` in the project."""

    def keys(*words: str | Path) -> Ran:
        return publish("keys", *words, cwd=project.base)

    return keys


def file(project: Project) -> Path:
    return project.config / "signers.yaml"


def sent(project: Project, text: str | bytes, name: str = "sent.pub") -> str:
    """A public key as somebody sent it."""
    (project.base / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def listing(run: Publish) -> dict[str, dict[str, object]]:
    found = json.loads(run("list", "--json").out)
    return {one["name"]: one for one in found["keys"]}


# --- list


def test_every_role_is_listed_with_its_keys_in_80_columns(run: Publish, project: Project) -> None:
    (project.keys / "root-eva.pem").unlink()
    ran = run("list")
    assert ran.code == 0, ran.err
    assert "channels: 2 persons, with the duties engineering and operations\n" in ran.out
    assert "brakes: 1 person\n  28 signatures a year to renew it\n" in ran.out
    assert re.search(r"^  channels-ana +ana \(engineering\) +ed25519 +[0-9a-f]{8}  file, here$", ran.out, re.M)
    assert re.search(r"^  root-eva .* file, not here$", ran.out, re.M)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "Warning" not in ran.out


def test_the_list_for_machines(run: Publish, project: Project) -> None:
    found = json.loads(run("list", "--json").out)
    assert found["ok"] is True
    role = next(one for one in found["roles"] if one["role"] == "channels")
    assert (role["satisfiable"], role["keys"]) == (True, ["channels-ana", "channels-ben", "channels-eva"])
    assert role["signatures_a_year"] == {"empty": 2, "used": 2}
    assert next(one for one in found["roles"] if one["role"] == "timestamp")["signatures_a_year"] is None
    assert listing(run)["channels-ana"]["state"] == "here"
    assert re.fullmatch(r"[0-9a-f]{64}", str(listing(run)["channels-ana"]["keyid"]))


def test_a_key_file_that_others_can_read_is_badly_kept(run: Publish, project: Project) -> None:
    (project.keys / "root-eva.pem").chmod(0o644)
    out = " ".join(run("list").out.split())
    assert "file, badly kept" in out
    assert "Warning: The key file keys/root-eva.pem can be read by others. Mend it: chmod 600 keys/root-eva.pem." in out


def test_it_says_when_nothing_can_be_signed_here(run: Publish, project: Project) -> None:
    assert "Nothing can be published" not in run("list").out
    [role] = [role for role in json.loads(run("list", "--json").out)["roles"] if role["role"] == "timestamp"]
    for lost in role["keys"]:
        (project.keys / f"{lost}.pem").unlink()
    [warning] = json.loads(run("list", "--json").out)["warnings"]
    assert warning.startswith("Nothing can be published or refreshed from here: timestamp cannot be signed without ")
    assert f"Warning: {warning}" in " ".join(run("list").out.split())


def test_warnings_name_what_is_weak(run: Publish, project: Project) -> None:
    edit(project.config / "roles.yaml", "root: {threshold: 2", "root: {threshold: 1")
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for number in ("1", "2"):
        key = generate_ed25519().public if number == "1" else pem
        words = ("--person", "dora", "--duty", "operations", "--role", "node.beta", "--public", sent(project, key))
        assert run("add", f"dora-{number}", *words, "--uri", "hsm:2?label=dora").code == 0
    out = " ".join(run("list").out.split())
    assert "Warning: Role root needs one signature: anybody who gets that key can replace all the others." in out
    assert "Warning: dora has enough keys of node.beta to sign it alone" in out
    assert "Warning: dora-2 signs by ecdsa-sha2-nistp256: the pure-Python client" in out
    assert "hsm:2?label=dora, asked when used" in out


def test_a_role_that_cannot_be_signed_is_listed_and_not_refused(run: Publish, project: Project) -> None:
    assert run("remove", "channels-ana", "--compromised").code == 0
    assert "Role channels needs a signer with the duty engineering but has none." in " ".join(run("list").out.split())
    role = next(one for one in json.loads(run("list", "--json").out)["roles"] if one["role"] == "channels")
    assert role["satisfiable"] is False


def test_secrets_in_a_uri_are_not_shown(run: Publish, project: Project) -> None:
    text = file(project).read_text()
    file(project).write_text(text.replace("file:root-eva.pem", "hsm:2?label=eva&pin-value=482917"))
    for ran in (run("list"), run("list", "--json")):
        assert "482917" not in ran.out
        assert "hsm:2?label=eva" in ran.out


def test_without_keys_it_says_how_to_make_them(run: Publish, project: Project) -> None:
    text = file(project).read_text()
    file(project).write_text(text[: text.index("signers:")] + "signers: []\n")
    ran = run("list")
    assert ran.code == 0
    assert "publish keys add" in ran.out


# --- add


def test_a_new_key_is_made_kept_and_named(run: Publish, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_PASSPHRASE", SECRET)
    before = file(project).read_text()
    ran = run("add", "dora-ops", *WHOM, "--new")
    assert ran.code == 0, ran.err
    path = project.keys / "dora-ops.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert file(project).read_text().startswith(before)
    assert "dora had no key here before; persons so far: ana, ben, coco and eva." in ran.out
    assert "Next: publish keys stage, since clients learn of it only when targets" in flat(ran.out)
    assert listing(run)["dora-ops"]["roles"] == ["channels"]


def test_comments_stay_when_a_key_comes_and_goes(run: Publish, project: Project) -> None:
    commented = file(project).read_text().replace("- name: root-ben", "# Ben's, in the safe\n- name: root-ben  # blue")
    file(project).write_text(commented)
    assert run("add", "dora-ops", *WHOM, "--new", "--no-passphrase").code == 0
    assert file(project).read_text().startswith(commented)
    assert run("remove", "dora-ops").code == 0
    assert file(project).read_text() == commented


def test_a_public_key_that_was_sent_is_named_with_the_place_of_its_private_half(run: Publish, project: Project) -> None:
    key = generate_ed25519().public
    ran = run("add", "dora-ops", *WHOM, "--public", sent(project, f"{key}\n"), "--uri", "file:dora.pem", "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert (said["ok"], said["added"], said["next"]) == (True, "dora-ops", "publish keys stage")
    assert project.catalog.signers.signers[-1].uri == "file:dora.pem"


def test_root_and_targets_are_both_signed_anew(run: Publish, project: Project) -> None:
    words = ("--person", "dora", "--duty", "operations", "--role", "root", "--role", "channels")
    assert "only when root and targets are signed again" in flat(
        run("add", "d", *words, "--new", "--no-passphrase").out
    )


REFUSED = [
    (("channels-ana", *WHOM, "--new"), 1, "the name channels-ana is in use, for a key of ana"),
    (("d", "--person", "dora", "--duty", "operations", "--role", "node.nightly", "--new"), 1, "no role node.nightly"),
    (("d", "--person", "dora", "--duty", "operations", "--role", "chanels", "--new"), 1, "did you mean channels?"),
    (("d", "--person", "dora", "--duty", "boss", "--role", "channels", "--new"), 2, "boss"),
    (("D ora", *WHOM, "--new", "--no-passphrase"), 1, "the name 'D ora'"),
    (("demo-d", *WHOM, "--new", "--no-passphrase"), 1, "demo keys sign nothing but the demo: demo-d"),
    (("d", *WHOM), 2, "it is not clear where the key comes from"),
    (("d", *WHOM, "--new", "--from-uri", "hsm:2"), 2, "it is not clear where the key comes from"),
    (("d", *WHOM, "--new", "--uri", "hsm:2"), 2, "--uri goes with --public"),
    (("d", *WHOM, "--new", "--scheme", "rsassa-pss-sha256"), 2, "--new makes ed25519 keys"),
    (("d", *WHOM, "--from-uri", "hsm:2", "--no-passphrase"), 2, "--no-passphrase goes with --new"),
    (("d", *WHOM, "--public", "absent.pub"), 1, "cannot read absent.pub"),
    (("d", *WHOM, "--public", "bad.pub"), 1, "bad.pub contains no public key"),
    (("d", *WHOM, "--public", "ana.pub"), 1, "this is the key channels-ana of ana already"),
    (("d", "--person", "ana", "--duty", "comms", "--role", "notes", "--public", "ana.pub"), 1, "channels-ana already"),
    (("d", *WHOM, "--public", "good.pub", "--scheme", "rsassa-pss-sha256"), 1, "the key is of scheme ed25519"),
    (("d", *WHOM, "--public", "good.pub", "--uri", "hsm:2?pin-value=482917"), 1, "signers.yaml is public"),
    (("d", *WHOM, "--from-uri", "nothing:2"), 1, "is no kind of key"),
    (("d", "--person", "dora", "--duty", "operations", "--role", "minisign", "--public", "p256.pub"), 1, "minisign"),
]


@pytest.mark.parametrize(("words", "code", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_what_is_refused_writes_nothing(
    run: Publish, project: Project, words: tuple[str, ...], code: int, message: str
) -> None:
    sent(project, "no key", "bad.pub")
    sent(project, generate_ed25519().public, "good.pub")
    sent(project, next(one.public for one in project.catalog.signers.signers if one.name == "channels-ana"), "ana.pub")
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    sent(project, curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "p256.pub")
    before = tree(project.base)
    ran = run("add", *words)
    assert ran.code == code
    assert message in " ".join(ran.err.split())
    assert "482917" not in flat(ran.err)
    assert tree(project.base) == before


def test_content_with_a_problem_is_told_and_nothing_is_added(run: Publish, project: Project) -> None:
    (project.config / "channels.yaml").write_text("channels: {}\n")
    before = tree(project.base)
    ran = run("add", "d", *WHOM, "--new", "--no-passphrase")
    assert ran.code == 1
    assert "site_config/channels.yaml:1" in flat(ran.err)
    assert tree(project.base) == before


def test_a_key_file_of_that_name_is_not_overwritten(run: Publish, project: Project) -> None:
    (project.keys / "dora-ops.pem").write_text("mine")
    before = tree(project.base)
    assert "exists already" in run("add", "dora-ops", *WHOM, "--new", "--no-passphrase").err
    assert tree(project.base) == before


def test_a_demo_configuration_takes_no_real_key(run: Publish, project: Project) -> None:
    text = file(project).read_text().replace("demo: false", "demo: true")
    file(project).write_text(text)
    ran = run("add", "dora-ops", *WHOM, "--new", "--no-passphrase")
    assert ran.code == 1
    assert "this is the demo's configuration" in flat(ran.err)
    assert file(project).read_text() == text


def test_keys_are_brought_together_one_after_another_from_an_empty_list(run: Publish, project: Project) -> None:
    text = file(project).read_text()
    file(project).write_text(text[: text.index("signers:")] + "signers: []\n")
    first = run(
        "add", "ana-root", "--person", "ana", "--duty", "engineering", "--role", "root", "--new", "--no-passphrase"
    )
    assert first.code == 0, first.err
    assert "Role root needs 2 persons but has keys of 1" in first.out
    words = ("--person", "ben", "--duty", "operations", "--role", "root", "--public", sent(project, "12" * 32))
    assert "Role root" not in run("add", "ben-root", *words).out


def test_a_second_minisign_key_waits_for_the_first_to_go(run: Publish, project: Project) -> None:
    words = ("--person", "ben", "--duty", "operations", "--role", "minisign", "--new", "--no-passphrase")
    assert "go on checking by hand with the key minisign-ben" in run("add", "minisign-2", *words).out


# --- remove


def test_a_key_that_is_not_needed_goes_and_its_file_stays(run: Publish, project: Project) -> None:
    ran = run("remove", "channels-eva")
    assert ran.code == 0, ran.err
    assert "channels-eva" not in listing(run)
    assert (project.keys / "channels-eva.pem").exists()
    assert "Next: publish keys stage, since clients accept it until targets is signed again." in ran.out


def test_a_key_that_a_role_needs_stays(run: Publish, project: Project) -> None:
    before = tree(project.base)
    ran = run("remove", "channels-ben")
    assert ran.code == 1
    said = " ".join(ran.err.split())
    assert "without channels-ben, role channels needs a signer with the duty operations but has none" in said
    assert "add another first: publish keys add NAME --person P --duty operations --role channels" in said
    assert tree(project.base) == before


def test_a_compromised_key_goes_all_the_same_and_loudly(run: Publish, project: Project) -> None:
    ran = run("remove", "channels-ben", "--compromised")
    assert ran.code == 0
    loud = "COMPROMISED: anybody with channels-ben can sign channels until clients learn otherwise."
    assert flat(ran.err).startswith(loud)
    assert "publish keys stage" in flat(ran.err)
    assert "Role channels needs a signer with the duty operations but has none" in ran.out
    assert run("add", "ben-2", "--person", "ben", *WHOM[2:], "--new", "--no-passphrase").code == 0


def test_a_name_that_no_key_has(run: Publish, project: Project) -> None:
    ran = run("remove", "chanels-ben")
    assert (ran.code, "did you mean channels-ben?" in flat(ran.err)) == (1, True)


def test_a_comment_above_a_removed_key_is_pointed_at(run: Publish, project: Project) -> None:
    text = file(project).read_text()
    file(project).write_text(text.replace("- name: channels-eva", "# Eva's\n- name: channels-eva"))
    assert re.search(r"The comment in site_config/signers.yaml:\d+ stood above it", run("remove", "channels-eva").out)


# --- other algorithms, end to end


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_pem_key_of_another_kind_signs_a_release_that_verifies(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    project = Project(tmp_path / "other")
    (project.config / "root.json").unlink()
    for key in project.keys.iterdir():
        key.unlink()
    monkeypatch.setenv("TIDEGATE_PASSPHRASE", SECRET)
    people = ("--person", "ana:engineering", "--person", "ben:operations,automation", "--person", "coco:comms")
    assert publish("keys", "init", *people, cwd=project.base).code == 0
    private = ec.generate_private_key(ec.SECP256R1()) if kind == "ecdsa" else rsa.generate_private_key(65537, 3072)
    data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET.encode()))
    (project.keys / "ben-own.pem").write_bytes(data)
    (project.keys / "ben-own.pem").chmod(0o600)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    words = ("--person", "ben", "--duty", "operations", "--role", "channels", "--public", sent(project, public))
    added = publish("keys", "add", "ben-own", *words, cwd=project.base)
    assert added.code == 0, added.err
    assert "users need the Python package cryptography" in added.out
    assert publish("keys", "remove", "channels-ben", cwd=project.base).code == 0
    project.add_release("1.0.0")
    project.build("1.0.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    released = publish("release", "node@1.0.0", *where, cwd=project.base)
    assert released.code == 0, released.err
    audit = publish("verify", project.bucket, "--root", "site_config/root.json", cwd=project.base)
    assert (audit.code, audit.out.splitlines()[-1]) == (0, "Sound.")


# --- init
