"""publish log"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from publisher.channel.layout import TIMESTAMP_KEY, channel_role
from publisher.channel.ledger.entries import Check, Head, Logged, took_effect
from publisher.channel.ledger.withdrawn import TakenBack, taken_back
from publisher.cli.inputs import content_options, json_option, load_configured, print_result
from publisher.cli.options import open_to_look, to_option
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.secrets import read_root
from publisher.errors import UsageError, VerificationError
from publisher.model.records.ledger import Entry, PublicEntry
from publisher.model.values import format_time
from publisher.pipeline.ledger_append import Ledger, read_ledger, verify_ledger
from publisher.pipeline.reading import reader
from publisher.rules import english
from publisher.signing.digests import digest_bytes
from publisher.signing.key_files import described
from publisher.wire.errors import printable


@dataclass(frozen=True)
class Shown:
    """One entry as it is printed."""

    logged: Logged
    told: Entry | PublicEntry | None
    """None when it cannot be read."""
    took_effect: bool | None
    """Whether clients have seen it; None when it was not about something that they see."""
    signed_by: tuple[str, ...]
    """Persons with their duties; empty where nothing was verified."""
    refuted: bool
    """Whether it was verified, and is not ours."""
    taken_back: Entry | None
    """The entry that took its release back, if it was published and taken back since; itself for a rollback."""


@click.command()
@click.option(
    "--verify", is_flag=True, help="Check every entry: numbers, links, digests, signatures, and what is live."
)
@click.option(
    "--expect", metavar="NUMBER:SHA256", help="A head that was noted earlier must still be here; verifies too."
)
@click.option("--public", is_flag=True, help="Print the redacted projection only.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Print the last N entries only.")
@to_option
@content_options
@json_option
def command(
    verify: bool,
    expect: str | None,
    public: bool,
    last: int | None,
    to: str | None,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Print the ledger: every change and every refusal by policy, newest last, and its head.

    Whoever notes the head can prove later, with --expect, that nothing up to there was removed or edited. Exit code 4
    when anything refutes the ledger.
    """
    noted = head_of(expect, "--expect") if expect is not None else None
    configuration = load_configured(content, config)
    storage = open_to_look(to, configuration)
    check = None
    if verify or noted:
        ledger, check = verify_ledger(storage, read_root(config), configuration.signers, noted)
    else:
        ledger = read_ledger(storage, last)
    live = reader(storage)(TIMESTAMP_KEY)
    shown = list(_shown(ledger, check, digest_bytes(live).sha256 if live else None, public=public))
    shown = shown[-last:] if last else shown
    if as_json:
        print_result(_as_json(shown, ledger.head, check), ok=check is None or check.sound)
    else:
        click.echo("\n".join(_lines(shown, ledger, check, terminal_width())))
    if check is not None and not check.sound:
        if as_json:
            raise click.exceptions.Exit(VerificationError.exit_code)
        raise VerificationError(
            "the ledger does not verify",
            fix="keep a copy of it as it is, and find out who could write to the bucket and who held the keys",
        )


def head_of(text: str, option: str) -> Head:
    """A head as it is printed. Raises UsageError, naming the option that it came with."""
    match = re.fullmatch(r"([1-9][0-9]{0,7}):([0-9a-f]{64})", text)
    if match is None:
        raise UsageError(f"{option} {text} is not a head", fix="write it as `publish log` prints it: NUMBER:SHA256")
    return Head(int(match[1]), match[2])


def _shown(ledger: Ledger, check: Check | None, live: str | None, *, public: bool) -> Iterator[Shown]:
    """Entries with what follows from others; in the projection those that are not public are left out."""
    entries = [one.entry for one in ledger.logged if one.entry and (check is None or one.number in check.signers)]
    seen = took_effect(entries, live)
    back = taken_back(entries, live)
    for one in ledger.logged:
        entry = one.entry
        if entry is not None and public and entry.public is None:
            continue
        signers = check.signers.get(one.number, ()) if check else ()
        yield Shown(
            logged=one,
            told=entry.public if entry is not None and public else entry,
            took_effect=one.number in seen if entry is not None and entry.result else None,
            signed_by=tuple(described(key) for key in signers),
            refuted=check is not None and one.number not in check.signers,
            taken_back=_taken_back(entry, back) if one.number in seen and entry is not None else None,
        )


