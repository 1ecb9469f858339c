"""The page of downloads: what each channel offers, what not to use, and how to check a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from publisher.model.content.product import Product
from publisher.model.records.channel_state import LiveRelease
from publisher.model.records.site_manifest import OWN_CLIENT, OWN_ROOT
from publisher.site.brakes import BrakeView, hold_views, withdrawals_in
from publisher.site.labels import Chip
from publisher.site.page_model import Page, Scene
from publisher.site.pages.releases import Download, folder_url
from publisher.wire.web_path import web_path


def pages(scene: Scene, beside: Collection[str] = ()) -> Iterator[Page]:
    """The page; `beside` are the files in content/pages."""
    shelves = _shelves(scene)
    files = [download for shelf in shelves for offer in shelf.offers for download in offer.files]
    yield Page(
        "downloads.md",
        "Downloads",
        "downloads.md.jinja",
        "All current files, and how to check them on Linux, macOS and Windows.",
        {
            "shelves": shelves,
            "example": _example(scene, shelves),
            "windows_example": _example(scene, shelves, "windows"),
            "key": minisign_key(scene),
            "client_file": next((download.artifact.file for download in files if _is_client(download)), None),
            "own": [name for name in (OWN_CLIENT, OWN_ROOT) if name in beside],
        },
    )


def _is_client(download: Download) -> bool:
    """The reference client is published as one Python zipapp."""
    return download.artifact.file.startswith("tidegate") and download.artifact.file.endswith(".pyz")


def minisign_key(scene: Scene) -> str | None:
    """The key for checks by hand, if a bucket was read."""
    return scene.state.minisign_public_key if scene.state else None


@dataclass(frozen=True)
class Offer:
    """The files of one version that a channel offers."""

    version: str
    page: str | None
    files: tuple[Download, ...]
    folder: str


@dataclass(frozen=True)
class StoppedFile:
    """A file that is there and offered to nobody."""

    file: str
    platform: str
    version: str
    page: str | None
    chip: Chip


@dataclass(frozen=True)
class Shelf:
    """What one channel of one product has for download."""

    product: Product
    channel: str
    offers: tuple[Offer, ...]
    """The newest version first; several where platforms differ."""
    recorded: str | None
    """The newest version on record, where the channel offers nothing."""
    recorded_page: str | None
    stopped: tuple[StoppedFile, ...]
    holds: tuple[BrakeView, ...]
    withdrawn: tuple[BrakeView, ...]
    """What those who run a newer version, which was withdrawn, have to know."""


def _shelves(scene: Scene) -> list[Shelf]:
    return [
        _shelf(scene, product, channel) for product in scene.catalog.products.values() for channel in product.channels
    ]


def _shelf(scene: Scene, product: Product, channel: str) -> Shelf:
    offers = tuple(_offer(scene, offer) for offer in scene.offers_of(product.id, channel))
    known = not offers and not scene.is_all_stopped(product.id, channel)
    recorded = scene.current(product.id, channel) if known else None
    withdrawn = withdrawals_in(scene, product.id, channel)
    holds = tuple(view for view in hold_views(scene) if (view.product.id, view.channel) == (product.id, channel))
    return Shelf(
        product=product,
        channel=channel,
        offers=offers,
        recorded=str(recorded.version) if recorded else None,
        recorded_page=scene.page_of(product.id, recorded.version) if recorded else None,
        stopped=tuple(_stopped(scene, (*withdrawn, *holds), product.id, channel)),
        holds=holds,
        withdrawn=tuple(view for view in withdrawn if not view.newer),
    )


def _offer(scene: Scene, offer: LiveRelease) -> Offer:
    folder = folder_url(scene, offer.product, str(offer.version))
    files = tuple(Download(artifact, f"{folder}{web_path(artifact.file)}") for artifact in offer.artifacts)
    return Offer(str(offer.version), scene.page_of(offer.product, offer.version), files, folder)


def _stopped(scene: Scene, brakes: Sequence[BrakeView], product: str, channel: str) -> Iterator[StoppedFile]:
    """The files that would be offered otherwise; what a withdrawal says of one goes before what a hold says."""
    for live in scene.stopped_files(product, channel):
        for artifact in live.artifacts:
            chip = next(view.file_chip for view in brakes if view.concerns(live.version, artifact.platform))
            page = scene.page_of(product, live.version)
            yield StoppedFile(artifact.file, artifact.platform, str(live.version), page, chip)


@dataclass(frozen=True)
class Example:
    """The names that the commands on the download page use; real ones where something is live."""

    product: str
    channel: str
    version: str
    platform: str
    file: str
    sha256: str
    folder: str
    origin: str
    real: bool


def _example(scene: Scene, shelves: Sequence[Shelf], system: str = "") -> Example:
    """A file that is live, for `system` if there is one; words in capitals when nothing is."""
    origin = scene.catalog.endpoints.downloads[0]
    live = [(shelf, offer, file.artifact) for shelf in shelves for offer in shelf.offers for file in offer.files]
    fitting = [row for row in live if row[2].platform.startswith(system)]
    for shelf, offer, artifact in (fitting or live)[:1]:
        return Example(
            shelf.product.id,
            shelf.channel,
            offer.version,
            artifact.platform,
            artifact.file,
            artifact.sha256,
            offer.folder,
            origin,
            True,
        )
    return Example(
        "PRODUCT",
        "CHANNEL",
        "VERSION",
        "PLATFORM",
        "FILE",
        "THE-64-DIGITS-OF-THE-TABLE",
        f"{origin}/releases/PRODUCT/VERSION/",
        origin,
        False,
    )
