"""publish approve"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from publisher.cli.inputs import (
    content_options,
    find_release,
    json_option,
    load,
    load_configured,
    print_result,
    shipping_channel,
    wall_clock,
)
from publisher.cli.options import open_to_look, open_to_write, refuse_sample, to_option
from publisher.cli.output.approvals import approval_lines, role_lines
from publisher.cli.output.verdicts import terminal_width, verdict_lines, wrapped
from publisher.cli.secrets import ask_passphrase, key_ring, keys_option, read_root
from publisher.content.explain import did_you_mean
from publisher.errors import InputError, UsageError
from publisher.model.catalog import Catalog
from publisher.model.configuration import Configuration
from publisher.model.content.release import Release
from publisher.model.records.approval import BuiltFile, Comparison, Fact
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.compare_build import compare_build
from publisher.pipeline.candidates.offline import LIMIT, Bundle, Recorder, brought_back, pack, repack, unpack
from publisher.pipeline.candidates.staged import store_signatures
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.reading import Readable
from publisher.pipeline.release.approve import Review, approve, find_key, review
from publisher.pipeline.roles.approve import RoleReview, review_role, sign_role
from publisher.rules import english
from publisher.rules.headline import halves
from publisher.storage.protocol import Storage


@click.command()
@click.argument("name", metavar="PRODUCT@VERSION|ROLE")
@click.option("--channel", help="The channel; needed where the release is for several.")
@click.option("--key", metavar="URI", help="Your key: its name or uri in signers.yaml, or file:PATH.")
@click.option("--fact", "given", multiple=True, metavar="FACT=PROOF", help="Attest a fact, with what proves it.")
@click.option(
    "--artifacts",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Compare the candidate's files with those that you built; what you sign says so.",
)
@click.option("--yes", metavar="DIGEST", help="Sign without asking: the whole SHA-256 of the candidate you have read.")
@click.option(
    "--export", type=click.Path(path_type=Path), metavar="FILE", help="Write a bundle for an offline machine."
)
@click.option("--bundle", type=click.Path(path_type=Path), metavar="FILE", help="Work on a bundle, not on the bucket.")
@click.option("--import", "back", type=click.Path(path_type=Path), metavar="FILE", help="Bring a signed bundle back.")
@to_option
@keys_option
@content_options
@json_option
def command(
    name: str,
    channel: str | None,
    key: str | None,
    given: tuple[str, ...],
    artifacts: Path | None,
    yes: str | None,
    export: Path | None,
    bundle: Path | None,
    back: Path | None,
    to: str | None,
    keys: Path,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Read what a staged release changes, or a change of keys, and sign it.

    Shows what clients will get, what the rules say now, who has approved and what is missing. Near an event operations
    attest facts one by one. Without --key it only shows. The signature is made over the very metadata that clients
    verify: it fits this candidate alone, and a changed byte voids it. Declining at the question signs nothing, exit
    code 1.

    On a machine without network: --export FILE here, the same command with --bundle FILE there, --import FILE here.
    """
    if sum(one is not None for one in (export, bundle, back)) > 1:
        raise UsageError("--export, --bundle and --import exclude one another", fix="do one step at a time")
    if key is not None and (export or back):
        raise UsageError("--export and --import do not sign", fix="sign on the bundle, with --bundle and --key")
    if artifacts is not None and (export or back or "@" not in name):
        raise UsageError(
            "--artifacts compares a release's files where it is read or signed",
            fix="leave --export and --import out, and name PRODUCT@VERSION",
        )
    asked = _asked(name, channel, content, config, artifacts)
    configuration = asked.configuration
    signing = _Signing(key, keys, given, yes) if key is not None else None
    last = "Nothing was signed: name your key with --key."
    if bundle is not None:
        packed, memory = unpack(_read(bundle), bundle.name)
        with _told_offline(packed, bundle):
            found, written = _reviewed(asked, memory, signing, as_json=as_json)
        if written is not None:
            _replace(bundle, repack(packed, memory))
            last = f"Signed. Carry {bundle.name} back, and bring it in there with --import."
    elif export is not None:
        recorder = Recorder(open_to_look(to, configuration))
        found, written = asked.review(recorder), None
        _replace(export, pack(found.candidate.role, found.digest, recorder.seen))
        last = f"Written to {export}. There: the same command with --bundle {export.name} and --key."
    elif back is not None:
        storage = open_to_write(to, configuration, wall_clock())
        written = _bring_back(asked.review(storage), back, storage)
        found = asked.review(storage)
        last = (
            f"Brought back: {english.counted(len(written.keys), 'object')}."
            if written.keys
            else "It brings nothing new."
        )
    elif signing is None:
        found, written = _reviewed(asked, open_to_look(to, configuration), None, as_json=as_json)
    else:
        found, written = _reviewed(asked, open_to_write(to, configuration, wall_clock()), signing, as_json=as_json)
        last = "Signed."
    if as_json:
        print_result(_as_json(found, written))
    elif written is None:
        click.echo("\n".join([*_lines(found, terminal_width()), "", last]))
    else:
        click.echo("\n".join(["", last, *_standing(found, terminal_width())]))


