"""publish approve"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click

from publisher.channel.candidates.candidate import Candidate
from publisher.cli.inputs import PATH, Project, find_release, project_options, shipping_channel, wall_clock
from publisher.cli.options import open_to_look, open_to_write, refuse_sample, to_option
from publisher.cli.output.approvals import ApprovalReport, review_lines
from publisher.cli.output.emit import Report, answering, for_programs, notice
from publisher.cli.release.reject import reject_staged
from publisher.cli.secrets import ask_passphrase, key_ring, keys_option, read_root
from publisher.errors import InputError, UsageError
from publisher.model.catalog import Catalog
from publisher.model.configuration import Configuration
from publisher.model.content.release import Release
from publisher.model.records.attested_fact import Fact
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Readable
from publisher.pipeline.candidates.compare_build import compare_build
from publisher.pipeline.candidates.offline import (
    Recorder,
    brought_back,
    pack,
    read_bundle,
    repack,
    unpack,
    write_bundle,
)
from publisher.pipeline.candidates.review import find_key, named_signer, sign
from publisher.pipeline.candidates.staged import store_signatures
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.release.approve import ReleaseReview, review
from publisher.pipeline.roles.approve import RoleReview, review_role
from publisher.rules import english
from publisher.storage.protocol import Storage
from publisher.text.suggest import did_you_mean
from publisher.text.terminal import terminal_width, whole


@click.command()
@click.argument("name", metavar="PRODUCT@VERSION|ROLE")
@click.option("--channel", help="The channel; needed where the release is for several.")
@click.option("--key", metavar="URI", help="Your key: its name or uri in signers.yaml, or file:PATH.")
@click.option("--fact", "given", multiple=True, metavar="FACT=PROOF", help="Attest a fact, with what proves it.")
@click.option(
    "--artifacts",
    type=PATH,
    metavar="DIR",
    help="Compare the candidate's files with your own build; your statement records the result.",
)
@click.option("--yes", metavar="DIGEST", help="Sign without asking: the whole SHA-256 of the candidate you have read.")
@click.option(
    "--reject", is_flag=True, help="Say no: nobody can promote this candidate any more. Needs a key of brakes."
)
@click.option("--because", metavar="TEXT", help="With --reject: why, for the ledger; at most 280 characters.")
@click.option("--export", type=PATH, metavar="FILE", help="Write a bundle for an offline machine.")
@click.option("--bundle", type=PATH, metavar="FILE", help="Work on a bundle, not on the bucket.")
@click.option("--import", "back", type=PATH, metavar="FILE", help="Bring a signed bundle back.")
@to_option
@keys_option
@project_options
@answering
def command(
    name: str,
    channel: str | None,
    key: str | None,
    given: tuple[str, ...],
    artifacts: Path | None,
    yes: str | None,
    reject: bool,
    because: str | None,
    export: Path | None,
    bundle: Path | None,
    back: Path | None,
    to: str | None,
    keys: Path,
    project: Project,
) -> Report:
    """Read what a staged release changes, or a change of keys, and sign it.

    Shows what clients will get, what the rules say now, who has approved and what is missing. Near an event operations
    attest facts one by one. Without --key it only shows. The signature is made over the very metadata that clients
    verify: it fits this candidate alone, and a changed byte voids it. Declining at the question signs nothing, exit
    code 1.

    On a machine without network: --export FILE here, the same command with --bundle FILE there, --import FILE here.

    With --reject it says no instead: one person with a key of brakes is enough, and clients refuse that candidate.
    """
    if reject:
        if key or given or artifacts or export or bundle or back:
            raise UsageError(
                "--reject goes with --because, --channel and --yes alone",
                fix="leave the others out: it is signed with a key of brakes, from --keys",
            )
        return reject_staged(name, channel, because, yes, to, keys, project)
    if because is not None:
        raise UsageError("--because goes with --reject", fix="leave it out to approve")
    if sum(file is not None for file in (export, bundle, back)) > 1:
        raise UsageError("--export, --bundle and --import exclude one another", fix="do one step at a time")
    if key is not None and (export or back):
        raise UsageError("--export and --import do not sign", fix="sign on the bundle, with --bundle and --key")
    if artifacts is not None and (export or back or "@" not in name):
        raise UsageError(
            "--artifacts compares a release's files where it is read or signed",
            fix="leave --export and --import out, and name PRODUCT@VERSION",
        )
    asked = _asked(name, channel, project, artifacts)
    signing = _Signing(key, keys, given, yes) if key is not None else None
    if bundle is not None:
        report = _offline(asked, bundle, signing)
    elif export is not None:
        report = _export(asked, open_to_look(to, asked.configuration), export)
    elif back is not None:
        report = _import(asked, open_to_write(to, asked.configuration, wall_clock()), back)
    elif signing is not None:
        report = _sign(asked, open_to_write(to, asked.configuration, wall_clock()), signing)
    else:
        report = _show(asked, open_to_look(to, asked.configuration))
    return report


@dataclass(frozen=True)
class _AskedRole:
    """Which role's candidate is meant. It keeps a channel alive, so the configuration is enough."""

    role: str
    configuration: Configuration
    root: bytes

    def review(self, storage: Readable) -> RoleReview:
        return review_role(self.role, Bucket(storage, self.root), self.configuration, wall_clock())

    def compared(self, storage: Storage) -> RoleReview:
        """The same: keys are not built."""
        return self.review(storage)


