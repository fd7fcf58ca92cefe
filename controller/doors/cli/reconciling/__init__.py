"""What `reconcile` waits for: a `run`, its read of the source, and its passes."""
