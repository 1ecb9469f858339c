"""Small sites as a build leaves them: pages that name the assets which they load."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from publisher.pipeline.site.files import SiteFile, read_site
from publisher.storage.protocol import Storage


def write_site(directory: Path, look: str, pages: dict[str, str]) -> tuple[SiteFile, ...]:
    """A site whose pages load one style sheet by its content hash, and one script by a plain name."""
    style = f"assets/stylesheets/main.{hashlib.sha256(look.encode()).hexdigest()[:8]}.min.css"
    loads = f'<link href="{style}"><script src="assets/plain.js"></script>'
    files = {
        style: look,
        "assets/plain.js": f"// {look}",
        "search/search_index.json": f'{{"docs": {sorted(pages)}}}'.replace("'", '"'),
        "sitemap.xml": "\n".join(sorted(pages)),
        **{path: loads + text if path.endswith(".html") else text for path, text in pages.items()},
    }
    for path, text in files.items():
        file = directory.joinpath(*path.split("/"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (directory / ".made-by-tidegate").write_text("replaced as a whole")
    return read_site(directory)


def contents(storage: Storage) -> dict[str, bytes]:
    """Every object of a bucket."""
    return {stat.key: storage.read(stat.key, 1 << 20)[0] for stat in storage.list("")}


def broken_pages(storage: Storage) -> list[str]:
    """Pages that load something which is not there."""
    there = contents(storage)
    return [
        f"{path} lacks {name}"
        for path, data in there.items()
        if path.endswith(".html")
        for name in re.findall(r'(?:href|src)="([^"]+)"', data.decode())
        if name not in there
    ]
