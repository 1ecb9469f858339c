"""README's own first release, line by line, as a newcomer types it: alone, with several people, on S3, and afterwards.

README may change: what stands there is what is typed. A block under a new subheading makes the first test fail, so that
somebody gives it a place in a walk.
"""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.project import LISTING
from tests.support.walk import Newcomer, blocks

if TYPE_CHECKING:  # boto3 is slow to load
    from tests.support.s3_place import Places

pytestmark = pytest.mark.system

CHAPTER = "Your own first release"
PAGE = blocks(CHAPTER)
ALONE, URGENT = "Alone", "Alone, and a fix cannot wait"
PEOPLE, KEY = "Several people, each with their own keys", "Replacing a key"
SETTING_UP, PUBLISHING = PAGE[CHAPTER][:2], PAGE[CHAPTER][2:]
FILES = ("linux-amd64.tar.gz", "windows-amd64.zip")


def newcomer(base: Path, **instead: str) -> Newcomer:
    bucket = str(base / "bucket")
    return Newcomer.with_checkout(base, instead or {"/srv/bucket": bucket}, {"COLUMNS": "80"})


def set_up(somebody: Newcomer) -> None:
    """The first blocks, and what the text around them asks for."""
    somebody.follow(SETTING_UP)
    mkdocs = somebody.here / "mkdocs.yml"
    mkdocs.write_text(re.sub(r"(?m)^site_name: .*$", "site_name: Our node", mkdocs.read_text()))
    safety = somebody.here / "content/pages/safety.md"
    safety.write_text(re.sub(r'(?s)<p class="tg-fill".*?</p>', "Write to security@our-node.test.", safety.read_text()))
    build(somebody, "1.0.0")


def build(somebody: Newcomer, version: str) -> None:
    """Build the two files of a release, and write its YAML: another file like the first."""
    directory = somebody.here / "dist" / version
    directory.mkdir(parents=True)
    for suffix in FILES:
        (directory / f"our-node-{version}-{suffix}").write_bytes(f"node {version} for {suffix}\n".encode())
    first = somebody.here / "content/releases/our-node/1.0.0.yaml"
    if version != "1.0.0":
        text = re.sub(r"(?m)^shipped_at: .*\n?", "", first.read_text())
        first.with_name(f"{version}.yaml").write_text(text.replace("1.0.0", version))


def recorded(somebody: Newcomer, version: str) -> bool:
    """Whether the release's YAML says when it shipped."""
    file = somebody.here / f"content/releases/our-node/{version}.yaml"
    return re.search(r"(?m)^shipped_at: \S+Z$", file.read_text()) is not None


def follows_from_the_site(somebody: Newcomer, url: str) -> bool:
    """Whether the client and the root that the site hands out follow the channel, by nothing else."""
    site, user = somebody.here / "site", Path(tempfile.mkdtemp(dir=somebody.base))
    page = (site / "downloads/index.html").read_text()
    for name in ("tidegate.pyz", "root.json"):
        assert f'href="../{name}"' in page
        (user / name).write_bytes((site / name).read_bytes())
    said = somebody.type(
        f"python3 -I '{user}/tidegate.pyz' check --product our-node --channel stable --platform linux-amd64"
        f" --current 0.9.0 --url '{url}' --root '{user}/root.json' --state '{user}/state' --json"
    )
    return "update-available" in said


def offered(somebody: Newcomer, url: str) -> str:
    """The version whose file somebody new gets with the client."""
    to = Path(tempfile.mkdtemp(dir=somebody.base))
    somebody.type(
        f"tidegate download --url '{url}' --root site_config/root.json --product our-node --channel stable"
        f" --platform linux-amd64 --current 0.9.0 --state '{to}/state' --to '{to}/files'"
    )
    [file] = (to / "files").iterdir()
    version = file.name.removeprefix("our-node-").removesuffix("-linux-amd64.tar.gz")
    assert file.read_bytes() == f"node {version} for linux-amd64.tar.gz\n".encode()
    return version


