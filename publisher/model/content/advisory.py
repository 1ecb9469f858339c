"""Security advisories (content/advisories/): which versions are unsafe, what fixes them, and what to do (R81, R86)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from publisher.model.values import HttpsUrl, Markdown, Model, ReleaseVersion, Slug, Text, UtcTime, worded_pattern
from publisher.model.visibility import Restricted, Visibility
from publisher.wire.version import Version

_CVE_CHECK, _CVE_SCHEMA = worded_pattern(
    "CVE-(19|20)[0-9]{2}-[0-9]{4,7}", "must be a CVE id", "CVE-2026-12345", 20, lambda text: text.strip().upper()
)
CveId = Annotated[str, _CVE_CHECK, _CVE_SCHEMA]
"""A number of the CVE list: CVE-2026-12345."""


class AdvisorySeverity(StrEnum):
    """How bad it is for users of an affected version, mildest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AffectedRange(Model):
    """Versions that follow one another, all of them unsafe."""

    from_: Annotated[ReleaseVersion | None, Field(alias="from")] = None
    """The first affected version, in quotes; left out: all before `before`."""
    before: ReleaseVersion | None = None
    """The first version after it that is not affected, in quotes; left out: all from `from` on."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.from_ is None and self.before is None:
            raise ValueError("has no limit; write `from`, `before` or both")
        if self.from_ is not None and self.before is not None and self.before <= self.from_:
            raise ValueError(f"`before` must be later than `from`, which is {self.from_}")
        return self

    def contains(self, version: Version) -> bool:
        """Whether the version is one of them."""
        return (self.from_ is None or version >= self.from_) and (self.before is None or version < self.before)

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.from_} and later"
        return f"before {self.before}" if self.from_ is None else f"from {self.from_}, before {self.before}"


class Advisory(Restricted):
    """A security problem of released versions, told to those who run them."""

    id: Slug
    """Name in files, pages and signed records, the same as the file's; never reused."""
    product: Slug
    """The product, by id."""
    title: Text
    """What is wrong, as a headline."""
    severity: AdvisorySeverity
    """How bad it is: low, medium, high or critical."""
    affected: Annotated[tuple[AffectedRange, ...], Field(min_length=1)]
    """The unsafe versions, as ranges; one for each line that got a fix of its own."""
    fixed_in: tuple[ReleaseVersion, ...] = ()
    """The versions that fix it, in quotes; one for each maintained line."""
    none_yet_because: Text | None = None
    """Why there is no fix yet; instead of `fixed_in`."""
    summary: Text
    """What an attacker can do, in plain words and without instructions."""
    what_to_do: Text
    """What users of an affected version do first."""
    cves: tuple[CveId, ...] = ()
    """Its numbers in the CVE list."""
    published: UtcTime
    """When the public learns of it; before that no page shows it."""
    security_details_after: UtcTime | None = None
    """When the details will be told, as a promise: not earlier, and if they are missing then, an alarm says so."""
    details_url: HttpsUrl | None = None
    """Where the details are told."""
    details: Markdown | None = None
    """The details themselves."""
    keeps_min_secure_because: Text | None = None
    """Why `min_secure` of the product stays below a version that fixes it; left out: it rises with the fix."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.fixed_in and self.none_yet_because is not None:
            raise ValueError("`none_yet_because` says that there is no fix; remove it, or `fixed_in`")
        if not self.fixed_in and self.none_yet_because is None:
            raise ValueError("nothing is said of a fix; name versions in `fixed_in`, or say why in `none_yet_because`")
        if self.fixed_in and any(part.before is None for part in self.affected):
            raise ValueError("`affected` has no end, although there is a fix; add `before`")
        if self.keeps_min_secure_because is not None and not self.fixed_in:
            raise ValueError("`keeps_min_secure_because` works only with `fixed_in`; remove it")
        if self.visibility is Visibility.EMBARGOED and self.embargoed_until and self.published < self.embargoed_until:
            raise ValueError("`published` is before `embargoed_until`; write the same moment in both")
        if self.security_details_after is not None and self.security_details_after < self.published:
            raise ValueError("`security_details_after` is before `published`; promise a later moment")
        return self

    @property
    def grave(self) -> bool:
        """Whether it is severe enough for the home page."""
        return self.severity in (AdvisorySeverity.HIGH, AdvisorySeverity.CRITICAL)

    @property
    def safe_from(self) -> Version | None:
        """The lowest version above all affected ones; None where a range has no end."""
        ends = [part.before for part in self.affected]
        return None if None in ends else max(end for end in ends if end is not None)

    def affects(self, version: Version) -> bool:
        """Whether the version is unsafe."""
        return any(part.contains(version) for part in self.affected)

    def breaks_promise(self, now: UtcTime) -> bool:
        """Whether the details were promised for a moment that has passed, and are not told."""
        promised = self.security_details_after
        return promised is not None and promised <= now and self.details is None and self.details_url is None

    def public(self, now: UtcTime) -> Self | None:
        """What the public may read of it at `now`: no details that are promised for later, and before its time None."""
        if not self.is_public(now) or self.published > now:
            return None
        if self.security_details_after is None or self.security_details_after <= now:
            return self
        return self.model_copy(update={"details": None, "details_url": None})
