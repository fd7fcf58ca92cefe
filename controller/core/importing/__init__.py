"""A live account as manifests: what was read of Gupshup becomes files that declare exactly that."""
