"""`publish policy`: the policy in force, as sentences with the numbers from the data."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from publisher.cli.inputs import at_option, content_options, json_option, load, moment, print_json
from publisher.cli.output.verdicts import terminal_width
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.policy_text import policy_text


@click.command("policy")
@at_option
@content_options
@json_option
def command(at: str | None, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Print the release policy in force, as sentences.

    Every number is read from the data that decides. With --at, the policy that was in force then.
    """
    catalog = load(content, config)
    policy = catalog.policy_at(moment(at, catalog))
    sections = policy_text(policy)
    if as_json:
        print_json(
            {
                "version": policy.version,
                "effective": format_time(policy.effective),
                "digest": policy.digest(),
                "profile": policy.profile,
                "summary": policy.summary,
                "sections": [{"id": one.id, "title": one.title, "sentences": list(one.sentences)} for one in sections],
            }
        )
        return
    width = terminal_width()
    since = f"Version {policy.version}, profile {policy.profile}, in force since {english.moment(policy.effective)}."
    lines = [*textwrap.wrap(policy.summary, width), *textwrap.wrap(since, width)]
    for section in sections:
        lines += ["", click.style(section.title, bold=True)]
        for sentence in section.sentences:
            lines += textwrap.wrap(sentence, width, initial_indent="  - ", subsequent_indent="    ")
    click.echo("\n".join(lines))
