"""From a real Prometheus to the answer of `publish why`, by the lines that README gives to cron."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.model.records.decision import Decision
from publisher.model.values import format_time
from publisher.rules.gates.environment.monitors import GATE
from tests.support.command import Publish
from tests.support.project import Project
from tests.support.prometheus_server import PrometheusServer
from tests.support.system import need

pytestmark = pytest.mark.system

CRON = """
now=$(($(date +%s) / step * step))
curl -fsSG -o content/readings/failed-syncs.json "$PROMETHEUS/api/v1/query_range" \\
  --data-urlencode "query=$QUERY" -d start=$((now - 60 * step)) -d end=$now -d step=$step
"""
MONITOR = """\
id: failed-syncs
measures: errors
metric: Failed syncs in a thousand
baseline: 4
at_most: 12
every: 36 h
"""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    need("curl")
    with PrometheusServer.started(tmp_path_factory.mktemp("prometheus")) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A severe listing whose soft freeze ended an hour ago, a release that waits for it, and a monitor."""
    project = Project(tmp_path)
    ended = datetime.now(UTC) - timedelta(hours=73)
    project.add_listing(format_time(ended - timedelta(hours=2)), format_time(ended))
    project.add_release("1.0.0")
    with (project.content / "policy.yaml").open("a") as file:
        file.write("monitors: {severity_at_least: 3, required: [errors], patience: 7 d}\n")
    for folder in ("monitors", "readings"):
        (project.content / folder).mkdir()
    (project.content / "monitors/failed-syncs.yaml").write_text(MONITOR)
    return project


def save(project: Project, prometheus: PrometheusServer, query: str) -> subprocess.CompletedProcess[str]:
    """What the timer runs."""
    given = {"PROMETHEUS": prometheus.address, "QUERY": query, "step": "1", "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        ["sh", "-c", CRON],
        cwd=project.base,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def why(publish: Publish, project: Project) -> tuple[str, str]:
    """The answer, and what the monitors have to do with it."""
    ran = publish("why", "node@1.0.0", "--json", cwd=project.base)
    assert ran.code == 0, ran.err
    decision = Decision.model_validate_json(ran.out)
    return decision.outcome, next(verdict.outcome for verdict in decision.verdicts if verdict.rule == GATE.id)


def test_r22_a_release_may_go_once_prometheus_has_measured_that_clients_are_well(
    prometheus: PrometheusServer, project: Project, publish: Publish
) -> None:
    assert why(publish, project) == ("unknown", "unknown")
    prometheus.measure(logins=1000, failed_logins=5)
    query = "1000 * sum(failed_logins) / sum(logins)"
    prometheus.wait_for(f"{query} == 5")
    assert save(project, prometheus, query).returncode == 0
    assert publish("check", cwd=project.base).code == 0
    assert why(publish, project) == ("pass", "not-applicable")


def test_r22_a_release_is_stopped_while_prometheus_measures_that_clients_are_not_well(
    prometheus: PrometheusServer, project: Project, publish: Publish
) -> None:
    query = "1000 * sum(failed_syncs) / sum(syncs)"
    prometheus.measure(syncs=1000, failed_syncs=40)
    prometheus.wait_for(f"{query} == 40")
    assert save(project, prometheus, query).returncode == 0
    assert why(publish, project) == ("blocked", "blocked")
    assert "Failed syncs in a thousand: 40 on" in " ".join(publish("why", "node@1.0.0", cwd=project.base).out.split())

    # Nobody syncs at all: 0 / 0 is NaN, which measures nothing, so the last reading counts on.
    prometheus.measure(syncs=0, failed_syncs=0)
    prometheus.wait_for("sum(syncs) == 0")
    assert save(project, prometheus, query).returncode == 0
    assert '"NaN"]]' in (project.content / "readings/failed-syncs.json").read_text()
    assert why(publish, project) == ("blocked", "blocked")

    prometheus.measure(syncs=1000, failed_syncs=5)
    prometheus.wait_for(f"{query} == 5")
    assert save(project, prometheus, query).returncode == 0
    assert why(publish, project) == ("pass", "not-applicable")


def test_a_query_that_finds_several_series_is_told_with_their_labels(
    prometheus: PrometheusServer,
    project: Project,
    publish: Publish,
) -> None:
    prometheus.measure(nodes=1000)
    prometheus.wait_for("nodes == 1000")
    assert save(project, prometheus, "nodes").returncode == 0
    ran = publish("check", cwd=project.base)
    assert ran.code == 1
    said = " ".join((ran.out + ran.err).split())
    assert "content/readings/failed-syncs.json:1:1: contains 2 series, but one is needed: nodes{instance=" in said
    assert 'job="clients", region="a"}' in said
    assert "put the query in sum(...)" in said


def test_a_query_that_fails_leaves_the_file_as_it_was(prometheus: PrometheusServer, project: Project) -> None:
    prometheus.measure(nodes=1000)
    prometheus.wait_for("nodes == 1000")
    assert save(project, prometheus, "sum(nodes)").returncode == 0
    file = project.content / "readings/failed-syncs.json"
    before = file.read_bytes()
    ran = save(project, prometheus, "sum(nodes")
    assert (ran.returncode, "400" in ran.stderr) == (22, True)
    assert file.read_bytes() == before


def test_an_error_that_was_saved_is_told_in_the_words_of_prometheus(
    prometheus: PrometheusServer,
    project: Project,
    publish: Publish,
) -> None:
    file = project.content / "readings/failed-syncs.json"
    address = f"{prometheus.address}/api/v1/query?query=sum("
    subprocess.run(["curl", "-sS", "-g", "-o", str(file), address], check=True, timeout=60)
    assert json.loads(file.read_bytes())["status"] == "error"
    said = " ".join(publish("check", cwd=project.base).err.split())
    assert "Prometheus answered with an error:" in said
    assert "unclosed left parenthesis" in said
