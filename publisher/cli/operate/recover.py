"""publish recover"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from publisher.channel.vanished_brakes import VanishedBrake
from publisher.cli.inputs import Project, project_options, wall_clock
from publisher.cli.operate.log import head_of
from publisher.cli.options import open_to_look, open_to_write, to_option
from publisher.cli.output.approvals import key_names
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.errors import TidegateError, UsageError, VerificationError
from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import Entry
from publisher.model.values import format_time
from publisher.pipeline.brakes.vanished import find_vanished
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.recover import RecoverPlan, Recovery, Survey, apply_recover, survey_bucket
from publisher.pipeline.roles.change import verify_for_all
from publisher.rules import english
from publisher.text.terminal import wrapped
from publisher.wire.errors import printable
from publisher.wire.feed_words import BrakeKind
from publisher.wire.stopping.brakes import BRAKES, Brake

SHOWN = 5
"""States that are listed."""


@click.command()
@click.option("--entry", metavar="NUMBER:SHA256", help="Put back the state of this entry, named as it is listed.")
@click.option(
    "--disown",
    is_flag=True,
    help="Treat what is live as somebody else's, although it verifies and has an entry: a thief can write both.",
)
@click.option("--adopt", is_flag=True, help="Keep the live state, and write its missing ledger entry.")
@click.option("--dry-run", is_flag=True, help="With --entry: say what would be put back, and write nothing.")
@to_option
@keys_option
@project_options
@answering
def command(
    entry: str | None,
    disown: bool,
    adopt: bool,
    dry_run: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> Report:
    """Put your last state back, after somebody else has published or destroyed what is live.

    Without --entry it only looks: whether what is live verifies and the ledger tells of it, and which states could be
    put back. What brakes stop today stays stopped. Close the bucket to the thief first. It needs the keys of snapshot
    and timestamp that clients accept now, stolen or not; change them afterwards, since clients that have seen a thief's
    numbers follow new keys only.
    """
    if entry is not None and adopt:
        raise UsageError("--entry and --adopt exclude one another", fix="look without either first")
    configuration = project.configuration()
    root, now = read_root(project.config), wall_clock()
    if entry is None and not adopt:
        storage = open_to_look(to, configuration)
        survey = survey_bucket(storage, root, configuration.signers)
        return SurveyReport(survey, storage.url)
    storage = open_to_look(to, configuration) if dry_run else open_to_write(to, configuration, now)
    ring = key_ring(configuration.signers, keys)
    survey = survey_bucket(storage, root, configuration.signers)
    work = Recovery(survey, storage, root, configuration, ring, now)
    plan = work.adopt() if entry is None else work.put_back(head_of(entry, "--entry"), disown=disown)
    refuted = None
    vanished: tuple[VanishedBrake, ...] = ()
    if not dry_run:
        apply_recover(plan, storage)
        try:
            verify_for_all(storage, root, wall_clock())
            vanished = find_vanished(Bucket(storage, root), wall_clock())
        except TidegateError as error:  # it is put back all the same, and that has to be read too
            refuted = error
    return RecoverReport(plan, configuration, dry_run, refuted, vanished)


@dataclass(frozen=True)
class SurveyReport(Report):
    """Whether what is live is ours, and which states could be put back."""

    survey: Survey
    url: str

    @property
    def exit_code(self) -> int:
        return 0 if self.survey.ours else VerificationError.exit_code

    def lines(self, width: int) -> list[str]:
        survey, stamp = self.survey, self.survey.claimed.stamp
        what = f"timestamp {stamp.version}" if stamp else "a timestamp.json that cannot be read"
        if survey.claimed.data is None:
            what = "no timestamp.json"
        verifies = f"It does not verify: {survey.refuted}." if survey.refuted else "It verifies."
        account = f"Entry {survey.announced.number} of the ledger records it." if survey.announced else ""
        if not account and stamp is not None:
            account = "The ledger has no entry for it: somebody else published, or an entry was removed."
        lines = [self.url, *wrapped(printable(f"Live is {what}. {verifies} {account}"), width)]
        if survey.ours:
            text = "No sign that somebody else has published. `publish log --verify` checks the whole ledger."
            return [*lines, *wrapped(text, width)]
        if survey.refuted is None:
            lines += ["", *wrapped("If it is yours, and only its entry is gone: publish recover --adopt", width)]
        lines += ["", "States in the ledger, newest first; choose the last one that was yours:"]
        for state in survey.states[:SHOWN]:
            doubt = "" if state.certain else "; announced last, and perhaps never live"
            lines += wrapped(_entry_words(state.entry) + doubt, width, 2)
            lines.append(f"    publish recover --entry {state.head}")
        return lines if survey.states else [*lines[:-1], "The ledger has no state that could be put back."]

    def data(self) -> dict[str, object]:
        survey = self.survey
        return {
            "live": survey.claimed.stamp.model_dump() if survey.claimed.stamp else None,
            "verifies": survey.refuted is None,
            "why_not": survey.refuted,
            "announced_by": survey.announced.number if survey.announced else None,
            "states": [
                {
                    "entry": str(state.head),
                    **picked(state.entry, "at", "action", "product", "version", "channel", "roles"),
                    "certain": state.certain,
                }
                for state in survey.states
            ],
        }


@dataclass(frozen=True)
class RecoverReport(Report):
    """What was put back, or would be."""

    plan: RecoverPlan
    configuration: Configuration
    dry_run: bool
    refuted: TidegateError | None
    """Why clients do not accept it."""
    vanished: tuple[VanishedBrake, ...]
    """What was stopped once and is stopped no more, in the newest brakes neither."""

    @property
    def error(self) -> TidegateError | None:
        return self.refuted

    def lines(self, width: int) -> list[str]:
        plan = self.plan
        if plan.entry is None:
            done = "would get its entry" if self.dry_run else "has its entry"
            lines = wrapped(f"What is live {done}:", width)
        else:
            done = "would be put back" if self.dry_run else "is put back"
            lines = wrapped(f"The state of entry {plan.entry.number}, {format_time(plan.entry.at)}, {done}:", width)
        for role, before, after in plan.changed:
            if before != after:
                lines.append(f"  {role:28} {before if before is not None else '-'} -> {after}")
        same = [role for role, before, after in plan.changed if before == after]
        lines += wrapped(f"The others stay: {english.listed(same)}.", width, 2) if same else []
        lines += [f"  {role} ships {version}" for role, version in plan.ships.items()]
        for entry in plan.discarded:
            lines += wrapped(f"Left behind: {_entry_words(entry)}.", width)
        for entry in plan.undone:
            lines += wrapped(_undone_words(entry, plan, dry_run=self.dry_run), width)
        lines += _kept_lines(plan, self.configuration, width)
        for brake in self.vanished:
            lines += wrapped(printable(f"Warning: {brake.what}. Next: {brake.fix}."), width)
        for role, keyids in plan.distrusted.items():
            if role == BRAKES:
                continue
            names = english.listed(key_names(keyids, self.configuration))
            text = f"The {role} that is replaced was signed with {names}. If not by you, others have that key."
            lines += wrapped(text, width)
        if plan.distrusted:
            lines += wrapped(
                "Clients accept those keys until a new root and targets replace them, and clients that have seen higher"
                " version numbers wait until then. Next: publish keys add for each role, publish keys remove"
                " --compromised for each key named here, then publish keys stage.",
                width,
            )
        return lines

    def data(self) -> dict[str, object]:
        plan = self.plan
        return {
            "recovered": not self.dry_run,
            "entry": plan.entry.number if plan.entry is not None else None,
            "roles": {role: {"found": before, "now": after} for role, before, after in plan.changed},
            "ships": dict(plan.ships),
            "discarded": [entry.number for entry in plan.discarded],
            "rollbacks_undone": [entry.number for entry in plan.undone],
            "distrusted": dict(plan.distrusted),
            "brakes_vanished": [{"role": brake.listed.role, "id": brake.listed.id} for brake in self.vanished],
            "brakes_kept": [{"role": listed.role, "kind": listed.kind, "id": listed.id} for listed in plan.kept],
            **({"refuted": self.refuted.what} if self.refuted else {}),
        }


def _kept_lines(plan: RecoverPlan, configuration: Configuration, width: int) -> list[str]:
    """What stays stopped, who signed that, and how the channel's people lift what a thief has stopped."""
    names = english.listed(key_names(plan.kept_by, configuration))
    lines: list[str] = []
    if BRAKES in plan.distrusted:
        lines += wrapped(
            f"The ledger has no entry for the brakes, which were signed with {names}. If not by you, others have that"
            " key.",
            width,
        )
    for listed in plan.kept:
        lines += wrapped(printable(f"Stays: {listed}, signed with {names}."), width)
    lifts = dict.fromkeys(
        f"publish lift {listed.role.partition('.')[0]}@{listed.brake.version} --channel {listed.role.partition('.')[2]}"
        for listed in plan.kept
        if isinstance(listed.brake, Brake)
    )
    if lifts:
        lines += wrapped(
            "Recovering ends no hold and no withdrawal; the channel's people do. If a thief signed one, remove that key"
            " first (publish keys remove --compromised, then publish keys stage); then:",
            width,
        )
        lines += [printable(f"  {lift}") for lift in lifts]
    return lines


