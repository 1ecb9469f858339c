"""How the settings that a mitigation may name change, in lines for the people who sign them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from publisher.rules import english
from publisher.wire.advice.settings import SignedSetting
from publisher.wire.feed_parser import ParsedFeed


def setting_changes(before: Sequence[SignedSetting], after: Sequence[SignedSetting]) -> tuple[str, ...]:
    """One line a setting that is added, changed or removed, by id; empty where all stay as they are."""
    old, new = ({setting.id: setting for setting in settings} for settings in (before, after))
    lines = []
    for ident in sorted({*old, *new}):
        was, becomes = old.get(ident), new.get(ident)
        if becomes is None:
            lines.append(f"removed: {ident}")
        elif was is None:
            lines.append(f"added: {_words(becomes)}")
        elif was != becomes:
            lines.append(f"changed: {_words(was)} -> {_words(becomes)}")
    return tuple(lines)


def setting_lines(before: Mapping[str, ParsedFeed], after: Mapping[str, ParsedFeed]) -> Iterator[str]:
    """The same for all platforms of a channel; once where it is the same for all."""
    changes = {
        platform: setting_changes(before[platform].settings if platform in before else (), feed.settings)
        for platform, feed in after.items()
    }
    for lines in dict.fromkeys(changes.values()):
        platforms = sorted(platform for platform, others in changes.items() if others == lines)
        if lines:
            where = f" for {english.listed(platforms)}" if len(platforms) < len(after) else ""
            yield f"settings that a mitigation may name{where}"
            yield from (f"  {line}" for line in lines)


def _words(setting: SignedSetting) -> str:
    return f"{setting.id}, shown as {setting.name} ({setting.how.rstrip('.')}), to {setting.range_text}"
