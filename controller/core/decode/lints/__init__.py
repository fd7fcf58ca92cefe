"""Lints of webhooks: what is allowed and probably not meant, and what the Partner's own policy forbids."""
