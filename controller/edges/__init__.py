"""The world: one outside thing a file. An edge translates, and takes no decision."""
