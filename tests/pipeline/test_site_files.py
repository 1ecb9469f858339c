"""How each file of the site is handed out, and what is not a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import InputError
from publisher.pipeline.objects.planned import CHANGING, IMMUTABLE
from publisher.pipeline.site.files import SHORT, UploadStep, meta_of, read_site, step_of
from tests.support.site import write_site


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("index.html", "text/html; charset=utf-8", CHANGING),
        ("404.html", "text/html; charset=utf-8", CHANGING),
        ("pages.json", "application/json", CHANGING),
        ("sitemap.xml", "application/xml; charset=utf-8", CHANGING),
        ("sitemap.xml.gz", "application/gzip", CHANGING),
        ("search/search_index.json", "application/json", CHANGING),
        ("assets/javascripts/bundle.a5f9d56c.min.js", "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/javascripts/bundle.a5f9d56c.min.js.map", "application/json", IMMUTABLE),
        ("assets/stylesheets/main.57a0d79d.min.css", "text/css; charset=utf-8", IMMUTABLE),
        ("assets/javascripts/lunr/tinyseg.js", "text/javascript; charset=utf-8", SHORT),
        ("assets/tidegate.css", "text/css; charset=utf-8", SHORT),
        ("assets/favicon.svg", "image/svg+xml; charset=utf-8", SHORT),
        ("assets/images/favicon.PNG", "image/png", SHORT),
        ("favicon.ico", "image/vnd.microsoft.icon", SHORT),
        ("fonts/text.woff2", "font/woff2", SHORT),
        ("reports/report.20261120.pdf", "application/pdf", SHORT),
        ("app.webmanifest", "application/manifest+json", SHORT),
        ("robots.txt", "text/plain; charset=utf-8", SHORT),
        ("README.md", "text/markdown; charset=utf-8", SHORT),
        ("data/decisions.json", "application/json", SHORT),
        ("strange", "application/octet-stream", SHORT),
    ],
)
def test_headers(path: str, content_type: str, cache: str) -> None:
    meta = meta_of(path)
    assert (meta.content_type, meta.cache_control, meta.content_disposition) == (content_type, cache, None)


def test_what_a_page_needs_goes_up_before_it() -> None:
    paths = ["sitemap.xml", "404.html", "search/search_index.json", "assets/a.css", "index.html", "data/x.json"]
    assert sorted(paths, key=step_of) == [
        "assets/a.css", "data/x.json", "search/search_index.json", "404.html", "index.html", "sitemap.xml",
    ]  # fmt: skip
    assert all(step.words for step in UploadStep)


def test_the_marker_of_the_build_stays_at_home(tmp_path: Path) -> None:
    files = write_site(tmp_path, "red", {"index.html": "hello"})
    assert [one.path for one in files] == [
        "assets/plain.js",
        "assets/stylesheets/main.b1f51a51.min.css",
        "index.html",
        "search/search_index.json",
        "sitemap.xml",
    ]


@pytest.mark.parametrize("name", ["pages.json", "tuf/metadata/timestamp.json", "staging/x", "ledger/x"])
def test_names_that_are_needed_otherwise_are_refused(tmp_path: Path, name: str) -> None:
    write_site(tmp_path, "red", {"index.html": "hello"})
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="a name that Tidegate needs"):
        read_site(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    write_site(tmp_path / "site", "red", {"index.html": "hello"})
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "site" / "page.html").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="is a link"):
        read_site(tmp_path / "site")


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_what_is_no_site_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="built site"):
        read_site(tmp_path / name)


def test_a_private_key_is_never_uploaded(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>x</p>")
    key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBA\n"
    (tmp_path / "k.txt").write_text(key)
    with pytest.raises(InputError, match=r"k\.txt contains a private key \(PEM\); nothing was uploaded"):
        read_site(tmp_path)
