"""How commands show a candidate, who has approved it, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.channel.candidates.approval import CandidateApproval
from publisher.channel.candidates.rollback_metadata import NoRollback, RollbackMetadata
from publisher.cli.output.emit import Report, picked
from publisher.cli.output.verdicts import verdict_lines
from publisher.model.configuration import Configuration
from publisher.model.records.approval import BuiltFile, Comparison
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.approve import ReleaseReview
from publisher.pipeline.roles.approve import RoleReview
from publisher.pipeline.roles.change import StagedRole
from publisher.rules import english
from publisher.rules.headline import halves, headline
from publisher.signing.public_keys import public_key
from publisher.text.terminal import hanging, wrapped

Reviewed = ReleaseReview | RoleReview


NOTHING_SHIPS = (
    "Only requirements and settings change, what is lifted, or how long it can be taken back: every file, and every"
    " other word of the feeds, stays as it is. So no freeze applies."
)


@dataclass(frozen=True)
class ApprovalReport(Report):
    """A candidate, and what has become of its signatures."""

    review: Reviewed
    written: Written | None
    """What was signed or brought back; then the candidate was shown before. None where it was only shown."""
    last: str
    """What was done, and what comes next."""

    def lines(self, width: int) -> list[str]:
        if self.written is None:
            return [*review_lines(self.review, width), "", *wrapped(self.last, width)]
        return ["", *wrapped(self.last, width), *_standing(self.review, width)]

    def data(self) -> dict[str, object]:
        review, written = self.review, self.written
        candidate = review.staged.candidate
        signed = {"signed": written is not None, "written": written.keys if written else []}
        if not isinstance(review, ReleaseReview):
            return {
                "role": candidate.role,
                "candidate": candidate.digest,
                **picked(review, "difference", "approved_by", "missing"),
                **signed,
            }
        return {
            **picked(review.release, "product", "version"),
            "channel": review.staged.candidate.channel,
            "candidate": candidate.digest,
            "difference": review.difference,
            "announces": not review.ships,
            "built": [built.model_dump(mode="json") for built in review.built],
            "way_back_to": review.takes_back_to,
            "way_back_until": review.rollback.metadata.signed.expires
            if isinstance(review.rollback, RollbackMetadata)
            else None,
            "way_back_state": review.release.back_state,
            "no_way_back_because": review.rollback.because if isinstance(review.rollback, NoRollback) else None,
            "decision": review.decision.model_dump(mode="json"),
            "facts": review.needs.facts,
            "approved_by": review.approved_by,
            "not_counted": review.standing.left_out,
            "missing": review.missing,
            **signed,
        }


def review_lines(review: Reviewed, width: int) -> list[str]:
    """All that a person reads before signing."""
    changes = [line for change in review.difference for line in _indented(change, width)]
    if not isinstance(review, ReleaseReview):
        staged = review.staged
        head = [f"role {staged.candidate.role}", f"candidate {staged.candidate.digest}"]
        head += [*wrapped(staged.to_sign.because, width), "", "What changes:"]
        return [*head, *changes, "", *_standing(review, width)]
    candidate, decision = review.staged.candidate, review.decision
    lines = [f"{candidate.product} {candidate.release} for {candidate.channel}", f"candidate {candidate.digest}", ""]
    lines += ["What changes for clients:", *changes]
    lines += [line for text in _rollback(review) for line in wrapped(text, width)]
    if review.built:
        lines += ["", "Compared with your build:", *(line for built in review.built for line in _built_lines(built))]
        lines += wrapped("By signing you state that you built the files marked as the same.", width)
    lines += ["", *wrapped(halves(decision) if review.ships else NOTHING_SHIPS, width)]
    stopping = [verdict for verdict in decision.verdicts if verdict.outcome.stops]
    if stopping:
        lines += ["", "What blocks it now:"]
    for verdict in stopping:
        lines += verdict_lines(verdict, width)
    return [*lines, "", *_standing(review, width)]


def _rollback(review: ReleaseReview) -> list[str]:
    """What takes it back, and what users do with their data then."""
    if isinstance(review.rollback, NoRollback):
        because = review.rollback.because
        return [f"No rollback metadata is signed with it: {because}" + ("" if because.endswith('"') else ".")]
    until = english.moment(review.rollback.metadata.signed.expires)
    signed = f"Signed with it: rollback metadata, to go back to {review.rollback.back_to} if needed, until {until}."
    way = review.release.rollback
    if way is not None and way.backup is not None:
        return [signed, f'Users who go back restore a backup first: "{way.backup}"']
    return [signed, "Users who go back keep their data as it is: it is said to be compatible."]


def _built_lines(built: BuiltFile) -> list[str]:
    match built.result:
        case Comparison.SAME:
            return [f"  same          {built.file}", f"    {built.sha256}"]
        case Comparison.SAME_BUT_SIGNED:
            return [f"  same          {built.file}", "    apart from the code signature of the published file"]
        case Comparison.CODE_SIGNED:
            return [f"  not compared  {built.file}", "    it has a code signature, which no build can repeat"]
        case _:
            return [f"  not compared  {built.file}", "    your directory has no such file"]


def _indented(line: str, width: int) -> list[str]:
    return wrapped(line.strip(), width, 2 + len(line) - len(line.lstrip()))


def _standing(review: Reviewed, width: int) -> list[str]:
    """Who has signed, and what is missing."""
    return approval_lines(review, width) if isinstance(review, ReleaseReview) else role_lines(review.staged, width)


def approval_lines(review: ReleaseReview, width: int, margin: str = "") -> list[str]:
    """Who has approved, whose approval does not count and why, what is missing, and what the rules say."""
    standing, indent = review.standing, len(margin)
    lines = [line for approval in standing.counted for line in _approved(approval, margin)]
    for label, texts in (("not counted", standing.left_out), ("missing", standing.missing)):
        for text in texts:
            lines += hanging(margin + label, text, width, indent + 12)
    if not standing.missing:
        lines.append(f"{margin}All required approvals are there.")
    for because in review.needs.because:
        lines += wrapped(because, width, indent)
    answer = headline(review.decision) if review.ships else "No files change, so this may be promoted at any time."
    return [*lines, *wrapped(answer, width, indent)]


def role_lines(staged: StagedRole, width: int, margin: str = "") -> list[str]:
    """The same for a role."""
    lines = [f"{margin}signed      {signature}" for signature in staged.signed_by]
    for missing in staged.missing:
        lines += hanging(f"{margin}missing", missing, width, len(margin) + 12)
    return lines if staged.missing else [*lines, f"{margin}All required signatures are there."]


def _approved(approval: CandidateApproval, margin: str) -> list[str]:
    """Who approved, and which of the files they say to have built."""
    same = (Comparison.SAME, Comparison.SAME_BUT_SIGNED)
    statement = approval.statement
    built = [file.file for file in statement.built if file.result in same] if statement is not None else []
    says = [f"{margin}            states to have built {file}" for file in built]
    return [f"{margin}approved    {approval}", *says]


def key_names(keyids: tuple[str, ...], configuration: Configuration) -> list[str]:
    """Keys by the names of signers.yaml, and by their ids where it does not know them."""
    known = {public_key(signer).keyid: f"{signer.name} of {signer.person}" for signer in configuration.signers.signers}
    return [known.get(keyid, f"key {keyid[:12]}") for keyid in keyids]
