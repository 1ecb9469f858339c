"""The bundle of a release's evidence: one manifest for the same files, and nothing else fits it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from publisher.errors import InputError, VerificationError
from publisher.evidence.bundle import LIMIT, MOST, EvidenceBundle, EvidenceFile
from publisher.evidence.changes import ChangeFacts
from publisher.evidence.kinds import KINDS
from publisher.model.records.evidence import Evidence
from tests.support.build import at

NODE = EvidenceFile("changes", "node.txt", b"src/dht/node.c\n")
THEME = EvidenceFile("changes", "theme.txt", b"theme/colours.css\n")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def stored(bundle: EvidenceBundle) -> dict[str, bytes]:
    return {item.entry.sha256: item.data for item in bundle.items}


def test_the_manifest_is_canonical_and_says_what_lies_there() -> None:
    bundle = EvidenceBundle.of([THEME, NODE])
    assert bundle.manifest.decode() == (
        '{"format":"tidegate-evidence/1","files":['
        f'{{"kind":"changes","file":"node.txt","sha256":"{sha256(NODE.data)}","size":15,"subjects":[]}},'
        f'{{"kind":"changes","file":"theme.txt","sha256":"{sha256(THEME.data)}","size":18,"subjects":[]}}]}}\n'
    )
    assert bundle.digest == sha256(bundle.manifest)
    assert EvidenceBundle.of([NODE, THEME, NODE]).manifest == bundle.manifest


def test_what_is_read_back_is_what_was_handed_over() -> None:
    bundle = EvidenceBundle.of([NODE, THEME])
    assert EvidenceBundle.read(bundle.manifest, stored(bundle).get) == bundle
    known = Evidence().with_facts(bundle.facts, at("2026-01-01"))
    assert [facts.paths for facts in known.of(ChangeFacts)] == [("src/dht/node.c",), ("theme/colours.css",)]


def test_an_empty_bundle_has_no_digest() -> None:
    assert (EvidenceBundle.of([]).digest, EvidenceBundle().facts) == (None, ())


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_reads_what_is_not_of_its_format(kind: str) -> None:
    """With an error of ours and the file's name, whatever is in the file."""
    for data in (b"", b"\xff\xfe", b"{", b"{}", b'{"x": ' * 100_000):
        with pytest.raises(InputError, match=r"a\.json"):
            EvidenceBundle.of([EvidenceFile(kind, "a.json", data)])


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([EvidenceFile("changes", "a", b"x" * (LIMIT + 1))], "a is larger than 4,194,304 bytes"),
        ([EvidenceFile("changes", f"{n}", b"a") for n in range(MOST + 1)], "there are 9 files of evidence, and 8"),
        ([EvidenceFile("changes", "a\x1b[2J", b"a")], "a name that cannot be recorded"),
        ([EvidenceFile("changes", "\udcff", b"a")], "a name that cannot be recorded"),
        ([EvidenceFile("changes", "x" * 501, b"a")], "a name that cannot be recorded"),
    ],
)
def test_too_much_and_what_has_no_decent_name_is_refused(files: list[EvidenceFile], words: str) -> None:
    with pytest.raises(InputError, match=words):
        EvidenceBundle.of(files)


def test_as_many_and_as_large_as_may_be_are_taken() -> None:
    bundle = EvidenceBundle.of(
        [EvidenceFile("changes", f"{n}", b"x" * 999 + b"\n" * (LIMIT - 999)) for n in range(MOST)]
    )
    assert len(bundle.items) == MOST


Files = dict[str, bytes]


def lose_a_file(_manifest: dict[str, Any], files: Files) -> None:
    del files[sha256(NODE.data)]


def swap_the_files(_manifest: dict[str, Any], files: Files) -> None:
    files[sha256(NODE.data)], files[sha256(THEME.data)] = THEME.data, NODE.data


def exchange(manifest: dict[str, Any], files: Files, data: bytes) -> None:
    [entry] = [entry for entry in manifest["files"] if entry["file"] == NODE.name]
    entry["sha256"] = sha256(data)
    files[sha256(data)] = data


def spoil_a_file(manifest: dict[str, Any], files: Files) -> None:
    exchange(manifest, files, b"\xff\xfe")


def blow_up_a_file(manifest: dict[str, Any], files: Files) -> None:
    exchange(manifest, files, b"x" * (LIMIT + 1))


def drop_an_entry(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"].pop()
    manifest["files"][0]["size"] += 1


def turn_round(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"].reverse()


def name_twice(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"] += manifest["files"]


def name_many(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"] *= MOST


def date(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"][0]["made_at"] = "2026-01-01T00:00:00Z"


def sign(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"][0]["signer"] = "Ana"


def invent_a_kind(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"][0]["kind"] = "horoscope"


def lead_away(manifest: dict[str, Any], _files: Files) -> None:
    manifest["files"][0]["sha256"] = "../payload.json"


def say_more(manifest: dict[str, Any], _files: Files) -> None:
    manifest["more"] = True


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lose_a_file, "lacks its file node.txt"),
        (swap_the_files, "has a different file under the name"),
        (spoil_a_file, "cannot be read: node.txt is not text"),
        (blow_up_a_file, "cannot be read: node.txt is larger"),
        (drop_an_entry, "do not fit its manifest"),
        (turn_round, "do not fit its manifest"),
        (name_twice, "do not fit its manifest"),
        (name_many, "lists more than 8 files"),
        (date, "do not fit its manifest"),
        (sign, "do not fit its manifest"),
        (invent_a_kind, "of the kind horoscope, which this version of the program cannot read"),
        (lead_away, "a manifest that cannot be read"),
        (say_more, "a manifest that cannot be read"),
    ],
)
def test_files_and_manifest_that_do_not_belong_together_are_refused(
    damage: Callable[[dict[str, Any], Files], None], words: str
) -> None:
    bundle = EvidenceBundle.of([NODE, THEME])
    manifest, files = json.loads(bundle.manifest), stored(bundle)
    damage(manifest, files)
    refused(json.dumps(manifest, separators=(",", ":")).encode() + b"\n", files, words)


@pytest.mark.parametrize("more", [b" ", b"\n", b"x"])
def test_a_manifest_in_another_form_is_refused(more: bytes) -> None:
    bundle = EvidenceBundle.of([NODE, THEME])
    refused(bundle.manifest + more, stored(bundle), "manifest")


def refused(manifest: bytes, files: Mapping[str, bytes], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        EvidenceBundle.read(manifest, files.get)
