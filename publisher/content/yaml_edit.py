"""YAML files as people keep them, edited line by line: every other line, comments and line endings stay as they are.

The text is cut at the marks of the YAML parser. Whoever edits reads the outcome again and compares it with what was
meant, before `replace_file` puts it in the place of the old file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from publisher.errors import InputError


def read_exactly(file: Path) -> str:
    """The text with its own line endings. Raises InputError when it cannot be read, or is not UTF-8."""
    try:
        return file.read_bytes().decode()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text", fix="save the file as UTF-8") from None


def replace_file(file: Path, text: str) -> None:
    """Put a text in the place of a file, whole. Raises InputError when it cannot be written; the file then stays."""
    place = file.resolve()
    new = place.with_name(f".{place.name}.new")
    try:
        with new.open("wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        new.chmod(place.stat().st_mode & 0o777)
        new.replace(place)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise InputError(f"cannot write {file}: {error.strerror}") from None


def edited(text: str, edit: Callable[[str], str]) -> str:
    """What an edit makes of a text, whose last line is ended; where every line ends in CR LF, new ones do too."""
    windows = 0 < text.count("\n") == text.count("\r\n")
    plain = text.replace("\r\n", "\n") if windows else text
    result = edit(plain if plain.endswith("\n") else plain + "\n")
    return result.replace("\n", "\r\n") if windows else result


def top(text: str) -> MappingNode | None:
    """The mapping that a file holds; None where it holds something else. Raises InputError for what is no YAML."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise InputError("the file is no longer valid YAML", fix="run `publish check`") from None
    return root if isinstance(root, MappingNode) else None


def last_character(text: str, node: Node) -> int:
    """The index of the last character that a node holds; its own end mark may lie beyond comments."""
    if isinstance(node, ScalarNode) or (isinstance(node, SequenceNode | MappingNode) and node.flow_style):
        return len(text[: node.end_mark.index].rstrip()) - 1
    inner = node.value[-1]
    return last_character(text, inner[1] if isinstance(node, MappingNode) else inner)


def with_key(text: str, key: str, value: str) -> str:
    """The text with one more key, the last, or with its empty value filled. Raises InputError for no mapping."""

    def edit(plain: str) -> str:
        root = top(plain)
        if root is None or not root.value:
            raise InputError("the file no longer contains keys", fix="run `publish check`")
        if (held := next((node for name, node in root.value if name.value == key), None)) is not None:
            start, end = held.start_mark.index, held.end_mark.index
            return f"{plain[:start].rstrip(' ')} {value}{plain[end:]}"
        if root.flow_style:
            brace = plain.rindex("}", 0, root.end_mark.index)
            return f"{plain[:brace].rstrip().removesuffix(',')}, {key}: {value}{plain[brace:]}"
        line = plain.index("\n", last_character(plain, root)) + 1
        return f"{plain[:line]}{' ' * root.start_mark.column}{key}: {value}\n{plain[line:]}"

    return edited(text, edit)


def with_scalar(text: str, path: Sequence[str | int], value: str) -> str:
    """The text with another value at a path of keys and indexes, which holds a single value on one line.

    Raises InputError where it holds none.
    """

    def edit(plain: str) -> str:
        held = _at(plain, path)
        if not isinstance(held, ScalarNode) or held.style in ("|", ">"):
            raise InputError(f"`{path[0]}` is not written on one line", fix=f"write {value} there by hand")
        return f"{plain[: held.start_mark.index]}{value}{plain[held.end_mark.index :]}"

    return edited(text, edit)


def with_item(text: str, key: str, item: str) -> str:
    """The text with one more item, which is written on one line, at the end of the list of a key.

    Raises InputError where the key holds no list.
    """

    def edit(plain: str) -> str:
        held = _at(plain, (key,))
        if not isinstance(held, SequenceNode):
            raise InputError(f"`{key}` holds no list", fix="run `publish check`")
        if not held.flow_style:
            line = plain.index("\n", last_character(plain, held)) + 1
            return f"{plain[:line]}{' ' * held.start_mark.column}- {item}\n{plain[line:]}"
        if held.value:
            end = last_character(plain, held.value[-1]) + 1
            return f"{plain[:end]}, {item}{plain[end:]}"
        end = last_character(plain, held)
        return f"{plain[:end]}{item}{plain[end:]}"

    return edited(text, edit)


def with_key_after(text: str, key: str, value: str, order: Sequence[str]) -> str:
    """The text of a mapping with one more key, after those that stand before it in `order`.

    `value` is what follows the colon, and may take several lines. Raises InputError for a mapping in braces.
    """

    def edit(plain: str) -> str:
        root = top(plain)
        if root is None or not root.value or root.flow_style:
            raise InputError(f"`{key}` cannot be added to a file in braces", fix=f"write `{key}:{value}` by hand")
        earlier = order[: order.index(key)]
        before = [held for name, held in root.value if name.value in earlier]
        if before:
            last = max(before, key=lambda held: held.start_mark.index)
            line = plain.index("\n", last_character(plain, last)) + 1
        else:
            line = plain.rindex("\n", 0, root.start_mark.index) + 1 if root.start_mark.line else 0
        return f"{plain[:line]}{' ' * root.start_mark.column}{key}:{value}\n{plain[line:]}"

    return edited(text, edit)


def _at(text: str, path: Sequence[str | int]) -> Node | None:
    """The node at a path of keys and indexes; None where there is none."""
    node: Node | None = top(text)
    for part in path:
        if isinstance(node, MappingNode):
            node = next((held for name, held in node.value if name.value == part), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node
