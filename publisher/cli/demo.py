"""publish demo"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from publisher.cli.inputs import wall_clock
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.wheels import read_wheels, wheels_option
from publisher.content.load import load_catalog
from publisher.content.pages import read_handed_out
from publisher.errors import InputError, StorageConflict
from publisher.pipeline import demo
from publisher.pipeline.demo import DemoPlace
from publisher.pipeline.live_state import live_state
from publisher.site.directory_writer import read_files
from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.mkdocs.preview import BUILT_FOR
from publisher.site.render import CALENDARS
from publisher.site.templates import Templates
from publisher.storage.open import open_storage

CONTENT, CONFIG = Path("content"), Path("site_config")
ADDRESS = BUILT_FOR


@click.command()
@wheels_option
def command(wheels: Path | None) -> None:
    """Run everything once, with demo keys, in build/demo: build, sign, publish, verify, and build the site.

    A second run changes nothing and writes nothing to the bucket.
    """
    place, own = DemoPlace(Path("build/demo")), version("tidegate")
    project = load_catalog([CONTENT], CONFIG)
    if project.sample is None or demo.PRODUCT not in project.products:
        raise InputError(
            "the demo publishes the sample content, but this is content of your own",
            fix="run it in a fresh checkout; what an earlier demo left in build/demo can be removed",
        )
    made = demo.make_keys(place, project.signers, wall_clock())
    demo.copy_config(place, CONFIG, ADDRESS)
    _step("keys", f"made {made} demo keys and the first root" if made else "there already")
    catalog = load_catalog([CONTENT], place.config)

    client = demo.build_client(place, own, read_wheels(wheels))
    _step("client", f"built {client.name} ({client.stat().st_size:,} bytes), which contains that root")

    try:
        applied = demo.publish_client(place, catalog, own, wall_clock, track_on_terminal(quiet=False))
    except StorageConflict as error:
        raise StorageConflict(
            error.what, fix="run `make clean`, then again: this program has changed since the last demo"
        ) from error
    published = f"{demo.PRODUCT} {own} to {demo.CHANNEL}"
    _step(
        "publish",
        f"{published}: {len(applied.keys)} objects" if applied else f"nothing changed: {published} is there already",
    )

    state = live_state(open_storage(str(place.bucket)), place.root.read_bytes(), wall_clock(), catalog.signers)
    now = catalog.sample.reference_time if catalog.sample else wall_clock()
    before = read_files(place.site, CALENDARS)
    source = SiteSource(
        catalog,
        state,
        now,
        Templates(Path("templates")),
        calendars_before=before,
        handed_out=read_handed_out(place.config),
    )
    build_site(Path("mkdocs.yml"), place.site, source)
    _step("site", f"built in {place.site}")

    answer = demo.run_downloaded_client(place, own)
    _step("update", f"the client from the bucket reports: {answer}")
    audit = demo.audit_bucket(place, wall_clock())
    _step("audit", f"sound: {audit.signatures} signatures and {audit.objects} objects verified")

    click.echo(
        f"""
Done, in {place.base}:
  bucket/  the signed channel     site/  the site
  keys/    DEMO keys, which no other configuration accepts

Next:
  make serve                                  site and bucket on {ADDRESS}/
  .venv/bin/publish why btfs-node@4.2.0       why a release waits, and until when
  .venv/bin/publish verify {place.bucket} --root {place.root}"""
    )


def _step(name: str, text: str) -> None:
    click.echo(f"{name:8} {text}")
