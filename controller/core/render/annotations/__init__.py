"""Annotations on the lines of a change at GitHub."""
