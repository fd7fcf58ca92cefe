"""Tokens of partners: which one is used, where it comes from, and when it is renewed (docs/adr/0011)."""
