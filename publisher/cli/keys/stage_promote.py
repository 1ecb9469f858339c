"""publish keys stage, publish keys promote"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import Project, project_options, wall_clock
from publisher.cli.options import open_to_look, open_to_write, readable, refuse_placeholders, to_option
from publisher.cli.output.approvals import key_names
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.model.configuration import Configuration
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.recover import still_trusted
from publisher.pipeline.roles.change import (
    KeySet,
    KeysPlan,
    StagedRole,
    apply_keys,
    key_set,
    plan_keys,
    stage_roles,
    verify_for_all,
)
from publisher.rules import english
from publisher.signing.public_keys import described
from publisher.text.terminal import versions, wrapped


@click.command()
@click.option("--replace", is_flag=True, help="Supersede what a role is working on; its signatures are void.")
@click.option("--dry-run", is_flag=True, help="Say what would be staged, and write nothing.")
@to_option
@keys_option
@project_options
@answering
def stage(replace: bool, dry_run: bool, to: str | None, keys: Path, project: Project) -> Report:
    """Stage what must be signed anew so that the configuration holds: root, targets, roles that lost signers.

    After a change of signers.yaml, products.yaml or the addresses of endpoints.yaml. Clients see nothing of it until
    all who have to have signed (`publish approve ROLE`), and `publish keys promote` makes it live.
    """
    configuration = project.configuration(quorums=True)
    refuse_placeholders(configuration, project.config)
    now = wall_clock()
    storage = open_to_look(to, configuration) if dry_run else open_to_write(to, configuration, now)
    root = read_root(project.config)
    anew = key_set(Bucket(readable(storage), root), configuration, now, anew=replace)
    if not dry_run:
        stage_roles(anew, storage, configuration, key_ring(configuration.signers, keys), now, replace=replace)
    stolen: Mapping[str, tuple[str, ...]] = {}
    if anew.bucket.live is not None:
        stolen = still_trusted(storage, root, configuration.signers, anew.root_to_be, anew.targets_to_be)
    return StagedReport(anew, stolen, configuration, dry_run)


@click.command()
@to_option
@keys_option
@project_options
@answering
def promote(to: str | None, keys: Path, project: Project) -> Report:
    """Make staged keys, thresholds and delegations live, once all who have to have signed.

    Needs the keys of snapshot and timestamp; where they change, the old ones sign along, so that clients of every root
    there ever was find what they accept at each moment.
    """
    configuration = project.configuration(quorums=True)
    refuse_placeholders(configuration, project.config)
    root, now = read_root(project.config), wall_clock()
    storage = open_to_write(to, configuration, now)
    staged = key_set(Bucket(storage, root), configuration, now)
    if not staged.roles:
        return PromotedReport(None)
    plan = plan_keys(staged, configuration, key_ring(configuration.signers, keys), now)
    apply_keys(plan, storage)
    return PromotedReport(plan, verify_for_all(storage, root, wall_clock()))


@dataclass(frozen=True)
class StagedReport(Report):
    """What must be signed anew, by whom, and which keys should not go on."""

    anew: KeySet
    still_trusted: Mapping[str, tuple[str, ...]]
    """Role -> ids of keys that signed what a recovery replaced."""
    configuration: Configuration
    dry_run: bool

    def lines(self, width: int) -> list[str]:
        lines: list[str] = []
        for role, keyids in self.still_trusted.items():
            lines += wrapped(
                f"Warning: {role} still uses {english.listed(key_names(keyids, self.configuration))},"
                " which signed the state that a recovery replaced. Others can use it, and clients that have seen"
                " that state wait until it is changed: publish keys remove --compromised",
                width,
            )
        if not self.anew.roles:
            return [*lines, *wrapped("Nothing to sign: what is live matches the configuration.", width)]
        for staged in self.anew.roles:
            lines += [f"{staged.to_sign.role}  candidate {staged.candidate.digest[:12]}"]
            lines += wrapped(staged.to_sign.because, width, 2)
            for text in staged.difference:
                lines += wrapped(text, width, 4)
            missing = f"Still needs {english.listed(staged.missing)}."
            lines += wrapped(missing if staged.missing else "All required signatures are there.", width, 2)
            lines += wrapped(f"May sign: {english.listed(_may_sign(staged))}.", width, 2)
        live = self.anew.bucket.live is not None
        then = "publish keys promote" if live else "publish release, or stage, approve and promote"
        return [*lines, "", "Next, each with their own key: publish approve ROLE --key KEY", f"Then: {then}"]

    def data(self) -> dict[str, object]:
        staged = [
            {
                "role": staged.to_sign.role,
                "candidate": staged.candidate.digest,
                "because": staged.to_sign.because,
                "difference": staged.difference,
                "may_sign": _may_sign(staged),
                "missing": staged.missing,
                "new": staged.fresh,
            }
            for staged in self.anew.roles
        ]
        return {"staged": staged, **picked(self, "still_trusted", "dry_run")}


def _may_sign(staged: StagedRole) -> list[str]:
    return sorted({described(key) for key in staged.to_sign.may_sign.values()})


@dataclass(frozen=True)
class PromotedReport(Report):
    """Keys that are live now."""

    plan: KeysPlan | None
    """None when nothing is to be changed."""
    roots: int = 0
    """Clients of so many roots, from the first to the newest, accept it."""

    def lines(self, width: int) -> list[str]:
        if self.plan is None:
            return wrapped("Nothing to change: what is live matches the configuration.", width)
        lines = wrapped(f"Live: {versions(self.plan.publication.changed_roles)}.", width)
        if self.plan.root_first:
            lines += wrapped(
                "The old keys did not sign this change, so clients could not update for a moment.",
                width,
            )
        roots = english.counted(self.roots, "root")
        return [*lines, *wrapped(f"Verified as clients of {roots}, from the first to the newest.", width)]

    def data(self) -> dict[str, object]:
        if self.plan is None:
            return {"changed": False, "roles": {}}
        return {"changed": True, "roles": dict(self.plan.publication.changed_roles), "root_first": self.plan.root_first}
