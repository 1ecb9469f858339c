"""publish keys"""

from __future__ import annotations

import os
from pathlib import Path

import click

from publisher.cli.inputs import Project, project_options, wall_clock
from publisher.cli.keys import edit, stage_promote
from publisher.cli.keys import list as keys_list
from publisher.cli.output.emit import notice, say
from publisher.cli.secrets import PASSPHRASE, ask_new_passphrase, keys_option
from publisher.cli.suggesting_group import SuggestingGroup
from publisher.errors import UsageError
from publisher.model.config.role import Duty
from publisher.pipeline.keys.ceremony import ROOT_FILE, Person, ceremony, refuse_second_ceremony, write_ceremony
from publisher.rules import english
from publisher.text.suggest import did_you_mean
from publisher.text.terminal import whole


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Keys of the update channel."""


command.add_command(keys_list.command)
command.add_command(edit.add)
command.add_command(edit.rotate)
command.add_command(edit.remove)
command.add_command(stage_promote.stage)
command.add_command(stage_promote.promote)


@command.command()
@click.option(
    "--person",
    "people",
    multiple=True,
    required=True,
    metavar="NAME:DUTY[,DUTY]",
    help=f"Who signs, and what for ({', '.join(Duty)}). Repeat it for each person.",
)
@click.option("--no-passphrase", is_flag=True, help="Keep the keys unencrypted (mode 0600), as for a machine.")
@keys_option
@project_options
def init(people: tuple[str, ...], no_passphrase: bool, keys: Path, project: Project) -> None:
    """Make a key for each person and role, signers.yaml, and the first root.

    Each person types a passphrase for their own keys. Thresholds, lifetimes and duties are those of roles.yaml. The
    new root.json beside it is what clients trust from the start: build it into them, and keep it.
    """
    template, config = project.configuration().signers, project.config
    persons = [_person(text) for text in people]
    made = ceremony(template, persons, wall_clock())
    refuse_second_ceremony(made, keys, config)
    passphrases = {} if no_passphrase else _passphrases([person.name for person in persons])
    write_ceremony(made, keys, config, passphrases)
    say(f"{len(made.keys)} keys are in {whole(keys)}; keep that directory out of git, and a copy of it offline.")
    say(f"{whole(config / 'signers.yaml')} names them, and {whole(config / ROOT_FILE)} is the first root.")


def _passphrases(persons: list[str]) -> dict[str, str]:
    """One a person, typed by each; the one in the environment protects all, and that is said."""
    names = list(dict.fromkeys(persons))
    if len(names) == 1:
        return {names[0]: ask_new_passphrase("the new keys")}
    if (shared := os.environ.get(PASSPHRASE)) is not None:
        notice(
            f"One passphrase, from {PASSPHRASE}, protects the keys of {english.listed(names)}: anybody who knows it can"
            f" sign for all {len(names)}. Without the variable each of them is asked for their own."
        )
        return dict.fromkeys(names, shared)
    return {name: ask_new_passphrase(f"the new keys of {name}") for name in names}


def _person(text: str) -> Person:
    name, separator, duties = text.partition(":")
    if not separator or not name or not duties:
        raise UsageError(
            f"--person {text} does not name a person and duties",
            fix=f"write NAME:DUTY or NAME:DUTY,DUTY; duties are {', '.join(Duty)}",
        )
    if unknown := [duty for duty in duties.split(",") if duty not in list(Duty)]:
        raise UsageError(f"--person {text} names no duty: {unknown[0]}", fix=did_you_mean(unknown[0], list(Duty)))
    return Person(name, tuple(Duty(duty) for duty in duties.split(",")))
