"""The verbs that write and check files of manifests."""
