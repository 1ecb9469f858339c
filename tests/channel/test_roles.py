"""How long roles live, when they are renewed, and how many signatures that asks of people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tuf.api.metadata import TargetFile, Targets

from publisher.channel.roles import BASE_FIELD, is_due, lifetime_of, yearly_signatures
from publisher.content.load import load_catalog
from publisher.model.config.role import Duty, RolePolicy, Roles
from publisher.model.config.signer import Signers

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEAR, QUARTER = timedelta(days=365), timedelta(days=90)
BRAKES = RolePolicy(threshold=1, expires=QUARTER, expires_empty=YEAR)
SIGNERS = Signers(roles={"brakes": BRAKES})


HOLD = {"x-tidegate-brakes": [{"id": "h1"}]}


def brakes(expires: datetime = NOW, fields: dict[str, Any] | None = None) -> Targets:
    return Targets(version=2, expires=expires, unrecognized_fields=fields)


def test_a_role_lives_longer_until_its_first_use() -> None:
    assert lifetime_of(SIGNERS, "brakes", brakes()) == YEAR
    assert lifetime_of(SIGNERS, "brakes", brakes(fields=HOLD)) == QUARTER
    listing = brakes()
    listing.targets["notes/a.json"] = TargetFile.from_data("notes/a.json", b"{}", ["sha256"])
    assert lifetime_of(SIGNERS, "brakes", listing) == QUARTER


def test_what_a_renewal_replaces_is_no_use_of_the_role() -> None:
    assert lifetime_of(SIGNERS, "brakes", brakes(fields={BASE_FIELD: {"version": 1}})) == YEAR


def test_without_expires_empty_an_empty_role_lives_as_long_as_any() -> None:
    signers = Signers(roles={"brakes": RolePolicy(threshold=1, expires=QUARTER)})
    assert lifetime_of(signers, "brakes", brakes()) == QUARTER


@pytest.mark.parametrize("role", ["root", "targets", "channels", "node.stable", "snapshot", "timestamp"])
def test_only_roles_that_begin_empty_may_have_expires_empty(role: str) -> None:
    with pytest.raises(ValidationError, match="only rollout, brakes and notes can be empty"):
        Roles(roles={role: BRAKES})


@pytest.mark.parametrize(("left", "due"), [(31, False), (30, True)])
def test_an_empty_role_is_renewed_30_days_ahead(left: int, due: bool) -> None:
    assert is_due(SIGNERS, "brakes", brakes(NOW + timedelta(days=left)), NOW) is due


def renewals_of_a_year(role: str, signed: Targets, signers: Signers) -> int:
    """Renewals of a year, counted hour by hour as a timer would."""
    count, now = 0, NOW
    signed.expires = now + lifetime_of(signers, role, signed)
    while now < NOW + YEAR:
        now += timedelta(hours=1)
        if is_due(signers, role, signed, now):
            signed.expires = now + lifetime_of(signers, role, signed)
            count += 1
    return count


@pytest.mark.parametrize("fields", [{}, HOLD], ids=["empty", "used"])
def test_signatures_of_a_year_are_what_a_year_of_renewals_asks_for(fields: dict[str, Any]) -> None:
    yearly = yearly_signatures(BRAKES, "brakes")
    assert renewals_of_a_year("brakes", brakes(fields=dict(fields)), SIGNERS) == (
        yearly.used if fields else yearly.empty
    )


def test_each_duty_is_another_persons_signature() -> None:
    policy = RolePolicy(threshold=1, expires=YEAR, duties=(Duty.ENGINEERING, Duty.OPERATIONS))
    assert yearly_signatures(policy, "channels").used == 2


def test_readme_says_who_signs_what_how_often() -> None:
    """The table, from the configuration that a new project begins with."""
    roles = load_catalog([REPOSITORY / "content"], REPOSITORY / "site_config").signers.roles
    table = re.findall(r"^\| `([a-z]+)` \|[^|]+\| (\d+) d \|[^|]+\| (\d+)(?:, in use (\d+))? \|$", README, re.M)
    assert [role for role, *_ in table] == ["root", "targets", "channels", "rollout", "brakes", "notes"]
    for role, days, empty, used in table:
        policy = roles[role]
        yearly = yearly_signatures(policy, role)
        assert timedelta(days=int(days)) == (policy.expires_empty or policy.expires), role
        assert (int(empty), int(used or empty)) == (yearly.empty, yearly.used), role
    assert f"**{sum(int(empty) for _, _, empty, _ in table)} signatures a year**" in README