@dataclass(frozen=True)
class _AskedRelease:
    """Which release's candidate is meant."""

    release: Release
    channel: str
    configuration: Catalog
    root: bytes
    artifacts: Path | None
    """A build of the reader's own."""

    def review(self, storage: Readable) -> ReleaseReview:
        return review(self.release, self.channel, Bucket(storage, self.root), self.configuration, wall_clock())

    def compared(self, storage: Storage) -> ReleaseReview:
        """The same, compared with the reader's own build where there is one."""
        release = self.review(storage)
        if self.artifacts is None:
            return release
        return replace(release, built=compare_build(release.staged.candidate, release.files, self.artifacts, storage))


_Asked = _AskedRole | _AskedRelease


def _asked(name: str, channel: str | None, project: Project, artifacts: Path | None) -> _Asked:
    if "@" not in name:
        if channel is not None:
            raise UsageError("--channel goes with PRODUCT@VERSION", fix="name the role of a channel as PRODUCT.CHANNEL")
        return _AskedRole(name, project.configuration(), read_root(project.config))
    catalog = project.catalog()
    refuse_sample(catalog)
    release = find_release(catalog, name)
    chosen = shipping_channel(release, channel, catalog)
    return _AskedRelease(release, chosen, catalog, read_root(project.config), artifacts)


@dataclass(frozen=True)
class _Signing:
    """Whose key, and what was answered beforehand."""

    key: str
    keys: Path
    given: tuple[str, ...]
    yes: str | None


def _show(asked: _Asked, storage: Storage) -> ApprovalReport:
    return ApprovalReport(asked.compared(storage), None, "Nothing was signed: name your key with --key.")


def _sign(asked: _Asked, storage: Storage, signing: _Signing) -> ApprovalReport:
    """Show the candidate, ask, sign. What is signed is what was shown: it is not read again in between."""
    shown = asked.compared(storage)
    candidate, ring = shown.staged.candidate, key_ring(asked.configuration.signers, signing.keys)
    facts = _facts(signing.given)
    named_signer(signing.key, candidate.role, shown.may_sign, ring.signers)
    if signing.yes is not None and signing.yes != candidate.digest:
        raise UsageError(
            f"--yes names {signing.yes[:12]}, and the candidate is {candidate.digest}",
            fix="read what this one changes (leave --key out), then give its whole digest",
        )
    asking = signing.yes is None
    if asking and not sys.stdin.isatty():
        raise UsageError(
            "nobody is here to read what would be signed", fix="run it without --key, read, then add --yes DIGEST"
        )
    if asking:  # a key is opened only after what it is to sign could be read
        click.echo("\n".join([*review_lines(shown, terminal_width()), ""]), err=for_programs())
    opened = find_key(signing.key, candidate.role, shown.may_sign, ring, Path.cwd(), ask_passphrase)
    if asking:
        for fact in shown.facts_of(shown.may_sign[opened.public_key.keyid]):
            if fact not in facts:
                facts[fact] = click.prompt(fact.question, err=for_programs())
        _refuse_declined(candidate, signing)
    written = store_signatures(sign(shown, opened, facts, wall_clock()), storage, candidate)
    return ApprovalReport(asked.review(storage), written, "Signed.")


