"""The policy's freeze matrix written out as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.model.content.policy import Band, FreezePolicy
from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.rules.freeze.matrix import Case, Lengths, Subject, Sum, freeze_lengths


class Bands:
    """The freeze matrix, read once for every kind of event, client and change.

    Of what adjustments may also ask (reach, sensitivity, tests, people) it takes what asks for nothing more.
    """

    def __init__(self, policy: FreezePolicy) -> None:
        self.policy = policy
        self._known: dict[tuple[str, int, ClientType, ChangeClass], Lengths | None] = {}

    def lengths(self, kind: str, severity: int, client_type: ClientType, change_class: ChangeClass) -> Lengths | None:
        """The band of one cell of the matrix; None where the policy exempts it."""
        key = (kind, severity, client_type, change_class)
        if key not in self._known:
            subject = Subject("", client_type, change_class, blast_radius=1, event_sensitivity=1)
            self._known[key] = freeze_lengths(self.policy, Case(kind, severity), subject)
        return self._known[key]


SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class MatrixCell:
    """A band, and how each of its lengths came about."""

    band: Band
    story: tuple[str, ...]


@dataclass(frozen=True)
class MatrixRow:
    """One line of the policy's freeze table."""

    client_type: ClientType
    classes: tuple[ChangeClass, ...]
    severities: tuple[int, int]
    """Lowest and highest severity that it is for."""
    cell: MatrixCell | None
    """None: exempt."""


@dataclass(frozen=True)
class MatrixTable:
    """The freeze table of event types that are treated alike."""

    because: str
    events: tuple[str, ...]
    rows: tuple[tuple[ClientType, tuple[MatrixRow, ...]], ...]


def freeze_matrix(bands: Bands) -> tuple[MatrixTable, ...]:
    """The whole freeze matrix, written out; event types with equal tables share one."""
    tables: dict[tuple[str, object], list[str]] = {}
    content: dict[tuple[str, object], tuple[tuple[ClientType, tuple[MatrixRow, ...]], ...]] = {}
    for base in bands.policy.base:
        for kind in base.events:
            rows = tuple((client_type, tuple(_matrix_rows(bands, kind, client_type))) for client_type in ClientType)
            key = (base.because, rows)
            tables.setdefault(key, []).append(kind)
            content[key] = rows
    return tuple(MatrixTable(key[0], tuple(kinds), content[key]) for key, kinds in tables.items())


def _matrix_rows(bands: Bands, kind: str, client_type: ClientType) -> Iterable[MatrixRow]:
    alike: dict[tuple[MatrixCell | None, ...], list[ChangeClass]] = {}
    for change_class in ChangeClass:
        cells = tuple(_cell(bands.lengths(kind, severity, client_type, change_class)) for severity in SEVERITIES)
        alike.setdefault(cells, []).append(change_class)
    for cells, classes in alike.items():
        start = 0
        for index in range(1, len(cells) + 1):
            if index == len(cells) or cells[index] != cells[start]:
                yield MatrixRow(client_type, tuple(classes), (SEVERITIES[start], SEVERITIES[index - 1]), cells[start])
                start = index


def _cell(lengths: Lengths | None) -> MatrixCell | None:
    if lengths is None:
        return None
    return MatrixCell(lengths.band, tuple(_told(name, total) for name, total in lengths.sums.items() if total.terms))


def _told(name: str, total: Sum) -> str:
    """hard before: 7 days (exchange listing)."""
    return f"{name.replace('_', ' ')}: {total.text()}"