Reviewed = Review | RoleReview


@dataclass(frozen=True)
class _AskedRole:
    """Which role's candidate is meant. It keeps a channel alive, so the configuration is enough."""

    role: str
    configuration: Configuration
    root: bytes

    def review(self, storage: Readable) -> RoleReview:
        """The candidate as it is there now."""
        return review_role(self.role, Bucket(storage, self.root), self.configuration, wall_clock())


@dataclass(frozen=True)
class _AskedRelease:
    """Which release's candidate is meant."""

    release: Release
    channel: str
    configuration: Catalog
    root: bytes
    artifacts: Path | None
    """A build of the reader's own."""

    def review(self, storage: Readable) -> Review:
        """The candidate as it is there now."""
        return review(self.release, self.channel, Bucket(storage, self.root), self.configuration, wall_clock())


_Asked = _AskedRole | _AskedRelease


def _asked(name: str, channel: str | None, content: tuple[Path, ...], config: Path, artifacts: Path | None) -> _Asked:
    if "@" not in name:
        if channel is not None:
            raise UsageError("--channel goes with PRODUCT@VERSION", fix="name the role of a channel as PRODUCT.CHANNEL")
        return _AskedRole(name, load_configured(content, config), read_root(config))
    catalog = load(content, config)
    refuse_sample(catalog)
    release = find_release(catalog, name)
    return _AskedRelease(release, shipping_channel(release, channel, catalog), catalog, read_root(config), artifacts)


@dataclass(frozen=True)
class _Signing:
    """Whose key, and what was said beforehand."""

    key: str
    keys: Path
    given: tuple[str, ...]
    yes: str | None


def _reviewed(
    asked: _Asked, storage: Storage, signing: _Signing | None, *, as_json: bool
) -> tuple[Reviewed, Written | None]:
    """Show the candidate, ask, sign. What is signed is what was shown: it is not read again in between."""
    found = asked.review(storage)
    if isinstance(asked, _AskedRelease) and isinstance(found, Review) and asked.artifacts is not None:
        built = compare_build(found.candidate, found.files, asked.artifacts, storage)
        found = replace(found, built=built)
    if signing is None:
        return found, None
    ring = key_ring(asked.configuration.signers, signing.keys)
    facts = _facts(signing.given)
    if signing.yes is not None and signing.yes != found.digest:
        raise UsageError(
            f"--yes names {signing.yes[:12]}, and the candidate is {found.digest}",
            fix="read what this one changes (leave --key out), then give its whole digest",
        )
    asking = signing.yes is None
    if asking and not sys.stdin.isatty():
        raise UsageError(
            "nobody is here to read what would be signed", fix="run it without --key, read, then add --yes DIGEST"
        )
    if asking:  # a key is opened only after what it is to sign could be read
        click.echo("\n".join([*_lines(found, terminal_width()), ""]), err=as_json)
    opened = find_key(signing.key, found.candidate.role, found.may_sign, ring, Path.cwd(), ask_passphrase)
    if asking:
        for fact in found.facts_of(found.may_sign[opened.public_key.keyid]):
            if fact not in facts:
                facts[fact] = click.prompt(fact.question, err=as_json)
        _refuse_declined(found, signing.key, as_json=as_json)
    if isinstance(found, Review):
        objects = approve(found, opened, facts, wall_clock()).objects
    else:
        objects = sign_role(found, opened)
    again = "stage it again with --replace" if isinstance(found, Review) else "run `publish keys stage --replace`"
    written = store_signatures(objects, storage, again)
    return asked.review(storage), written


def _refuse_declined(found: Reviewed, key: str, *, as_json: bool) -> None:
    """Whoever signs types what they sign; anything else is a no, and says so. Raises InputError, UsageError."""
    asked = "To sign, type the first 8 digits of the candidate's digest"
    not_signed = f"candidate {found.digest[:12]} of {found.candidate.role} was not signed with {key}"
    try:
        typed = click.prompt(f"{asked} ({found.digest[:8]}...)", default="", show_default=False, err=as_json)
    except click.Abort:
        click.echo(f"\npublish: declined: {not_signed}", err=True)
        raise
    if typed.strip().lower() in ("", "n", "no"):
        raise InputError(f"declined: {not_signed}", fix="run it again to sign it after all")
    if typed.strip().lower() != found.digest[:8]:
        raise UsageError(f"that is another digest: {not_signed}", fix="run it again")


