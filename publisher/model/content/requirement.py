"""What an event requires of users, by release line (R18, R55)."""

from __future__ import annotations

from publisher.model.values import Model, ReleaseVersion, Slug, Text, UtcTime
from publisher.wire.feed_words import Audience


class RequiredVersion(Model):
    """The lowest version of a release line that survives the event."""

    product: Slug
    """The product, by id."""
    channel: Slug
    """The release line, by id: a channel only moves forward, so a line that is maintained beside it has its own."""
    at_least: ReleaseVersion
    """This version and later ones on the channel are ready, in quotes."""
    audiences: tuple[Audience, ...] = ()
    """Whom it is about, where not everybody: hosts, desktop-users, exchanges, api-users."""
    by: UtcTime | None = None
    """When it must be running; left out: the earliest moment of the event."""
    otherwise: Text | None = None
    """What happens to whoever runs an older version then, in one sentence for everybody."""
