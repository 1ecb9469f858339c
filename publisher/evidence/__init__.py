"""Adapters that read proof of what was built and tested, one file a format."""
