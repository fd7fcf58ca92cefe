"""The sources of manifests: a directory or a repository goes in, bytes with names come out."""
