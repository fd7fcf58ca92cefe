"""`gupshupctl import`: a live account as manifests, as new files or as a patch of those that exist."""
