"""Where manifests come from: a directory or a repository goes in, bytes with names come out."""
