"""`publish demo`: the whole main job once, with demo keys, on the project's own reference client.

Everything is real but the keys and the sample content: the client that is built, signed, published, downloaded and
run is the one that products ship.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.channel.audit.channel import Audit
from publisher.channel.layout import release_key
from publisher.client.embedded import Trusted
from publisher.errors import InputError, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.config.role import Duty
from publisher.model.config.signer import Signers
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.client_build import build_zipapp
from publisher.pipeline.client_wheels import Wheel
from publisher.pipeline.decide import Clock, ReleaseRequest
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.keys.ceremony import ROOT_FILE, Person, ceremony, write_ceremony
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.progress import Track
from publisher.pipeline.release.release import apply_release, plan_release
from publisher.storage.open import open_storage
from publisher.wire.version import Version

PRODUCT, CHANNEL = "update-client", "stable"

PEOPLE = (
    Person("demo-engineer", (Duty.ENGINEERING,)),
    Person("demo-operator", (Duty.OPERATIONS,)),
    Person("demo-executive", (Duty.EXECUTIVE,)),
    Person("demo-writer", (Duty.COMMS,)),
    Person("demo-timer", (Duty.AUTOMATION,)),
)

CLIENT_SECONDS = 60
"""How long the downloaded client may take for one command."""


@dataclass(frozen=True)
class DemoPlace:
    """Where the demo keeps its things."""

    base: Path

    @property
    def keys(self) -> Path:
        """Private demo keys, mode 0600."""
        return self.base / "keys"

    @property
    def config(self) -> Path:
        return self.base / "site_config"

    @property
    def artifacts(self) -> Path:
        return self.base / "artifacts"

    @property
    def bucket(self) -> Path:
        return self.base / "bucket"

    @property
    def site(self) -> Path:
        return self.base / "site"

    @property
    def downloads(self) -> Path:
        return self.base / "downloads"

    @property
    def root(self) -> Path:
        return self.config / ROOT_FILE


OWN = ("endpoints.yaml", "signers.yaml")
"""What the demo writes into its configuration itself; everything else is the project's."""


def make_keys(place: DemoPlace, template: Signers, now: datetime) -> int:
    """Make demo keys and the first root; 0 when they are there already, else how many keys were made."""
    if place.root.exists():
        return 0
    shutil.rmtree(place.config, ignore_errors=True)
    shutil.rmtree(place.keys, ignore_errors=True)
    place.config.mkdir(parents=True)
    made = ceremony(template, PEOPLE, now, demo=True)
    write_ceremony(made, place.keys, place.config, passphrases={})
    return len(made.keys)


def copy_config(place: DemoPlace, project_config: Path, address: str) -> None:
    """Take over the project's configuration as it is now, but for addresses and keys.

    `address` is where `publish serve` shows site and bucket. Whatever decides comes along, so that the demo's site
    says what `publish why` says.
    """
    for stale in place.config.glob("*.yaml"):
        if stale.name not in OWN:
            stale.unlink()
    for file in project_config.glob("*.yaml"):
        if file.name not in OWN:
            shutil.copyfile(file, place.config / file.name)
    (place.config / "endpoints.yaml").write_text(
        f"# Written by `publish demo`.\nsite: {address}\ndownloads: [{address}/bucket]\n", encoding="utf-8"
    )


def build_client(place: DemoPlace, version: str, wheels: Sequence[Wheel]) -> Path:
    """The reference client as one file that carries the demo's root."""
    trusted = Trusted(place.bucket.resolve().as_uri(), PRODUCT, CHANNEL, place.root.read_bytes())
    data = build_zipapp(trusted=trusted, version=Version.parse(version), wheels=wheels)
    place.artifacts.mkdir(parents=True, exist_ok=True)
    for old in place.artifacts.iterdir():
        old.unlink()
    file = place.artifacts / f"tidegate-{version}.pyz"
    file.write_bytes(data)
    return file


def publish_client(place: DemoPlace, catalog: Catalog, version: str, clock: Clock, track: Track) -> Written | None:
    """Publish what was built; None when the bucket says all of it already.

    The sample content lives at its own time, and is decided on for that time; signatures are dated now.
    """
    release = catalog.find(PRODUCT, version)
    if release is None:
        raise InputError(
            f"the content has no release {PRODUCT}@{version}, which is the version of this program",
            fix=f"add content/releases/{PRODUCT}/{version}.yaml",
        )
    request = ReleaseRequest(
        release,
        CHANNEL,
        place.artifacts,
        decide_at=catalog.sample.reference_time if catalog.sample else None,
    )
    storage = open_storage(str(place.bucket))
    storage.prepare()
    keys = KeyRing(catalog.signers, place.keys, lambda _name: None)
    plan = plan_release(request, catalog, Bucket(storage, place.root.read_bytes()), keys, clock(), track=track)
    return None if plan.nothing_to_do else apply_release(plan, catalog, storage, clock, track)


def run_downloaded_client(place: DemoPlace, version: str) -> str:
    """Check and download the update with the client that the bucket hands out. Returns what the check said.

    It runs isolated from this installation, as on a machine with nothing but Python.
    """
    published = place.bucket / release_key(PRODUCT, version, f"tidegate-{version}.pyz")
    with tempfile.TemporaryDirectory(prefix="tidegate-demo-") as scratch:
        client = Path(scratch) / published.name
        shutil.copyfile(published, client)
        shutil.rmtree(place.downloads, ignore_errors=True)
        common = ["--platform", "any", "--state", str(Path(scratch) / "state"), "--current", "0.0.0", "--json"]
        answer = _run([str(client), "check", *common])
        _run([str(client), "download", *common, "--to", str(place.downloads)])
    if answer["outcome"] != "update-available":
        raise VerificationError(f"the downloaded client says {answer['outcome']} instead of update-available")
    if (place.downloads / published.name).read_bytes() != published.read_bytes():
        raise VerificationError("the downloaded client downloaded something else than what was published")
    return str(answer["reason"])


def audit_bucket(place: DemoPlace, now: datetime) -> Audit:
    """The audit from outside. Raises VerificationError when anything refutes the channel."""
    audit = verify_channel(StoreSource(open_storage(str(place.bucket))), place.root.read_bytes(), now)
    if not audit.sound:
        raise VerificationError("\n".join(f"{finding.where} {finding.what}" for finding in audit.findings))
    return audit


def _run(words: Sequence[str]) -> dict[str, object]:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", *words], capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False
    )
    if ran.returncode != 0:
        raise VerificationError(f"the downloaded client failed: {ran.stdout}{ran.stderr}")
    answer = json.loads(ran.stdout)
    assert isinstance(answer, dict)
    return answer
