"""The configuration of one moment: what is shipped, where it goes, and who signs (site_config/)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.model.config.endpoint import Endpoints
from publisher.model.config.signer import Signers
from publisher.model.content.policy import Policy
from publisher.model.content.product import Channel, Product


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything that keeping a channel alive, and stopping it, may rest on beside the bucket: no content.

    A Catalog is one too, so whoever has read the content hands that on.
    """

    products: dict[str, Product]
    channels: dict[str, Channel]
    endpoints: Endpoints
    signers: Signers

    def policy_at(self, now: datetime) -> Policy | None:
        """The policy that held at `now`; None where the content, which has it, was not read."""
        return None
