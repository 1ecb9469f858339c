"""The templates of the site: Jinja, compiled once, with an environment that escapes whatever it prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError
from jinja2.exceptions import TemplateNotFound, UndefinedError
from markupsafe import Markup

from publisher.errors import ContentError, InputError, Place, Problem
from publisher.model.content.release import ChangeClass
from publisher.rules import english
from publisher.site import labels, text
from publisher.wire.web_path import web_path


class Templates:
    """The directory `templates/`, of which pages/ is used here and theme/ by MkDocs."""

    def __init__(self, directory: Path) -> None:
        pages = directory / "pages"
        if not pages.is_dir():
            raise InputError(
                f"there is no directory {pages}", fix="name the directory of templates, or run in its parent"
            )
        self._directory = pages
        self._environment = Environment(
            loader=FileSystemLoader(pages),
            autoescape=True,
            finalize=text.finalize,
            undefined=StrictUndefined,
            # "{#name}" is how a heading gets its anchor.
            comment_start_string="{#-",
            comment_end_string="-#}",
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            moment=text.moment,
            near=text.near,
            day=text.day,
            short=text.short,
            period=text.period,
            listed=text.listed,
            linked=text.linked,
            length=text.length,
            size=text.size,
            rounded_down=english.rounded_down,
            web_path=web_path,
            upfirst=english.upfirst,
            rich=text.rich,
            labels=labels,
            complement=lambda classes: [change_class for change_class in ChangeClass if change_class not in classes],
        )

    def render(self, name: str, context: Mapping[str, Any], to: Callable[..., Markup]) -> str:
        """The text of one template; `to` makes links for the page that it is rendered for."""
        try:
            return self._environment.get_template(name).render(context, to=to)
        except TemplateNotFound as error:
            raise InputError(f"there is no template {self._directory / str(error.name)}") from None
        except TemplateSyntaxError as error:
            place = Place(error.filename or str(self._directory / name), error.lineno)
            raise ContentError((Problem(f"cannot be read: {error.message}", place),)) from None
        except (UndefinedError, LookupError, TypeError) as error:
            raise ContentError((Problem(f"cannot be filled: {error}", self._place(error, name)),)) from error

    def _place(self, error: Exception, name: str) -> Place:
        """The line of the innermost template in the traceback; Jinja rewrites tracebacks to the templates' lines."""
        place = Place(str(self._directory / name))
        frames = error.__traceback__
        while frames is not None:
            if (file := frames.tb_frame.f_code.co_filename).endswith(".jinja"):
                place = Place(file, frames.tb_lineno)
            frames = frames.tb_next
        return place
