"""Advisories across files: a floor that rises with the fix, releases that may be named, ids used once (R81)."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from publisher.content.load import load_catalog
from publisher.content.yaml_reader import parse
from publisher.errors import ContentError
from publisher.model.catalog import Catalog
from publisher.model.content.advisory import Advisory
from publisher.wire.version import Version
from tests.content.conftest import Check

ROOT = Path(__file__).parents[2]

ADVISORY = """\
id: leak
product: node
title: The password is not checked
severity: high
affected:
  - {before: "1.11"}
fixed_in: ["1.11"]
summary: Anybody can stop the node.
what_to_do: Update to 1.11.
published: 2026-03-01T09:00:00Z
"""


def write(project: Path, text: str = ADVISORY, name: str = "leak", folder: str = "content") -> None:
    file = project / folder / "advisories" / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def release(project: Path, version: str, more: str = "") -> None:
    releases = project / "content/releases/node"
    text = (releases / "1.10.yaml").read_text().replace('version: "1.10"', f'version: "{version}"')
    (releases / f"{version}.yaml").write_text(text + more)


def floor(project: Path, version: str) -> None:
    products = project / "site_config/products.yaml"
    products.write_text(products.read_text().rstrip() + f'\n    min_secure: "{version}"\n')


SHIPPED = "shipped_at: 2026-02-28T09:00:00Z\n"


def read(project: Path) -> Catalog:
    return load_catalog([project / "content"], project / "site_config")


def test_a_fix_that_has_shipped_raises_the_floor(project: Path, problems: Check) -> None:
    write(project)
    release(project, "1.11", SHIPPED)
    [problem] = problems()
    assert str(problem) == (
        "content/advisories/leak.yaml:7:1: node@1.11 has shipped and fixes this, but `min_secure` of node is not set\n"
        '    -> set `min_secure: "1.11"` in products.yaml, or say in `keeps_min_secure_because` of leak why not'
    )
    floor(project, "1.10")
    [problem] = problems()
    assert problem.what.endswith("`min_secure` of node is 1.10")


def test_a_floor_above_all_affected_versions_is_fine(project: Path, problems: Check) -> None:
    write(project)
    release(project, "1.11", SHIPPED)
    floor(project, "1.11")
    assert problems() == ()


def test_a_floor_may_stay_for_a_reason(project: Path, problems: Check) -> None:
    write(project, f"{ADVISORY}keeps_min_secure_because: Hardly anybody is affected.\n")
    release(project, "1.11", SHIPPED)
    assert problems() == ()


def test_a_floor_that_rises_before_the_fix_is_out_would_tell_of_the_problem(project: Path, problems: Check) -> None:
    write(project)
    release(project, "1.11")
    assert problems() == ()


def test_each_line_has_its_own_range(project: Path, problems: Check) -> None:
    lines = '- {from: "1.10", before: "1.10.1"}\n  - {from: "1.11", before: "1.11.1"}'
    text = ADVISORY.replace('- {before: "1.11"}', lines).replace('["1.11"]', '["1.10.1", "1.11.1"]')
    write(project, text)
    for version in ("1.10.1", "1.11", "1.11.1"):
        release(project, version, SHIPPED)
    [problem] = problems()
    assert problem.fix.startswith('set `min_secure: "1.11.1"`')
    floor(project, "1.11.1")
    assert problems() == ()
    [advisory] = read(project).advisories
    unsafe = [v for v in ("1.9", "1.10", "1.10.1", "1.11", "1.11.1") if advisory.affects(Version.parse(v))]
    assert unsafe == ["1.10", "1.11"]


def test_no_public_advisory_names_an_internal_release(project: Path, problems: Check) -> None:
    release(project, "1.11", "visibility: internal\n")
    write(project)
    [problem] = problems()
    assert str(problem) == (
        "content/advisories/leak.yaml:7:12: node@1.11 is internal, but this advisory names it to the public\n"
        "    -> make the release public, or write `visibility: internal` here"
    )
    write(project, f"{ADVISORY}visibility: internal\n")
    assert problems() == ()


def test_an_id_is_used_once_in_all_overlays(project: Path) -> None:
    release(project, "1.11")
    write(project)
    write(project, folder="private")
    with pytest.raises(ContentError) as refused:
        load_catalog([project / "content", project / "private"], project / "site_config")
    [problem] = refused.value.problems
    assert problem.what == f"advisory id leak is already used in {project}/content/advisories/leak.yaml:1:1"


def test_a_wrong_word_hides_no_wrong_reference_and_no_problem_is_made_up(project: Path, problems: Check) -> None:
    write(project, ADVISORY.replace("severity: high", "severity: hihg"))
    assert [problem.what for problem in problems()] == [
        "`severity` cannot be 'hihg'",
        "there is no release of node named 1.11",
    ]
    write(project, ADVISORY.replace('before: "1.11"', "before: next"))
    assert [problem.place.line for problem in problems()] == [6]


def test_what_cannot_be_read_elsewhere_is_not_guessed_at(project: Path, problems: Check) -> None:
    write(project, ADVISORY.replace("product: node", "product: nod"))
    (project / "site_config/products.yaml").write_text("products: [\n")
    assert {problem.place.file for problem in problems()} == {"site_config/products.yaml"}


def test_details_keep_to_the_markdown_subset(project: Path, problems: Check) -> None:
    release(project, "1.11")
    write(project, f"{ADVISORY}details: Read <b>this</b>.\n")
    [problem] = problems()
    assert problem.what.startswith("`details` ")


def test_the_newest_comes_first_and_says_what_a_version_suffers_from(project: Path) -> None:
    release(project, "1.11")
    write(project)
    newer = ADVISORY.replace("id: leak", "id: later").replace("2026-03-01", "2026-04-01")
    write(project, newer.replace('{before: "1.11"}', '{from: "1.10", before: "1.10.5"}'), "later")
    catalog = read(project)
    assert [advisory.id for advisory in catalog.advisories] == ["later", "leak"]
    assert [advisory.id for advisory in catalog.affecting("node", Version.parse("1.10.7"))] == ["leak"]
    assert catalog.affecting("node", Version.parse("1.11")) == ()
    assert catalog.affecting("other", Version.parse("1.10")) == ()


def test_a_copy_of_the_folder_is_not_mistaken_for_it(project: Path, problems: Check) -> None:
    shutil.copytree(project / "content/releases", project / "content/advisorys")
    problem = problems()[0]
    assert (problem.what, problem.fix) == (
        "is not used",
        "move it to its folder, or remove it; did you mean advisories?",
    )


def test_the_example_of_the_documentation_is_an_advisory() -> None:
    document = (ROOT / "docs/advisories.md").read_text("utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    parsed, problems = parse(example.encode(), "docs/advisories.md")
    assert parsed is not None
    assert list(problems) == []
    advisory = Advisory.model_validate_json(json.dumps(parsed.data))
    assert [str(part) for part in advisory.affected] == ["from 4.0.0, before 4.0.5", "from 4.1.0, before 4.1.2"]
    assert str(advisory.safe_from) == "4.1.2"
    for name in Advisory.model_fields.keys() - {"sample"}:
        assert f"`{name}`" in document or f"{name}:" in document, name