def _undone_words(entry: Entry, plan: RecoverPlan, *, dry_run: bool) -> str:
    """That a version which was taken back is so no longer, for whoever must take it back again."""
    what = f"Warning: {entry.product} {entry.version}, which entry {entry.number} took back from {entry.channel}"
    withdrawn = any(
        isinstance(listed.brake, Brake) and (listed.role, listed.brake.version) == entry.release
        for listed in plan.kept
        if listed.kind is BrakeKind.WITHDRAWAL
    )
    if plan.ships.get(entry.channel_role or "") != str(entry.version):
        verb = "would no longer count" if dry_run else "no longer counts"
        if withdrawn:
            return printable(f"{what}, {verb} as taken back. Clients that run it are told that it is withdrawn.")
        return printable(f"{what}, {verb} as taken back: clients that run it are not told, and it may ship again.")
    verb = "would be" if dry_run else "is"
    again = f"publish rollback {entry.product}@{entry.version} --channel {entry.channel}"
    return printable(f"{what}, {verb} live again. If that rollback was yours, take it back once more: {again}")


def _entry_words(entry: Entry) -> str:
    about = (
        f"{entry.product} {entry.version} to {entry.channel}" if entry.product else english.listed(list(entry.roles))
    )
    return printable(f"entry {entry.number}, {format_time(entry.at)}, {entry.action}: {about}")
