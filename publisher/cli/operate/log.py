"""publish log"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from publisher.channel.ledger.entries import Head, LedgerCheck
from publisher.cli.inputs import Project, project_options
from publisher.cli.options import open_to_look, to_option
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import read_root
from publisher.errors import UsageError, VerificationError
from publisher.model.records.ledger_entry import LedgerEntryBody
from publisher.model.values import format_time
from publisher.pipeline.ledger_append import Ledger, read_ledger, verify_ledger
from publisher.pipeline.operate.log import Shown, shown_entries
from publisher.rules import english
from publisher.text.terminal import versions, wrapped
from publisher.wire.errors import printable


@click.command()
@click.option(
    "--verify", is_flag=True, help="Check every entry: numbers, links, digests, signatures, and the live state."
)
@click.option(
    "--expect", metavar="NUMBER:SHA256", help="A head that was noted earlier must still be here; verifies too."
)
@click.option("--public", is_flag=True, help="Print the redacted projection only.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Print the last N entries only.")
@to_option
@project_options
@answering
def command(
    verify: bool,
    expect: str | None,
    public: bool,
    last: int | None,
    to: str | None,
    project: Project,
) -> Report:
    """Print the ledger: every change and every refusal by policy, newest last, and its head.

    Whoever notes the head can prove later, with --expect, that nothing up to there was removed or edited. Exit code 4
    when anything refutes the ledger.
    """
    noted = head_of(expect, "--expect") if expect is not None else None
    configuration = project.configuration()
    storage = open_to_look(to, configuration)
    check = None
    if verify or noted:
        ledger, check = verify_ledger(storage, read_root(project.config), configuration.signers, noted)
    else:
        ledger = read_ledger(storage, last)
    shown = shown_entries(ledger, check, storage, public=public)
    shown = shown[-last:] if last else shown
    return LogReport(shown, ledger, check)


def head_of(text: str, option: str) -> Head:
    """A head as it is printed. Raises UsageError, naming the option that it came with."""
    match = re.fullmatch(r"([1-9][0-9]{0,7}):([0-9a-f]{64})", text)
    if match is None:
        raise UsageError(f"{option} {text} is not a head", fix="write it as `publish log` prints it: NUMBER:SHA256")
    return Head(int(match[1]), match[2])


@dataclass(frozen=True)
class LogReport(Report):
    """Entries of the ledger, and whether it verifies."""

    shown: Sequence[Shown]
    ledger: Ledger
    check: LedgerCheck | None
    """None when nobody asked whether it verifies."""

    @property
    def error(self) -> VerificationError | None:
        if self.check is None or self.check.sound:
            return None
        return VerificationError(
            "the ledger does not verify",
            fix="keep a copy of it as it is, and find out who could write to the bucket and who held the keys",
        )

    def lines(self, width: int) -> list[str]:
        ledger, check = self.ledger, self.check
        lines = [line for shown in self.shown for line in (*_entry_lines(shown, width), "")]
        if not ledger.logged:
            lines += ["The ledger is empty: nothing was staged, published or refused here so far."]
        else:
            if check is None:
                unverified = "None of this was verified; anybody who can write to the bucket may have written it."
                lines += [*wrapped(f"{unverified} --verify checks it.", width), ""]
            lines += [f"Head; note it, so that --expect can check it later:\n  {ledger.head}"]
        if check is None:
            return lines
        for finding in check.findings:
            lines += wrapped(printable(f"{finding.level}: {finding.where} {finding.what}."), width, indent=2)
        if check.sound:
            count = len(ledger.logged)
            lines += wrapped(f"Sound: {count} of {count} entries verify, and they lead to what is live.", width)
        return lines

    def data(self) -> dict[str, object]:
        findings = self.check.findings if self.check else ()
        return {
            "entries": [_entry_data(shown) for shown in self.shown],
            "head": picked(self.ledger.head, "number", "sha256"),
            "verified": self.check is not None,
            "findings": [picked(finding, "level", "what", "where") for finding in findings],
        }


def _entry_lines(shown: Shown, width: int) -> list[str]:
    """One entry; what it says goes to a terminal, and somebody with the bucket may have written it."""
    entry, margin = shown.entry, 6
    if entry is None:
        return [f"{shown.logged.number:>4}  cannot be read; --verify says more"]
    roles = printable(english.listed(list(entry.roles)))
    way = {"rollback": "from", "withdraw": "from", "hold": "in", "reject": "in"}.get(entry.action, "to")
    about = f"{entry.product} {entry.version} {way} {entry.channel}" if entry.version else entry.product or roles
    first = f"{format_time(entry.at)}  {entry.action}{' refused' if entry.refused else ''}: {about}"
    lines = wrapped(first, width, margin)
    lines[0] = f"{shown.logged.number:>4}  {lines[0].removeprefix(' ' * margin)}"
    if shown.refuted:
        text = "This entry does not verify: somebody else may have written it, and nothing in it is proven."
        lines += [click.style(line, fg="red", bold=True) for line in wrapped(text, width, margin)]
    if entry.refused:  # only now, since a line is broken by what is seen of it
        lines = [line.replace(" refused:", f" {click.style('refused', fg='red', bold=True)}:") for line in lines]
    if entry.refused and entry.decision:
        for verdict in entry.decision.verdicts:
            if verdict.outcome.stops:
                lines += wrapped(printable(f"{verdict.rule} ({verdict.outcome}): {verdict.reason}"), width, margin)
    if entry.result is not None:
        new = printable(versions(entry.roles.items()))
        fate = f"Published {new}." if shown.took_effect else f"Announced {new}, which has not taken effect."
        lines += wrapped(fate, width, margin)
    if shown.taken_back is not None and (entry.brake is None or shown.taken_back.number == entry.number):
        how = "here" if shown.taken_back.number == entry.number else f"by entry {shown.taken_back.number}"
        text = f"{entry.version} was taken back {how}, and never ships to {entry.channel} again."
        lines += wrapped(text, width, margin)
    lines += [line for text in _brake_sentences(entry) for line in wrapped(text, width, margin)]
    if entry.result is None and entry.candidate:
        lines += wrapped(f"Candidate {entry.candidate[:12]}.", width, margin)
    if entry.mitigation is not None:
        lines += wrapped(f"Mitigation {entry.mitigation[:12]}.", width, margin)
    if entry.restored is not None:
        lines += wrapped(f"Put back the state of entry {entry.restored}.", width, margin)
    if entry.approved_by:
        lines += wrapped(printable(f"Approved by {english.listed(entry.approved_by)}."), width, margin)
    signed = f"; signed by {english.listed(shown.signed_by)}" if shown.signed_by else ""
    policy = (
        f"Policy {entry.policy_version}, {entry.policy_digest[:12]}" if entry.policy_digest else "No rule was asked"
    )
    return [*lines, *wrapped(f"{policy}{signed}.", width, margin)]


def _brake_sentences(entry: LedgerEntryBody) -> Iterator[str]:
    """What it stops or lifts, by the beginning of its id."""
    if entry.brake is not None:
        yield f"Notice {entry.brake[:12]}, the id by which it is lifted."
    if entry.lifts:
        yield f"Lifts {english.listed([ident[:12] for ident in entry.lifts])}."
    if entry.because is not None:
        yield printable(f'Candidate {(entry.candidate or "")[:12]}: "{entry.because}"')


def _entry_data(shown: Shown) -> dict[str, object]:
    entry = shown.entry
    return {
        **(entry.model_dump(mode="json") if entry else {"number": shown.logged.number, "unreadable": True}),
        "sha256": shown.logged.head.sha256,
        **picked(shown, "took_effect", "signed_by"),
        "taken_back_by": shown.taken_back.number if shown.taken_back else None,
    }
