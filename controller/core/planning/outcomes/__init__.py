"""Outcomes: what an answer to a link or a write means, and what is remembered of it."""
