"""What is slow and depends on its arguments alone is computed once in a process."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from types import CodeType
from typing import Any

import pytest
from jinja2 import Environment
from securesystemslib.signer import SSlibKey


@contextmanager
def templates_compiled_once() -> Iterator[None]:
    """What Jinja makes of a source is kept, by everything in an environment that decides on it, not by its file."""
    compile_source = Environment.compile
    codes: dict[Hashable, CodeType] = {}

    def compile_once(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, *options: bool
    ) -> Any:
        if not isinstance(source, str) or options:
            return compile_source(self, source, name, filename, *options)  # type: ignore[call-overload]
        key = (source, name, *_language(self))
        if key not in codes:
            codes[key] = compile_source(self, source, name, filename)
        return codes[key].replace(co_filename=filename or "<template>")  # errors name the file that was read

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield


def _language(environment: Environment) -> Iterator[Hashable]:
    yield type(environment).__qualname__
    yield environment.lexer  # Jinja keeps one for all environments with the same marks
    yield from (environment.autoescape, environment.finalize, environment.optimized, environment.is_async)
    yield tuple(environment.extensions)
    yield tuple(environment.filters.items())
    yield tuple(environment.tests.items())


@contextmanager
def signatures_verified_once() -> Iterator[None]:
    """A signature that was good is good; one that was not is looked at again."""
    verify = SSlibKey._verify
    good: set[Hashable] = set()

    def verify_once(self: SSlibKey, signature: bytes, data: bytes) -> None:
        key = (self.keytype, self.scheme, self.keyval["public"], signature, sha256(data).digest())
        if key not in good:
            verify(self, signature, data)
            good.add(key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SSlibKey, "_verify", verify_once)
        yield
