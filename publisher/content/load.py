"""Files -> Catalog. Every problem of every file comes in one run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from publisher.content.catalog_items import Item, Loaded, LoadedConfiguration, M
from publisher.content.error_recovery import mended
from publisher.content.explain import fitting_words, trapped_problems, validation_problems
from publisher.content.links.across_files import configuration_problems, link_problems, policy_problems
from publisher.content.pages import page_problems
from publisher.content.readings.prometheus import readings
from publisher.content.readings.saved import Saved, readings_problems, with_readings
from publisher.content.safe_directory import Tree, read_file, read_tree
from publisher.content.text_encoding import Refused
from publisher.content.yaml_reader import Document, parse
from publisher.errors import ContentError, InputError, Place, Problem
from publisher.model.catalog import Catalog, Sample
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.role import Roles
from publisher.model.config.signer import Signers, SignersFile
from publisher.model.config.staffing import Staffing
from publisher.model.configuration import Configuration
from publisher.model.content.advisory import Advisory
from publisher.model.content.calendar_review import Review
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.monitor import Monitor, Reading
from publisher.model.content.policy import Policy
from publisher.model.content.product import Channels, Products
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Override, Scenario, Signal, SprintFreeze
from publisher.model.values import Model
from publisher.rules.requirements.required import with_deadlines
from publisher.text.suggest import did_you_mean

FOLDERS = (
    "events", "releases", "deprecations", "policies",
    "sprints", "scenarios", "signals", "monitors", "overrides", "maintenance", "advisories",
)  # fmt: skip
"""Folders of content with one item a file."""
PAGES = "pages"
"""Folder of prose and pictures."""
READINGS = "readings"
"""Folder of what programs have measured, one file for a monitor or a signal."""


ROLES = "roles.yaml"
SIGNERS = "signers.yaml"
HISTORY = "history.yaml"
"""The file of the configuration that says how foreign history is read; no decision rests on it."""
SCHEDULES = "schedules"
"""The folder of the configuration with the mappings of foreign schedules."""


def load_configuration(
    config: Path, *, instead: Mapping[Path, bytes] = MappingProxyType({}), quorums: bool = True
) -> Configuration:
    """Read, validate and link products, channels, endpoints and signers, whatever all other files say.

    `instead` holds what files are to say that are about to be written. Without `quorums`, roles may be short of keys,
    as while keys change. Raises ContentError with every problem of these files, InputError when there is no directory.
    """
    _need_directory(config)
    reader = _TreeReader(instead)
    loaded = reader.configuration(config)
    linked = [
        problem for problem in configuration_problems(loaded, quorums=quorums) if problem.place not in reader.doubtful
    ]
    if problems := [*reader.problems, *linked]:
        raise ContentError(tuple(problems))
    # Without a problem, nothing is missing.
    assert loaded.endpoints is not None
    return Configuration(
        products={item.value.id: item.value for item in loaded.products},
        channels={item.value.id: item.value for item in loaded.channels},
        endpoints=loaded.endpoints.value,
        signers=_signers(loaded),
    )


def load_catalog(
    content: Sequence[Path],
    config: Path,
    *,
    instead: Mapping[Path, bytes] = MappingProxyType({}),
    quorums: bool = True,
    besides: Mapping[Path, type[Model]] = MappingProxyType({}),
) -> Catalog:
    """Read, validate and link all content.

    `content` are directories laid over one another: the first is the public one, further ones are private overlays
    that add items. `config` is the directory of products, channels, endpoints and signers. `instead` and `quorums` as
    for `load_configuration`. `besides` are files of no catalog that need not be there; only their problems count.

    Raises ContentError with every problem of every file, InputError when a directory is missing.
    """
    for directory in (*content, config):
        _need_directory(directory)
    reader = _TreeReader(instead)
    loaded = reader.read(content, config)
    for file, model in besides.items():
        reader.optional_item(file, model)
    linked = [problem for problem in link_problems(loaded, quorums=quorums) if problem.place not in reader.doubtful]
    if problems := [*reader.problems, *linked]:
        raise ContentError(tuple(problems))
    # Without a problem, nothing is missing.
    assert loaded.policy is not None
    assert loaded.endpoints is not None
    catalog = Catalog(
        products={item.value.id: item.value for item in loaded.products},
        channels={item.value.id: item.value for item in loaded.channels},
        endpoints=loaded.endpoints.value,
        signers=_signers(loaded),
        policy=loaded.policy.value,
        events=tuple(sorted((i.value for i in loaded.events), key=lambda event: (event.starts, event.id))),
        releases=tuple(sorted((i.value for i in loaded.releases), key=lambda r: (r.product, r.version))),
        deprecations=tuple(sorted((i.value for i in loaded.deprecations), key=lambda d: (d.product, d.id))),
        sample=loaded.sample.value if loaded.sample else None,
        earlier_policies=tuple(sorted((i.value for i in loaded.earlier_policies), key=lambda policy: policy.effective)),
        sprints=tuple(sorted((i.value for i in loaded.sprints), key=lambda sprint: (sprint.starts, sprint.id))),
        scenarios=tuple(sorted((i.value for i in loaded.scenarios), key=lambda scenario: scenario.id)),
        signals=tuple(sorted((i.value for i in loaded.signals), key=lambda signal: signal.id)),
        monitors=tuple(sorted((i.value for i in loaded.monitors), key=lambda monitor: monitor.id)),
        overrides=tuple(sorted((i.value for i in loaded.overrides), key=lambda override: override.id)),
        maintenance=tuple(sorted((i.value for i in loaded.maintenance), key=lambda window: (window.starts, window.id))),
        advisories=tuple(sorted((i.value for i in loaded.advisories), key=lambda a: (a.published, a.id), reverse=True)),
        staffing=loaded.staffing.value if loaded.staffing else None,
        review=loaded.review.value if loaded.review else None,
    )
    return with_deadlines(catalog)


def _signers(loaded: LoadedConfiguration) -> Signers:
    signers = loaded.both
    assert signers is not None  # without a problem, nothing is missing
    return signers


def _need_directory(directory: Path) -> None:
    if not directory.is_dir():
        raise InputError(
            f"there is no directory {directory}",
            fix="run it in the directory with content/ and site_config/, or give --content and --config",
        )


def load_policy(file: Path) -> Policy:
    """A policy that need not be part of any content; raises ContentError with every problem of it."""
    item = load_item(file, Policy)
    if problems := tuple(policy_problems(item)):
        raise ContentError(problems)
    return item.value


def load_item(file: Path, model: type[M]) -> Item[M]:
    """What one file holds, with its place; raises ContentError with every problem of it, InputError without a file."""
    try:
        content = read_file(file.resolve())
    except FileNotFoundError:
        raise InputError(f"there is no file {file}", fix="give the right one with --policy or --mapping") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    reader = _TreeReader({file: content})
    item = reader.single_item(file, model)
    if item is None or reader.problems:
        raise ContentError(tuple(reader.problems))
    return item


class _TreeReader:
    def __init__(self, instead: Mapping[Path, bytes] = MappingProxyType({})) -> None:
        self.instead = instead
        self.trees: dict[Path, Tree] = {}
        self.problems: list[Problem] = []
        self.incomplete: set[str] = set()
        self.doubtful: set[Place] = set()
        """Where a mended item does not say what its file says."""

    def configuration(self, config: Path) -> LoadedConfiguration:
        products = self.single_item(config / "products.yaml", Products)
        channels = self.single_item(config / "channels.yaml", Channels)
        read = self._document(config / SIGNERS)
        signers = self._without_roles(read, config)
        if signers is not read:  # what is to be moved is not missing besides
            self.incomplete.add("roles")
        return LoadedConfiguration(
            products=_each(products, "products", products.value.products) if products else (),
            channels=_each(channels, "channels", channels.value.channels) if channels else (),
            endpoints=self.single_item(config / "endpoints.yaml", Endpoints),
            roles=self.single_item(config / ROLES, Roles) if signers is read else None,
            signers=self._item(signers, SignersFile, "signers"),
            incomplete=frozenset(self.incomplete),
        )

    def _without_roles(self, signers: Document | None, config: Path) -> Document | None:
        """What signers.yaml says of keys; the roles that it held once are a problem."""
        if signers is None or not isinstance(signers.data, dict) or "roles" not in signers.data:
            return signers
        there = config / ROLES in self.instead or (config / ROLES).exists()
        fix = f"move `roles:` and everything indented below it to {config / ROLES}; `signers:` stays here"
        if there:
            fix = f"remove `roles:` and everything indented below it here; {config / ROLES} has it"
        self.problems.append(Problem("`roles` belongs in its own file", signers.place(("roles",)), fix))
        return replace(signers, data={name: value for name, value in signers.data.items() if name != "roles"})

    def read(self, content: Sequence[Path], config: Path) -> Loaded:
        public = content[0]
        for directory in dict.fromkeys((*content, config)):
            self.trees[directory] = tree = read_tree(directory)
            self.problems.extend(tree.problems)
        for directory in content:
            self.problems.extend(page_problems(self.trees[directory], directory / PAGES))
        self._refuse_strays(content, config)
        configured = self.configuration(config)
        loaded = Loaded(
            products=configured.products,
            channels=configured.channels,
            endpoints=configured.endpoints,
            roles=configured.roles,
            signers=configured.signers,
            policy=self.single_item(public / "policy.yaml", Policy),
            events=self._tree(content, "events", Event),
            releases=self._tree(content, "releases", Release),
            deprecations=self._tree(content, "deprecations", Deprecation),
            sample=self.optional_item(public / "sample.yaml", Sample),
            earlier_policies=self._tree(content[:1], "policies", Policy),
            sprints=self._tree(content, "sprints", SprintFreeze),
            scenarios=self._tree(content, "scenarios", Scenario),
            signals=self._tree(content, "signals", Signal),
            monitors=self._tree(content, "monitors", Monitor),
            overrides=self._tree(content, "overrides", Override),
            maintenance=self._tree(content, "maintenance", Maintenance),
            advisories=self._tree(content, "advisories", Advisory),
            staffing=self.optional_item(config / "staffing.yaml", Staffing),
            review=self.optional_item(public / "calendar.yaml", Review),
            incomplete=frozenset(self.incomplete),
        )
        saved = self._saved(content)
        self.problems.extend(readings_problems(loaded, saved))
        return with_readings(loaded, saved)

    def _refuse_strays(self, content: Sequence[Path], config: Path) -> None:
        """A file that nobody reads is a mistake that nobody sees: wrong ending, wrong folder."""
        folders = (*FOLDERS, READINGS, PAGES)
        for directory in content:
            files = ("policy.yaml", "sample.yaml", "calendar.yaml") if directory == content[0] else ()
            tree = self.trees[directory]
            for entry in sorted((*tree.files, *tree.folders)):
                known = folders if entry in tree.folders else files
                if entry.parent != directory or entry.name in known or entry.name == "README.md":
                    continue
                fix = "move it to its folder, or remove it; " + did_you_mean(entry.name, (*folders, *files))
                if entry.name in ("policy.yaml", "sample.yaml", "calendar.yaml"):
                    fix = f"remove it; an overlay only adds items, and this file is read only in {content[0]}"
                self.problems.append(Problem("is not used", Place(str(entry)), fix))
        expected = ("products.yaml", "channels.yaml", "endpoints.yaml", ROLES, SIGNERS, "staffing.yaml", HISTORY)
        for entry in self.trees[config].files:
            if entry.parent == config and entry.suffix in (".yaml", ".yml") and entry.name not in expected:
                self.problems.append(Problem("is not used", Place(str(entry)), did_you_mean(entry.name, expected)))

    def _bytes(self, file: Path) -> bytes | None:
        """What a file holds; None when it has a problem, which is then noted."""
        if file in self.instead:
            return self.instead[file]
        for tree in self.trees.values():
            if file in tree.files:
                return tree.files[file]
            if file in tree.refused or any(parent in tree.refused for parent in file.parents):
                return None
        try:
            return read_file(file)
        except OSError as error:
            fix = "add it; every project needs this file" if isinstance(error, FileNotFoundError) else ""
            self.problems.append(Problem(f"cannot be read: {error.strerror}", Place(str(file)), fix))
            return None

    def _document(self, file: Path) -> Document | None:
        content = self._bytes(file)
        if content is None:
            return None
        document, problems = parse(content, str(file))
        self.problems.extend(problems)
        return document

    def _validated(self, model: type[M], document: Document) -> Item[M] | None:
        filled_in = trapped_problems(model, document)
        self.problems = [filled_in.get(problem, problem) for problem in self.problems]
        try:
            # By way of JSON, since strict validation then takes lists for tuples and words for enum members.
            item = Item(model.model_validate_json(json.dumps(document.data)), document)
        except ValidationError as error:
            fitting = fitting_words(error, document)
            self.problems = [
                replace(problem, fix=fitting.get((problem.place.file, problem.place.line), problem.fix))
                for problem in self.problems
            ]
            self.problems.extend(validation_problems(error, model, document))
        else:
            if not document.doubtful:
                return item
        if (whole := mended(model, document)) is None:
            return None
        self.doubtful |= whole.doubtful
        return whole.item

    def single_item(self, file: Path, model: type[M]) -> Item[M] | None:
        """The item of a file that holds one; None when it has a problem."""
        return self._item(self._document(file), model, file.stem)

    def _item(self, document: Document | None, model: type[M], kind: str) -> Item[M] | None:
        item = None if document is None else self._validated(model, document)
        if item is None:
            self.incomplete.add(kind)
        return item

    def optional_item(self, file: Path, model: type[M]) -> Item[M] | None:
        """The item of a file that need not be there."""
        there = file in self.instead or any(file in (*tree.files, *tree.refused) for tree in self.trees.values())
        return self.single_item(file, model) if there else None

    def _files(self, content: Sequence[Path], folder: str, ending: str) -> Iterator[Path]:
        """The files of a folder in all overlays; those of another ending are problems."""
        for directory in content:
            tree = self.trees[directory].files
            for file in (*tree, *(file for file in self.instead if file not in tree)):
                if not file.is_relative_to(directory / folder) or file.name == "README.md":
                    continue
                if file.suffix == ending:
                    yield file
                    continue
                self.problems.append(
                    Problem(f"is ignored; its name must end in {ending}", Place(str(file)), _fix_for_name(file, ending))
                )

    def _tree(self, content: Sequence[Path], folder: str, model: type[M]) -> list[Item[M]]:
        """One item a file, in all overlays."""
        items: list[Item[M]] = []
        for file in self._files(content, folder, ".yaml"):
            document = self._document(file)
            item = None if document is None else self._validated(model, document)
            if item is None:
                self.incomplete.add(folder)
            else:
                items.append(item)
        return items

    def _saved(self, content: Sequence[Path]) -> list[Saved]:
        """What programs have measured, in all overlays."""
        files: list[Saved] = []
        for file in self._files(content, READINGS, ".json"):
            if (answer := self._bytes(file)) is None:
                continue
            values: tuple[Reading, ...] = ()
            try:
                values = readings(answer, str(file))
            except Refused as refused:
                self.problems.append(refused.problem)
            files.append(Saved(str(file), values))
        return files


def _each(whole: Item[Any], key: str, values: Sequence[M]) -> list[Item[M]]:
    """The items of a file that holds a list of them under `key`."""
    return [Item(value, whole.document, (key, index)) for index, value in enumerate(values)]


_COPY = re.compile(r"(\.(orig|rej|bak|old|save|swp|tmp)|~)+$", re.IGNORECASE)
_OTHER_ENDING = re.compile(r"\.(ya?ml|json|txt|md)$", re.IGNORECASE)


def _fix_for_name(file: Path, ending: str) -> str:
    """What to do with a file of another ending; a version in its name stays whole."""
    if copy := _COPY.search(file.name):
        return f"remove it; a merge or an editor left this copy of {file.name[: copy.start()]}"
    return f"name it {_OTHER_ENDING.sub('', file.name)}{ending}, or remove it if it is a copy"
