"""Files -> Catalog. Every problem of every file comes in one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from publisher.content.explain import validation_problems
from publisher.content.items import Item, Loaded, M
from publisher.content.links import link_problems
from publisher.content.strict_yaml import Document, parse
from publisher.content.strict_yaml import Path as FieldPath
from publisher.errors import ContentError, InputError, Place, Problem
from publisher.model.catalog import Catalog, Sample
from publisher.model.deprecation import Deprecation
from publisher.model.endpoint import Endpoints
from publisher.model.event import Event
from publisher.model.policy import Policy
from publisher.model.product import Channel, Product
from publisher.model.release import Release
from publisher.model.signer import Signers


def load_catalog(content: Sequence[Path], config: Path) -> Catalog:
    """Read, validate and link all content.

    `content` are directories laid over one another: the first is the public one, further ones are private overlays
    that add items. `config` is the directory of products, channels, endpoints and signers.

    Raises ContentError with every problem of every file, InputError when a directory is missing.
    """
    for directory in (*content, config):
        if not directory.is_dir():
            raise InputError(f"there is no directory {directory}", fix="give the right one with --content or --config")
    reader = _Reader()
    loaded = reader.read(content, config)
    if reader.problems or loaded is None:
        raise ContentError(tuple(reader.problems))
    if problems := link_problems(loaded):
        raise ContentError(tuple(problems))
    policy = loaded.policy.value
    return Catalog(
        products={item.value.id: item.value for item in loaded.products},
        channels={item.value.id: item.value for item in loaded.channels},
        endpoints=loaded.endpoints.value,
        signers=loaded.signers.value,
        policy=policy,
        policy_digest=hashlib.sha256(policy.model_dump_json().encode()).hexdigest(),
        events=tuple(sorted((i.value for i in loaded.events), key=lambda event: (event.starts, event.id))),
        releases=tuple(sorted((i.value for i in loaded.releases), key=lambda r: (r.product, r.version))),
        deprecations=tuple(sorted((i.value for i in loaded.deprecations), key=lambda d: (d.product, d.id))),
        sample=loaded.sample.value if loaded.sample else None,
    )


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, content: Sequence[Path], config: Path) -> Loaded | None:
        public = content[0]
        self._refuse_strays(content, config)
        products = self._many(config / "products.yaml", "products", Product)
        channels = self._many(config / "channels.yaml", "channels", Channel)
        endpoints = self._one(config / "endpoints.yaml", Endpoints)
        signers = self._one(config / "signers.yaml", Signers)
        policy = self._one(public / "policy.yaml", Policy)
        sample_file = public / "sample.yaml"
        sample = self._one(sample_file, Sample) if sample_file.exists() else None
        events = self._tree(content, "events", Event)
        releases = self._tree(content, "releases", Release)
        deprecations = self._tree(content, "deprecations", Deprecation)
        if endpoints is None or signers is None or policy is None:
            return None
        return Loaded(products, channels, endpoints, signers, policy, events, releases, deprecations, sample)

    def _refuse_strays(self, content: Sequence[Path], config: Path) -> None:
        """A file that nobody reads is a mistake that nobody sees: wrong ending, wrong folder."""
        known_folders = {"events", "releases", "deprecations", "pages"}
        for directory in content:
            for entry in sorted(directory.iterdir()):
                if entry.name.startswith(".") or entry.name == "README.md":
                    continue
                fine = entry.name in known_folders if entry.is_dir() else entry.name in ("policy.yaml", "sample.yaml")
                if not fine:
                    self.problems.append(
                        Problem(
                            "is not read by anything",
                            Place(str(entry)),
                            "move it to its folder, or remove it",
                        )
                    )
        expected = {"products.yaml", "channels.yaml", "endpoints.yaml", "signers.yaml"}
        for entry in sorted(config.glob("*.y*ml")):
            if entry.name not in expected:
                self.problems.append(
                    Problem("is not read by anything", Place(str(entry)), f"known: {', '.join(sorted(expected))}")
                )

    def _document(self, file: Path) -> Document | None:
        try:
            text = file.read_bytes()
        except OSError as error:
            self.problems.append(Problem(f"cannot be read: {error.strerror}", Place(str(file))))
            return None
        document, problems = parse(text, str(file))
        self.problems.extend(problems)
        return document

    def _validated(self, value: object, model: type[M], document: Document, at: FieldPath = ()) -> Item[M] | None:
        try:
            # By way of JSON, since strict validation then takes lists for tuples and words for enum members.
            return Item(model.model_validate_json(json.dumps(value)), document, at)
        except ValidationError as error:
            self.problems.extend(validation_problems(error, model, document, at))
            return None

    def _one(self, file: Path, model: type[M]) -> Item[M] | None:
        document = self._document(file)
        return None if document is None else self._validated(document.data, model, document)

    def _many(self, file: Path, key: str, model: type[M]) -> list[Item[M]]:
        """A file that holds one list of items under `key`."""
        document = self._document(file)
        if document is None:
            return []
        if (
            not isinstance(document.data, dict)
            or list(document.data) != [key]
            or not isinstance(document.data[key], list)
        ):
            self.problems.append(Problem(f"must hold one list, `{key}:`", document.place(())))
            return []
        items = (
            self._validated(value, model, document, (key, index)) for index, value in enumerate(document.data[key])
        )
        return [item for item in items if item is not None]

    def _tree(self, content: Sequence[Path], folder: str, model: type[M]) -> list[Item[M]]:
        """One item a file, in all overlays."""
        items: list[Item[M]] = []
        for directory in content:
            for file in sorted((directory / folder).rglob("*")):
                if file.is_dir() or file.name.startswith(".") or file.name == "README.md":
                    continue
                if file.suffix != ".yaml":
                    self.problems.append(Problem("is not read: its name must end in .yaml", Place(str(file))))
                    continue
                if (item := self._one(file, model)) is not None:
                    items.append(item)
        return items
