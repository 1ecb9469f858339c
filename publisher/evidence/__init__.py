"""Files that prove something of what is published: one adapter a kind, and the bundle in which they travel."""
