"""`publish explain`: what may ship at a moment, and why all else waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import click

from publisher.cli.inputs import (
    Project,
    at_option,
    bucket_option,
    known_product,
    moment,
    project_options,
    refuse_to_tell_early,
    state_of,
)
from publisher.cli.output.emit import Report, answering
from publisher.model.records.channel_state import ChannelState
from publisher.model.records.decision import Decision
from publisher.pipeline.plan.open_releases import open_questions
from publisher.rules import english
from publisher.rules.headline import headline
from publisher.rules.withdrawal_text import sentences
from publisher.text.terminal import wrapped


@click.command("explain")
@at_option
@click.option("--product", help="Only this product.")
@click.option("--public", is_flag=True, help="Show what the public sees: neutral words, no internal releases.")
@bucket_option
@project_options
@answering
def command(*, at: str | None, product: str | None, public: bool, bucket: str | None, project: Project) -> Report:
    """Say for every unshipped release and each of its channels whether it may ship, and if not, why.

    `publish why` explains one release in full. With --bucket, what is live there or was taken back counts as shipped,
    whatever the content says. The exit code is 0 whatever the answers.
    """
    catalog = project.catalog()
    if product is not None:
        known_product(catalog, product)
    now = moment(at, catalog)
    refuse_to_tell_early(at, now, catalog, public=public)
    state = state_of(bucket, project)
    decisions = list(open_questions(catalog, now, product, state, public=public))
    return ExplainReport(decisions, now, state, product)


@dataclass(frozen=True)
class ExplainReport(Report):
    """The count in the first line, then each answer with the reasons that stop it, then what was taken back."""

    says_ok: ClassVar[bool] = False
    decisions: Sequence[Decision]
    now: datetime
    state: ChannelState | None = None
    product: str | None = None

    def lines(self, width: int) -> list[str]:
        withdrawn = sentences(self.state, self.now, self.product) if self.state else ()
        lines = [line for text in withdrawn for line in wrapped(text, width)]
        return [*self._answers(width), *(["", *lines] if lines else [])]

    def _answers(self, width: int) -> list[str]:
        now = english.moment(self.now)
        if not self.decisions:
            return [f"{now}: no upcoming release."]
        free = sum(decision.go for decision in self.decisions)
        lines = wrapped(f"{now}: {free} of {len(self.decisions)} may ship.", width)
        for decision in self.decisions:
            lines += ["", *wrapped(f"{headline(decision).removesuffix('.')} ({decision.channel}).", width)]
            for verdict in decision.verdicts:
                if verdict.outcome.stops:
                    lines += wrapped(f"{verdict.outcome}, {verdict.rule}: {verdict.reason}", width, indent=2)
        return lines

    def data(self) -> dict[str, object]:
        return {
            "at": self.now,
            "decisions": [decision.model_dump(mode="json") for decision in self.decisions],
            "withdrawn": [entry.model_dump(mode="json") for entry in self.state.withdrawn] if self.state else [],
            "holds": [hold.model_dump(mode="json") for hold in self.state.holds] if self.state else [],
        }
