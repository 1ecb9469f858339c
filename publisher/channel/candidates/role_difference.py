"""What changes between two versions of metadata that people sign, in lines that they read before they sign.

For root, targets and renewals; what a release changes for clients is told by `release_difference.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tuf.api.metadata import Key, Root, Targets

from publisher.channel.advance import says_the_same
from publisher.channel.roles import ENDPOINTS_FIELD
from publisher.rules import english
from publisher.signing.public_keys import described
from publisher.wire.duties import DUTIES_FIELD


def difference(role: str, before: Root | Targets | None, after: Root | Targets) -> tuple[str, ...]:
    """Lines: keys by role with persons and duties, thresholds, pinned files and addresses, version and expiry."""
    lines: list[str] = []
    if before is None:
        nothing = Targets(version=1)
        if isinstance(after, Targets):
            lines += [*_roles({}, _of_targets(after)), *_pinned(nothing, after)]
        until = english.day(after.expires)
        return (*lines, f"signed metadata: {role} version {after.version}, the first of its role, until {until}")
    if says_the_same(before, after):
        lines.append("no change except a later expiry")
    elif isinstance(after, Root) and isinstance(before, Root):
        lines += _roles(_of_root(before), _of_root(after))
    elif isinstance(after, Targets) and isinstance(before, Targets):
        lines += _roles(_of_targets(before), _of_targets(after))
        lines += _pinned(before, after)
    lines.append(
        f"signed metadata: {role} version {after.version}, replacing version {before.version},"
        f" until {english.day(after.expires)}"
    )
    return tuple(lines)


class _Role:
    """Keys, threshold and duties of one role."""

    def __init__(self, keys: Mapping[str, Key], threshold: int, duties: list[str]) -> None:
        self.keys, self.threshold, self.duties = keys, threshold, duties


def _of_root(root: Root) -> dict[str, _Role]:
    return {
        name: _Role({keyid: root.keys[keyid] for keyid in role.keyids}, role.threshold, [])
        for name, role in root.roles.items()
    }


def _of_targets(targets: Targets) -> dict[str, _Role]:
    delegations = targets.delegations
    if delegations is None or delegations.roles is None:
        return {}
    return {
        name: _Role(
            {keyid: delegations.keys[keyid] for keyid in role.keyids},
            role.threshold,
            [str(duty) for duty in role.unrecognized_fields.get(DUTIES_FIELD, [])],
        )
        for name, role in delegations.roles.items()
    }


def _roles(before: Mapping[str, _Role], after: Mapping[str, _Role]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if new is None:
            yield f"{name}: no longer delegated"
            continue
        if old is None:
            yield f"{name}: new, {_needs(new)}; {english.listed(_named(new.keys))}"
            continue
        for keyid in sorted(set(new.keys) - set(old.keys)):
            yield f"{name}: + {described(new.keys[keyid])}, {new.keys[keyid].scheme}, key {keyid[:12]}"
        for keyid in sorted(set(old.keys) - set(new.keys)):
            yield f"{name}: - {described(old.keys[keyid])}, key {keyid[:12]}"
        for keyid in sorted(set(old.keys) & set(new.keys)):
            if described(old.keys[keyid]) != described(new.keys[keyid]):
                yield f"{name}: key {keyid[:12]} of {described(old.keys[keyid])} is now {described(new.keys[keyid])}'s"
        if (old.threshold, old.duties) != (new.threshold, new.duties):
            yield f"{name}: {_needs(old)} -> {_needs(new)}"


def _needs(role: _Role) -> str:
    duties = f" ({english.listed(role.duties)})" if role.duties else ""
    return f"{role.threshold} of {len(role.keys)}{duties}"


def _named(keys: Mapping[str, Key]) -> list[str]:
    return sorted({described(key) for key in keys.values()})


def _pinned(before: Targets, after: Targets) -> Iterator[str]:
    for path in sorted({*before.targets, *after.targets}):
        old, new = (
            signed.targets[path].hashes.get("sha256") if path in signed.targets else None for signed in (before, after)
        )
        if old != new:
            yield f"{path}: sha256 {old or 'nothing'} -> {new or 'nothing'}"
    old_urls, new_urls = (list(signed.unrecognized_fields.get(ENDPOINTS_FIELD, [])) for signed in (before, after))
    for url in new_urls:
        if url not in old_urls:
            yield f"clients may download from {url}"
    for url in old_urls:
        if url not in new_urls:
            yield f"clients no longer download from {url}"