@contextmanager
def _told_offline(packed: Bundle, file: Path) -> Iterator[None]:
    """What is wrong with a bundle, in words for somebody who cannot reach the bucket."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{file.name} is about candidate {packed.candidate[:12]} of {packed.role}: {error.what}",
            fix="name the bundle that is meant; or bring content and site_config of the other machine here as well",
        ) from error


def _bring_back(found: Reviewed, file: Path, storage: Storage) -> Written:
    bundle, memory = unpack(_read(file), file.name)
    if (bundle.role, bundle.candidate) != (found.candidate.role, found.digest):
        raise InputError(
            f"{file.name} is about candidate {bundle.candidate[:12]} of {bundle.role},"
            f" and the bucket works on {found.digest[:12]}",
            fix="export it again: what was signed there fits nothing else",
        )
    objects = brought_back(found.candidate, found.way_back, found.may_sign, memory, storage)
    return write_objects(objects, storage, silent)


def _facts(given: tuple[str, ...]) -> dict[Fact, str]:
    found: dict[Fact, str] = {}
    for text in given:
        name, separator, proof = text.partition("=")
        if name not in list(Fact):
            raise UsageError(f"--fact {text} names no fact that is attested", fix=did_you_mean(name, list(Fact)))
        if not separator or not proof.strip():
            raise UsageError(f"--fact {text} proves nothing", fix=f"write {name}=WHERE-IT-SAYS-SO")
        found[Fact(name)] = proof.strip()
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LIMIT + 1)
    except OSError as error:
        raise InputError(f"cannot read the bundle {path}: {error.strerror}", fix="name the file") from error


def _replace(path: Path, data: bytes) -> None:
    """The file appears whole or stays as it was."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise InputError(f"cannot write the bundle {path}: {error.strerror}") from error


def _lines(found: Reviewed, width: int) -> list[str]:
    """The whole review."""
    changes = [line for one in found.difference for line in _indented(one, width)]
    if not isinstance(found, Review):
        role, because = found.candidate.role, found.staged.wanted.because
        head = [f"role {role}", f"candidate {found.digest}", *wrapped(because, width), "", "What changes:"]
        return [*head, *changes, "", *_standing(found, width)]
    candidate, decision = found.candidate, found.decision
    lines = [f"{candidate.product} {candidate.release} for {candidate.channel}", f"candidate {found.digest}", ""]
    lines += ["What changes for clients:", *changes]
    if found.takes_back_to is not None:
        lines += wrapped(f"Signed with it: the way back to {found.takes_back_to}, should it have to be taken.", width)
    if found.built:
        lines += ["", "Compared with your build:", *(line for built in found.built for line in _built_lines(built))]
        lines += wrapped("Whoever signs now says to have built the files that are the same.", width)
    lines += ["", *wrapped(halves(decision), width)]
    stopping = [verdict for verdict in decision.verdicts if verdict.outcome.stops]
    if stopping:
        lines += ["", "What blocks it now:"]
    for verdict in stopping:
        lines += verdict_lines(verdict, width)
    return [*lines, "", *_standing(found, width)]


def _built_lines(built: BuiltFile) -> list[str]:
    match built.result:
        case Comparison.SAME:
            return [f"  same          {built.file}", f"    {built.sha256}"]
        case Comparison.SAME_BUT_SIGNED:
            return [f"  same          {built.file}", "    but for the code signature of the published file"]
        case Comparison.CODE_SIGNED:
            return [f"  not compared  {built.file}", "    it carries a code signature, which no build repeats"]
        case _:
            return [f"  not compared  {built.file}", "    your directory has no such file"]


def _indented(line: str, width: int) -> list[str]:
    return wrapped(line.strip(), width, 2 + len(line) - len(line.lstrip()))


def _standing(found: Reviewed, width: int) -> list[str]:
    """Who has signed, and what is missing."""
    return approval_lines(found, width) if isinstance(found, Review) else role_lines(found.staged, width)


def _as_json(found: Reviewed, written: Written | None) -> dict[str, object]:
    signed = {"signed": written is not None, "written": list(written.keys) if written else []}
    if not isinstance(found, Review):
        return {
            "role": found.candidate.role,
            "candidate": found.digest,
            "difference": list(found.difference),
            "approved_by": list(found.staged.signed_by),
            "missing": list(found.staged.missing),
            **signed,
        }
    standing = found.standing
    return {
        "product": found.release.product,
        "version": str(found.release.version),
        "channel": found.candidate.channel,
        "candidate": found.digest,
        "difference": list(found.difference),
        "built": [built.model_dump(mode="json") for built in found.built],
        "way_back_to": found.takes_back_to,
        "decision": found.decision.model_dump(mode="json"),
        "facts": [str(fact) for fact in found.needs.facts],
        "approved_by": [str(one) for one in standing.counted],
        "not_counted": list(standing.left_out),
        "missing": list(standing.missing),
        **signed,
    }
