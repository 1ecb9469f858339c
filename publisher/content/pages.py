"""Pages of prose and their pictures, read from `content/pages`; client and root that users take, from `site_config`.

What a browser could run is refused.

Whoever reads pages gets them from here: what `publish check` accepts is what MkDocs is given. The front matter is
written anew from the few keys that are known, so that nothing else of it reaches the theme, which prints such values
as HTML and chooses templates by them.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from publisher.content.explain import validation_problems
from publisher.content.safe_directory import Tree, read_file, read_tree
from publisher.content.text_encoding import Refused, text_of
from publisher.content.yaml_reader import parse
from publisher.errors import ContentError, Place, Problem
from publisher.model.allowed_markup import svg_problem
from publisher.model.records.site_manifest import OWN_CLIENT, OWN_ROOT
from publisher.model.values import Model, Text
from publisher.wire.device_names import is_device_name

_PICTURES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".webp": b"RIFF"}
"""How each kind of picture begins."""
_KINDS = ".md, .png, .jpg, .webp and .svg"

_HANDED_OUT = {OWN_CLIENT: b"#!", OWN_ROOT: b"{"}
"""What users take from the site, and how it begins. Whoever edits pages must not be able to exchange it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\.[A-Za-z0-9_-]{1,99})*")
OF_THE_THEME = ("assets", "search")
"""Folders of the built site that belong to the theme."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


class FrontMatter(Model):
    """What a page may say of itself, between two lines of `---`."""

    title: Text | None = None
    """Its name, in the browser's tab and in search."""
    description: Text | None = None
    """One line for search engines."""
    hide: tuple[Literal["navigation", "toc"], ...] = ()
    """Parts of the frame that are left out."""


@dataclass(frozen=True)
class Pages:
    """The files of a directory of pages, by path with slashes."""

    files: dict[str, bytes]
    problems: tuple[Problem, ...]


def read_pages(directory: Path) -> dict[str, bytes]:
    """Pages with their front matter in its plain form, and pictures. Raises ContentError with every problem."""
    pages = _pages(read_tree(directory), directory) if directory.is_dir() else Pages({}, ())
    if pages.problems:
        raise ContentError(pages.problems)
    return pages.files


def read_handed_out(config: Path) -> dict[str, bytes]:
    """Client and root, as far as the configuration has them, by their names. Raises ContentError."""
    files: dict[str, bytes] = {}
    for name, begin in _HANDED_OUT.items():
        if not (config / name).exists():
            continue
        try:
            files[name] = read_file(config / name)
        except OSError as error:
            raise ContentError((Problem(f"cannot be read: {error.strerror}", Place(str(config / name))),)) from error
        if not files[name].startswith(begin):
            fix = "make it with `publish client`" if name == OWN_CLIENT else "use the one from `publish keys init`"
            raise ContentError((Problem(f"does not begin with {begin.decode()}", Place(str(config / name)), fix),))
    return files


def page_problems(tree: Tree, directory: Path) -> tuple[Problem, ...]:
    """What is wrong with the pages in `directory` of a tree that was read, but for the problems of the tree itself."""
    return tuple(problem for problem in _pages(tree, directory).problems if problem not in tree.problems)


def with_front_matter(front: FrontMatter, body: str) -> str:
    """A page as MkDocs is given it. Values are escaped, as themes print them as HTML; JSON strings are YAML too."""
    values: dict[str, Any] = {
        "title": html.escape(front.title) if front.title else None,
        "description": html.escape(front.description) if front.description else None,
        "hide": list(front.hide),
    }
    # Never without: MkDocs would take lines like `template: x` at the start of a page for front matter as well.
    lines = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items() if value)
    return f"---\n{lines or '{}' + chr(10)}---\n\n{body.strip()}\n"


def _pages(tree: Tree, directory: Path) -> Pages:
    files: dict[str, bytes] = {}
    problems = [problem for problem in tree.problems if Path(problem.place.file).is_relative_to(directory)]
    for path, content in tree.files.items():
        if not path.is_relative_to(directory):
            continue
        relative = path.relative_to(directory)
        try:
            _check_name(path, relative)
            files[relative.as_posix()] = _checked(path, content)
        except ContentError as error:
            problems.extend(error.problems)
        except Refused as refused:
            problems.append(refused.problem)
    return Pages(files, tuple(problems))


def _check_name(path: Path, relative: Path) -> None:
    if wrong := next((part for part in relative.parts if not _NAME.fullmatch(part) or is_device_name(part)), None):
        fix = "use letters, digits, hyphens and dots; the name becomes part of the address"
        raise Refused(Problem(f"{wrong!a} is not a valid name for a page or picture", Place(str(path)), fix))
    if relative.as_posix() in _HANDED_OUT:
        fix = f"move it to site_config/{relative}, from where the site serves it, or remove it if it is there too"
        raise Refused(Problem("is a file that users run and trust, not a page", Place(str(path)), fix))
    if relative.parts[0].lower() in OF_THE_THEME:
        fix = "move it to a folder of another name, such as pictures/"
        raise Refused(Problem(f"is in {relative.parts[0]}/, which belongs to the theme", Place(str(path)), fix))


def _checked(path: Path, content: bytes) -> bytes:
    """The file as it is published. Raises Refused or ContentError."""
    if path.suffix == ".md":
        return _page(path, content)
    if path.suffix == ".svg":
        text = text_of(content, str(path))
        if markup := svg_problem(text):
            fix = "save it as plain SVG: shapes and text, without styles, scripts, links and embedded pictures"
            raise Refused(Problem(f"contains {markup!r}, which is not allowed in a drawing", Place(str(path)), fix))
        return text.encode()
    if path.suffix not in _PICTURES:
        fix = f"remove it, or put it elsewhere; names of pages and pictures end in {_KINDS}"
        raise Refused(Problem("is not a page or a picture", Place(str(path)), fix))
    if not content.startswith(_PICTURES[path.suffix]) or (path.suffix == ".webp" and content[8:12] != b"WEBP"):
        fix = "save the picture again in that format, or correct its ending"
        raise Refused(Problem(f"is not a {path.suffix[1:]} picture", Place(str(path)), fix))
    return content


def _page(path: Path, content: bytes) -> bytes:
    text = text_of(content, str(path))
    match = _FRONT_MATTER.match(text)
    if match is None:
        if text.startswith("---"):
            fix = "close it with a second line of ---, or remove the line"
            raise Refused(Problem("opens front matter but does not close it", Place(str(path)), fix))
        return with_front_matter(FrontMatter(), text).encode()
    body = text[match.end() :]
    if not match[1].strip():
        return with_front_matter(FrontMatter(), body).encode()
    # A line in place of the first ---, so that positions in messages are those in the file.
    document, problems = parse(f"\n{match[1]}".encode(), str(path))
    if document is None or problems:
        raise ContentError(problems)
    try:
        front = FrontMatter.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        raise ContentError(tuple(validation_problems(error, FrontMatter, document))) from None
    return with_front_matter(front, body).encode()
