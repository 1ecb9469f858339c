"""signers.yaml as people keep it: keys are put in and taken out line by line, and every other line stays as it is.

How a text is cut and put together again is said in yaml_edit.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from publisher.content.yaml_edit import edited, last_character, top
from publisher.errors import InputError
from publisher.model.config.signer import Signer
from publisher.signing.schemes import PLAIN_SCHEME


@dataclass(frozen=True)
class Cut:
    """A text from which a key was taken."""

    text: str
    comment: int | None
    """The line of a comment that stood right above the key, and may be about it; it is still there."""


def with_signer(text: str, signer: Signer) -> str:
    """The text with one more key, as the last. Raises InputError where the list is written in brackets."""
    return edited(text, lambda plain: _with_signer(plain, signer))


def _with_signer(text: str, signer: Signer) -> str:
    signers = _list(text)
    if signers is None:
        return f"{text}signers:\n{_entry(signer, '')}"
    if not signers.value:
        start, end = signers.start_mark.index, signers.end_mark.index
        after = text[end : text.index("\n", end)].strip()
        line = text.index("\n", end) + 1
        return text[:start].rstrip() + (f"  {after}" if after else "") + "\n" + _entry(signer, "") + text[line:]
    _refuse_brackets(signers)
    line = text.index("\n", last_character(text, signers.value[-1])) + 1
    return text[:line] + _entry(signer, " " * signers.start_mark.column) + text[line:]


def with_retired(text: str, name: str) -> str:
    """The text with the key of this name, which it holds, marked as replaced. Raises InputError as `with_signer`."""
    return edited(text, lambda plain: _with_retired(plain, name))


def _with_retired(text: str, name: str) -> str:
    _, item = _item(text, name)
    if (retired := next((value for key, value in item.value if key.value == "retired"), None)) is not None:
        return f"{text[: retired.start_mark.index]}true{text[retired.end_mark.index :]}"
    if item.flow_style:
        brace = text.rindex("}", 0, item.end_mark.index)
        return f"{text[:brace].rstrip()}, retired: true{text[brace:]}"
    line = text.index("\n", last_character(text, item)) + 1
    return f"{text[:line]}{' ' * item.start_mark.column}retired: true\n{text[line:]}"


def without_signer(text: str, name: str) -> Cut:
    """The text without the key of this name, which it holds. Raises InputError where the list is in brackets."""
    # Lines are counted alike whatever ends them.
    return Cut(edited(text, lambda plain: _without_signer(plain, name).text), _without_signer(text, name).comment)


def _without_signer(text: str, name: str) -> Cut:
    signers, item = _item(text, name)
    lines = text.splitlines(keepends=True)
    first = item.start_mark.line
    while not lines[first].lstrip(" ").startswith("-"):
        first -= 1
    last = text.count("\n", 0, last_character(text, item))
    comment = first if first and lines[first - 1].lstrip().startswith("#") else None
    if len(signers.value) == 1:
        key = text.rindex("signers", 0, signers.start_mark.index)
        number = text.count("\n", 0, key)
        lines[number] = lines[number].replace("signers:", "signers: []", 1)
    return Cut("".join(lines[:first] + lines[last + 1 :]), comment)


def _item(text: str, name: str) -> tuple[SequenceNode, MappingNode]:
    """The list of keys, and the key of this name, which the text holds."""
    signers = _list(text)
    assert signers is not None
    _refuse_brackets(signers)
    item = next(entry for entry in signers.value if _name_of(entry) == name)
    assert isinstance(item, MappingNode)
    return signers, item


def _list(text: str) -> SequenceNode | None:
    root = top(text)
    return next((value for key, value in root.value if key.value == "signers"), None) if root is not None else None


def _refuse_brackets(signers: SequenceNode) -> None:
    if signers.flow_style:
        raise InputError(
            "`signers` in signers.yaml is a list in brackets, which cannot be edited line by line",
            fix="write each signer on its own lines, after a hyphen",
        )


def _name_of(item: Node) -> str | None:
    assert isinstance(item, MappingNode)
    return next((value.value for key, value in item.value if key.value == "name"), None)


def _entry(signer: Signer, margin: str) -> str:
    lines = [
        f"name: {_plain(signer.name)}",
        f"person: {_plain(signer.person)}",
        f"duty: {signer.duty}",
        f"roles: [{', '.join(_plain(role) for role in signer.roles)}]",
    ]
    if signer.scheme == PLAIN_SCHEME:
        lines.append(f'public: "{signer.public}"')
    else:
        lines += [f"scheme: {signer.scheme}", "public: |", *(f"  {line}" for line in signer.public.splitlines())]
    lines.append(f"uri: {_plain(signer.uri)}")
    return "".join(f"{margin}{'  ' if number else '- '}{line}\n" for number, line in enumerate(lines))


def _plain(word: str) -> str:
    """A text as one scalar, in quotes where it would else be read as something else."""
    return yaml.safe_dump(word, width=10_000, allow_unicode=True).removesuffix("...\n").strip()
