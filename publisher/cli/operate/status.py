"""publish status"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from publisher.cli.inputs import content_options, json_option, load_configured, print_result, wall_clock
from publisher.cli.options import address_of, to_option
from publisher.cli.output.approvals import approval_lines, role_lines
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.secrets import read_root
from publisher.errors import VerificationError
from publisher.model.records.channel_state import ChannelState
from publisher.model.values import format_time
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.status import CandidateStatus, RoleStatus, Status, read_status
from publisher.pipeline.roles.change import StagedRole
from publisher.rules import english
from publisher.rules.withdrawals import sentences
from publisher.storage.open import open_storage


@click.command()
@to_option
@content_options
@json_option
def command(to: str | None, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Say what is live, what is staged and signed by whom, and what expires when.

    Exit code 4 when something has expired, so that clients offer nothing, or when no entry of the ledger tells of what
    is live: somebody published without you, or it is gone.
    """
    configuration = load_configured(content, config)
    storage = open_storage(address_of(to, configuration))
    now = wall_clock()
    status = read_status(Bucket(storage, read_root(config)), configuration, now)
    if as_json:
        print_result(_as_json(status), ok=status.sound)
    else:
        click.echo("\n".join(_lines(status, storage.url, now)))
    if not status.sound:
        raise click.exceptions.Exit(VerificationError.exit_code)


def _lines(status: Status, url: str, now: datetime) -> list[str]:
    width = terminal_width()
    live = [
        line
        for one in status.state.live
        for line in wrapped(
            f"{one.product} {one.channel}: {one.version} for {', '.join(a.platform for a in one.artifacts)}"
            + _by(status.shipped_by.get(f"{one.product}.{one.channel}", ())),
            width,
            2,
        )
    ]
    staged = [line for one in status.candidates for line in _candidate_lines(one)]
    for why in status.damaged:
        staged += wrapped(f"What is staged cannot be told: {why}. Stage it again with --replace.", width, 2)
    staged += [line for one in status.staged_roles for line in _role_lines(one)]
    if status.unclear is not None:
        staged += wrapped(f"Which changes of keys are under way cannot be told: {status.unclear}.", width, 2)
    return [
        url,
        *_alarms(status, width),
        "Live",
        *(live or ["  nothing"]),
        *_withdrawn(status.state, width),
        "Staged",
        *(staged or ["  nothing"]),
        "Signed until",
        *(_role_line(one, now) for one in sorted(status.roles, key=lambda role: role.expires)),
    ]


def _withdrawn(state: ChannelState, width: int) -> list[str]:
    lines = [line for text in sentences(state) for line in wrapped(text, width, 2)]
    return ["Taken back", *lines] if lines else []


def _alarms(status: Status, width: int) -> list[str]:
    alarms = []
    if not status.announced:
        alarms.append(
            "No entry of the ledger tells of what is live, or it is older than what was live before: somebody published"
            " without you, put an older state back, or an entry is gone. Next: publish recover"
        )
    if status.expired:
        roles = english.listed(status.expired)
        alarms.append(f"Expired: {roles}. Clients offer nothing until that is renewed. Next: publish refresh")
    return [click.style(line, fg="red", bold=True) for text in alarms for line in wrapped(text, width)]


def _by(names: tuple[str, ...]) -> str:
    return f", signed by {english.listed(names)}" if names else ""


def _candidate_lines(one: CandidateStatus) -> list[str]:
    candidate = one.candidate
    what = f"{candidate.product} {candidate.channel}: {candidate.release}"
    lines = [
        f"  {what}, staged {format_time(candidate.record.staged_at)}, candidate {candidate.digest[:12]}",
        *approval_lines(one.review, terminal_width(), "    "),
    ]
    if one.void is not None:
        return [*lines, *wrapped(f"Void: {one.void}.", terminal_width(), 4)]
    if one.review is None:
        lines += wrapped("Whether it is approved cannot be said while the content has problems.", terminal_width(), 4)
    return lines


def _role_lines(one: StagedRole) -> list[str]:
    staged_at, digest = format_time(one.candidate.record.staged_at), one.candidate.digest[:12]
    lines = wrapped(
        f"{one.wanted.role}, staged {staged_at}, candidate {digest}. {one.wanted.because}", terminal_width(), 2
    )
    return [*lines, *role_lines(one, terminal_width(), "    ")]


def _role_line(role: RoleStatus, now: datetime) -> str:
    left = role.expires - now
    days = f"{left.days} d" if left.days > 2 else f"{int(left.total_seconds()) // 3600} h"
    state = "EXPIRED" if role.expired else "due" if role.due else f"{days} left"
    return f"  {role.role:28} {format_time(role.expires)}  {state}"


def _as_json(status: Status) -> dict[str, object]:
    return {
        "announced": status.announced,
        "expired": list(status.expired),
        "unclear": status.unclear,
        "damaged": list(status.damaged),
        "live": [
            {
                "product": one.product,
                "channel": one.channel,
                "version": str(one.version),
                "platforms": [artifact.platform for artifact in one.artifacts],
                "signed_by": list(status.shipped_by.get(f"{one.product}.{one.channel}", ())),
            }
            for one in status.state.live
        ],
        "withdrawn": [entry.model_dump(mode="json") for entry in status.state.withdrawn],
        "staged": [
            {
                "product": one.candidate.product,
                "channel": one.candidate.channel,
                "version": one.candidate.release,
                "candidate": one.candidate.digest,
                "staged_at": format_time(one.candidate.record.staged_at),
                "void": one.void,
                "approved_by": [str(by) for by in one.review.standing.counted] if one.review else [],
                "not_counted": list(one.review.standing.left_out) if one.review else [],
                "missing": list(one.review.standing.missing) if one.review else [],
                "ready": one.ready,
                "outcome": one.review.decision.outcome if one.review else None,
            }
            for one in status.candidates
        ],
        "staged_roles": [
            {
                "role": one.wanted.role,
                "candidate": one.candidate.digest,
                "because": one.wanted.because,
                "signed_by": list(one.signed_by),
                "missing": list(one.missing),
            }
            for one in status.staged_roles
        ],
        "roles": [
            {
                "role": one.role,
                "version": one.version,
                "expires": format_time(one.expires),
                "due": one.due,
                "expired": one.expired,
            }
            for one in status.roles
        ],
    }