def _export(asked: _Asked, storage: Storage, file: Path) -> ApprovalReport:
    recorder = Recorder(storage)
    exported = asked.review(recorder)
    candidate = exported.staged.candidate
    write_bundle(file, pack(candidate.role, candidate.digest, recorder.seen))
    there = f"Written to {whole(file)}. There: the same command with {whole(f'--bundle {file.name}')} and --key."
    return ApprovalReport(exported, None, there)


def _offline(asked: _Asked, file: Path, signing: _Signing | None) -> ApprovalReport:
    """Show or sign on a bundle as on a bucket."""
    bundle, memory = unpack(read_bundle(file), file.name)
    try:
        report = _show(asked, memory) if signing is None else _sign(asked, memory, signing)
    except InputError as error:  # in words for somebody who cannot reach the bucket
        raise InputError(
            f"{file.name} is about candidate {bundle.candidate[:12]} of {bundle.role}: {error.what}",
            fix="name the bundle that is meant; or bring content and site_config of the other machine here as well",
        ) from error
    if report.written is None:
        return report
    write_bundle(file, repack(bundle, memory))
    return replace(report, last=f"Signed. Carry {file.name} back, and bring it in there with --import.")


def _import(asked: _Asked, storage: Storage, file: Path) -> ApprovalReport:
    """Bring back what was signed on a bundle."""
    reviewed = asked.review(storage)
    bundle, memory = unpack(read_bundle(file), file.name)
    bundle.refuse_other(reviewed.staged.candidate, file.name)
    written = write_objects(brought_back(reviewed, memory, storage), storage, silent)
    count = english.counted(len(written.keys), "object")
    last = f"Brought back: {count}." if written.keys else "It brings nothing new."
    return ApprovalReport(asked.review(storage), written, last)


def _refuse_declined(candidate: Candidate, signing: _Signing) -> None:
    """Whoever signs types what they sign; anything else is a no, and says so. Raises InputError, UsageError."""
    asked = "To sign, type the first 8 digits of the candidate's digest"
    not_signed = f"candidate {candidate.digest[:12]} of {candidate.role} was not signed with {signing.key}"
    try:
        typed = click.prompt(f"{asked} ({candidate.digest[:8]}...)", default="", show_default=False, err=for_programs())
    except click.Abort:
        click.echo(err=True)
        notice(f"publish: declined: {not_signed}")
        raise
    if typed.strip().lower() in ("", "n", "no"):
        raise InputError(f"declined: {not_signed}", fix="run it again to sign it after all")
    if typed.strip().lower() != candidate.digest[:8]:
        raise UsageError(f"that is another digest: {not_signed}", fix="run it again")


def _facts(given: tuple[str, ...]) -> dict[Fact, str]:
    facts: dict[Fact, str] = {}
    for text in given:
        name, separator, proof = text.partition("=")
        if name not in list(Fact):
            raise UsageError(f"--fact {text} is not a fact that can be attested", fix=did_you_mean(name, list(Fact)))
        if not separator or not proof.strip():
            raise UsageError(f"--fact {text} proves nothing", fix=f"write {name}=WHERE-IT-SAYS-SO")
        facts[Fact(name)] = proof.strip()
    return facts
