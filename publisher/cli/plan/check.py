"""`publish check`: reads all content; every problem of every file comes in one run, and then advice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from publisher.cli.inputs import Project, project_options, wall_clock
from publisher.cli.output.emit import Report, answering, picked
from publisher.content.git_revision import catalog_at
from publisher.content.load import HISTORY, SCHEDULES, load_catalog
from publisher.content.placeholders import placeholders
from publisher.errors import ContentError, InputError
from publisher.model.catalog import Catalog
from publisher.model.config.schedule import ScheduleMapping
from publisher.model.history.mapping import Mapping as HistoryMapping
from publisher.model.values import Model
from publisher.rules.lint.dropped_support import dropped_support
from publisher.rules.lint.lint import Lint
from publisher.rules.lint.lints import lints
from publisher.rules.lint.loosened import loosened
from publisher.rules.lint.raised_requirements import WAY_OUT, raised


@click.command("check")
@click.option("--strict", is_flag=True, help="Exit 1 on advice too.")
@click.option(
    "--since",
    metavar="REV",
    help="Also refuse changes that shorten a running freeze, exempt from it or drop support early, or change the policy"
    " without a new version.",
)
@project_options
@answering
def command(strict: bool, since: str | None, project: Project) -> Report:
    """Check all content and configuration.

    Shows each problem with file, line, column and fix, then advice on content that is valid but unwise.
    Exit code 0 when there is no problem, 1 otherwise.
    """
    besides: dict[Path, type[Model]] = {project.config / HISTORY: HistoryMapping}
    besides |= dict.fromkeys(sorted((project.config / SCHEDULES).glob("*.yaml")), ScheduleMapping)
    catalog = load_catalog(project.content, project.config, besides=besides)
    now = catalog.sample.reference_time if catalog.sample else wall_clock()
    if since is not None:
        old = catalog_at(since, project.content, project.config)
        _refuse_loosened(since, project, old, catalog, now)
        _refuse_dropped_support(since, old, catalog, now)
    left = () if catalog.sample is not None else placeholders(catalog, project.config, project.content)
    unfilled = [Lint(str(problem.place), problem.what, problem.fix) for problem in left]
    return CheckReport(count(catalog), [*unfilled, *lints(catalog, now)], strict)


@dataclass(frozen=True)
class CheckReport(Report):
    """Content without a problem: how much of it there is, and the advice."""

    counts: Mapping[str, int]
    advice: Sequence[Lint]
    strict: bool

    @property
    def exit_code(self) -> int:
        return ContentError.exit_code if self.strict and self.advice else 0

    def lines(self, width: int) -> Iterator[str]:
        """For people; lines stay whole, since programs read them for places in files."""
        named = [f"{number} {kind if number != 1 else kind.removesuffix('s')}" for kind, number in self.counts.items()]
        pieces = f"{len(self.advice)} piece{'s' if len(self.advice) != 1 else ''}"
        yield f"{', '.join(named)}: {f'no problems, {pieces} of advice' if self.advice else 'all fine'}."
        for lint in self.advice:
            yield from (f"{lint.about}: {lint.what}", f"    -> {lint.fix}")

    def data(self) -> dict[str, object]:
        advice = [picked(lint, "about", "what", "fix") for lint in self.advice]
        return {"counts": self.counts, "problems": [], "advice": advice}


def _refuse_loosened(since: str, project: Project, old: Catalog, catalog: Catalog, now: datetime) -> None:
    """Raise InputError when the content ends a freeze that has begun earlier than the content of a revision did.

    Refused too: an event that requires more than it did while its own freeze holds, which would be a way through it.

    A policy that differs under the same version is refused too: a decision names the policy it followed by it.
    """
    if catalog.policy.version == old.policy.version and catalog.policy != old.policy:
        version = old.policy.version
        raise InputError(
            f"{project.content[0] / 'policy.yaml'} differs from {since}, but its version is still {version}",
            fix=f"write `version: {version + 1}` and its start (`effective:`), and keep the previous policy as"
            f" {project.content[0] / 'policies'}/{version}.yaml",
        )
    if ending := loosened(old, catalog, now):
        listed = "\n".join(f"  {freeze.cause}: {freeze}" for freeze in ending)
        raise InputError(
            f"compared with {since}, a running freeze would end earlier:\n{listed}",
            fix="keep the old facts, under `revisions:` in the event, or the old policy in content/policies/; urgent"
            " fixes can ship with an override",
        )
    if exempting := raised(old, catalog, now):
        listed = "\n".join(f"  {requirement}" for requirement in exempting)
        raise InputError(
            f"compared with {since}, an event would let through what its running freeze stops:\n{listed}",
            fix=WAY_OUT,
        )


def _refuse_dropped_support(since: str, old: Catalog, catalog: Catalog, now: datetime) -> None:
    """Raise InputError when the content drops the support of versions that users may still rely on."""
    if dropped := dropped_support(old, catalog, now):
        listed = "\n".join(f"  {each.what}" for each in dropped)
        raise InputError(f"compared with {since}, support would end too early:\n{listed}", fix=dropped[0].fix)


def count(catalog: Catalog) -> dict[str, int]:
    """How many items of each kind were read."""
    return {
        "products": len(catalog.products),
        "channels": len(catalog.channels),
        "releases": len(catalog.releases),
        "events": len(catalog.events),
        "deprecations": len(catalog.deprecations),
        "signers": len(catalog.signers.signers),
    }
