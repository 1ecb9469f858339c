"""`publish check`: reads all content; every problem of every file comes in one run, and then advice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from publisher.cli.inputs import content_options, json_option, load, print_result, wall_clock
from publisher.cli.plan.earlier import catalog_at
from publisher.content.placeholders import placeholders
from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.rules.lint.lint import Lint
from publisher.rules.lint.lints import lints
from publisher.rules.lint.loosened import loosened


@click.command("check")
@click.option("--strict", is_flag=True, help="Exit 1 for advice too.")
@click.option(
    "--since",
    metavar="REV",
    help="Also refuse what ends a running freeze earlier, or changes the policy under its old version.",
)
@content_options
@json_option
def command(strict: bool, since: str | None, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Check all content and configuration.

    Every problem comes with its file, line and column, and with what to write instead; then advice on what is valid
    and still unwise. Exit code 0 when there is no problem, 1 otherwise.
    """
    catalog = load(content, config)
    now = catalog.sample.reference_time if catalog.sample else wall_clock()
    if since is not None:
        _refuse_loosened(since, content, config, catalog, now)
    left = () if catalog.sample is not None else placeholders(catalog, config, content)
    unfilled = [Lint(str(problem.place), problem.what, problem.fix) for problem in left]
    counts, advice = count(catalog), [*unfilled, *lints(catalog, now)]
    failed = strict and bool(advice)
    if as_json:
        found = [{"about": one.about, "what": one.what, "fix": one.fix} for one in advice]
        print_result({"counts": counts, "problems": [], "advice": found}, ok=not failed)
    else:
        named = [f"{number} {kind if number != 1 else kind.removesuffix('s')}" for kind, number in counts.items()]
        click.echo(f"{', '.join(named)}: {_verdict(len(advice))}.")
        for one in advice:
            click.echo("\n".join(_lines(one)))
    if failed:
        raise SystemExit(1)


def _verdict(advice: int) -> str:
    if not advice:
        return "all fine"
    return f"no problem, and {advice} piece{'s' if advice != 1 else ''} of advice"


def _lines(one: Lint) -> list[str]:
    return [f"{one.about}: {one.what}", f"    -> {one.fix}"]


def _refuse_loosened(since: str, content: tuple[Path, ...], config: Path, catalog: Catalog, now: datetime) -> None:
    """Raise InputError when the content ends a freeze that has begun earlier than the content of a revision did.

    A policy that differs under the same version is refused too: a decision names the policy it followed by it.
    """
    old = catalog_at(since, content, config)
    if catalog.policy.version == old.policy.version and catalog.policy != old.policy:
        version = old.policy.version
        raise InputError(
            f"{content[0] / 'policy.yaml'} differs from {since}, and its version is still {version}",
            fix=f"write `version: {version + 1}` and since when it holds (`effective:`), and keep the policy before as"
            f" {content[0] / 'policies'}/{version}.yaml",
        )
    if found := loosened(old, catalog, now):
        said = "\n".join(f"  {one.cause}: {one}" for one in found)
        raise InputError(
            f"against {since}, a freeze that has begun would end earlier:\n{said}",
            fix="keep what was known: `revisions:` in the event, or the old policy in content/policies/; what cannot"
            " wait ships by an override",
        )


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
