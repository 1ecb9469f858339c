"""`publish backtest`: the policy over real history. Which releases would have waited, how long, and for what?"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import PATH, Project, project_options
from publisher.cli.output.emit import Report, answering
from publisher.cli.plan.backtest_report import Asked, BacktestReport
from publisher.content.foreign.history import read_history, refuse_unknown_types
from publisher.content.load import HISTORY, load_item, load_policy
from publisher.errors import UsageError
from publisher.model.history.mapping import Mapping
from publisher.rules.backtest import backtest


@click.command("backtest")
@click.option("--events", type=PATH, required=True, help="Past events: JSON or YAML, a list of rows.")
@click.option("--releases", type=PATH, required=True, help="Past releases: JSON or YAML, a list of rows.")
@click.option(
    "--policy",
    "policies",
    type=PATH,
    multiple=True,
    help="Policy to apply; give it twice to compare two.  [default: policy.yaml of the content]",
)
@click.option(
    "--mapping",
    type=PATH,
    help=f"Mapping of the files' fields and words.  [default: {HISTORY} of the configuration]",
)
@project_options
@answering
def command(
    *,
    events: Path,
    releases: Path,
    policies: tuple[Path, ...],
    mapping: Path | None,
    project: Project,
) -> Report:
    """Replay past releases against the release policy.

    Shows which of them would have waited, how long and for which events, how long each product would have been frozen,
    and which fixes would have needed an override. The policy is applied to the whole history.

    Only the freeze rules are asked, since history does not tell of notes, files, scenarios and shifts. Days are whole
    days in UTC, and what is in doubt counts longer. Rows that are odd or cannot be used are reported, with the reason,
    and do not change the exit code.
    """
    if len(policies) > 2:
        raise UsageError(f"--policy is given {len(policies)} times", fix="name one policy, or two to compare")
    how = load_item(mapping or project.config / HISTORY, Mapping)
    today = project.catalog()
    asked = [(file, load_policy(file)) for file in policies] or [(project.content[0] / "policy.yaml", today.policy)]
    history = read_history(events, releases, how.value)
    refuse_unknown_types(how, history, asked)
    results = [Asked(file, policy.digest(), backtest(today, policy, history)) for file, policy in asked]
    return BacktestReport(history, results)
