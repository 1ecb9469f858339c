"""What may ship now, by product and change class: the freeze matrix read at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.product import Product
from publisher.model.release import ChangeClass
from publisher.rules.bands import Subject
from publisher.rules.timeline import timeline
from publisher.rules.windows import Window


@dataclass(frozen=True)
class ClassOutlook:
    """Whether releases of one class may ship, and what stops them."""

    change_class: ChangeClass
    stopped_by: Window | None
    """The window that stops them longest; None when they may ship."""

    @property
    def open(self) -> bool:
        """Whether they may ship."""
        return self.stopped_by is None


def outlook(catalog: Catalog, product: Product, now: datetime) -> tuple[ClassOutlook, ...]:
    """For each change class, the freeze window that stops it at `now`."""
    return tuple(
        ClassOutlook(
            change_class,
            max(
                timeline(catalog, Subject.of(product, change_class)).stopping.holding(now),
                key=lambda window: window.end,
                default=None,
            ),
        )
        for change_class in ChangeClass
    )
