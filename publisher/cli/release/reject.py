"""publish approve --reject: what is said no to, the question before it is signed, the report"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import Project, wall_clock
from publisher.cli.output.emit import Report, for_programs
from publisher.cli.release.braking import meant_by, opened, quotable
from publisher.cli.secrets import key_ring, read_root
from publisher.errors import InputError, UsageError
from publisher.pipeline.brakes.reject import Rejection, RejectPlan, reject, staged_digest
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.text.terminal import terminal_width, wrapped


def reject_staged(
    name: str, channel: str | None, because: str | None, yes: str | None, to: str | None, keys: Path, project: Project
) -> RejectReport:
    """Show which candidate is meant, ask, and reject it. Raises UsageError, InputError where somebody says no."""
    if because is None:
        raise UsageError("--reject needs a reason", fix="add --because TEXT, which the ledger keeps")
    quotable(because)
    configuration = project.configuration()
    meant = meant_by(name, channel, configuration)
    if meant.version is None:
        raise UsageError(f"{name} names no version to reject", fix=f"name the staged one, as {name}@VERSION")
    storage, root = opened(to, configuration), read_root(project.config)
    bucket = Bucket(storage, root)
    bucket.published(fix="replace the candidate by another with `publish stage --replace`")
    digest = staged_digest(meant.product, meant.channel, meant.version, bucket)
    rejection = Rejection(meant.product, meant.channel, meant.version, digest, because)
    if yes is None:
        _ask(rejection)
    elif yes != digest:
        raise UsageError(
            f"--yes names {yes[:12]}, and the candidate is {digest}", fix="read this one, then give its whole digest"
        )
    ring = key_ring(configuration.signers, keys)
    plan, written = reject(rejection, configuration, storage, root, ring, wall_clock)
    return RejectReport(plan, written)


def _ask(rejection: Rejection) -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal in which to confirm it",
            fix=f"read it, then add --yes {rejection.candidate}",
        )
    shown = [
        f"Reject candidate {rejection.candidate} of {rejection.role}: {rejection.product} {rejection.version}.",
        f'The ledger keeps: "{rejection.because}"',
        "Nobody can promote it any more, and clients refuse it. It cannot be lifted; stage another candidate.",
    ]
    lines = [line for text in shown for line in wrapped(text, terminal_width())]
    click.echo("\n".join([*lines, ""]), err=for_programs())
    if not click.confirm("Sign and publish?", err=for_programs()):
        raise InputError("declined: nothing was signed", fix="run it again to reject the candidate after all")


@dataclass(frozen=True)
class RejectReport(Report):
    """A candidate that nobody can ship any more."""

    plan: RejectPlan
    written: Written

    def lines(self, width: int) -> list[str]:
        rejection = self.plan.rejection
        already = " already" if self.plan.already else ""
        what = f"candidate {rejection.candidate[:12]} of {rejection.role}"
        following = f"publish stage {rejection.product}@{rejection.version} --channel {rejection.channel} --replace"
        return [
            *wrapped(f"{rejection.product} {rejection.version}, {what}, is rejected{already}.", width),
            *wrapped("Nobody can promote it, and clients refuse it. To go on, mend the release, then:", width),
            f"  {following}",
        ]

    def data(self) -> dict[str, object]:
        rejection = self.plan.rejection
        return {
            "product": rejection.product,
            "channel": rejection.channel,
            "version": rejection.version,
            "candidate": rejection.candidate,
            "rejected": True,
            "already": self.plan.already,
            "roles": dict(self.plan.publication.changed_roles),
            "written": self.written.keys,
        }
