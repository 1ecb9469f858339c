"""`python -m publisher.client` is `tidegate`."""

from __future__ import annotations

import sys

from publisher.client.cli import main

if __name__ == "__main__":
    sys.exit(main())