def _taken_back(entry: Entry, back: TakenBack) -> Entry | None:
    if entry.product is None or entry.channel is None or entry.version is None:
        return None
    return back.get(channel_role(entry.product, entry.channel), {}).get(entry.version)


def _lines(shown: list[Shown], ledger: Ledger, check: Check | None, width: int) -> list[str]:
    lines = [line for one in shown for line in (*_entry_lines(one, width), "")]
    if not ledger.logged:
        lines += ["The ledger is empty: nothing was staged, published or refused here so far."]
    else:
        if check is None:
            text = (
                "Nothing of this was verified; whoever can write to the bucket may have written it. --verify proves it."
            )
            lines += [*wrapped(text, width), ""]
        lines += [f"Head, which an auditor may note for --expect one day:\n  {ledger.head}"]
    if check is None:
        return lines
    for finding in check.findings:
        lines += wrapped(printable(f"{finding.level}: {finding.where} {finding.what}."), width, indent=2)
    if check.sound:
        count = len(ledger.logged)
        lines += wrapped(f"Sound: {count} of {count} entries verify, and they account for what is live.", width)
    return lines


def _entry_lines(one: Shown, width: int) -> list[str]:
    """One entry; what it says goes to a terminal, and somebody with the bucket may have written it."""
    told, margin = one.told, 6
    if told is None:
        return [f"{one.logged.number:>4}  cannot be read; --verify says more"]
    roles = printable(english.listed(list(told.roles)))
    way = "from" if told.action == "rollback" else "to"
    about = f"{told.product} {told.version} {way} {told.channel}" if told.product else roles
    first = f"{format_time(told.at)}  {told.action}{' refused' if told.refused else ''}: {about}"
    lines = wrapped(first, width, margin)
    lines[0] = f"{one.logged.number:>4}  {lines[0].removeprefix(' ' * margin)}"
    if one.refuted:
        text = "This entry does not verify: none of ours may have written it, and nothing that it says is proven."
        lines += [click.style(line, fg="red", bold=True) for line in wrapped(text, width, margin)]
    if told.refused:  # only now, since a line is broken by what is seen of it
        lines = [line.replace(" refused:", f" {click.style('refused', fg='red', bold=True)}:") for line in lines]
    if told.refused and told.decision:
        for verdict in told.decision.verdicts:
            if verdict.outcome.stops:
                lines += wrapped(printable(f"{verdict.rule} ({verdict.outcome}): {verdict.reason}"), width, margin)
    if told.result is not None:
        new = printable(", ".join(f"{role} {version}" for role, version in told.roles.items()))
        fate = f"Published {new}." if one.took_effect else f"Announced {new}, which has not taken effect."
        lines += wrapped(fate, width, margin)
    if one.taken_back is not None:
        how = "here" if one.taken_back.number == told.number else f"by entry {one.taken_back.number}"
        text = f"{told.version} was taken back {how}, and never ships to {told.channel} again."
        lines += wrapped(text, width, margin)
    if told.result is None and told.candidate:
        lines += wrapped(f"Candidate {told.candidate[:12]}.", width, margin)
    if told.restored is not None:
        lines += wrapped(f"Put back the state of entry {told.restored}.", width, margin)
    if told.approved_by:
        lines += wrapped(printable(f"Approved by {english.listed(told.approved_by)}."), width, margin)
    signed = f"; signed by {english.listed(one.signed_by)}" if one.signed_by else ""
    policy = f"Policy {told.policy_version}, {told.policy_digest[:12]}" if told.policy_digest else "No rule was asked"
    return [*lines, *wrapped(f"{policy}{signed}.", width, margin)]


def _as_json(shown: list[Shown], head: Head, check: Check | None) -> Mapping[str, object]:
    return {
        "entries": [
            {
                **(one.told.model_dump(mode="json") if one.told else {"number": one.logged.number, "unreadable": True}),
                "sha256": one.logged.head.sha256,
                "took_effect": one.took_effect,
                "signed_by": list(one.signed_by),
                "taken_back_by": one.taken_back.number if one.taken_back else None,
            }
            for one in shown
        ],
        "head": {"number": head.number, "sha256": head.sha256},
        "verified": check is not None,
        "findings": [{"level": one.level, "what": one.what, "where": one.where} for one in check.findings]
        if check
        else [],
    }
