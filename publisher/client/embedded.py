"""What a client trusts from the start: where its channel is and the first TUF root.

A zipapp made by the publisher carries it as the resource `trusted.json`; otherwise the command line gives it.
The root is where all trust begins (TUF specification, section 5.2: "load the trusted root metadata").
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass

from publisher.wire.errors import ClientInputError

__all__ = ["RESOURCE", "Trusted"]

RESOURCE = "trusted.json"
"""The name of the resource beside this module, present only in a zipapp."""


@dataclass(frozen=True)
class Trusted:
    """The address, the product, the channel and the root that a client starts with."""

    url: str
    """The bucket's address: metadata lies at <url>/tuf/metadata/, targets at <url>/tuf/targets/."""
    product: str
    channel: str
    root: bytes
    """The first root metadata, as published; newer roots are found from it."""

    def to_json(self) -> bytes:
        """The resource's bytes; the same values give the same bytes."""
        fields = asdict(self) | {"root": base64.b64encode(self.root).decode("ascii")}
        return (json.dumps(fields, indent=2, sort_keys=True) + "\n").encode("ascii")

    @classmethod
    def from_json(cls, data: bytes) -> Trusted:
        """Read the resource back. Raises ClientInputError if this copy of the client is damaged."""
        try:
            fields = json.loads(data)
            texts = [fields[name] for name in ("url", "product", "channel", "root")]
            if not all(isinstance(text, str) for text in texts):
                raise ValueError("all four fields must be texts")
            url, product, channel, root = texts
            return cls(url, product, channel, base64.b64decode(root, validate=True))
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise ClientInputError(
                "this copy of the client is damaged: its trusted.json cannot be read",
                fix="download the client again and check its signature",
            ) from None
