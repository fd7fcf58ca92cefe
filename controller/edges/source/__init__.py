"""Sources of manifests: a directory or a repository goes in, files with their names come out."""
