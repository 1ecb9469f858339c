"""publish status"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import click

from publisher.channel.roles import ONLINE_ROLES
from publisher.cli.inputs import Project, project_options, wall_clock
from publisher.cli.options import address_of, to_option
from publisher.cli.output.approvals import approval_lines, role_lines
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import read_root
from publisher.errors import VerificationError
from publisher.model.records.channel_state import ChannelState
from publisher.model.values import format_time
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.status import CandidateStatus, RoleStatus, Status, read_status
from publisher.pipeline.roles.change import StagedRole
from publisher.rules import english
from publisher.rules.unsafe_versions import PROMISE_FIX, promise_text
from publisher.rules.withdrawal_text import hold_sentence, overdue_sentence, sentence
from publisher.storage.open import open_storage
from publisher.text.terminal import wrapped


@click.command()
@to_option
@project_options
@answering
def command(to: str | None, project: Project) -> Report:
    """Say what is live, what is staged and signed by whom, and what expires when.

    Exit code 4 when something has expired, so that clients offer nothing, when the ledger has no entry for what is live
    (somebody else published, or the entry was removed), when a hold is gone that nobody has lifted, or when the next
    update that a hold has promised is overdue.
    """
    configuration = project.configuration()
    storage = open_storage(address_of(to, configuration))
    now = wall_clock()
    status = read_status(Bucket(storage, read_root(project.config)), configuration, now)
    return StatusReport(status, storage.url, now)


@dataclass(frozen=True)
class StatusReport(Report):
    """What is live, staged, and about to expire."""

    status: Status
    url: str
    now: datetime

    @property
    def exit_code(self) -> int:
        kept = not self.status.state.overdue(self.now)
        return 0 if self.status.sound and kept else VerificationError.exit_code

    def lines(self, width: int) -> list[str]:
        status = self.status
        live: list[str] = []
        for release in status.state.live:
            platforms = ", ".join(artifact.platform for artifact in release.artifacts)
            by = _by(status.shipped_by.get(f"{release.product}.{release.channel}", ()))
            live += wrapped(f"{release.product} {release.channel}: {release.version} for {platforms}{by}", width, 2)
        staged = [line for candidate in status.candidates for line in _candidate_lines(candidate, width)]
        for why in status.damaged:
            staged += wrapped(f"What is staged cannot be read: {why}. Stage it again with --replace.", width, 2)
        staged += [line for role in status.staged_roles for line in _role_lines(role, width)]
        if status.unclear is not None:
            staged += wrapped(f"Key changes under way cannot be shown: {status.unclear}.", width, 2)
        return [
            self.url,
            *_alarms(status, self.now, width),
            "Live",
            *(live or ["  nothing"]),
            *_stopped(status.state, self.now, width),
            *_mitigations(status.state, width),
            *_rollbacks(status, self.now, width),
            *_unannounced(status, width),
            *_unsigned(status, width),
            "Staged",
            *(staged or ["  nothing"]),
            "Signed until",
            *(_role_line(role, self.now) for role in sorted(status.roles, key=lambda role: role.expires)),
        ]

    def data(self) -> dict[str, object]:
        status = self.status
        return {
            **picked(status, "announced", "expired", "silent", "unclear", "damaged"),
            "details_missing": [
                picked(advisory, "id", "product", "security_details_after") for advisory in status.broken_promises
            ],
            "unfinished": status.unfinished.what if status.unfinished else None,
            "vanished": [
                {"role": brake.listed.role, "kind": brake.listed.kind, "id": brake.listed.id, "what": brake.what}
                for brake in status.vanished
            ],
            "live": [
                {
                    **picked(release, "product", "channel", "version"),
                    "platforms": [artifact.platform for artifact in release.artifacts],
                    "signed_by": status.shipped_by.get(f"{release.product}.{release.channel}", ()),
                }
                for release in status.state.live
            ],
            "unannounced": [picked(channel, "product", "channel", "changes") for channel in status.unannounced],
            "withdrawn": [entry.model_dump(mode="json") for entry in status.state.withdrawn],
            "holds": [
                {**hold.model_dump(mode="json"), "overdue": hold in status.state.overdue(self.now)}
                for hold in status.state.holds
            ],
            "unsigned_freezes": {
                role: [picked(freeze, "event", "begins", "ends") for freeze in freezes]
                for role, freezes in status.unsigned_freezes.items()
            },
            "mitigations": [item.model_dump(mode="json", by_alias=True) for item in status.state.mitigations],
            "staged": [_candidate_data(candidate) for candidate in status.candidates],
            "staged_roles": [
                {
                    "role": staged.to_sign.role,
                    "candidate": staged.candidate.digest,
                    "because": staged.to_sign.because,
                    **picked(staged, "signed_by", "missing"),
                }
                for staged in status.staged_roles
            ],
            "rollback_windows": [
                picked(window, "product", "channel", "version", "back_to", "expires")
                for window in status.rollback_windows
            ],
            "rolled_back": status.rolled_back,
            "roles": [picked(role, "role", "version", "expires", "due", "expired") for role in status.roles],
        }


def _stopped(state: ChannelState, now: datetime, width: int) -> list[str]:
    """Holds and withdrawals, each with what ends it."""
    holds, withdrawn, latest = [], [], state.latest_holds
    for hold in state.holds:
        earlier = f"An earlier hold of {hold.product} {hold.version} in {hold.channel} is in force as well."
        holds += wrapped(hold_sentence(hold, now) if hold in latest else earlier, width, 2)
        holds += [f"    id {hold.id}"]
    for withdrawal in state.withdrawn:
        withdrawn += wrapped(sentence(withdrawal, state), width, 2)
        withdrawn += [f"    id {withdrawal.id}"] if withdrawal.id else []
    return [*(["On hold", *holds] if holds else []), *(["Withdrawn", *withdrawn] if withdrawn else [])]


def _rollbacks(status: Status, now: datetime, width: int) -> list[str]:
    """What can be taken back for a few more days or no longer, and what is live for a short time since it was."""
    lines = []
    for window in status.rollback_windows:
        if window.expires <= now or window.ends_soon(now):
            lines += wrapped(f"{window.sentence(now)} To renew that: {window.renewing}", width, 2)
    for role in (role for role in status.roles if role.role in status.rolled_back):
        staged = any(waiting.to_sign.role == role.role for waiting in status.staged_roles)
        steps = "" if staged else "publish refresh, then "
        text = f"{role.role} took a release back, so it is signed until {english.moment(role.expires)} only."
        lines += wrapped(f"{text} Next: {steps}publish approve {role.role} --key KEY, then publish refresh", width, 2)
    return ["Rollback", *lines] if lines else []


def _mitigations(state: ChannelState, width: int) -> list[str]:
    lines = []
    for item in state.mitigations:
        what = f"{item.product} {item.versions}: set {item.name} to {item.value}, until {format_time(item.until)}"
        lines += wrapped(f"{what}. To end it: publish mitigate --end {item.id[:12]}", width, 2)
    return ["Mitigations", *lines] if lines else []


def _unannounced(status: Status, width: int) -> list[str]:
    lines = []
    staged = {
        (candidate.product, candidate.channel)
        for candidate in (waiting.candidate for waiting in status.candidates if _announces(waiting))
    }
    for unannounced in status.unannounced:
        product, channel = unannounced.product, unannounced.channel
        command = f"publish announce {product} --channel {channel}"
        following = "An announcement is staged, see below." if (product, channel) in staged else f"Next: {command}"
        text = f"{product} {channel}: requirements or settings are not announced yet. {following}"
        lines += wrapped(text, width, 2)
        for change in unannounced.changes:
            lines += wrapped(change.strip(), width, 4 + len(change) - len(change.lstrip()))
    return ["Required", *lines] if lines else []


def _unsigned(status: Status, width: int) -> list[str]:
    """Freezes of the calendar that clients do not know of; who has a key of brakes signs them with a refresh."""
    lines = [
        line
        for role, freezes in status.unsigned_freezes.items()
        for freeze in freezes
        for line in wrapped(
            f"{role}: {freeze.event}, {format_time(freeze.begins)} to {format_time(freeze.ends)}", width, 2
        )
    ]
    following = wrapped("Clients do not know of them yet. Next: publish refresh, with a key of brakes", width, 2)
    return ["Freezes", *lines, *following] if lines else []


def _alarms(status: Status, now: datetime, width: int) -> list[str]:
    alarms = []
    if not status.announced:
        alarms.append(
            "The ledger has no entry for what is live, or has a newer one: somebody else published, or put an older"
            " state back, or an entry was removed. Next: publish recover"
        )
    elif status.unfinished is not None:
        alarms.append(f"{english.capitalised(status.unfinished.what)}. Next: {status.unfinished.fix}.")
    alarms += [f"{english.capitalised(brake.what)}. Next: {brake.fix}." for brake in status.vanished]
    alarms += [overdue_sentence(hold, now) for hold in status.state.overdue(now)]
    if status.expired:
        alarms.append(f"Expired: {english.listed(status.expired)}. {_silence(status)} Next: {_renewing(status)}")
    for advisory in status.broken_promises:
        alarms.append(f"Advisory {advisory.id}: {promise_text(advisory)}. Next: {PROMISE_FIX}.")
    return [click.style(line, fg="red", bold=True) for text in alarms for line in wrapped(text, width)]


def _silence(status: Status) -> str:
    if not status.silent:
        return "Clients still offer updates."
    live = {f"{shown.product}.{shown.channel}" for shown in status.state.live}
    of = "" if live <= set(status.silent) else f" of {english.listed(status.silent)}"
    return f"Clients offer nothing{of} until that is renewed."


def _renewing(status: Status) -> str:
    """The commands that renew what has expired; people sign what a refresh has staged."""
    staged = {role.to_sign.role: role for role in status.staged_roles}
    people = [role for role in status.expired if role not in ONLINE_ROLES]
    unsigned = [role for role in people if role not in staged or staged[role].missing]
    refreshed = all(role in staged and role in unsigned for role in status.expired)
    steps = [] if refreshed else ["publish refresh"]
    return ", then ".join([*steps, *(f"publish approve {role} --key KEY" for role in unsigned)])


def _by(names: tuple[str, ...]) -> str:
    return f", signed by {english.listed(names)}" if names else ""


def _announces(staged: CandidateStatus) -> bool:
    return staged.review is not None and not staged.review.ships


def _candidate_lines(staged: CandidateStatus, width: int) -> list[str]:
    candidate = staged.candidate
    release = f"requirements on {candidate.release}" if _announces(staged) else candidate.release
    what = f"{candidate.product} {candidate.channel}: {release}"
    lines = [
        f"  {what}, staged {format_time(candidate.record.staged_at)}, candidate {candidate.digest[:12]}",
        *(approval_lines(staged.review, width, "    ") if staged.review is not None else []),
    ]
    if staged.void is not None:
        return [*lines, *wrapped(f"Void: {staged.void}", width, 4)]
    if staged.review is None:
        lines += wrapped("Approvals cannot be checked while the content has problems.", width, 4)
    return lines


def _role_lines(staged: StagedRole, width: int) -> list[str]:
    staged_at, digest = format_time(staged.candidate.record.staged_at), staged.candidate.digest[:12]
    text = f"{staged.to_sign.role}, staged {staged_at}, candidate {digest}. {staged.to_sign.because}"
    return [*wrapped(text, width, 2), *role_lines(staged, width, "    ")]


def _role_line(role: RoleStatus, now: datetime) -> str:
    left = role.expires - now
    days = f"{left.days} d" if left.days > 2 else f"{int(left.total_seconds()) // 3600} h"
    state = "EXPIRED" if role.expired else "due" if role.due else f"{days} left"
    return f"  {role.role:28} {format_time(role.expires)}  {state}"


def _candidate_data(staged: CandidateStatus) -> dict[str, object]:
    candidate, review = staged.candidate, staged.review
    standing = review.standing if review else None
    return {
        **picked(candidate, "product", "channel"),
        "version": candidate.release,
        "candidate": candidate.digest,
        "staged_at": candidate.record.staged_at,
        "void": staged.void,
        "approved_by": [str(approval) for approval in standing.counted] if standing else [],
        "not_counted": standing.left_out if standing else [],
        "missing": standing.missing if standing else [],
        "ready": staged.ready,
        "announces": review is not None and not review.ships,
        "outcome": review.decision.outcome if review else None,
    }
