"""One broken file a reason: each is refused with its place and with words that whoever wrote it understands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.content.conftest import HERE, Check

BAD = HERE / "bad"

# What nobody who edits content should have to read.
JARGON = re.compile(
    r"pydantic|validat|regex|\[a-z|\\d|type=|NoneType|tuple|dict\b|str\b(?!')|int_|ctx|ASCII", re.IGNORECASE
)


def _expected() -> dict[str, tuple[Path, str]]:
    sections = re.split(r"^== ", (BAD / "EXPECTED.txt").read_text("utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        heading, _, text = section.partition("\n")
        name, _, target = heading.partition(" -> ")
        found[name] = (Path(target), text.strip())
    return found


EXPECTED = _expected()


def lay(project: Path, name: str) -> None:
    """Put a broken file where the loader finds it."""
    target = project / EXPECTED[name][0]
    if name == "wrong-file-name":
        (project / "content/events/listing.yaml").unlink()
    target.parent.mkdir(exist_ok=True)
    shutil.copy(BAD / f"{name}.yaml", target)
    if (signers := BAD / "with" / f"{name}.yaml").exists():
        shutil.copy(signers, project / "site_config/signers.yaml")


def test_the_project_without_broken_files_is_fine(problems: Check) -> None:
    assert problems() == ()


def test_every_broken_file_has_its_words() -> None:
    assert {file.stem for file in BAD.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_file_is_refused_in_plain_words(project: Path, problems: Check, name: str) -> None:
    if name == "internal-event-in-public-release":
        event = (project / "content/events/listing.yaml").read_text()
        quiet = event.replace("id: listing", "id: quiet-sample\nvisibility: internal")
        (project / "content/events/quiet-sample.yaml").write_text(quiet)
    lay(project, name)
    said = "\n".join(str(problem) for problem in problems())
    assert said == EXPECTED[name][1]
    assert not JARGON.search(said.replace("!!str", ""))


def test_an_old_file_that_holds_roles_and_signers_is_told_what_to_move(project: Path, problems: Check) -> None:
    config = project / "site_config"
    roles = (config / "roles.yaml").read_text()
    (config / "signers.yaml").write_text(roles + (config / "signers.yaml").read_text())
    (config / "roles.yaml").unlink()
    [problem] = problems()
    assert str(problem) == (
        "site_config/signers.yaml:1:1: `roles` belongs in its own file\n"
        "    -> move `roles:` and everything indented below it to site_config/roles.yaml; `signers:` stays here"
    )
    (config / "roles.yaml").write_text(roles)
    (config / "signers.yaml").write_text("signers: []\n")
    assert problems() == ()


def test_all_problems_of_several_broken_files_come_in_one_run(project: Path, problems: Check) -> None:
    # A syntax error, a wrong value and a wrong reference, in three files: none hides another.
    names = ("open-quote", "unknown-channel", "removal-before-warning", "role-without-policy", "unknown-profile")
    for name in names:
        lay(project, name)
    said = {str(problem) for problem in problems()}
    assert said == {EXPECTED[name][1] for name in names}


def test_what_cannot_be_checked_because_something_else_is_broken_is_not_guessed_at(
    project: Path, problems: Check
) -> None:
    (project / "site_config/products.yaml").write_text("products: [\n")
    (project / "content/events/listing.yaml").write_text("id: [\n")
    assert {problem.place.file for problem in problems()} == {
        "site_config/products.yaml",
        "content/events/listing.yaml",
    }


def test_a_trap_in_one_value_does_not_hide_what_is_wrong_elsewhere_in_the_file(project: Path, problems: Check) -> None:
    file = project / "content/releases/node/1.10.yaml"
    text = file.read_text().replace("restart: service", "restart: yes").replace("action: optional", "action: optinal")
    file.write_text(text.replace("change_class: patch\n", "").replace("symptoms: []", "symptoms:"))
    assert [(problem.place.line, problem.what) for problem in problems()] == [
        (1, "`change_class` is missing"),
        (6, "`notes.action` cannot be 'optinal'"),
        (7, "`restart` is written as yes, which means true or false to some programs"),
        (8, "`symptoms` has no value"),
    ]


def test_a_word_in_doubt_comes_with_the_words_that_fit_its_field(project: Path, problems: Check) -> None:
    file = project / "content/releases/node/1.10.yaml"
    file.write_text(file.read_text().replace("restart: service", "restart: yes"))
    [problem] = problems()
    assert problem.what == "`restart` is written as yes, which means true or false to some programs"
    assert problem.fix == "known: application, none, service, system"


def test_what_refers_to_a_doubtful_item_is_not_guessed_at(project: Path, problems: Check) -> None:
    file = project / "content/events/listing.yaml"
    file.write_text(file.read_text().replace("id: listing", "id: no"))
    assert [problem.what for problem in problems()] == [
        "`id` is written as no, which means true or false to some programs"
    ]


def swap(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def test_a_wrong_value_hides_no_wrong_reference_in_the_same_file(project: Path, problems: Check) -> None:
    swap(
        project / "content/events/listing.yaml",
        ("type: exchange-listing", "type: exchange-listin"),
        ("client_load: 2", "client_load: 9"),
        ("summary: A trading", "sumary: A trading"),
    )
    assert [problem.what for problem in problems()] == [
        "there is no event type exchange-listin",
        "`impact.client_load` must be 3 or less",
        "`sumary` is not a known key here",
    ]


def test_a_wrong_value_in_the_configuration_hides_no_wrong_reference_elsewhere(project: Path, problems: Check) -> None:
    swap(project / "site_config/products.yaml", ("client_type: daemon", "client_type: demon"))
    swap(project / "content/releases/node/1.10.yaml", ("platform: linux-amd64", "platform: linux-arm64"))
    swap(
        project / "content/policy.yaml",
        ("profile: team", "profile: teem"),
    )
    swap(project / "content/events/listing.yaml", ("type: exchange-listing", "type: exchange-listin"))
    assert [(problem.place.file, problem.what) for problem in problems()] == [
        ("content/events/listing.yaml", "there is no event type exchange-listin"),
        ("content/policy.yaml", "`profile` cannot be 'teem'"),
        ("content/releases/node/1.10.yaml", "there is no platform of node named linux-arm64"),
        ("site_config/products.yaml", "`client_type` in entry 1 of `products` cannot be 'demon'"),
    ]


def test_what_stands_in_for_a_wrong_value_is_never_told_as_a_problem(project: Path, problems: Check) -> None:
    # The example of an event type is one that this policy may not know; the value itself has its problem already.
    swap(project / "content/events/listing.yaml", ("type: exchange-listing", "type: Exchange Listing!"))
    assert [problem.what.split(",")[0] for problem in problems()] == ["`type` must be small letters"]
