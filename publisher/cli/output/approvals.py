"""How commands show who has approved a candidate, and what is missing."""

from __future__ import annotations

from publisher.channel.candidates.approval import Approval
from publisher.cli.output.verdicts import wrapped
from publisher.model.records.approval import Comparison
from publisher.pipeline.release.approve import Review
from publisher.pipeline.roles.change import StagedRole
from publisher.rules.headline import headline


def approval_lines(review: Review | None, width: int, margin: str = "") -> list[str]:
    """Who has approved, whose approval does not count and why, what is missing, and what the rules say."""
    if review is None:
        return []
    standing = review.standing
    indent = len(margin)
    lines = [line for approval in standing.counted for line in _approved(approval, margin)]
    for one in standing.left_out:
        lines += _hanging(f"{margin}not counted", one, width, indent)
    for one in standing.missing:
        lines += _hanging(f"{margin}missing", one, width, indent)
    if not standing.missing:
        lines.append(f"{margin}Everybody has approved who has to.")
    for one in review.needs.because:
        lines += wrapped(one, width, indent)
    return [*lines, *wrapped(headline(review.decision), width, indent)]


def role_lines(staged: StagedRole, width: int, margin: str = "") -> list[str]:
    """The same for a role."""
    lines = [f"{margin}signed      {one}" for one in staged.signed_by]
    for one in staged.missing:
        lines += _hanging(f"{margin}missing", one, width, len(margin))
    return lines if staged.missing else [*lines, f"{margin}Everybody has signed who has to."]


def _hanging(label: str, text: str, width: int, indent: int) -> list[str]:
    first, *more = wrapped(text, width, indent + 12)
    return [f"{label:<{indent + 12}}{first.strip()}", *more]


def _approved(approval: Approval, margin: str) -> list[str]:
    """Who approved, and which of the files they say to have built."""
    same = (Comparison.SAME, Comparison.SAME_BUT_SIGNED)
    statement = approval.statement
    built = [file.file for file in statement.built if file.result in same] if statement is not None else []
    says = [f"{margin}            says to have built {file}" for file in built]
    return [f"{margin}approved    {approval}", *says]
