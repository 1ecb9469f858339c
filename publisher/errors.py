"""Everything that can go wrong for a reason a person can act on.

    TidegateError               exit 1
    ├── InputError              exit 1   an argument or a file given on the command line
    ├── ContentError            exit 1   one or many problems in the YAML that people edit
    ├── SigningError            exit 1   a key is missing, unreadable, wrong or badly kept
    │   └── ApprovalsMissing    exit 3   people have to sign something first
    ├── UsageError              exit 2   the command's words do not fit together
    ├── RefusedByPolicy         exit 3   the rules say no; the Decision says why
    ├── VerificationError       exit 4   something published does not verify
    └── StorageError            exit 5   the store cannot be reached, is full or answers nonsense
        ├── StorageConflict     exit 5   somebody else's bytes are already there
        ├── StorageForeign      exit 5   something that cannot be an object of this program has an object's name
        │   └── StorageTooLarge exit 5   an object is larger than anything honest in its place
        └── StorageMissing      exit 5   there is no object with this key

An error says what happened, where, and what to do. Only the command lines turn one into text and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, order=True)
class Place:
    """A position in a file that a person edits; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing to mend in content: what is wrong, where, and what to write instead."""

    what: str
    place: Place
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" + (f"\n    -> {self.fix}" if self.fix else "")


class TidegateError(Exception):
    """Base of all errors that are answered with a message instead of a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return self.what + (f"\n    -> {self.fix}" if self.fix else "")


class InputError(TidegateError):
    """An argument or an input file is wrong."""


class ContentError(TidegateError):
    """The content has problems; all of them, in the order of files and lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.place, problem.what)))
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the content")

    def __str__(self) -> str:
        return "\n".join((*map(str, self.problems), f"{self.what}."))


class SigningError(TidegateError):
    """A key is missing, unreadable, of the wrong role, or kept where others can read it."""


class ApprovalsMissing(SigningError):
    """People have to sign something first; who, is said."""

    exit_code = 3


class UsageError(TidegateError):
    """The words of the command do not fit together."""

    exit_code = 2


class RefusedByPolicy(TidegateError):
    """A rule says no. Clients see nothing of it."""

    exit_code = 3

    def __init__(self, what: str, *, fix: str = "", decision: object = None) -> None:
        super().__init__(what, fix=fix)
        self.decision = decision
        """The Decision that says no, for the ledger; its module imports this one, so it cannot be named here."""


class VerificationError(TidegateError):
    """Something that was published, or is about to be, does not verify."""

    exit_code = 4


class StorageError(TidegateError):
    """The store cannot be used: unreachable, full, not ours, or answering nonsense."""

    exit_code = 5


class StorageConflict(StorageError):
    """Other bytes are already there, or somebody published meanwhile. Their changes were kept."""


class StorageForeign(StorageError):
    """A link, a folder or something else that cannot be an object of this program has an object's name."""


class StorageTooLarge(StorageForeign):
    """An object has more bytes than anything honest in its place."""


class StorageMissing(StorageError):
    """There is no object with this key."""
