"""`publish policy`: the policy in force, as sentences with the numbers from the data."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import click

from publisher.cli.inputs import Project, at_option, moment, project_options
from publisher.cli.output.emit import Report, answering, picked
from publisher.model.content.policy import Policy
from publisher.rules import english
from publisher.rules.policy_text import Section, policy_text


@click.command("policy")
@at_option
@project_options
@answering
def command(at: str | None, project: Project) -> Report:
    """Print the release policy in force, as sentences.

    Numbers come from the data that decisions use. With --at, shows the policy in force at that time.
    """
    catalog = project.catalog()
    policy = catalog.policy_at(moment(at, catalog))
    return PolicyReport(policy, policy_text(policy))


@dataclass(frozen=True)
class PolicyReport(Report):
    """The policy, section by section."""

    says_ok: ClassVar[bool] = False
    policy: Policy
    sections: Sequence[Section]

    def lines(self, width: int) -> list[str]:
        policy = self.policy
        since = (
            f"Version {policy.version}, profile {policy.profile}, in force since {english.moment(policy.effective)}."
        )
        lines = [*textwrap.wrap(policy.summary, width), *textwrap.wrap(since, width)]
        for section in self.sections:
            lines += ["", click.style(section.title, bold=True)]
            for sentence in section.sentences:
                lines += textwrap.wrap(sentence, width, initial_indent="  - ", subsequent_indent="    ")
        return lines

    def data(self) -> dict[str, object]:
        policy = self.policy
        return {
            **picked(policy, "version", "effective"),
            "digest": policy.digest(),
            **picked(policy, "profile", "summary"),
            "sections": [picked(section, "id", "title", "sentences") for section in self.sections],
        }
