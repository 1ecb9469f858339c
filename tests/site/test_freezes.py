"""Freezes as the site tells them agree with the rules that decide."""

from __future__ import annotations

from datetime import timedelta

from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.model.values import duration_text
from publisher.rules.evaluate import evaluate
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.site.freezes import freezes, product_outlook
from publisher.site.matrix import Bands, freeze_matrix
from tests.site.factory import NOW, catalog, event, policy, product, release


def test_an_outlook_agrees_with_the_decision_at_every_hour() -> None:
    content = catalog(events=(event(), event("second", starts="2026-11-29T00:00:00Z", ends="2026-11-29T12:00:00Z")))
    for hours in range(0, 24 * 20, 7):
        now = NOW + timedelta(hours=hours)
        outlook = product_outlook(content, content.products["node"], now)
        for change_class in ChangeClass:
            decision = evaluate(content, release(change_class=change_class), "stable", now)
            assert (change_class in outlook.open) == decision.go, (now, change_class)
            if not decision.go:
                (wait,) = [wait for wait in outlook.waits if change_class in wait.classes]
                assert wait.until == decision.next_change


def test_a_wait_through_freezes_that_touch_is_one_wait() -> None:
    content = catalog(events=(event(), event("next", starts="2026-11-28T00:00:00Z", ends="2026-11-28T12:00:00Z")))
    outlook = product_outlook(content, content.products["node"], NOW)
    waits = [wait for wait in outlook.waits if ChangeClass.FEATURE in wait.classes]
    assert [duration_text(wait.until - NOW) for wait in waits] == ["11 d"]


def test_products_and_classes_that_wait_alike_share_a_row() -> None:
    content = catalog(products=(product(), product("other", name="Other")), events=(event(),))
    (freeze,) = freezes(content, NOW)
    assert all([one.id for one in row.products] == ["node", "other"] for row in freeze.rows)
    assert ChangeClass.DOCS not in {one for row in freeze.rows for one in row.classes}
    for row in freeze.rows:
        for change_class in row.classes:
            line = timeline(content, Subject.of(content.products["node"], change_class))
            assert row.hard is not None
            assert (row.hard.start, row.hard.end) in {(w.start, w.end) for w in line.windows}


def test_a_cancelled_event_stops_nothing() -> None:
    content = catalog(events=(event(status="cancelled"),))
    assert freezes(content, NOW) == ()


def test_the_arithmetic_of_a_hidden_event_is_hidden_since_it_names_the_kind() -> None:
    content = catalog(events=(event(visibility="internal"),))
    (freeze,) = freezes(content, NOW)
    assert {row.arithmetic for row in freeze.rows} == {""}


def test_the_matrix_says_every_class_at_every_severity_once() -> None:
    for table in freeze_matrix(Bands(policy().freeze)):
        for client_type, rows in table.rows:
            cells = [
                (one, severity)
                for row in rows
                for one in row.classes
                for severity in range(row.severities[0], row.severities[1] + 1)
            ]
            assert sorted(cells) == sorted((one, severity) for one in ChangeClass for severity in range(1, 6))
            assert client_type in ClientType
