"""The source of a command: its manifests, read, checked and kept as the last good revision."""