def test_every_block_of_the_chapter_has_its_place_in_a_walk() -> None:
    walked = {CHAPTER, ALONE, URGENT, PEOPLE, KEY}
    devices = {"Keys on a token or in a KMS"}  # tests/system/test_tokens.py and test_kms.py do what stands there
    assert set(PAGE) == walked | devices
    assert [block.language for block in PAGE[CHAPTER]] == ["sh", "yaml", "sh", "sh"]


def test_several_people_ship_take_back_and_change_a_key(tmp_path: Path) -> None:
    somebody = newcomer(tmp_path)
    set_up(somebody)
    said = somebody.follow(PUBLISHING)
    assert "Sound." in said
    assert recorded(somebody, "1.0.0")
    url = (tmp_path / "bucket").as_uri()
    assert follows_from_the_site(somebody, url)
    assert "What history teaches" not in (somebody.here / "site/index.html").read_text()
    assert "To be filled in" not in (somebody.here / "site/safety/index.html").read_text()
    assert offered(somebody, url) == "1.0.0"

    build(somebody, "1.1.0")
    shipping = PAGE[PEOPLE][0].text.partition("publish rollback")[0]
    somebody.type(shipping)
    assert recorded(somebody, "1.1.0")
    assert offered(somebody, url) == "1.1.0"
    somebody.type(PAGE[PEOPLE][0].text[len(shipping) :])
    assert offered(somebody, url) == "1.0.0"

    # The day after: what a timer runs, what somebody looks at first, and a key that has to go.
    somebody.type("publish refresh && publish status && publish check")
    somebody.follow(PAGE[KEY])
    assert offered(somebody, url) == "1.0.0"
    assert "Sound." in somebody.type(f"publish verify '{tmp_path / 'bucket'}' --root site_config/root.json")


def test_one_person_alone_ships(tmp_path: Path) -> None:
    somebody = newcomer(tmp_path)
    set_up(somebody)
    somebody.follow(PAGE[ALONE])
    said = somebody.follow(PUBLISHING, without="publish keys init")
    assert "Sound." in said
    url = (tmp_path / "bucket").as_uri()
    assert offered(somebody, url) == "1.0.0"

    # A listing tomorrow stops the fix, until its one override is written.
    build(somebody, "1.0.1")
    now = datetime.now(UTC).replace(microsecond=0)
    tomorrow, after = (f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (1, 2))
    event = somebody.here / "content/events/listing.yaml"
    event.parent.mkdir(exist_ok=True)
    event.write_text(LISTING.format(starts=tomorrow, ends=after))
    release = PUBLISHING[0].text.split("\n")[3].replace("1.0.0", "1.0.1")
    refused = somebody.type(f"{release} || [ $? -eq 3 ]")
    assert "freeze" in refused
    assert offered(somebody, url) == "1.0.0"
    somebody.instead = {
        "SHA256-LINUX": digest(somebody, "1.0.1", FILES[0]),
        "SHA256-WINDOWS": digest(somebody, "1.0.1", FILES[1]),
        "2026-11-28T12:00:00Z": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        "2026-11-29T12:00:00Z": tomorrow,
    }
    somebody.follow(PAGE[URGENT])
    somebody.type(release)
    assert offered(somebody, url) == "1.0.1"


def digest(somebody: Newcomer, version: str, suffix: str) -> str:
    return sha256((somebody.here / f"dist/{version}/our-node-{version}-{suffix}").read_bytes()).hexdigest()


def test_a_bucket_on_s3_takes_the_same_lines(tmp_path: Path, places: Places) -> None:
    place = places.new()
    somebody = newcomer(
        tmp_path, **{"file:///srv/bucket": place.address, "verify /srv/bucket": f"verify '{place.url}'"}
    )
    set_up(somebody)
    somebody.follow(PAGE[ALONE])
    said = somebody.follow(PUBLISHING, without="publish keys init")
    assert "Sound." in said
    assert offered(somebody, place.url) == "1.0.0"
