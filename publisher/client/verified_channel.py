"""What a client has verified of one product's channel: what is offered, what is stopped, and until when it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from publisher.client.answers.decide import ClientState
from publisher.client.mitigations.notes_role import VerifiedNotes
from publisher.wire.duties import Signature
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.stopping.brakes import Brake, ChannelBrakes
from publisher.wire.stopping.withdrawn import GoingBack
from publisher.wire.version import Version


@dataclass(frozen=True)
class VerifiedChannel:
    """A verified state of one product's channel."""

    feed: ParsedFeed
    signatures: tuple[Signature, ...]
    """Who signed the channel's role."""
    checked_at: datetime
    """The moment at which expiry was judged, UTC."""
    valid_until: datetime
    """When the first of the signatures that it rests on expires, UTC."""
    taken_back: Mapping[Version, GoingBack]
    """The versions that the channel has taken back, ascending, and what users do before they go back from each."""
    reached_at: datetime
    """When the channel was last reached, UTC; before `checked_at` if this machine recalls what it verified then."""
    silenced: bool
    """Whether the channel's brakes have expired: nothing may be offered, and it is unclear what is on hold."""
    brakes: ChannelBrakes
    """What is stopped on the channel: listed by its brakes or remembered, and not lifted."""
    platform: str
    """The platform that was asked for; the feed's is `any` for files that run anywhere."""
    notes: VerifiedNotes
    """What the channel's notes say, as far as they can be believed."""

    @property
    def recalled(self) -> bool:
        """Whether the channel could not be reached, so that this machine recalls what it verified before."""
        return self.reached_at < self.checked_at

    def withdrawal_of(self, version: Version) -> Brake | None:
        """The withdrawal of a version on this machine; None where it is good."""
        return self.brakes.withdrawal_of(version, self.platform, self.feed.platform)

    def hold_of(self, version: Version) -> Brake | None:
        """The hold on a version on this machine; None where it is free."""
        return self.brakes.hold_of(version, self.platform, self.feed.platform)

    def state_of(self, current: Version | None) -> ClientState:
        """The state of this machine, where this version runs."""
        return ClientState(current, self.platform, self.taken_back)
