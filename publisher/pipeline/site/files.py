"""The files of a built site: what lies where, in which order it goes up, and how a web server hands it out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from publisher.channel.layout import LEDGER, STAGING
from publisher.channel.size_limits import PAGE_LIMIT
from publisher.errors import InputError
from publisher.model.records.site_manifest import MANIFEST, SiteManifest, SitePage
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.objects.planned import CHANGING, IMMUTABLE
from publisher.signing.private_keys import private_key_in
from publisher.site.directory_writer import MARKER
from publisher.site.media_types import media_type
from publisher.storage.protocol import Body, ObjectMeta, check_key

CHANNEL_FOLDERS = ("tuf/", STAGING, LEDGER)
"""What a channel bucket has and a site never does."""

SHORT = "public, max-age=300"
"""For files that pages load by a name that stays the same when they change."""

# bundle.a5f9d56c.min.js, main.57a0d79d.min.css.map: the name changes whenever the bytes do.
_HASHED = re.compile(r"assets/.*\.[0-9a-f]{8}(\.min)?\.(js|css)(\.map)?")


class UploadStep(IntEnum):
    """The order in which files go up: what a page needs is there before the page."""

    ASSETS = 1
    SEARCH = 2
    PAGES = 3
    SITEMAP = 4
    """Names pages to the world, so they are there by then."""

    @property
    def words(self) -> str:
        return {1: "assets", 2: "the search index", 3: "pages", 4: "the sitemap"}[self]


@dataclass(frozen=True)
class SiteFile:
    """One file of the built site, hashed."""

    path: str
    body: Body

    @property
    def page(self) -> SitePage:
        return SitePage(size=self.body.size, sha256=self.body.sha256)

    @property
    def step(self) -> UploadStep:
        return step_of(self.path)


def read_site(directory: Path) -> tuple[SiteFile, ...]:
    """Every file of a built site, by path. Raises InputError for what cannot be published."""
    if not directory.is_dir():
        raise InputError(f"there is no built site in {directory}")
    files = []
    for file in sorted(directory.rglob("*")):
        path = file.relative_to(directory).as_posix()
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise InputError(f"{file} is a link or no plain file", fix="copy it there; a site consists of plain files")
        if file.is_dir() or path == MARKER:
            continue
        if path == MANIFEST or path.startswith(CHANNEL_FOLDERS):
            raise InputError(f"the site has a page {path}, a name that Tidegate needs itself", fix="give it another")
        files.append(SiteFile(check_key(path), _body(file)))
    if not any(file.step is UploadStep.PAGES for file in files):
        raise InputError(f"there is no page in {directory}, so it is not a built site")
    return tuple(files)


def manifest_body(manifest: SiteManifest) -> Body:
    """The manifest as an object. Raises InputError when it would be too large to be read again."""
    body = Body.from_bytes(manifest.to_bytes())
    if body.size > SMALL:
        raise InputError(
            f"the manifest of {len(manifest.pages):,} files has {body.size:,} bytes, more than the {SMALL:,} allowed"
        )
    return body


def step_of(path: str) -> UploadStep:
    """When a file of the site goes up."""
    if path.startswith("search/"):
        return UploadStep.SEARCH
    if path.endswith((".html", ".htm")):
        return UploadStep.PAGES
    if path in ("sitemap.xml", "sitemap.xml.gz"):
        return UploadStep.SITEMAP
    return UploadStep.ASSETS


def meta_of(path: str) -> ObjectMeta:
    """How a web server hands a file of the site out."""
    kind = media_type(path)
    if step_of(path) is not UploadStep.ASSETS or path == MANIFEST:
        return ObjectMeta(kind, CHANGING)
    return ObjectMeta(kind, IMMUTABLE if _HASHED.fullmatch(path) else SHORT)


def _body(file: Path) -> Body:
    try:
        with file.open("rb") as stream:
            if kind := private_key_in(stream.read(SMALL)):
                raise InputError(f"{file} contains {kind}; nothing was uploaded", fix="remove it, and replace that key")
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    if size > PAGE_LIMIT:
        raise InputError(
            f"{file} has {size:,} bytes, more than the {PAGE_LIMIT:,} allowed on the site", fix="link to it"
        )
    return Body.from_file(file, size, sha256)
