"""The part of an audit that people's own checks rest on: releases/PRODUCT/VERSION/, file by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from publisher.channel.findings import BROKEN_OFF, REMOVED, Findings, Level
from publisher.channel.layout import release_key
from publisher.channel.manifests import (
    BOM_SUFFIXES,
    MANIFEST_FILE,
    SIGNATURE_SUFFIX,
    SUMS_FILE,
    WITHDRAWN_FILE,
    manifest_bytes,
    parse_sums,
    trusted_comment,
    withdrawn_text,
)
from publisher.channel.metadata_history import ProvenHistory
from publisher.channel.size_limits import COMPANION_LIMIT
from publisher.errors import VerificationError
from publisher.model.records.channel_state import Manifest
from publisher.signing.digests import digest_bytes
from publisher.signing.minisign import verify as verify_minisign


def audit_release(
    book: Findings, product: str, version: str, today: bytes, history: ProvenHistory, if_missing: Level
) -> None:
    """Check one version: signed sums, signed binaries, and that a channel's people vouched for every binary.

    `today` is the public minisign key that is pinned now; older versions may be signed with one that was. Files that
    are missing are of level `if_missing`; everything else that is wrong is an error.
    """

    def key(file: str) -> str:
        return release_key(product, version, file)

    _withdrawn(book, product, version, history)
    checksums = book.read(key(SUMS_FILE))
    if checksums is None:
        # What lies there without sums is a stray, file by file.
        book.add(if_missing, f"has no SHA256SUMS; {BROKEN_OFF}", key(""))
        return
    try:
        listed = parse_sums(checksums)
        sums = digest_bytes(checksums).blake2b512
        public = _key_of_then(book, product, version, sums, (today, *history.minisign_before))
        _minisign(book, product, version, SUMS_FILE, sums, public)
    except (VerificationError, ValueError) as error:
        book.error(f"cannot be verified, nor can the files that it lists: {error}", key(SUMS_FILE))
        book.account_for_prefix(key(""))
        return
    vouched_before = False
    for file, digest in sorted(listed.items()):
        name = (product, version, file)
        # Never by what SHA256SUMS or a manifest says: both lie beside the file.
        limit = history.size_of(name) or COMPANION_LIMIT
        digests = book.digest(key(file), limit)
        if digests is None:
            book.add(if_missing, f"is in SHA256SUMS, but its object is missing; {BROKEN_OFF}", key(file))
            continue
        if digests.size > limit:
            book.error(f"is larger than the {limit} bytes allowed, and was not read further", key(file))
            continue
        if digests.sha256 != digest:
            book.error("does not have the digest that SHA256SUMS lists", key(file))
        # Facts about binaries: nobody runs them.
        only_facts = file == MANIFEST_FILE or file.endswith(BOM_SUFFIXES)
        if not only_facts and digest not in history.vouched.get(name, ()):
            if digest in history.vouched_before.get(name, ()):
                vouched_before = True
            else:
                book.error("no channel has ever signed these bytes, even if minisign accepts them", key(file))
        _signature(book, product, version, file, digests.blake2b512, public)
    facts = book.read(key(MANIFEST_FILE)) if MANIFEST_FILE in listed else None
    if facts is not None:
        _manifest(book, product, version, facts, listed, if_missing)
    _replaced(book, key(""), by_hand=public != today, by_people=vouched_before, offered=if_missing is Level.ERROR)


def _withdrawn(book: Findings, product: str, version: str, history: ProvenHistory) -> None:
    """WITHDRAWN.txt beside the files: only of a version that was withdrawn, and in our words."""
    key = release_key(product, version, WITHDRAWN_FILE)
    data = book.read(key)
    if data is None:
        if (product, version) in history.withdrawn:
            book.add(
                Level.WARNING, f"has no {WITHDRAWN_FILE}, although it was withdrawn", release_key(product, version, "")
            )
    elif (product, version) not in history.withdrawn:
        book.error(
            f"says that this version was withdrawn, and nothing signed says so; {BROKEN_OFF}, else {REMOVED}", key
        )
    elif data != withdrawn_text(product, version):
        book.error("does not have the words that a publisher writes there", key)


def _replaced(book: Findings, where: str, *, by_hand: bool, by_people: bool, offered: bool) -> None:
    """Keys that have been replaced since: what they signed stays ours, and whoever checks by hand should know."""
    if by_hand:
        what = "is signed with a minisign key that was replaced; checks by hand need the old key"
        hint = "; publish the next version, which is signed with today's" if offered else ""
        book.add(Level.WARNING if offered else Level.NOTE, what + hint, where)
    if by_people:
        book.add(Level.NOTE, "was signed with keys that have been replaced since", where)


def _signature(book: Findings, product: str, version: str, file: str, digest: bytes, public: bytes) -> None:
    """A signature beside a file must be that file's; which files need one, the manifest says."""
    if book.read(release_key(product, version, file + SIGNATURE_SUFFIX)) is None:
        return
    try:
        _minisign(book, product, version, file, digest, public)
    except VerificationError as error:
        book.error(error.what, release_key(product, version, file + SIGNATURE_SUFFIX))


def _manifest(
    book: Findings, product: str, version: str, facts: bytes, listed: Mapping[str, str], if_missing: Level
) -> None:
    """release.json fits the version and SHA256SUMS, and every binary that it names has its own signature."""
    place = release_key(product, version, MANIFEST_FILE)
    try:
        manifest = Manifest.model_validate_json(facts)
    except ValueError:
        book.error("cannot be read", place)
        return
    if (manifest.product, str(manifest.version)) != (product, version) or manifest_bytes(manifest) != facts:
        book.error("is not the manifest of this version", place)
        return
    for artifact in manifest.artifacts:
        key = release_key(product, version, artifact.file)
        if listed.get(artifact.file) != artifact.sha256:
            book.error("release.json and SHA256SUMS disagree about it", key)
        if book.read(key + SIGNATURE_SUFFIX) is None:
            book.add(if_missing, f"has no minisign signature; {BROKEN_OFF}", key)


def _key_of_then(book: Findings, product: str, version: str, sums: bytes, keys: Sequence[bytes]) -> bytes:
    """The key that signed the sums, of those that are or were pinned; today's when none did."""
    signature = book.read(release_key(product, version, SUMS_FILE + SIGNATURE_SUFFIX))
    for public in keys:
        try:
            verify_minisign(public, signature or b"", sums)
        except VerificationError:
            continue
        return public
    return keys[0]


def _minisign(book: Findings, product: str, version: str, file: str, digest: bytes, public: bytes) -> None:
    signature = book.read(release_key(product, version, file + SIGNATURE_SUFFIX))
    if signature is None:
        raise VerificationError(f"{file} has no minisign signature")
    comment = verify_minisign(public, signature, digest)
    if comment != trusted_comment(product, version, file):
        raise VerificationError(f"the minisign signature of {file} was made for something else: {comment!r}")
    book.signatures += 1
