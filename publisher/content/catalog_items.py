"""Validated items that remember their place, between reading and linking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from publisher.content.yaml_reader import Document
from publisher.content.yaml_reader import Path as FieldPath
from publisher.errors import Place
from publisher.model.catalog import Sample
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.role import Roles
from publisher.model.config.signer import Signers, SignersFile
from publisher.model.config.staffing import Staffing
from publisher.model.content.advisory import Advisory
from publisher.model.content.calendar_review import Review
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.monitor import Monitor
from publisher.model.content.policy import Policy
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Override, Scenario, Signal, SprintFreeze
from publisher.model.values import Model

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Item(Generic[M]):
    """A validated item and where it came from, so that later checks can point at it."""

    value: M
    document: Document
    at: FieldPath = ()

    def place(self, *path: str | int) -> Place:
        return self.document.place((*self.at, *path))


@dataclass(frozen=True, kw_only=True)
class LoadedConfiguration:
    """The configuration's items that are valid by themselves, before they are linked."""

    products: Sequence[Item[Product]]
    channels: Sequence[Item[Channel]]
    endpoints: Item[Endpoints] | None
    roles: Item[Roles] | None
    signers: Item[SignersFile] | None
    incomplete: frozenset[str]
    """Kinds of which something could not be read. What refers to them cannot be checked: it may well exist."""

    @property
    def both(self) -> Signers | None:
        """What roles.yaml and signers.yaml say together; None where one of them cannot be read."""
        if self.roles is None or self.signers is None:
            return None
        file = self.signers.value
        return Signers(demo=file.demo, signers=file.signers, roles=self.roles.value.roles)


@dataclass(frozen=True, kw_only=True)
class Loaded(LoadedConfiguration):
    """The same with all content."""

    policy: Item[Policy] | None
    events: Sequence[Item[Event]]
    releases: Sequence[Item[Release]]
    deprecations: Sequence[Item[Deprecation]]
    sample: Item[Sample] | None
    earlier_policies: Sequence[Item[Policy]]
    sprints: Sequence[Item[SprintFreeze]]
    scenarios: Sequence[Item[Scenario]]
    signals: Sequence[Item[Signal]]
    monitors: Sequence[Item[Monitor]]
    overrides: Sequence[Item[Override]]
    maintenance: Sequence[Item[Maintenance]]
    advisories: Sequence[Item[Advisory]]
    staffing: Item[Staffing] | None
    review: Item[Review] | None
