"""publish keys stage, publish keys promote"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from publisher.cli.inputs import content_options, json_option, load_configured, print_result, wall_clock
from publisher.cli.operate.recover import key_names
from publisher.cli.options import open_to_look, open_to_write, refuse_placeholders, to_option
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.release.shipping import readable
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.model.configuration import Configuration
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.recover import still_trusted
from publisher.pipeline.roles.change import (
    KeySet,
    StagedRole,
    apply_keys,
    key_set,
    plan_keys,
    stage_roles,
    verify_for_all,
)
from publisher.rules import english
from publisher.signing.key_files import described


@click.command()
@click.option("--replace", is_flag=True, help="Supersede what a role is working on; its signatures are void.")
@click.option("--dry-run", is_flag=True, help="Say what would be staged, and write nothing.")
@to_option
@keys_option
@content_options
@json_option
def stage(
    replace: bool,
    dry_run: bool,
    to: str | None,
    keys: Path,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Stage what must be signed anew so that the configuration holds: root, targets, roles that lost signers.

    After a change of signers.yaml, products.yaml or the addresses of endpoints.yaml. Clients see nothing of it until
    all who have to have signed (`publish approve ROLE`), and `publish keys promote` makes it live.
    """
    configuration = load_configured(content, config, quorums=True)
    refuse_placeholders(configuration, config)
    now = wall_clock()
    storage = open_to_look(to, configuration) if dry_run else open_to_write(to, configuration, now)
    root = read_root(config)
    found = key_set(Bucket(readable(storage), root), configuration, now, anew=replace)
    if not dry_run:
        stage_roles(found, storage, configuration, key_ring(configuration.signers, keys), now, replace=replace)
    stolen: Mapping[str, tuple[str, ...]] = {}
    if found.bucket.live is not None:
        stolen = still_trusted(storage, root, configuration.signers, found.root_to_be, found.targets_to_be)
    if as_json:
        staged = [_as_json(one) for one in found.roles]
        print_result({"staged": staged, "still_trusted": stolen, "dry_run": dry_run})
    else:
        click.echo("\n".join([*_warnings(stolen, configuration, terminal_width()), *_lines(found, terminal_width())]))


@click.command()
@to_option
@keys_option
@content_options
@json_option
def promote(to: str | None, keys: Path, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Make staged keys, thresholds and delegations live, once all who have to have signed.

    Needs the keys of snapshot and timestamp; where they change, the old ones sign along, so that clients of every root
    there ever was find what they accept at each moment.
    """
    configuration = load_configured(content, config, quorums=True)
    refuse_placeholders(configuration, config)
    root, now = read_root(config), wall_clock()
    storage = open_to_write(to, configuration, now)
    found = key_set(Bucket(storage, root), configuration, now)
    if not found.roles:
        if as_json:
            print_result({"changed": False, "roles": {}})
        else:
            click.echo("Nothing is to be changed: what is live is what the configuration says.")
        return
    plan = plan_keys(found, configuration, key_ring(configuration.signers, keys), now)
    apply_keys(plan, storage)
    proven = verify_for_all(storage, root, wall_clock())
    if as_json:
        print_result({"changed": True, "roles": dict(plan.publication.changed_roles), "root_first": plan.root_first})
        return
    click.echo(f"Live: {', '.join(f'{role} {version}' for role, version in plan.publication.changed_roles)}.")
    if plan.root_first:
        click.echo("The old keys did not sign along: for a moment clients found nothing that they accept, and waited.")
    click.echo(f"Verified as clients of {english.counted(proven, 'root')}, from the first to the newest.")


def _lines(found: KeySet, width: int) -> list[str]:
    if not found.roles:
        return ["Nothing is to be signed: what is live is what the configuration says."]
    lines: list[str] = []
    for one in found.roles:
        lines += [f"{one.wanted.role}  candidate {one.candidate.digest[:12]}"]
        lines += wrapped(one.wanted.because, width, 2)
        for text in one.difference:
            lines += wrapped(text, width, 4)
        state = f"Still needs {english.listed(one.missing)}." if one.missing else "Everybody has signed who has to."
        lines += wrapped(state, width, 2)
        may = sorted({described(key) for key in one.wanted.may_sign.values()})
        lines += wrapped(f"May sign: {english.listed(may)}.", width, 2)
    then = "publish keys promote" if found.bucket.live is not None else "publish release, or stage, approve and promote"
    lines += ["", "Next, each with their own key: publish approve ROLE --key KEY", f"Then: {then}"]
    return lines


def _warnings(stolen: Mapping[str, tuple[str, ...]], configuration: Configuration, width: int) -> list[str]:
    return [
        line
        for role, keyids in stolen.items()
        for line in wrapped(
            f"Warning: {role} goes on with {english.listed(key_names(keyids, configuration))},"
            " which signed what a recovery replaced. Others can use it, and clients that have seen"
            " its numbers wait until it is changed: publish keys remove --compromised",
            width,
        )
    ]


def _as_json(one: StagedRole) -> dict[str, object]:
    return {
        "role": one.wanted.role,
        "candidate": one.candidate.digest,
        "because": one.wanted.because,
        "difference": list(one.difference),
        "may_sign": sorted({described(key) for key in one.wanted.may_sign.values()}),
        "missing": list(one.missing),
        "new": one.fresh,
    }
